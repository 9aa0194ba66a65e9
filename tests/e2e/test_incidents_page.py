"""The page of incidents: a dead target becomes one, and a person takes care of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.axe import list_faults
from support.browser import BrowserError
from support.product import up
from support.services import free_port
from support.waiting import wait_until

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
    port = free_port()
    targets = "".join(
        f"  - {{job: {job}, url: 'http://127.0.0.1:{port}/{job}'}}\n" for job in ("one", "two")
    )
    config = folder / "jipyo.yaml"
    config.write_text(
        "timezone: Asia/Seoul\ninstance: e2e-host\nalerts: {interval: 1s}\n"
        f"collect:\n  interval: 1s\n  host: false\n  gpu: false\n  scrape:\n{targets}"
    )
    with up(folder / "data", "--config", str(config)) as running:
        yield running


def open_page(browser: Browser, product: Product, path: str, **how: object) -> Page:
    """A page, once there is an incident with both targets: a silence is of what it has by then."""
    wait_until(lambda: product.get("/api/jipyo/incidents", state="open")["incidents"], 60)
    wait_until(lambda: len(product.get("/api/jipyo/incidents/1")["members"]) == 2, 60)
    return browser.open(f"{product.url}/{path}", **how)  # type: ignore[arg-type]


def open_incident(browser: Browser, product: Product, lang: str, **how: object) -> Page:
    page = open_page(browser, product, f"incidents/1?lang={lang}", **how)
    page.wait("document.querySelector('[data-testid=incident] [data-evidence]')", 60)
    return page


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_list_leads_to_an_incident_and_its_evidence(
    failing: Product, browser: Browser, lang: str
) -> None:
    page = open_page(browser, failing, f"incidents?lang={lang}")
    page.wait("document.querySelector('[data-incident]')", 60)
    page.click("[data-incident='1']")
    page.wait("document.querySelector('[data-testid=incident] [data-evidence]')", 60)
    assert WORDS[lang][0] in str(page.eval("document.querySelector('#incident-title').innerText"))
    page.wait("document.querySelector('[data-testid=evidence] canvas')", 60)
    assert page.errors == []
    page.close()


def test_on_a_phone_the_verdict_and_the_first_action_are_in_the_first_screen(
    failing: Product, browser: Browser
) -> None:
    page = open_incident(browser, failing, "ko", width=390, height=844)
    bottom = "document.querySelector('[data-testid=acknowledge] .button').getBoundingClientRect()"
    assert page.eval(f"{bottom}.bottom") < 844
    assert page.eval(f"{bottom}.height") >= 44
    page.close()


def test_the_list_is_filtered_by_the_address(failing: Product, browser: Browser) -> None:
    page = open_page(browser, failing, "incidents?lang=en&state=closed")
    page.wait("document.querySelector('[data-testid=incidents-list] .nothing')", 60)
    page.click("[data-state=open]")
    page.wait("document.querySelector('[data-incident]')", 30)
    assert "state=open" in str(page.eval("location.search"))
    page.eval("history.back()")
    page.wait("document.querySelector('[data-testid=incidents-list] .nothing')", 30)
    page.close()


def wait_until_withheld(page: Page, product: Product) -> None:
    """Until the page says that nobody is notified; else fails with what the server knows."""
    try:
        page.wait("document.querySelector('[data-testid=withheld]')", 30)
    except BrowserError as error:
        shown = product.get("/api/jipyo/incidents/1", lang="en")
        members = [(one["name"], one["state"]) for one in shown["members"]]
        silences = product.get("/api/jipyo/silences")["silences"]
        state = shown["incident"]["state"]
        pytest.fail(f"{error}: {state}, {shown['withheld']!r}, {members}, {silences}")


def test_an_incident_is_silenced_from_its_page(failing: Product, browser: Browser) -> None:
    page = open_incident(browser, failing, "en")
    page.click("[data-testid=quiet]")
    page.wait("document.querySelector('[data-testid=add-silence]')", 30)
    assert list_faults(page) == []
    form = "[data-testid=quiet-dialog] [data-testid=add-silence]"
    assert 'instance="127.0.0.1' in str(page.eval(f"document.querySelector('{form} .code').value"))
    page.fill(f"{form} input:not(.code):not([data-testid])", "new model")
    if page.eval(f"document.querySelector('{form} [data-testid=who]') !== null"):
        page.fill(f"{form} [data-testid=who]", "kim")
    page.click(f"{form} .button")
    wait_until_withheld(page, failing)
    assert "kim" in str(page.eval("document.querySelector('[data-testid=withheld]').innerText"))
    (silence,) = failing.get("/api/jipyo/silences")["silences"]
    page.go(f"{failing.url}/silences?lang=en")
    page.wait(f"document.querySelector('[data-silence=\"{silence['id']}\"] .button')", 30)
    page.click(f"[data-silence='{silence['id']}'] .button")
    page.wait("!document.querySelector('[data-silence]')", 30)
    page.close()


@pytest.mark.parametrize(("lang", "dark", "width"), [("ko", True, 390), ("en", False, 1440)])
def test_silences_are_added_shown_and_ended_without_a_fault(
    failing: Product, browser: Browser, lang: str, dark: bool, width: int
) -> None:
    page = open_page(browser, failing, f"silences?lang={lang}", width=width, dark=dark)
    page.wait("document.querySelector('[data-testid=add-silence]')", 60)
    page.eval("localStorage.clear()")
    page.go(str(page.eval("location.href")))
    page.wait("document.querySelector('[data-testid=add-silence] [data-testid=who]')", 60)
    form = "[data-testid=add-silence]"
    page.fill(f"{form} .code", "jo b=")
    page.fill(f"{form} input:not(.code):not([data-testid])", "<i>patch</i> " + "x" * 150)
    page.fill(f"{form} [data-testid=who]", "kim")
    page.click(f"{form} .button")
    page.wait(f"document.querySelector('{form} [role=alert]')", 30)
    page.console.clear()  # the refusal
    page.responses.clear()
    page.fill(f"{form} .code", 'job="nobody"')
    page.click(f"{form} .button")
    page.wait("document.querySelector('[data-silence]')", 30)
    page.fill("[data-testid=add-maintenance] input[maxlength='200']", "UPS")
    page.fill("[data-testid=add-maintenance] .code", 'job="nobody"')
    page.fill("[data-testid=add-maintenance] [data-testid=who]", "kim")
    page.click("[data-testid=add-maintenance] .button")
    page.wait("document.querySelector('[data-window] .button')", 30)
    assert list_faults(page) == []
    page.click("[data-silence] .button")
    page.click("[data-window] .button")
    page.wait("!document.querySelector('[data-silence] .button, [data-window] .button')", 30)
    assert list_faults(page) == []
    page.close()


def test_a_name_is_asked_for_once_and_the_incident_is_acknowledged(
    failing: Product, browser: Browser
) -> None:
    page = open_page(browser, failing, "?lang=en")
    page.wait("document.querySelector('[data-testid=ack]')", 60)
    page.eval("localStorage.clear()")
    page.go(f"{failing.url}/incidents/1?lang=en")
    page.wait("document.querySelector('[data-testid=ack]')", 60)
    page.click("[data-testid=ack]")
    page.wait("document.querySelector('[data-testid=acknowledge] [data-testid=who]')", 30)
    page.fill("[data-testid=acknowledge] [data-testid=who]", "kim")
    page.click("[data-testid=ack]")
    page.wait("document.querySelector('[data-testid=ack]') === null", 30)
    (incident,) = failing.get("/api/jipyo/incidents", state="open")["incidents"]
    assert incident["acknowledged_by"] == "kim"
    again = open_incident(browser, failing, "en")
    assert again.eval("document.querySelector('[data-testid=who]')") is None
    assert "kim" in str(again.eval("document.querySelector('[data-testid=act]').innerText"))
    page.close()
    again.close()
