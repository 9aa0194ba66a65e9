"""A day as an operator, before an overview that stays open, over real servers.

pytest -m e2e tests/e2e/test_operator_day.py --basetemp=DIR      leaves a picture of each moment
"""

from __future__ import annotations

import contextlib
import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

import pytest

from support.axe import list_violations
from support.browser import Browser
from support.operator_site import operator_site, write_zone
from support.product import up
from support.waiting import read_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.browser import Page
    from support.operator_site import OperatorSite
    from support.product import Product

pytestmark = pytest.mark.e2e

LANGS: tuple[Literal["ko", "en"], ...] = ("ko", "en")
BREACH_S, KEEP_FIRING_S = 15, 25
"""Long enough to be looked at while it is pending, and while it recovers."""
TOGETHER_S = 62
"""Onsets within a minute are in no order, so that a device is named before a load."""
UNTIL_MIDNIGHT_S = 80
"""From the start of the server on at least, and at most a minute more, as zones have minutes."""
PATIENCE_S = 120
LAG_S = 15
"""A page reads what is new every few seconds, and is read itself."""
PHONE = (390, 844)
CONNECTIONS, DEAD, LOST = "db.connections", "system.collection.failed", "system.gpu.lost"
READ = """(() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const text = (node) => node?.innerText.replace(/\\s+/g, ' ').trim() ?? '';
  const one = (selector) => text(document.querySelector(selector));
  return {
    state: document.querySelector('[data-testid=verdict]')?.dataset.state ?? '',
    headline: one('[data-testid=headline]'),
    detail: one('[data-testid=detail]'),
    action: one('[data-testid=ack]'),
    rows: all('[data-attention]').map((row) => ({
      metric: row.dataset.attention, role: row.dataset.role, state: row.classList[0],
      text: text(row),
    })),
    counts: Object.fromEntries(all('[data-count]').map((e) => [e.dataset.count, +e.innerText])),
    lanes: Object.fromEntries(all('[data-lane]').map((lane) => [
      lane.dataset.lane,
      [...lane.querySelectorAll('[data-span]')].map((e) => e.dataset.span).join(' '),
    ])),
    tiles: Object.fromEntries(all('[data-objective]').map((e) => [e.dataset.objective, text(e)])),
    gpus: Object.fromEntries(all('[data-gpu]').map((row) => [
      row.dataset.gpu, row.classList[0] + ' ' + text(row),
    ])),
    targets: one('[data-testid=collection] dd'),
    band: one('[data-testid=lost]'),
    stale: document.querySelector('[data-testid=content].stale') !== null,
  };
})()"""
MEASURE = """[document.documentElement.scrollWidth, document.documentElement.scrollHeight,
  document.querySelector('[data-testid=ack]')?.getBoundingClientRect().bottom ?? 0]"""


@dataclass(frozen=True)
class Sight:
    """What stood on the overview at a moment, in a language."""

    state: str
    headline: str
    detail: str
    action: str
    rows: list[dict[str, str]]
    counts: dict[str, int]
    lanes: dict[str, str]
    tiles: dict[str, str]
    gpus: dict[str, str]
    targets: str
    band: str
    stale: bool

    def find_row(self, metric: str) -> dict[str, str]:
        """The row of a metric; empty without one."""
        return next((row for row in self.rows if row["metric"] == metric), {})

    @property
    def is_calm(self) -> bool:
        """Whether all is well, everything answers, and the page is live."""
        is_well = self.state == "ok" and not self.rows
        return is_well and self.targets == "6 / 6" and not self.band

    @property
    def marks(self) -> set[str]:
        """The lanes that show that something was not ok."""
        return {lane for lane, spans in self.lanes.items() if spans}


