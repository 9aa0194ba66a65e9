"""The server is killed, silent, slow or failing: the page says so, keeps what it has, recovers."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from support.fault_proxy import Fault, FaultProxy, proxy_with_faults
from support.network_link import LinkState, NetworkLink, linked
from support.product import up
from support.services import free_port
from support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.browser import Browser, Page
    from support.product import Product

pytestmark = pytest.mark.e2e

LOST, PARTIAL, SLOW = (f"[data-testid={name}]" for name in ("lost", "partial", "slow"))
UNSAVED = "document.querySelector('[data-testid=act] [role=alert]')?.innerText"
NOTE = "[data-testid=note-text]"
NAME = "[data-testid=act] [data-testid=who]"
SILENCE_S = 60
"""A page notices within 35 s that nothing comes any more; a loaded machine takes longer."""
FAULTS = {
    Fault.ERROR: "could not handle the request (HTTP 500)",
    Fault.BUSY: "No connection",
    Fault.WRONG_JSON: "No connection",
    Fault.MALFORMED: "No connection",
    Fault.HALF: "No connection",
    Fault.CUT: "No connection",
}
"""The words of the band for each."""


@dataclass(frozen=True)
class View:
    """A page: its address, what it shows of the server, and the request that only it makes."""

    path: str
    shows: str
    asks: str
    act: str = ""
    """What has it ask for more than it needs to stay up to date."""


VIEWS = {
    "overview": View("", "[data-testid=hosts] [data-row]", "overview/day"),
    "metric": View(
        "metrics/system.cpu.utilization",
        "[data-testid=series] tbody tr",
        "system.cpu.utilization",
        "document.querySelector('.segments button:not([aria-pressed=true])').click()",
    ),
    "logs": View("logs", "[data-testid=logs-lines] [role=option]", "logs/"),
    "incidents": View("incidents", "[data-incident]", "incidents?from"),
}


def configure(folder: Path, lines: Path) -> Path:
    """A host with logs and a target behind which nothing listens."""
    port = free_port()
    config = folder / "jipyo.yaml"
    config.write_text(
        "timezone: Asia/Seoul\ninstance: e2e-host\nalerts: {interval: 1s}\n"
        f"logs:\n  files: [{{path: {lines}}}]\n"
        "collect:\n  interval: 1s\n"
        f"  scrape: [{{job: gone, url: 'http://127.0.0.1:{port}/metrics'}}]\n"
    )
    return config


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A server with values, logs and an incident."""
    folder = tmp_path_factory.mktemp("failures")
    lines = folder / "app.log"
    now = datetime.now(UTC).isoformat()
    rows = [{"@timestamp": now, "level": "INFO", "message": f"request {n}"} for n in range(20)]
    lines.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    with up(folder / "data", "--config", str(configure(folder, lines))) as running:
        wait_until(lambda: running.get("/api/jipyo/incidents", state="open")["incidents"], 60)
        wait_until(lambda: running.get("/api/jipyo/logs")["lines"], 60)
        yield running


@pytest.fixture(scope="module")
def proxy(site: Product) -> Iterator[FaultProxy]:
    with proxy_with_faults(site.url) as between:
        yield between


@dataclass(frozen=True)
class Silent:
    """A page whose server has fallen silent since a while, and the way to it."""

    page: Page
    link: NetworkLink
    figures: str


@pytest.fixture(scope="module", autouse=True)
def silent(site: Product, browser: Browser) -> Iterator[Silent]:
    """What happens on it takes half a minute, during which the other tests run."""
    with linked(site.port) as link:
        page = open_view(browser, f"http://127.0.0.1:{link.port}", VIEWS["incidents"])
        figures = text_of(page, "main")
        link.set_state(LinkState.SILENT)
        yield Silent(page, link, figures)
        page.close()


@pytest.fixture(scope="module")
def tabs(proxy: FaultProxy, browser: Browser) -> Iterator[dict[str, Page]]:
    """The views behind the proxy that fails; no test loads one of them again."""
    pages = {name: open_view(browser, proxy.url, view) for name, view in VIEWS.items()}
    for page in pages.values():
        page.eval("window.isSamePage = true")
    yield pages
    for name, page in pages.items():
        assert page.eval("window.isSamePage"), name
        assert [line for line in page.console if line.level == "exception"] == []
        page.close()


@pytest.fixture
def incident(proxy: FaultProxy, browser: Browser) -> Iterator[Page]:
    """The page of the incident, on which things are done."""
    view = View("incidents/1", f"{NOTE}", "")
    page = open_view(browser, proxy.url, view)
    yield page
    proxy.fail(Fault.NONE)
    page.close()


def open_view(browser: Browser, root: str, view: View) -> Page:
    page = browser.open(f"{root}/{view.path}?lang=en&range=1h", in_window=True)
    page.wait(f"document.querySelector('{view.shows}')", 60)
    return page


def text_of(page: Page, selector: str) -> str:
    return str(page.eval(f"document.querySelector({selector!r}).innerText"))


