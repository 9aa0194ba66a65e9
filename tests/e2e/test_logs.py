"""The page of logs: search, levels, patterns, lines and details; hostile lines stay text."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from support.product import up

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.browser import Browser, Page
    from support.product import Product

pytestmark = pytest.mark.e2e

HOSTILE = '<img src=x onerror="window.hurt=1"> \u202egnp.exe \x1b[31m ' + "긴" * 100_000
OPTION = "[data-testid=logs-lines] [role=option]"


def write_line(path: Path, age_s: float, level: str, message: str) -> None:
    moment = datetime.fromtimestamp(time.time() - age_s, UTC).isoformat()
    line = {"@timestamp": moment, "level": level, "service": "api", "message": message}
    line["trace.id"] = uuid4().hex
    with path.open("a") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two hours of requests, retries in the last minutes, and a hostile line."""
    path = tmp_path_factory.mktemp("lines") / "app.log"
    for age_s in range(7000, 60, -20):
        write_line(path, age_s, "INFO", f"answered request {age_s * 7919} in {age_s % 90} ms")
        if age_s < 600:
            write_line(path, age_s - 1, "WARN", f"retrying request {age_s} attempt 2")
    write_line(path, 50, "ERROR", HOSTILE)
    return path


@pytest.fixture(scope="module")
def logging(tmp_path_factory: pytest.TempPathFactory, lines: Path) -> Iterator[Product]:
    folder = tmp_path_factory.mktemp("logs")
    config = folder / "jipyo.yaml"
    config.write_text(
        "timezone: Asia/Seoul\ninstance: e2e-host\ncollect: {interval: 1s}\n"
        f"logs:\n  files: [{{path: {lines}}}]\n"
    )
    with up(folder / "data", "--config", str(config)) as running:
        deadline = time.monotonic() + 60
        while not running.get("/api/jipyo/logs/sources")["sources"] or not any(
            "gnp" in line["message"] for line in running.get("/api/jipyo/logs")["lines"]
        ):
            assert time.monotonic() < deadline, "the lines were not read within a minute"
            time.sleep(0.5)
        yield running


def open_logs(
    browser: Browser, product: Product, search: str = "range=1h&lang=ko", **how: Any
) -> Page:
    page = browser.open(f"{product.url}/logs?{search}", **how)
    page.wait("document.querySelector('[data-testid=logs]')", timeout_s=60)
    page.wait(
        "document.querySelector('[data-testid=logs-lines] [role=listbox],"
        " [data-testid=logs-lines] .nothing, [data-testid=query-problem]')"
    )
    return page


@pytest.mark.parametrize("width", [390, 1440, 2560])
@pytest.mark.parametrize(("lang", "dark"), [("ko", False), ("en", True)])
def test_lines_patterns_and_counts_are_there_and_nothing_hostile_runs(
    logging: Product, browser: Browser, lang: str, dark: bool, width: int
) -> None:
    page = open_logs(browser, logging, f"range=1h&q=gnp&lang={lang}", width=width, dark=dark)
    page.wait("document.querySelector('[data-testid=logs-patterns] [data-pattern]')")
    newest = page.eval(f"document.querySelector('{OPTION} .message').innerText")
    assert newest.startswith("<img src=x onerror")
    assert "\\u202egnp.exe \\x1b[31m" in newest
    assert len(newest) < 600
    assert page.eval("document.documentElement.scrollWidth") <= width
    assert page.eval("window.hurt === undefined")
    assert page.errors == []
    page.close()


def test_the_rows_of_patterns_and_the_rest_sum_to_all_lines(
    logging: Product, browser: Browser
) -> None:
    page = open_logs(browser, logging)
    page.wait("document.querySelector('[data-testid=logs-patterns] tbody')")
    counts = page.eval(
        "[...document.querySelectorAll('[data-testid=logs-patterns] td.number')]"
        ".map(cell => Number(cell.innerText.replaceAll(',', '')))"
    )
    chips = page.eval(
        "[...document.querySelectorAll('[data-level] b')]"
        ".map(each => Number(each.innerText.replaceAll(',', '')))"
    )
    assert abs(sum(counts) - sum(chips)) <= 2  # the hour moves on between two requests
    page.close()


