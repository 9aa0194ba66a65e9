"""The overview of a running `jipyo up` in each condition, in a real browser."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from support.axe import list_violations
from support.product import up
from support.services import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.browser import Browser, Page
    from support.product import Product

    Open = Callable[..., Page]

pytestmark = pytest.mark.e2e

LOAD = "system.cpu.load"
HEAD = (
    "timezone: Asia/Seoul\ninstance: e2e-host\nalerts: {interval: 1s}\ncollect:\n  interval: 1s\n"
)
ONLY_LOAD = "catalogue:\n  metrics:\n    system.cpu.load: {thresholds: %s}\n"
WORDS = {
    "ko": ("응답하지 않습니다", "먼저 볼 것", "접수"),
    "en": ("not answer", "Look here first", "Acknowledge"),
}
EVIL = "a<img src=x onerror=alert(1)>b"


def text_of(page: Page, selector: str) -> str:
    return str(page.eval(f"document.querySelector({selector!r}).innerText"))


def state_of(page: Page) -> str:
    return str(page.eval("document.querySelector('[data-testid=verdict]').dataset.state"))


@contextmanager
def up_with_a_dead_target(folder: Path) -> Iterator[Product]:
    """A host with a target behind which nothing listens, whose name is markup."""
    port = free_port()
    config = folder / "jipyo.yaml"
    config.write_text(
        f"{HEAD}  scrape:\n  - {{job: '{EVIL}', url: 'http://127.0.0.1:{port}/metrics'}}\n"
    )
    with up(folder / "data", "--config", str(config)) as running:
        yield running


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with up_with_a_dead_target(tmp_path_factory.mktemp("critical")) as running:
        yield running


def open_critical(browser: Browser, product: Product, search: str, width: int) -> Page:
    page = browser.open(f"{product.url}/?{search}", width=width, height=844)
    page.wait("document.querySelector('[data-role=origin]')", 60)
    page.wait("document.querySelector('[data-testid=hosts]')", 60)
    page.wait("document.fonts.status === 'loaded'")
    return page


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_a_dead_target_is_the_verdict_and_the_first_thing_to_look_at(
    failing: Product, browser: Browser, lang: str
) -> None:
    page = open_critical(browser, failing, f"lang={lang}", 1440)
    title, first, action = WORDS[lang]
    assert state_of(page) == "critical"
    assert title in text_of(page, "[data-testid=headline]")
    assert first in text_of(page, "[data-testid=attention]")
    assert EVIL in text_of(page, "[data-role=origin] .name b")
    assert action in text_of(page, "[data-testid=ack]")
    assert page.errors == []
    page.close()


def test_on_a_phone_the_action_is_on_the_first_screen_and_the_page_is_short(
    failing: Product, browser: Browser
) -> None:
    page = open_critical(browser, failing, "lang=ko", 390)
    bottom = page.eval(
        "document.querySelector('[data-testid=ack]').getBoundingClientRect().bottom + scrollY"
    )
    assert bottom <= 844
    assert page.eval("document.querySelector('[data-testid=ack]').offsetHeight") >= 44
    assert page.eval("document.documentElement.scrollHeight") <= 3000
    page.close()


def test_an_incident_is_acknowledged_with_a_name_asked_once(
    tmp_path: Path, browser: Browser
) -> None:
    with up_with_a_dead_target(tmp_path) as product:
        page = open_critical(browser, product, "lang=ko", 1440)
        page.click("[data-testid=ack]")
        page.wait("document.querySelector('.verdict [data-testid=who]')")
        page.eval(
            "(() => { const who = document.querySelector('.verdict [data-testid=who]');"
            " who.value = '김운영'; who.dispatchEvent(new Event('input', {bubbles: true})) })()"
        )
        page.click("[data-testid=ack]")
        page.wait("document.querySelector('[data-testid=ack]') === null")
        page.wait("document.querySelector('.verdict').innerText.includes('김운영이')")
        incident = product.get("/api/jipyo/overview", lang="ko")["incident"]
        assert incident["acknowledged"]
        page.close()


@pytest.mark.parametrize(
    ("thresholds", "state", "rows"),
    [
        ("null", "ok", []),
        ("{warning: 0.0001, critical: 100000, for: 2h}", "ok", ["pending"]),
        ("{warning: 0.0001, critical: 100000, for: 0s}", "warning", ["warning"]),
        ("{warning: 0.0001, critical: 0.0002, for: 0s}", "critical", ["critical"]),
    ],
)
def test_each_condition_has_its_verdict_and_its_rows(
    tmp_path: Path, browser: Browser, thresholds: str, state: str, rows: list[str]
) -> None:
    config = tmp_path / "jipyo.yaml"
    config.write_text(HEAD + ONLY_LOAD % thresholds)
    with up(tmp_path / "data", "--config", str(config)) as product:
        page = browser.open(f"{product.url}/?lang=ko")
        page.wait(
            f"document.querySelector('[data-testid=verdict]')?.dataset.state === '{state}'", 60
        )
        selector = f"[data-attention='{LOAD}']"
        if rows:
            page.wait(f"document.querySelector({selector!r})", 60)
        shown = page.eval(f"[...document.querySelectorAll({selector!r})].map(e => e.classList[0])")
        assert shown == rows
        document = product.get("/api/jipyo/overview", lang="ko")
        status = product.get("/api/jipyo/status", lang="ko")
        assert document["verdict"]["state"] == status["verdict"]["state"]
        assert list_violations(page) == []
        assert page.errors == []
        page.offline()
        page.wait("document.querySelector('[data-testid=content].stale')", 60)
        assert list_violations(page) == []
        page.close()


def test_values_are_those_of_the_api(open_page: Open, product: Product) -> None:
    page = open_page("?lang=ko")
    page.wait("document.querySelector('[data-testid=hosts]')", 60)
    day = product.get("/api/jipyo/overview/day", lang="ko")
    shown = page.eval("[...document.querySelectorAll('[data-row]')].map(e => e.dataset.row)")
    assert shown == [row["metric"] for group in day["hosts"] for row in group["rows"]]
    promised = page.eval(
        "[...document.querySelectorAll('[data-objective]')].map(e => e.dataset.objective)"
    )
    assert promised == [cell["metric"] for cell in day["objectives"]]
