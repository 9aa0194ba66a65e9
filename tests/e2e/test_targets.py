"""The page of targets: what is collected, and what of it fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.product import up
from support.services import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.browser import Browser, Page
    from support.product import Product

pytestmark = pytest.mark.e2e

DEAD = "[data-job=dead]"
WORDS = {"ko": ("수집 대상", "수집 실패", "조치: "), "en": ("Targets", "Down", "What to do: ")}


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A host with a target behind which nothing listens."""
    folder = tmp_path_factory.mktemp("targets")
    port = free_port()
    config = folder / "jipyo.yaml"
    config.write_text(
        "timezone: Asia/Seoul\ninstance: e2e-host\ncollect:\n  interval: 1s\n  scrape:\n"
        f"  - {{job: dead, url: 'http://127.0.0.1:{port}/metrics'}}\n"
    )
    with up(folder / "data", "--config", str(config)) as running:
        yield running


def open_page(browser: Browser, url: str, width: int = 1440) -> Page:
    page = browser.open(url, width=width)
    page.wait(f"document.querySelector('{DEAD} .error')", timeout_s=60)
    return page


def text_of(page: Page, selector: str) -> str:
    return str(page.eval(f"document.querySelector({selector!r}).innerText"))


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_a_dead_target_comes_first_with_its_cause_and_remedy(
    failing: Product, browser: Browser, lang: str
) -> None:
    title, down, remedy = WORDS[lang]
    page = open_page(browser, f"{failing.url}/targets?lang={lang}")
    answer = failing.get("/api/jipyo/targets", lang=lang)["targets"]
    dead = next(target for target in answer if target["job"] == "dead")
    assert text_of(page, "h1") == title
    assert f" · {title} · " in page.eval("document.title")
    assert page.eval("document.querySelector('tbody').dataset.job") == "dead"
    assert text_of(page, f"{DEAD} .state").startswith(down)
    assert text_of(page, "[data-testid=targets-verdict]").count("dead 127.0.0.1") == 1
    assert page.eval(f"document.querySelectorAll('{DEAD} rect').length") == 48
    assert text_of(page, f"{DEAD} .error") == dead["error"]
    assert f"{remedy}{dead['hint']}" in text_of(page, f"{DEAD} .cause")
    assert page.eval("document.querySelectorAll('main tbody').length") == len(answer)
    assert text_of(page, ".badge") == "1"
    assert page.errors == []
    page.close()


def test_the_rail_counts_what_is_down_and_leads_to_it_and_back(
    failing: Product, browser: Browser
) -> None:
    page = browser.open(f"{failing.url}/?lang=en")
    page.wait("document.querySelector('nav a[href*=targets]')?.innerText.includes('1')", 60)
    page.click("nav a[href*=targets]")
    page.wait(f"document.querySelector('{DEAD}')")
    assert page.eval("document.querySelector('nav [aria-current=page]').innerText") != ""
    page.eval("history.back()")
    page.wait(f"!document.querySelector('{DEAD}')")
    assert not page.eval("location.pathname").endswith("targets")
    page.close()


@pytest.mark.parametrize(("lang", "width"), [("ko", 390), ("en", 1440)])
def test_words_and_states_filter_the_list(
    failing: Product, browser: Browser, lang: str, width: int
) -> None:
    page = browser.open(f"{failing.url}/targets?lang={lang}", width=width)
    page.wait(f"document.querySelector('{DEAD} .error')", timeout_s=60)
    page.click("[data-count=down]")
    page.wait("document.querySelectorAll('main tbody').length === 1")
    assert "state=down" in page.eval("location.search")
    page.click("[data-count=down]")
    page.wait("document.querySelectorAll('main tbody').length > 1")
    page.eval(
        "(e => { e.value = 'nobody'; e.dispatchEvent(new InputEvent('input', {bubbles: true})); })"
        "(document.querySelector('main [type=search]'))"
    )
    page.wait("document.querySelector('main .nothing')")
    assert page.eval("document.documentElement.scrollWidth") <= width
    assert page.errors == []
    page.close()
