"""The site of a day: each source is struck in every way, named in time, and forgiven in time.

pytest -m integration -s tests/integration/test_site.py     prints the seconds of each
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
import urllib3
from rich.console import Console
from rich.table import Table

from support.browser import Browser
from support.product import jipyo, up
from support.site import Blow, build_site

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from jipyo.i18n import Lang
    from support.browser import Page
    from support.product import Product
    from support.site import Site, SiteSource

pytestmark = pytest.mark.integration

LOOK_S = 0.2
"""Between two looks: what is seen late is taken for the product's own delay."""
NAMED_WITHIN_S, BACK_WITHIN_S, REPORTED_WITHIN_S = 35, 20, 15
HUNG_AT_LEAST_S = 42
"""So that two readings fail, as the report counts no outage of one."""
PUSH_PATH = "/metrics/job/evaluation/model/llama-8b"
CELL = "<t[hd][^>]*>(.*?)</t[hd]>"
AT_ONCE = 3
"""The verdict names so many targets, and counts the others."""
OUTAGES = ("system.collection.failed", "db.down", "app.server.down", "app.probe.down")
FLAPPING = "app.probe.changes"
"""A probe that fails four times in ten minutes is a warning of its own, and rightly so."""
LANGS: tuple[Lang, ...] = ("ko", "en")
WORDS: dict[Lang, tuple[str, str]] = {
    "ko": ("위험: ", "응답 없음"),
    "en": ("Critical: ", "does not answer"),
}


@dataclass
class Strike:
    """A blow to a source, and when it happened, was named, ended and was forgiven."""

    source: SiteSource
    blow: Blow
    at: float = 0.0
    named: float = 0.0
    seen: float = 0.0
    """When every surface had been looked at."""
    over: float = 0.0
    back: float = 0.0

    @property
    def id(self) -> str:
        return f"{self.source.job} {self.blow.value}"

    @property
    def seconds(self) -> tuple[float, float]:
        """Until it was named, and until it was forgiven."""
        return self.named - self.at, self.back - self.over


@dataclass(frozen=True)
class Look:
    """What the dashboard's own API answers at a moment."""

    t: float
    text: str
    metrics: dict[str, str]
    """State by metric, of those that are judged and neither ok nor pending."""


@dataclass
class Watch:
    """Looks at the verdict all the time, from a thread of its own."""

    product: Product
    looks: list[Look] = field(default_factory=list)
    _done: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self._done.wait(LOOK_S):
            overview = self.product.get("/api/jipyo/overview", lang="en")
            troubled = {
                one["id"]: one["state"]
                for one in overview["metrics"]
                if one["judged"] and one["state"] not in ("ok", "pending")
            }
            self.looks.append(Look(time.time(), overview["verdict"]["text"], troubled))

    def wait(self, name: str, since: float, limit_s: float, *, named: bool) -> float:
        """When a look after `since` first named it, or no longer did; fails well after its time."""
        seen, last = 0, since
        while last < since + limit_s + 25:
            for look in self.looks[seen:]:
                seen += 1
                last = look.t
                if last > since and (name in look.text) == named:
                    return last
            time.sleep(0.1)
        verdict = self.looks[-1].text
        pytest.fail(f"{name} was not {'named' if named else 'forgiven'}; the verdict: {verdict}")

    def stop(self) -> None:
        self._done.set()


@contextlib.contextmanager
def watching(product: Product) -> Iterator[Watch]:
    watch = Watch(product)
    thread = threading.Thread(target=watch.run)
    thread.start()
    try:
        yield watch
    finally:
        watch.stop()
        thread.join()


@dataclass
class Day:
    """What a day of trouble left behind."""

    site: Site
    product: Product
    data: Path
    timezone: str
    strikes: list[Strike]
    looks: list[Look]
    before: str
    after: str
    report: dict[Lang, str] = field(default_factory=dict)
    surfaces: list[str] = field(default_factory=list)
    """What a surface did not show, though the verdict did."""


def plan(sources: Iterable[SiteSource]) -> list[list[Strike]]:
    """All blows to all sources, a few at once, and never the same source twice in a row."""
    strikes = [Strike(one, blow) for blow in Blow for one in sources]
    return [strikes[at : at + AT_ONCE] for at in range(0, len(strikes), AT_ONCE)]


def choose_timezone() -> str:
    """One in which the test does not run over midnight."""
    return "UTC" if datetime.now(UTC).hour in (14, 15) else "Asia/Seoul"


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    folder = tmp_path_factory.mktemp("site")
    timezone = choose_timezone()
    with contextlib.ExitStack() as stack:
        site = stack.enter_context(build_site(folder, timezone))
        words = ("--config", str(site.config))
        product = stack.enter_context(up(folder / "data", *words))
        browser = stack.enter_context(Browser())
        push_accuracy(product, 0.97)
        before = wait_for_calm(product)
        pages = {lang: browser.open(f"{product.url}/?lang={lang}") for lang in LANGS}
        watch = stack.enter_context(watching(product))
        live = Day(site, product, folder / "data", timezone, [], watch.looks, before, "")
        for group in plan(site.sources):
            strike_and_restore(live, group, watch, pages)
        for strike in live.strikes:
            strike.back = strike.back or watch.wait(
                strike.source.name, strike.over, BACK_WITHIN_S, named=False
            )
        live.after = product.get("/api/jipyo/status", lang="en")["verdict"]["text"]
        time.sleep(60 - time.time() % 60 + 1)  # a report ends with a whole minute
        for lang in LANGS:
            live.report[lang] = write_report(live, lang)
        yield live


