"""From a schedule to an approved report: made, listed, shown, downloaded, signed, in a browser."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
import urllib3

from support.axe import list_faults
from support.product import up
from support.report_site import build_report_site
from support.services import free_port
from support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.browser import Browser, Page
    from support.product import Product
    from support.report_site import ReportSite

pytestmark = pytest.mark.e2e

WORDS = {"ko": ("예약", "일간"), "en": ("Schedules", "Daily")}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> ReportSite:
    return build_report_site(tmp_path_factory.mktemp("reports"), free_port())


@pytest.fixture(scope="module")
def product(site: ReportSite) -> Iterator[Product]:
    with up(site.data, "--config", str(site.config)) as running:
        wait_until(lambda: [state for state, _ in site.list_runs()] == ["done"] * 2, 240)
        yield running


def open_list(browser: Browser, product: Product, site: ReportSite, lang: str = "ko") -> Page:
    """The reports of the month of the last day that there is a report of."""
    path = f"months/{site.days[1]:%Y-%m}/reports"
    page = browser.open(f"{product.url}/{path}?lang={lang}")
    page.wait("document.querySelector('a[data-report]')", 60)
    return page


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_list_leads_to_a_report_without_a_fault(
    product: Product, browser: Browser, site: ReportSite, lang: str
) -> None:
    page = open_list(browser, product, site, lang)
    text = str(page.eval("document.querySelector('main').innerText"))
    assert all(word in text for word in WORDS[lang])
    assert list_faults(page) == []
    page.click("a[data-report]")
    page.wait("document.querySelector('[data-testid=report]')", 60)
    assert list_faults(page) == []
    page.close()


def test_a_scheduled_report_is_shown_downloaded_and_approved(
    product: Product, browser: Browser, site: ReportSite, tmp_path: Path
) -> None:
    page = open_list(browser, product, site)
    number = f"IT-daily-{site.days[1]:%Y%m%d}"
    page.click(f"a[data-report='{number}']")
    page.wait("document.querySelector('[data-testid=report]')", 60)
    shown = "document.querySelector('iframe').src"
    assert f"jipyo-daily-{site.days[1]}.ko.html" in str(page.eval(shown))
    href = str(page.eval("document.querySelector('a[data-file$=\".xlsx\"]').href"))
    content = urllib3.request("GET", href, timeout=30).data
    (file,) = (
        one
        for one in product.get(f"/api/jipyo/reports/{number}")["issues"][0]["files"]
        if one["name"].endswith(".xlsx")
    )
    assert hashlib.sha256(content).hexdigest() == file["sha256"]
    for step in ("drafted", "approved"):
        page.fill("[data-testid=sign-step]", step)
        if step == "drafted":  # the name is asked for once
            page.fill("[data-testid=who]", "이승인")
        page.click("[data-testid=sign]")
        page.wait(f"document.querySelector('li[data-step={step}]')", 60)
    signed = product.get(f"/api/jipyo/reports/{number}")
    assert signed["report"]["step"] == "approved"
    assert [(one["step"], one["who"]) for one in signed["sign_off"]][1:] == [
        ("drafted", "이승인"),
        ("approved", "이승인"),
    ]
    assert page.errors == []
    page.close()


def test_a_report_is_made_on_request(product: Product, browser: Browser, site: ReportSite) -> None:
    page = open_list(browser, product, site, "en")
    page.fill("[data-testid=report-kind]", "daily")
    page.fill("[data-testid=report-period]", site.days[0].isoformat())
    page.click("[data-testid=make]")
    page.wait("document.querySelector('[data-build] a')", 240)
    build = product.get("/api/jipyo/reports/builds")["builds"][0]
    assert (build["state"], build["report"]) == ("made", f"IT-daily-{site.days[0]:%Y%m%d}")
    assert build["issue"] == 1, "the same content is no new issue"
    page.close()