@dataclass
class OperatorDay:
    """The site, what watches it, and what was seen."""

    site: OperatorSite
    folder: Path
    offset: timedelta
    midnight_s: float
    product: Product
    page: Page
    """The overview that stays open, in Korean."""
    other: Page
    """Opened anew at each moment, in English."""
    seen: dict[str, dict[str, Sight]] = field(default_factory=dict)
    at: dict[tuple[str, str], float] = field(default_factory=dict)
    """When each was seen, by moment and language."""
    violations: dict[str, list[str]] = field(default_factory=dict)
    phone: dict[str, list[float]] = field(default_factory=dict)
    """Width, height, and where the action ends, by moment."""
    began_s: float = 0.0
    """When the incident of the day began."""

    def look(self, moment: str, holds: Callable[[Sight], object]) -> None:
        """Wait until it holds on the open page, and keep what is there, on a phone too."""
        self.page.call("Page.bringToFront")
        sight = read_until(lambda: Sight(**self.page.eval(READ)), holds, PATIENCE_S)
        self.at[moment, "ko"] = time.time()
        self.seen[moment] = {"ko": sight}
        self.page.screenshot(self.folder / f"{moment}-ko.png", whole=True)
        self.violations[moment] = list_violations(self.page)
        self.page.resize(*PHONE)
        self.phone[moment] = self.page.eval(MEASURE)
        self.page.screenshot(self.folder / f"{moment}-phone.png", whole=True)
        self.page.resize(1440, 900)

    def look_twice(self, moment: str, holds: Callable[[Sight], object]) -> None:
        """The same, and in the page that is opened anew by its address."""
        self.look(moment, holds)
        self.other.call("Page.bringToFront")
        self.other.go(f"{self.product.url}/?lang=en")
        self.seen[moment]["en"] = read_until(
            lambda: Sight(**self.other.eval(READ)),
            lambda s: holds(s) and s.lanes and s.tiles,
            PATIENCE_S,
        )
        self.at[moment, "en"] = time.time()
        self.other.screenshot(self.folder / f"{moment}-en.png", whole=True)


def choose_zone(folder: Path) -> tuple[str, timedelta, float]:
    """A zone in which midnight comes soon, its offset, and when that is."""
    midnight_s = -(-(time.time() + UNTIL_MIDNIGHT_S) // 60) * 60
    moment = datetime.fromtimestamp(midnight_s, UTC)
    west = moment.hour * 60 + moment.minute
    offset = -west if west <= 12 * 60 else 24 * 60 - west
    name = f"{'-' if offset < 0 else '+'}{abs(offset) // 60:02}:{abs(offset) % 60:02}"
    write_zone(folder, name, offset * 60)
    return name, timedelta(minutes=offset), midnight_s


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OperatorDay]:
    folder = tmp_path_factory.mktemp("day")
    with contextlib.ExitStack() as stack:
        site = stack.enter_context(operator_site())
        browser = stack.enter_context(Browser())
        zone, offset, midnight_s = choose_zone(folder)
        site.write_config(folder / "jipyo.yaml", zone, BREACH_S, KEEP_FIRING_S)
        with start(folder) as product:
            korean, english = (browser.open(f"{product.url}/?lang={lang}") for lang in LANGS)
            live = OperatorDay(site, folder, offset, midnight_s, product, korean, english)
            spend_the_day(live)
            (incident,) = product.get("/api/jipyo/incidents")["incidents"]
            live.began_s = incident["began"]
            product.kill()
            live.look("killed", lambda s: s.band)
        with start(folder, product.port) as live.product:
            live.look_twice("restarted", lambda s: s.is_calm)
            time.sleep(max(0.0, midnight_s + 1 - time.time()))
            live.look_twice("midnight", lambda s: s.is_calm and is_dated(live, s))
        yield live


def start(folder: Path, port: int | None = None) -> contextlib.AbstractContextManager[Product]:
    """The product, which finds the zone of the test."""
    words = ("--config", str(folder / "jipyo.yaml"))
    found = {"PYTHONTZPATH": f"{folder}:/usr/share/zoneinfo"}
    return up(folder / "data", *words, port=port, environment=found)


def spend_the_day(day: OperatorDay) -> None:
    """What happens, and what is looked at, up to the recovery and a lost connection."""
    site = day.site
    day.look_twice("well", lambda s: s.is_calm and "GPU 3" in s.gpus)
    site.fill_connections(40)
    day.look_twice("pending", lambda s: s.rows and s.marks)
    day.look_twice("warning", lambda s: s.state == s.lanes.get("database") == "warning")
    site.servers["redis"].stop()
    day.look_twice("dead", lambda s: s.targets == "5 / 6" and s.find_row(DEAD) and len(s.marks) > 1)
    wait_for_an_order(day.product)
    site.gpus.lost = {2}
    day.look_twice("lost", lambda s: s.find_row(LOST) and len(s.marks) > 2)
    site.gpus.lost = set()
    site.servers["redis"].start()
    site.free_connections()
    day.look_twice("recovering", lambda s: s.is_calm and s.action)
    day.look_twice("recovered", lambda s: s.is_calm and not s.action)
    day.page.offline()
    day.look("cut", lambda s: s.band)
    day.page.offline(cut=False)
    day.look("joined", lambda s: not s.band)


