"""The page of incidents: a dead target becomes one, and a person takes care of it."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from support.product import up

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.browser import Browser, Page
    from support.product import Product

pytestmark = pytest.mark.e2e

WORDS = {"ko": ("응답 없음", "접수"), "en": ("does not answer", "Acknowledged")}


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A host with two targets behind which nothing listens."""
    folder = tmp_path_factory.mktemp("incidents")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    targets = "".join(
        f"  - {{job: {job}, url: 'http://127.0.0.1:{port}/{job}'}}\n" for job in ("one", "two")
    )
    config = folder / "jipyo.yaml"
    config.write_text(
        "timezone: Asia/Seoul\ninstance: e2e-host\nalerts: {interval: 1s}\n"
        f"collect:\n  interval: 1s\n  scrape:\n{targets}"
    )
    with up(folder / "data", "--config", str(config)) as running:
        yield running


def open_incident(browser: Browser, product: Product, lang: str, width: int = 1440) -> Page:
    page = browser.open(f"{product.url}/?lang={lang}", width=width)
    page.wait("document.querySelector('[data-testid=ack]')", 60)
    page.go(f"{product.url}/incidents/1?lang={lang}")
    page.wait("document.querySelector('[data-testid=incident] .members li')", 60)
    return page


@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize("width", [1440, 390])
def test_an_incident_is_shown_without_an_error_and_no_wider_than_the_window(
    failing: Product, browser: Browser, lang: str, width: int
) -> None:
    page = open_incident(browser, failing, lang, width)
    assert WORDS[lang][0] in str(page.eval("document.querySelector('#incident-title').innerText"))
    assert page.eval("document.documentElement.scrollWidth") <= width
    assert page.errors == []
    page.close()


def test_a_name_is_asked_for_once_and_the_incident_is_acknowledged(
    failing: Product, browser: Browser
) -> None:
    page = open_incident(browser, failing, "en")
    page.eval(
        "(() => { const name = document.querySelector('[data-testid=who]');"
        " name.value = 'kim'; name.dispatchEvent(new Event('input')); })()"
    )
    page.click("[data-testid=ack]")
    page.wait("document.querySelector('[data-testid=ack]') === null", 30)
    (incident,) = failing.get("/api/jipyo/incidents", state="open")["incidents"]
    assert incident["acknowledged_by"] == "kim"
    again = open_incident(browser, failing, "en")
    assert again.eval("document.querySelector('[data-testid=who]')") is None
    assert "kim" in str(again.eval("document.querySelector('[data-testid=act]').innerText"))
