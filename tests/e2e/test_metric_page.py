"""The page of one metric, and the addresses of the dashboard behind a path prefix."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from support.prefix_proxy import serve_below

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support.browser import Page
    from support.product import Product

    Open = Callable[..., Page]

pytestmark = pytest.mark.e2e

METRIC = "system.cpu.core.utilization"
CHART = "document.querySelector('[data-chart] canvas')"


@pytest.fixture(scope="module", params=["/", "/monitor/", "/a/b/"])
def site(product: Product, request: pytest.FixtureRequest) -> Iterator[str]:
    """The root of the dashboard, with a slash at its end: served directly, or below a prefix."""
    if request.param == "/":
        yield f"{product.url}/"
        return
    with serve_below(request.param, product.url) as url:
        yield url


def text_of(page: Page, selector: str) -> str:
    return str(page.eval(f"document.querySelector({selector!r}).innerText"))


def path_of(page: Page) -> str:
    return str(page.eval("location.pathname"))


def test_a_tile_leads_to_its_metric_and_back(open_page: Open, site: str) -> None:
    root = urlsplit(site).path
    page = open_page(f"{site}?lang=en&range=15m")
    page.click(f"[data-metric='{METRIC}']")
    page.wait("document.querySelector('[data-testid=metric-head]')")
    assert path_of(page) == f"{root}metric/{METRIC}"
    assert page.eval("location.search") == "?range=15m&lang=en"
    page.wait(CHART)
    page.wait("document.querySelectorAll('[data-testid=series] tbody tr').length > 1")
    assert page.eval("history.back() ?? true")
    page.wait("document.querySelector('[data-testid=verdict]')")
    assert path_of(page) == root
    assert page.errors == []


def test_a_metric_survives_a_reload(open_page: Open, site: str) -> None:
    page = open_page(f"{site}metric/{METRIC}?lang=en&range=15m")
    name = text_of(page, "h1")
    page.wait(CHART)
    page.go(page.eval("location.href"))
    page.wait("document.querySelector('[data-testid=metric-head]')")
    page.wait(CHART)
    assert text_of(page, "h1") == name
    assert page.errors == []
    assert [url for url in page.requests if not url.startswith(site)] == []


def test_links_of_a_nested_page_lead_below_the_prefix(open_page: Open, site: str) -> None:
    page = open_page(f"{site}metric/{METRIC}?lang=en")
    links = page.eval("[...document.querySelectorAll('a:not(.skip)')].map(a => a.href)")
    assert len(links) > 5
    pages = (f"{site}?", f"{site}targets?", f"{site}incidents?")
    assert all(link.startswith(pages) for link in links)
    page.click("[data-group='system.memory']")
    page.wait("document.querySelector('[data-metric^=\"system.memory\"]')")
    assert path_of(page) == urlsplit(site).path


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("metric/no.such.metric?lang=en", "No such metric"),
        ("metric/no.such.metric?lang=ko", "없는 지표입니다"),
        ("nowhere?lang=en", "No such page"),
        ("no/where/at/all?lang=ko", "없는 페이지입니다"),
        ("metric/a/b?lang=en", "No such page"),
    ],
)
def test_an_address_of_nothing_leads_home(
    open_page: Open, site: str, path: str, title: str
) -> None:
    page = open_page(f"{site}{path}")
    assert text_of(page, "h1") == title
    page.click("[data-testid=not-found] a")
    page.wait("document.querySelector('[data-testid=verdict]')")
    assert path_of(page) == urlsplit(site).path
    assert page.errors == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("lang", ["ko", "en"])
def test_a_metric_is_whole_in_every_language_and_theme(
    open_page: Open, product: Product, lang: str, theme: str
) -> None:
    page = open_page(f"metric/system.cpu.utilization?lang={lang}&theme={theme}&range=15m")
    page.wait(CHART)
    page.wait("document.querySelector('[data-testid=series] td b')")
    answer = product.get("/api/jipyo/metric/system.cpu.utilization", lang=lang)
    assert text_of(page, "h1") == answer["name"]
    assert page.eval("document.querySelectorAll('[data-testid=thresholds] tbody tr').length") == 2
    for query in answer["expressions"]:
        assert query["exporter"] in text_of(page, "[aria-labelledby=metric-source]")
        assert query["expression"].split("(")[0] in text_of(
            page, "[aria-labelledby=metric-source] code"
        )
    assert page.eval("document.querySelectorAll('h1').length") == 1
    assert page.eval("document.title").startswith(answer["name"])
    assert page.errors == []
    assert [line for line in page.console if line.level == "warning"] == []


def test_a_metric_without_data_says_what_it_needs(open_page: Open, product: Product) -> None:
    metrics = product.get("/api/jipyo/overview")["metrics"]
    missing = next(metric["id"] for metric in metrics if metric["absent"])
    page = open_page(f"metric/{missing}?lang=ko")
    page.wait("document.querySelector('[data-testid=remedy] p').textContent !== ''")
    assert page.eval("document.querySelector('[data-chart]')") is None


def test_a_row_of_the_series_isolates_its_line(open_page: Open) -> None:
    page = open_page(f"metric/{METRIC}?lang=en&range=15m")
    page.wait("document.querySelectorAll('[data-testid=series] tbody tr').length > 1")
    page.click("[data-testid=series] tbody button")
    page.wait("document.querySelector('[data-testid=series] tbody button').ariaPressed === 'true'")


def test_the_series_table_follows_the_cursor(open_page: Open) -> None:
    page = open_page(f"metric/{METRIC}?lang=en&range=15m")
    page.wait("document.querySelector('.u-over')")
    page.hover(".u-over", 0.97)
    page.wait("document.querySelector('[data-testid=series] th.number').innerText.startsWith('At')")


def test_escape_leads_back_and_the_skip_link_stays_on_the_page(open_page: Open) -> None:
    page = open_page(f"metric/{METRIC}?lang=en")
    page.press("Tab")
    page.press("Enter")
    page.wait("document.activeElement.tagName === 'MAIN'")
    assert path_of(page) == f"/metric/{METRIC}"
    page.press("Escape")
    page.wait("document.querySelector('[data-testid=verdict]')")