def wait_for_an_order(product: Product) -> None:
    """Until what begins now is later than the incident for the ranking, and not about then."""
    (incident,) = product.get("/api/jipyo/incidents")["incidents"]
    time.sleep(max(0.0, incident["began"] + TOGETHER_S - time.time()))


def is_dated(day: OperatorDay, sight: Sight) -> bool:
    """Whether the incident of the day before has its date, not "today"."""
    return day.began_s >= day.midnight_s or not re.search("오늘|today", sight.detail)


def describe_last(day: OperatorDay, moment: str, lang: int) -> set[str]:
    """How the last incident is named at a moment; the page may be some seconds behind."""
    seen_s = day.at[moment, LANGS[lang]]
    return {name_last(day, at_s)[lang] for at_s in (seen_s - LAG_S, seen_s)}


def name_last(day: OperatorDay, now_s: float) -> tuple[str, str]:
    """How the last incident is named at a time: on its day by its time, later with its date."""
    began, now = (datetime.fromtimestamp(at_s, UTC) + day.offset for at_s in (day.began_s, now_s))
    if began.date() == now.date():
        return f"마지막 장애는 오늘 {began:%H:%M}(", f"Last incident: today {began:%H:%M}, "
    if began.year != now.year:
        return f" {began:%H:%M}(", f" {began:%H:%M}, "
    return (
        f"마지막 장애는 {began.month}월 {began.day}일 {began:%H:%M}(",
        f"Last incident: {began.day} {began:%B} {began:%H:%M}, ",
    )


CALM = ("정상: 정상입니다", "OK: All is well")
HEADLINES = {
    "warning": (
        "주의: DB 커넥션 사용률(ai-node-1:5432)이 주의 임계치를 넘었습니다",
        "Warning: Connection utilisation (ai-node-1:5432) is above its warning threshold",
    ),
    "dead": (
        "위험: redis ai-node-1:6379가 응답하지 않습니다",
        "Critical: redis ai-node-1:6379 does not answer",
    ),
}
HEADLINES["lost"] = HEADLINES["dead"]
DETAILS = {
    "well": ("수집 대상 6개가 모두 응답합니다.", "and 6 targets answer."),
    "pending": (
        "DB 커넥션 사용률(ai-node-1:5432)은 초과 관찰 중입니다.",
        "over a threshold, not yet",
    ),
    "warning": (
        "현재 82%. 서비스 목표는 지켜지고 있습니다.",
        "now 82%. The service objectives are kept.",
    ),
    "dead": ("부터, 연결이 거부됨.", ": refused the connection."),
    "recovering": ("장애 #1은 복구 확인 중입니다: redis", "Incident #1, recovering: redis"),
}
DETAILS["lost"] = (", 연결이 거부됨.", ": refused the connection.")
ROWS = {
    "pending": [(CONNECTIONS, "other", "pending")],
    "warning": [(CONNECTIONS, "origin", "warning")],
    "dead": [(DEAD, "origin", "critical"), (CONNECTIONS, "with", "warning")],
    "lost": [
        (DEAD, "origin", "critical"),
        (CONNECTIONS, "with", "warning"),
        (LOST, "with", "critical"),
    ],
}
MARKS = {
    "well": set(),
    "pending": {"database"},
    "warning": {"database"},
    "dead": {"database", "collection"},
}
ALL_MARKS = {"database", "collection", "gpu"}
"""Also when it is over."""
ACTION = ("warning", "dead", "lost", "recovering")
"""Moments at which the incident waits for somebody."""
CALM_AGAIN = ("recovered", "restarted", "midnight")
ALONE = ("cut", "joined", "killed")
"""Moments of the connection, for which there is one view."""


def list_sights(day: OperatorDay) -> list[tuple[str, int, Sight]]:
    """Each moment with the place of its language, and what was seen."""
    return [
        (moment, LANGS.index(lang), sight)
        for moment, seen in day.seen.items()
        if moment not in ALONE
        for lang, sight in zip(LANGS, (seen["ko"], seen["en"]), strict=True)
    ]