def push_accuracy(product: Product, ratio: float) -> None:
    body = f'jipyo_model_accuracy_ratio{{dataset="golden"}} {ratio}\n'
    answer = urllib3.request("PUT", product.url + PUSH_PATH, body=body.encode())
    assert answer.status == 200, answer.data


def wait_for_calm(product: Product) -> str:
    """The verdict once everything was read."""
    end = time.monotonic() + 90
    while time.monotonic() < end:
        counts = product.get("/api/jipyo/overview", lang="en")["targets"]
        verdict = product.get("/api/jipyo/status", lang="en")["verdict"]
        if counts["up"] >= 10 and not counts["down"] and verdict["state"] == "ok":
            return str(verdict["text"])
        time.sleep(1)
    pytest.fail(f"the site does not come to rest: {verdict}, {counts}")


def strike_and_restore(
    day: Day, group: list[Strike], watch: Watch, pages: dict[Lang, Page]
) -> None:
    for strike in group:
        # A blow to a source that is still down would not be seen.
        for earlier in (one for one in day.strikes if one.source is strike.source):
            earlier.back = earlier.back or watch.wait(
                earlier.source.name, earlier.over, BACK_WITHIN_S, named=False
            )
        strike.at = time.time()
        strike.source.suffer(strike.blow)
    for strike in group:
        strike.named = watch.wait(strike.source.name, strike.at, NAMED_WITHIN_S, named=True)
    day.surfaces += list(find_silent_surfaces(day, group, pages))
    hung = [strike.at for strike in group if strike.blow is Blow.HUNG]
    time.sleep(max(0, max(hung, default=0) + HUNG_AT_LEAST_S - time.time()))
    for strike in group:
        strike.seen = time.time()
        strike.source.recover()
        strike.over = time.time()
    day.strikes += group


def find_silent_surfaces(day: Day, group: list[Strike], pages: dict[Lang, Page]) -> Iterator[str]:
    """The surfaces that do not name what is down, in a language."""
    where = ("--data", str(day.data), "--config", str(day.site.config))
    for lang in LANGS:
        state, silent = WORDS[lang]
        status = jipyo("status", "--exit-code", *where, "--lang", lang)
        targets = jipyo("targets", "--json", *where, "--lang", lang)
        down = {
            f"{one['job']} {one['instance']}": one["cause"]
            for one in json.loads(targets.out)
            if one["state"] == "down"
        }
        for strike in group:
            name = strike.source.name
            line = status.out.partition("\n")[0]
            if not (status.code == 2 and line.startswith(state) and f"{name} {silent}" in line):
                yield f"{strike.id}: status in {lang}: {status.code} {line}"
            if strike.source.is_scraped and not down.get(name):
                yield f"{strike.id}: targets in {lang}: {down}"
            if not is_on_page(pages[lang], name):
                yield f"{strike.id}: dashboard in {lang}: {read_attention(pages[lang])}"


def is_on_page(page: Page, name: str) -> bool:
    """Whether an open dashboard names it, once it is looked at or polls again."""
    page.call("Page.bringToFront")
    end = time.monotonic() + 15
    while not any(set(name.split()) <= set(row.split()) for row in read_attention(page)):
        if time.monotonic() > end:
            return False
        time.sleep(0.5)
    return True


def read_attention(page: Page) -> list[str]:
    """The rows below the verdict, each with the job and the instance of a target."""
    rows = "[...document.querySelectorAll('[data-testid=attention] li')]"
    return [str(row) for row in page.eval(f"{rows}.map(row => row.innerText)")]


def write_report(day: Day, lang: Lang) -> str:
    out = day.data.parent / "reports"
    today = datetime.now(UTC).astimezone(ZoneInfo(day.timezone)).date().isoformat()
    words = ("--data", str(day.data), "--config", str(day.site.config), "--out", str(out))
    result = jipyo("report", "daily", "--day", today, *words, "--lang", lang)
    assert result.code == 0, result.err
    return (out / f"jipyo-daily-{today}.{lang}.html").read_text("utf-8")


def test_every_blow_is_named_and_forgiven_in_time(day: Day) -> None:
    print_seconds(day.strikes)
    assert len(day.strikes) == len(Blow) * len(day.site.sources)
    slow = [
        f"{one.id}: {one.seconds}"
        for one in day.strikes
        if not (one.seconds[0] <= NAMED_WITHIN_S and one.seconds[1] <= BACK_WITHIN_S)
    ]
    assert slow == []


