"""The index and the pages of metrics, and addresses of the dashboard behind a path prefix."""

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
ROW_PX = 80
"""A row of the index has three lines at most, on a phone too."""
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


def test_the_index_leads_to_a_metric_and_back(open_page: Open, site: str) -> None:
    root = urlsplit(site).path
    page = open_page(f"{site}metrics?lang=en&range=1h")
    page.wait("document.querySelectorAll('[data-metric]').length > 10")
    page.click(f"[data-metric='{METRIC}'] a")
    page.wait("document.querySelector('[data-testid=metric-head]')")
    assert path_of(page) == f"{root}metrics/{METRIC}"
    assert page.eval("location.search") == "?range=1h&lang=en"
    page.wait(CHART)
    page.wait("document.querySelectorAll('[data-testid=series] tbody tr').length > 1")
    assert page.eval("history.back() ?? true")
    page.wait("document.querySelector('[data-testid=metric-index]')")
    assert path_of(page) == f"{root}metrics"
    assert page.errors == []


def test_a_search_narrows_the_index_and_stays_in_the_address(open_page: Open) -> None:
    page = open_page("metrics?lang=en&find=CPU.core")
    page.wait("document.querySelectorAll('[data-metric]').length === 1")
    assert page.eval("document.querySelector('[data-metric]').dataset.metric") == METRIC
    page.go(page.eval("location.href.replace(/find=[^&]*/, 'find=nothing-like-it')"))
    page.wait("document.querySelector('[data-testid=nothing-found]')")


def test_a_page_that_does_not_come_leaves_the_last_one(open_page: Open) -> None:
    page = open_page("?lang=en")
    page.wait("document.querySelector('[data-testid=verdict]')")
    page.call("Network.setCacheDisabled", {"cacheDisabled": True})  # it may be had from there
    page.offline()
    page.eval("document.querySelector('nav a[href*=metrics]').click()")
    page.wait("document.querySelector('[data-testid=lost], [data-testid=page-lost]')")
    assert text_of(page, "[data-testid=verdict]") != ""
    page.offline(cut=False)
    page.eval("document.querySelector('.lost button').click()")
    page.wait("document.querySelector('[data-testid=metric-index]')", 60)


def test_a_metric_survives_a_reload(open_page: Open, site: str) -> None:
    page = open_page(f"{site}metrics/{METRIC}?lang=en&range=1h")
    name = text_of(page, "h1")
    page.wait(CHART)
    page.go(page.eval("location.href"))
    page.wait("document.querySelector('[data-testid=metric-head]')")
    page.wait(CHART)
    assert text_of(page, "h1") == name
    assert page.errors == []
    assert [url for url in page.requests if not url.startswith(site)] == []


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("metrics/no.such.metric?lang=en", "No such metric"),
        ("metrics/no.such.metric?lang=ko", "없는 지표입니다"),
        ("nowhere?lang=en", "No such page"),
        ("no/where/at/all?lang=ko", "없는 페이지입니다"),
        ("reports/a/b?lang=en", "No such page"),
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


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_rows_of_the_index_are_low_on_a_phone(open_page: Open, lang: str) -> None:
    page = open_page(f"metrics?lang={lang}&range=1h", width=390)
    page.wait("document.querySelector('[data-metric] td.number b').innerText !== ''")
    heights = "[...document.querySelectorAll('[data-metric]')].map(row => row.offsetHeight)"
    assert max(page.eval(heights)) <= ROW_PX


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_a_metric_is_whole_in_every_language(open_page: Open, product: Product, lang: str) -> None:
    page = open_page(f"metrics/system.cpu.utilization?lang={lang}&range=1h")
    page.wait(CHART)
    page.wait("document.querySelector('[data-testid=series] td b')")
    answer = product.get("/api/jipyo/metric/system.cpu.utilization", lang=lang)
    assert text_of(page, "h1") == answer["name"]
    for query in answer["expressions"]:
        assert query["exporter"] in text_of(page, "[data-testid=source]")
    mean = "document.querySelector('[data-testid=series] td:nth-child(3)').innerText"
    page.wait(f"{mean} !== '–'", timeout_s=90)  # figures are those of whole minutes
    assert answer["name"] in page.eval("document.title")


def test_a_metric_without_data_says_what_it_needs(open_page: Open, product: Product) -> None:
    metrics = product.get("/api/jipyo/overview")["metrics"]
    missing = next(metric["id"] for metric in metrics if metric["absent"])
    page = open_page(f"metrics/{missing}?lang=ko")
    page.wait("document.querySelector('[data-testid=remedy] p').textContent !== ''")
    assert page.eval("document.querySelector('[data-chart]')") is None


def test_a_row_of_the_series_isolates_its_line(open_page: Open) -> None:
    page = open_page(f"metrics/{METRIC}?lang=en&range=1h")
    page.wait("document.querySelectorAll('[data-testid=series] tbody tr').length > 1")
    page.click("[data-testid=series] tbody button")
    page.wait("document.querySelector('[data-testid=series] tbody button').ariaPressed === 'true'")


def test_the_series_table_follows_the_cursor(open_page: Open) -> None:
    page = open_page(f"metrics/{METRIC}?lang=en&range=1h")
    page.wait("document.querySelector('.u-over')")
    page.hover(".u-over", 0.97)
    page.wait("document.querySelector('[data-testid=series] th.number').innerText.startsWith('At')")


def test_a_threshold_is_tried_on_the_past(open_page: Open) -> None:
    page = open_page(f"metrics/{METRIC}?lang=en&range=1h")
    page.click("[data-testid=try]")
    page.wait("document.querySelector('[data-testid=trial]').innerText.includes('would')")
    assert page.errors == []


def test_a_click_holds_the_moment_and_escape_releases_it(open_page: Open) -> None:
    page = open_page(f"metrics/{METRIC}?lang=en&range=1h")
    page.wait("document.querySelector('.u-over')")
    page.click(".u-over")
    page.wait("location.search.includes('at=')")
    page.wait("document.querySelector('[data-testid=logs-then]')")
    page.press("Escape")
    page.wait("!location.search.includes('at=')")
