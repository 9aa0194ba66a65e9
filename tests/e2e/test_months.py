"""The page of a month in a browser: its sheet, typed values, sign-off, and the other tabs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sla.site import write_site
from support.axe import list_faults
from support.product import up

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.browser import Browser, Page
    from support.product import Product

pytestmark = pytest.mark.e2e

MONTH = "2024-10"
WORDS = {
    "ko": ("2024년 10월 SLA 산정표", "허용 장애 시간", "결재", "제출 전 확인"),
    "en": ("SLA sheet of October 2024", "Outage budget", "Sign-off", "Before hand-in"),
}


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    config = write_site(tmp_path_factory.mktemp("months"))
    text = config.read_text() + "collect: {interval: 1h, host: false, process: false, gpu: false}\n"
    config.write_text(text)
    with up(config.parent / "data", "--config", str(config)) as running:
        yield running


def open_month(browser: Browser, product: Product, lang: str = "en", **how: object) -> Page:
    url = f"{product.url}/months/{MONTH}?system=portal&lang={lang}"
    page = browser.open(url, **how)  # type: ignore[arg-type]
    page.wait("document.querySelector('[data-testid=month-strip] a')", 60)
    return page


@pytest.mark.parametrize(("lang", "dark", "width"), [("ko", True, 390), ("en", False, 1440)])
def test_a_month_is_shown_without_a_fault(
    product: Product, browser: Browser, lang: str, dark: bool, width: int
) -> None:
    page = open_month(browser, product, lang=lang, width=width, dark=dark)
    page.wait("document.querySelector('[data-testid=sheet] tbody tr')", 60)
    text = str(page.eval("document.querySelector('main').innerText"))
    assert all(word in text for word in WORDS[lang])
    assert page.eval("document.querySelectorAll('[data-day]').length") == 31
    assert list_faults(page) == []
    page.close()


def test_a_value_is_typed_with_its_proof_and_counts(product: Product, browser: Browser) -> None:
    page = open_month(browser, product)
    page.wait("document.querySelector('[data-indicator=security] [data-testid=enter]')", 60)
    page.click("[data-indicator=security] [data-testid=enter]")
    page.wait("document.querySelector('dialog[open]')")
    assert list_faults(page) == []
    page.fill("[data-testid=entry-value]", "many")
    page.fill("[data-testid=entry-note]", "<b>audit</b> of October")
    page.fill("[data-testid=who]", "kim")
    page.click("[data-testid=entry-save]")
    page.wait("document.querySelector('dialog [role=alert]')")
    page.fill("[data-testid=entry-value]", "0")
    page.click("[data-testid=entry-save]")
    page.wait("document.querySelector('dialog[open]') === null", 60)
    row = "document.querySelector('[data-indicator=security]').innerText"
    page.wait(f"{row}.includes('<b>audit</b> of October')", 60)
    found = product.get(f"/api/jipyo/months/{MONTH}", system="portal")["rows"]
    (entry,) = next(one for one in found if one["id"] == "security")["entries"]
    assert (entry["who"], entry["note"]) == ("kim", "<b>audit</b> of October")
    assert page.errors == []
    page.close()


def test_the_strip_leads_to_another_month(product: Product, browser: Browser) -> None:
    page = open_month(browser, product)
    page.click("[data-testid=month-strip] a:not([aria-current])")
    page.wait("document.querySelector('[data-testid=month-strip] a[aria-current]') !== null", 30)
    page.wait("!location.pathname.endsWith('2024-10')", 30)
    page.close()


def test_a_month_without_a_sheet_says_why_and_offers_to_try_again(
    product: Product, browser: Browser
) -> None:
    page = browser.open(f"{product.url}/months/2020-01?system=portal&lang=en")
    page.wait("document.querySelector('[data-testid=month-error] button')", 60)
    text = str(page.eval("document.querySelector('[data-testid=month-error]').innerText"))
    assert "not under contract" in text
    page.close()