def print_seconds(strikes: list[Strike]) -> None:
    table = Table("source", "blow", "named after s", "seen after s", "back after s")
    for strike in sorted(strikes, key=lambda one: one.source.job):
        named, back = strike.seconds
        seen = strike.seen - strike.at
        table.add_row(
            strike.source.job, strike.blow.value, f"{named:.1f}", f"{seen:.1f}", f"{back:.1f}"
        )
    longest = [max(one.seconds[at] for one in strikes) for at in (0, 1)]
    table.add_row("longest", "", f"{longest[0]:.1f}", "", f"{longest[1]:.1f}")
    Console(width=80).print(table)


def test_status_targets_and_an_open_dashboard_name_it_in_both_languages(day: Day) -> None:
    assert day.surfaces == []


def test_nothing_else_turns_critical(day: Day) -> None:
    """Neither another metric nor another target; a probe that flaps is a warning."""
    others = {
        (metric, state)
        for look in day.looks
        for metric, state in look.metrics.items()
        if metric not in OUTAGES and state != "unknown"
    }
    assert others <= {(FLAPPING, "warning")}
    names = {source.name for source in day.site.sources}
    accused = {
        part.partition(" does not answer")[0]
        for look in day.looks
        if look.text.startswith("Critical: ")
        for part in look.text.removeprefix("Critical: ").split("; ")
        if "does not answer" in part
    }
    assert accused == names
    untimely = [
        (round(look.t - day.looks[0].t, 1), source.name)
        for look in day.looks
        for source in day.site.sources
        if source.name in look.text and not is_struck(day, source, look.t)
    ]
    assert untimely == []
    assert not any(look.text.count(f"{name} ") > 1 for look in day.looks for name in names)


def is_struck(day: Day, source: SiteSource, t: float) -> bool:
    """Whether it is down at a time, or was a moment ago."""
    return any(
        one.source is source and one.at <= t <= one.over + BACK_WITHIN_S for one in day.strikes
    )


def test_in_the_end_the_verdict_is_what_it_was(day: Day) -> None:
    assert day.before.startswith("OK: ")
    last = day.looks[-1].metrics
    assert {metric: state for metric, state in last.items() if metric != FLAPPING} == {}
    assert day.after.startswith("Warning: Probe changes" if FLAPPING in last else "OK: ")


@pytest.mark.parametrize("lang", LANGS)
def test_the_report_of_the_day_names_every_outage_with_its_times(day: Day, lang: Lang) -> None:
    rows = [
        (name, parse_clock(day, start), parse_clock(day, end))
        for name, start, end, *_ in read_outages(day.report[lang])
    ]
    missing = [
        strike.id
        for strike in day.strikes
        if not any(
            name == strike.source.name
            and 0 <= start - strike.at + 1 <= REPORTED_WITHIN_S + 1
            and abs(end - strike.over) <= REPORTED_WITHIN_S
            for name, start, end in rows
        )
    ]
    assert missing == []
    assert len(rows) == len(day.strikes), "an outage that was none"


def parse_clock(day: Day, text: str) -> float:
    """A time of day in the report, as Unix time."""
    zone = ZoneInfo(day.timezone)
    today = datetime.now(zone).date()
    return datetime.fromisoformat(f"{today}T{text}").replace(tzinfo=zone).timestamp()


def read_outages(html: str) -> list[list[str]]:
    """The cells of the table of outages, row by row, without markup."""
    _, _, behind = html.partition('id="outages"')
    table = behind[behind.index("<tbody") : behind.index("</tbody>")]
    return [
        [unescape(re.sub("<[^>]+>", "", cell)).strip() for cell in re.findall(CELL, row, re.DOTALL)]
        for row in re.findall("<tr.*?</tr>", table, re.DOTALL)
    ]


def test_an_accuracy_that_was_pushed_once_stays_and_a_cut_push_changes_nothing(day: Day) -> None:
    assert read_accuracy(day.product) == 0.97
    url = urlsplit(day.product.url)
    with socket.create_connection((url.hostname, url.port)) as sender:
        head = f"PUT {PUSH_PATH} HTTP/1.1\r\nHost: {url.netloc}\r\nContent-Length: 500\r\n\r\n"
        sender.sendall(head.encode() + b'jipyo_model_accuracy_ratio{dataset="golden"} 0.5\n')
    time.sleep(BACK_WITHIN_S)
    assert read_accuracy(day.product) == 0.97
    push_accuracy(day.product, 0.91)
    time.sleep(BACK_WITHIN_S)
    assert read_accuracy(day.product) == 0.91


def read_accuracy(product: Product) -> float:
    answer = product.get("/api/v1/query", query="jipyo_model_accuracy_ratio")
    (row,) = answer["data"]["result"]
    return float(row["value"][1])