def test_the_verdict_says_at_each_moment_what_is_the_matter(day: OperatorDay) -> None:
    for moment, lang, sight in list_sights(day):
        assert sight.headline == HEADLINES.get(moment, CALM)[lang], moment
        details = DETAILS.get(moment)
        expected = {details[lang]} if details else describe_last(day, moment, lang)
        assert any(one in sight.detail for one in expected), (moment, sight.detail)


def test_what_needs_attention_stands_with_the_likely_origin_first(day: OperatorDay) -> None:
    for moment, lang, sight in list_sights(day):
        rows = [(row["metric"], row["role"], row["state"]) for row in sight.rows]
        assert rows == ROWS.get(moment, []), (moment, LANGS[lang])
    pending = day.seen["pending"]["ko"].find_row(CONNECTIONS)["text"]
    assert re.search(rf"82% 주의 70% 이상 \d+초 / {BREACH_S}초 \d+초 더 지속되면 주의", pending)
    lost = day.seen["lost"]["ko"]
    assert "GPU 2" in lost.find_row(LOST)["text"]
    assert "GPU-2" not in lost.find_row(LOST)["text"], "an id that is for machines"
    assert "늦게" not in lost.find_row(CONNECTIONS)["text"], "it began before the target died"


def test_counts_targets_and_lanes_follow(day: OperatorDay) -> None:
    for moment, lang, sight in list_sights(day):
        where = (moment, LANGS[lang])
        assert sight.targets == ("5 / 6" if moment in {"dead", "lost"} else "6 / 6"), where
        assert sight.marks == MARKS.get(moment, ALL_MARKS), where
        assert bool(sight.action) == (moment in ACTION), where
        if not sight.action:  # which stands where the counts would
            counts = {
                state: n for state, n in sight.counts.items() if state not in ("ok", "absent")
            }
            assert counts == ({"pending": 1} if moment == "pending" else {}), where
            assert sight.counts["ok"] > 10, where


def test_the_model_server_answers_all_day_and_what_is_not_measured_has_no_data(
    day: OperatorDay,
) -> None:
    for moment, lang, sight in list_sights(day):
        tiles, where = dict(sight.tiles), (moment, LANGS[lang])
        inference = tiles.pop("ai.inference.time")
        # A quantile of a histogram needs two readings of it.
        assert moment in {"well", "pending"} or "785" in inference, where
        no_data = ("데이터 없음", "No data")[lang]
        assert len(tiles) == 3, where
        assert all(no_data in tile for tile in tiles.values()), where


def test_a_lost_gpu_shows_no_values_and_the_others_do(day: OperatorDay) -> None:
    for lang, words in zip(LANGS, ("이후 데이터 없음", "no data since"), strict=True):
        lost, after = day.seen["lost"][lang].gpus, day.seen["recovered"][lang].gpus
        assert lost["GPU 2"].startswith("unknown")
        assert words in lost["GPU 2"]
        assert "48.4%" not in lost["GPU 2"]
        assert all(lost[f"GPU {n}"].startswith("ok") for n in (0, 1, 3))
        assert after["GPU 2"].startswith("ok")
        assert "48.4%" in after["GPU 2"]


def test_a_lost_connection_and_a_killed_server_leave_the_last_values_under_a_band(
    day: OperatorDay,
) -> None:
    before = day.seen["recovered"]["ko"]
    for moment in ("cut", "killed"):
        sight = day.seen[moment]["ko"]
        assert "연결이 끊겼습니다" in sight.band
        assert sight.stale
        assert sight.headline == before.headline
        assert sight.targets == before.targets
        assert sight.marks == before.marks
    for moment in ("joined", *CALM_AGAIN):
        assert (day.seen[moment]["ko"].band, day.seen[moment]["ko"].stale) == ("", False)


def test_on_a_phone_nothing_is_cut_off_and_the_action_is_at_hand(day: OperatorDay) -> None:
    for moment, (width, height, action_ends) in day.phone.items():
        assert width <= PHONE[0], moment
        assert height <= 3000, moment
        assert (action_ends > 0) == (moment in ACTION), moment
        assert action_ends <= PHONE[1], moment


def test_the_open_page_had_no_fault_and_no_violation(day: OperatorDay) -> None:
    assert {moment: found for moment, found in day.violations.items() if found} == {}
    # While nothing answers a browser says so by itself.
    ours = [line for line in day.page.console if "net::ERR" not in line.text]
    assert [line for line in ours if line.level in {"error", "exception"}] == []