def test_levels_and_patterns_filter_the_lines_and_back_works(
    logging: Product, browser: Browser
) -> None:
    page = open_logs(browser, logging)
    page.wait("document.querySelector('[data-level=warn]')")
    page.click("[data-level=warn]")
    page.wait(f"[...document.querySelectorAll('{OPTION}')].every(e => e.matches('.warn'))")
    assert "level=warn" in page.eval("location.search")
    page.wait("document.querySelector('[data-testid=logs-patterns] tbody button')")
    page.click("[data-testid=logs-patterns] tbody tr:first-child button")
    page.wait("location.search.includes('pattern=')")
    page.eval("history.back()")
    page.wait("!location.search.includes('pattern=')")
    page.eval("history.back()")
    page.wait(f"document.querySelectorAll('{OPTION}:not(.warn)').length > 0")
    assert page.errors == []
    page.close()


def test_a_wrong_query_is_marked_at_its_place(logging: Product, browser: Browser) -> None:
    page = open_logs(browser, logging, "range=1h&lang=ko&q=a+level%3Aloud")
    page.wait("document.querySelector('[data-testid=query-problem]')")
    assert page.eval("document.querySelector('[data-testid=query-problem]').innerText").startswith(
        "9번째 글자"
    )
    assert page.eval("document.querySelector('mark').innerText") == "l"
    assert page.eval("document.querySelector('main [type=search]').ariaInvalid") == "true"
    page.close()


def test_the_keyboard_moves_and_opens_a_line_with_its_fields(
    logging: Product, browser: Browser
) -> None:
    page = open_logs(browser, logging)
    page.eval("document.querySelector('[role=listbox]').focus()")
    for _ in range(2):
        page.press("ArrowDown", "ArrowDown")
    page.wait(f"document.querySelectorAll('{OPTION}')[1].ariaSelected === 'true'")
    page.press("Enter")
    page.wait("document.querySelector('[data-testid=around] .own')")
    page.click("[data-testid=trace]")
    page.wait("new URLSearchParams(location.search).get('q')?.startsWith('trace.id:')")
    page.wait(f"document.querySelectorAll('{OPTION}').length === 1")
    assert page.errors == []
    page.close()


def test_a_drag_over_the_histogram_selects_a_time_for_patterns_and_lines(
    logging: Product, browser: Browser
) -> None:
    page = open_logs(browser, logging)
    page.wait("document.querySelector('[data-testid=logs-histogram] .plot')")
    page.drag("[data-testid=logs-histogram] .plot", 0.3, 0.5)
    page.wait("location.search.includes('from=')")
    page.wait("document.querySelector('[data-testid=selection]')")
    page.wait(f"document.querySelectorAll('{OPTION}.error').length === 0")
    assert page.errors == []
    page.close()


def test_new_lines_come_by_themselves_but_wait_while_somebody_reads(
    logging: Product, browser: Browser, lines: Path
) -> None:
    page = open_logs(browser, logging)
    write_line(lines, 0, "INFO", "the first new line")
    page.wait(f"document.querySelector('{OPTION} .message')?.innerText.includes('first new')", 60)
    page.eval("document.querySelector('[role=listbox]').scrollTop = 200")
    write_line(lines, 0, "INFO", "the second new line")
    page.wait("document.querySelector('[data-testid=newer]')", 60)
    before = page.eval(f"document.querySelector('{OPTION} .message').innerText")
    assert "first new" in before
    page.click("[data-testid=newer]")
    page.wait(f"document.querySelector('{OPTION} .message')?.innerText.includes('second new')")
    page.close()


def test_without_a_line_the_page_says_what_no_record_has(
    logging: Product, browser: Browser
) -> None:
    page = open_logs(browser, logging, "range=1h&lang=en&q=usr%3Akim")
    page.wait("document.querySelector('[data-testid=logs-lines] .nothing')")
    text = page.eval("document.querySelector('[data-testid=logs-lines]').innerText")
    assert "No record has the field usr" in text
    page.close()


def test_a_server_without_logs_says_how_they_are_collected(
    product: Product, browser: Browser
) -> None:
    page = browser.open(f"{product.url}/logs?lang=ko")
    page.wait("document.querySelector('[data-testid=no-logs]')", timeout_s=60)
    assert "logs.files" in page.eval("document.querySelector('[data-testid=no-logs]').innerText")
    assert page.errors == []
    page.close()