def look_again(page: Page) -> None:
    """Come back to the tab: it asks the server at once."""
    page.eval("document.dispatchEvent(new Event('visibilitychange'))")


def wait_for(page: Page, selector: str, seconds: float = 30) -> str:
    page.wait(f"document.querySelector('{selector}')", seconds)
    return text_of(page, selector)


def wait_without(page: Page, selector: str) -> None:
    page.wait(f"!document.querySelector('{selector}')", 60)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failing_server_is_named_and_the_last_figures_stay_with_their_time(
    proxy: FaultProxy, tabs: dict[str, Page], fault: Fault
) -> None:
    proxy.fail(fault, affects=lambda path: path.startswith("/api/jipyo/"))
    proxy.cut_streams()
    for name, page in tabs.items():
        look_again(page)
        band = wait_for(page, LOST)
        assert FAULTS[fault] in band, name
        assert re.search(r"These are the values of \d\d:\d\d:\d\d\.", band), name
        assert page.eval(f"document.querySelectorAll('{VIEWS[name].shows}').length > 0"), name
        assert page.eval("document.querySelector('[data-testid=content].stale') !== null"), name
    if fault is Fault.BUSY:
        seconds = re.findall(r"Retrying in (\d) s", text_of(tabs["overview"], LOST))
        assert [int(one) > 2 for one in seconds] == [True], "Retry-After: 4 is not respected"
    proxy.fail(Fault.NONE)
    for name, page in tabs.items():
        wait_without(page, LOST)
        assert page.eval(f"document.querySelectorAll('{VIEWS[name].shows}').length > 0"), name
        wait_without(page, "[data-testid=content].stale")


@pytest.mark.parametrize("name", VIEWS)
def test_a_part_that_fails_is_marked_as_old_while_the_rest_goes_on(
    proxy: FaultProxy, tabs: dict[str, Page], name: str
) -> None:
    page, view = tabs[name], VIEWS[name]
    proxy.fail(Fault.ERROR, affects=lambda path: view.asks in path)
    if view.act:
        page.eval(view.act)
    look_again(page)
    assert "HTTP 500" in wait_for(page, PARTIAL)
    assert page.eval(f"document.querySelector('{LOST}') === null")
    assert page.eval(f"document.querySelectorAll('{view.shows}').length > 0")
    proxy.fail(Fault.NONE)
    look_again(page)
    wait_without(page, PARTIAL)
    wait_without(page, "[role=alert]")


def test_a_page_that_loads_when_a_part_fails_is_whole_once_it_is_there(
    proxy: FaultProxy, browser: Browser
) -> None:
    proxy.fail(Fault.CUT, affects=lambda path: "configuration" in path)
    page = browser.open(f"{proxy.url}/settings?lang=en")
    page.wait("document.querySelector('[data-testid=settings] [role=alert]')")
    proxy.fail(Fault.NONE)
    page.wait("document.querySelector('[data-group]')", 60)
    wait_without(page, "[data-testid=settings] [role=alert]")
    page.close()


def test_a_slow_server_is_reported_as_slow_and_nothing_is_lost(
    proxy: FaultProxy, tabs: dict[str, Page]
) -> None:
    page = tabs["metric"]
    proxy.latency_s = 5
    proxy.fail(Fault.LATENCY, affects=lambda path: path.startswith("/api/jipyo/"))
    look_again(page)
    assert "slow to answer" in wait_for(page, SLOW)
    assert page.eval(f"document.querySelector('{LOST}') === null")
    assert page.eval("document.querySelectorAll('[data-testid=series] tbody tr').length > 0")
    proxy.fail(Fault.NONE)
    wait_without(page, SLOW)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_note_that_is_not_saved_stays_in_its_field_and_is_reported_as_not_saved(
    proxy: FaultProxy, incident: Page, site: Product, fault: Fault
) -> None:
    text = f"replaced the fan, {fault.value}"
    if incident.eval(f"document.querySelector('{NAME}') !== null"):
        incident.fill(NAME, "kim")
    incident.fill(NOTE, text)
    proxy.fail(fault, affects=lambda path: "/notes" in path)
    incident.click("[data-testid=note]")
    problem = incident.wait(UNSAVED)
    assert problem.startswith("Not saved. HTTP 500" if fault is Fault.ERROR else "Not confirmed")
    assert incident.eval(f"document.querySelector('{NOTE}').value") == text
    proxy.fail(Fault.NONE)
    if fault is not Fault.HALF:
        incident.click("[data-testid=note]")
        incident.wait(f"document.querySelector('{NOTE}').value === ''")
        assert incident.eval(f"{UNSAVED} === undefined")
    # What half an answer was about is saved, and its page shows it.
    incident.wait(
        f"document.querySelector('[data-testid=history]').innerText.includes({json.dumps(text)})"
    )
    lines = [line["text"] for line in site.get("/api/jipyo/incidents/1")["lines"]]
    assert sum(text in line for line in lines) == 1


