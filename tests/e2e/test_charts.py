"""What a reader does with a chart: zoom, read, hold a moment, and hand the view on by its link."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.browser import Page
    from support.product import Product

    Open = Callable[..., Page]

pytestmark = pytest.mark.e2e

PLOT = "[data-testid=chart] .u-over"
LOAD = "metrics/system.cpu.load"
FIGURES = "[...document.querySelectorAll('[data-testid=series] td b')]"


def text_of(page: Page, selector: str) -> str:
    return str(page.eval(f"document.querySelector({selector!r}).innerText"))


def open_chart(open_page: Open, path: str = f"{LOAD}?lang=en&range=1h", **options: int) -> Page:
    page = open_page(path, **options)
    page.wait(f"document.querySelector('{PLOT}')")
    return page


def wait_for_live_values(page: Page, times: int) -> None:
    """Wait until the server has sent what is new so many times: its clock stands in the rail."""
    clock = "document.querySelector('.rail .live').innerText"
    for _ in range(times):
        before = page.eval(clock)
        page.wait(f"{clock} !== {before!r}", timeout_s=60)


@pytest.mark.parametrize(
    "metric", ["system.cpu.utilization", "system.memory.utilization", "system.network.receive"]
)
def test_a_chart_has_points(open_page: Open, product: Product, metric: str) -> None:
    known = {one["id"] for one in product.get("/api/jipyo/overview")["metrics"]}
    assert metric in known
    page = open_chart(open_page, f"metrics/{metric}?lang=ko&range=1h")
    page.wait(f"{FIGURES}.some(b => /[0-9]/.test(b.innerText))")
    assert page.errors == []


def test_a_chart_draws_its_thresholds(open_page: Open) -> None:
    page = open_chart(open_page, "metrics/system.cpu.utilization?lang=en&theme=light&range=1h")
    drawn = page.wait(
        """(() => {
          const canvas = document.querySelector('[data-testid=chart] canvas');
          const { data } = canvas.getContext('2d').getImageData(
            0, 0, canvas.width, canvas.height);
          const near = (i, r, g, b) => Math.abs(data[i] - r) < 12
            && Math.abs(data[i + 1] - g) < 12 && Math.abs(data[i + 2] - b) < 12;
          const token = (name) => getComputedStyle(document.documentElement)
            .getPropertyValue(name).match(/[0-9a-f]{2}/gi).map((part) => parseInt(part, 16));
          const colours = [token('--warning-line'), token('--critical-line')];
          const counts = [0, 0];
          for (let i = 0; i < data.length; i += 4)
            colours.forEach((colour, n) => { if (near(i, ...colour)) counts[n] += 1 });
          return counts.every((count) => count > 100) ? counts : null;
        })()"""
    )
    assert drawn


def test_a_zoom_survives_live_values_and_is_in_the_address(open_page: Open) -> None:
    page = open_chart(open_page)
    page.drag(PLOT, 0.5, 0.9)
    page.wait("/from=.*&to=/.test(location.search)")
    zoomed = page.eval("location.search")
    span = text_of(page, "[data-testid=span]")
    wait_for_live_values(page, 2)
    assert page.eval("location.search") == zoomed
    assert text_of(page, "[data-testid=span]") == span
    page.press("Escape")
    page.wait("!location.search.includes('from=')")


def test_a_link_shows_the_same_view_to_another_person(open_page: Open) -> None:
    first = open_chart(open_page)
    first.drag(PLOT, 0.5, 0.9)
    first.wait("/from=.*&to=/.test(location.search)")
    first.wait("document.querySelector('[data-testid=span]').innerText.trim() !== ''")
    first.click(PLOT)
    first.wait("location.search.includes('at=')")
    search = first.eval("location.search")
    second = open_chart(open_page, f"{LOAD}{search}")
    assert second.eval("location.search") == search
    for selector in ("[data-testid=span]", "[data-testid=held] b"):
        assert text_of(second, selector) == text_of(first, selector)


def test_the_wheel_with_shift_zooms(open_page: Open) -> None:
    page = open_chart(open_page)
    page.wheel(PLOT, -120, shift=True)
    page.wait("location.search.includes('from=')")


def test_charts_ask_only_for_the_new_tail(open_page: Open) -> None:
    # Of a metric in breach all is asked for again once it recovers; memory is in none.
    page = open_chart(open_page, "metrics/system.memory.utilization?lang=en&range=1h")
    wait_for_live_values(page, 3)
    asked = [
        {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        for url in page.requests
        if urlsplit(url).path == "/api/jipyo/metric/system.memory.utilization"
    ]
    spans = [float(one["end"]) - float(one["start"]) for one in asked]
    assert spans[0] == 3600
    seam = float(asked[0]["end"]) - float(asked[0].get("column", asked[0]["step"]))
    assert all(float(one["start"]) >= seam for one in asked[1:])
    # From then on the values come by the stream, whose address has what is on the screen.
    streams = [url for url in page.requests if urlsplit(url).path == "/api/jipyo/live"]
    assert any("system.memory.utilization" in url for url in streams)
    # Nor is what takes the server long asked for with each new value.
    paths = [urlsplit(url).path.removeprefix("/api/jipyo/metric/") for url in page.requests]
    assert paths.count("system.memory.utilization/outlook") == 1
    assert paths.count("system.memory.utilization/trial") == 1


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_nothing_overflows_on_a_phone(open_page: Open, lang: str) -> None:
    page = open_chart(open_page, f"{LOAD}?lang={lang}&range=1h", width=390, height=844)
    assert page.eval("document.documentElement.scrollWidth") == 390
    wide = page.eval(
        "[...document.querySelectorAll('main *')]"
        ".filter(e => !e.closest('.segments, .hidden, .scroll'))"
        ".filter(e => e.getBoundingClientRect().right > 391)"
        ".map(e => e.className.toString())"
    )
    assert wide == []


def test_a_screen_reader_gets_the_values(open_page: Open) -> None:
    page = open_chart(open_page)
    label = page.eval("document.querySelector('[data-testid=chart] [role=img]').ariaLabel")
    assert re.search(r"Latest [\d.]+.*lowest.*highest", label)


def test_the_arrow_keys_read_the_values_and_enter_holds_one(open_page: Open) -> None:
    page = open_chart(open_page)
    page.eval("document.querySelector('[data-testid=chart] [role=img]').focus()")
    page.press("ArrowLeft")
    page.wait("document.querySelector('.when span').innerText.startsWith('At')")
    page.press("Enter")
    page.wait("location.search.includes('at=')")


def test_l_opens_the_logs_of_the_moment_that_is_held(open_page: Open) -> None:
    page = open_chart(open_page)
    page.click(PLOT)
    page.wait("location.search.includes('at=')")
    at = re.findall(r"at=[\d:T-]+", str(page.eval("location.search")))
    page.press("ㅣ", "KeyL")  # the key L under a Korean input method
    page.wait("location.pathname === '/logs'")
    assert re.findall(r"at=[\d:T-]+", str(page.eval("location.search"))) == at


def test_l_opens_the_logs_of_the_moment_under_the_pointer(open_page: Open) -> None:
    page = open_chart(open_page)
    page.hover(PLOT, 0.97)
    page.wait("document.querySelector('.when span').innerText.startsWith('At')")
    shown = text_of(page, ".when span")
    page.press("l")
    page.wait("location.pathname === '/logs'")
    (clock,) = re.findall(r"at=[\d-]+T([\d:]+)", str(page.eval("location.search")))
    assert clock in shown