def test_a_note_that_is_saved_is_not_reported_as_lost_when_what_follows_fails(
    proxy: FaultProxy, incident: Page
) -> None:
    proxy.fail(Fault.ERROR, affects=lambda path: "/incidents?" in path)
    incident.fill(NOTE, "called the vendor")
    if incident.eval(f"document.querySelector('{NAME}') !== null"):
        incident.fill(NAME, "kim")
    incident.click("[data-testid=note]")
    incident.wait(f"document.querySelector('{NOTE}').value === ''")
    assert incident.eval(f"{UNSAVED} === undefined")


def test_an_acknowledgement_that_is_not_saved_says_so_and_keeps_the_name(
    proxy: FaultProxy, incident: Page, site: Product
) -> None:
    form = "[data-testid=acknowledge]"
    incident.eval("localStorage.clear()")
    incident.go(str(incident.eval("location.href")))
    incident.wait("document.querySelector('[data-testid=ack]')", 60)
    incident.click("[data-testid=ack]")
    incident.wait(f"document.querySelector('{form} [data-testid=who]')")
    incident.fill(f"{form} [data-testid=who]", "lee")
    proxy.fail(Fault.CUT, affects=lambda path: "/ack" in path)
    incident.click("[data-testid=ack]")
    assert wait_for(incident, f"{form} [role=alert]").startswith("Not confirmed")
    assert site.get("/api/jipyo/incidents/1")["incident"]["acknowledged_by"] == ""
    proxy.fail(Fault.NONE)
    incident.click("[data-testid=ack]")
    incident.wait("document.querySelector('[data-testid=ack]') === null")
    assert site.get("/api/jipyo/incidents/1")["incident"]["acknowledged_by"] == "lee"


def test_a_silence_that_is_not_saved_stays_in_its_form(
    proxy: FaultProxy, incident: Page, site: Product
) -> None:
    form = "[data-testid=add-silence]"
    reason = f"{form} input:not(.code):not([data-testid])"
    incident.go(f"{proxy.url}/silences?lang=en")
    incident.wait(f"document.querySelector('{form}')", 60)
    incident.fill(f"{form} .code", 'job="nobody"')
    incident.fill(reason, "new disks")
    if incident.eval(f"document.querySelector('{form} [data-testid=who]') !== null"):
        incident.fill(f"{form} [data-testid=who]", "kim")
    proxy.fail(Fault.ERROR, affects=lambda path: "/silences" in path)
    incident.click(f"{form} .button")
    assert wait_for(incident, f"{form} [role=alert]").startswith("Not saved. HTTP 500")
    assert incident.eval(f"document.querySelector('{reason}').value") == "new disks"
    proxy.fail(Fault.NONE)
    incident.click(f"{form} .button")
    incident.wait(f"document.querySelector('{reason}').value === ''")
    assert [one["reason"] for one in site.get("/api/jipyo/silences")["silences"]] == ["new disks"]


def test_a_killed_server_is_named_and_the_page_goes_on_with_the_next_one(
    tmp_path: Path, browser: Browser
) -> None:
    lines = tmp_path / "app.log"
    lines.write_text("")
    words = ("--config", str(configure(tmp_path, lines)))
    with up(tmp_path / "data", *words) as product:
        page = open_view(browser, product.url, VIEWS["overview"])
        page.eval("window.isSamePage = true")
        wait_until(lambda: "jipyo_http_streams 1" in metrics_of(page), 30)
        headline = text_of(page, "[data-testid=headline]")
        product.kill()
    band = wait_for(page, LOST)
    assert re.search(r"No connection to the jipyo server\. These are the values of \d\d:", band)
    assert text_of(page, "[data-testid=headline]") == headline
    assert "Offline" in text_of(page, ".foot")
    with up(tmp_path / "data", *words, port=product.port):
        wait_without(page, LOST)
        wait_without(page, "[data-testid=content].stale")
        shown = text_of(page, ".foot")
        page.wait(f"document.querySelector('.foot').innerText !== {json.dumps(shown)}", 30)
        wait_until(lambda: "jipyo_http_streams 1" in metrics_of(page), 30)
        assert page.eval("window.isSamePage")
        assert [line for line in page.console if line.level == "exception"] == []
    page.close()


def metrics_of(page: Page) -> str:
    return str(page.eval("fetch('metrics', {headers: {accept: 'text/plain'}}).then(r => r.text())"))


def test_a_server_that_falls_silent_is_noticed_and_the_page_recovers(silent: Silent) -> None:
    page, began = silent.page, time.monotonic()
    band = wait_for(page, LOST, SILENCE_S)
    assert "No connection" in band, time.monotonic() - began
    assert re.search(r"values of \d\d:\d\d:\d\d", band)
    assert text_of(page, "[data-incident]") in silent.figures
    silent.link.set_state(LinkState.OPEN)
    wait_without(page, LOST)
    wait_without(page, "[data-testid=content].stale")
    assert [line for line in page.console if line.level == "exception"] == []
