"""`/api/jipyo/logs/histogram` and `/patterns`: how many records, when, and what they are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from jipyo.logs.activity.intervals import choose_interval
from jipyo.logs.query import LEVEL
from jipyo.logs.record import escape_surrogates
from jipyo.logs.templates.pattern_table import PatternWindows, read_pattern_table
from jipyo.web.api.log_desk import (
    LEVEL_NAMES,
    NS_PER_MS,
    NS_PER_S,
    LevelName,
    clamp_range,
    describe_missing,
    read_most,
    read_request,
)
from jipyo.web.api.log_lines import SEARCH
from jipyo.web.api.operation import Operation, json_route
from jipyo.web.http.params import read_time

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from jipyo.i18n import Lang, Texts
    from jipyo.logs.query import LogQuery
    from jipyo.logs.templates.pattern_table import PatternRow
    from jipyo.web.api.log_desk import LogDesk
    from jipyo.web.http.endpoint import Route
    from jipyo.web.http.message import WebRequest

MOST_INTERVALS = 72
MOST = 200
"""Patterns of one answer."""
_DEFAULT_MOST = 30
_COURSE_INTERVALS = 36
_LEAST_BEFORE_NS = 3600 * NS_PER_S
"""Little is known of what is new from the minutes before it."""

GradeName = Literal["error", "warning", "other"]
ChangeName = Literal["new", "surging", "receding", "vanished"]


@dataclass(frozen=True, slots=True)
class LogLevelCounts:
    """The lines of a level."""

    level: LevelName
    n: int
    counts: tuple[int, ...]
    """In each interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogTimeline:
    """How many lines there are over time, by level, the gravest first; levels without any are not.

    The filter of levels does not apply: each has its own counts.
    """

    start: float
    end: float
    step: float | None
    """Seconds of an interval; null for days of the server's zone."""
    t: tuple[float, ...]
    """The beginning of each interval; the first one may begin before `start`."""
    levels: tuple[LogLevelCounts, ...]
    total: int
    missing: tuple[str, ...]
    """What could not be read, so that there may be more lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPattern:
    """A template with its lines."""

    id: str
    text: str
    """With `<*>` for what varies."""
    change: ChangeName | None
    """Against the time before; null where it does not differ, or nothing is known of that time."""
    ratio: float | None
    """How many times as many lines a second as before; null where one of them is zero."""
    grade: GradeName
    """How grave most of its lines are."""
    services: tuple[str, ...]
    """With lines of it, the most lines first."""
    n: int
    before: int
    """Lines in the time before."""
    counts: tuple[int, ...]
    """In the intervals of `t`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPatterns:
    """The patterns of the lines: changed ones first; all `n` and `rest` add up to `total`."""

    patterns: tuple[LogPattern, ...]
    rest_patterns: int
    """How many patterns with lines are not listed."""
    rest: int
    """Lines of those, and of no pattern."""
    total: int
    before_start: float
    before_end: float
    before_total: int
    """Lines in the time that was compared; with 0 nothing can be new."""
    t: tuple[float, ...]
    """The beginnings of the intervals of `counts`."""
    missing: tuple[str, ...]
    """What could not be read; where there is any, new and vanished patterns may be neither."""


OPERATIONS = (
    Operation(
        "/logs/histogram",
        LogTimeline,
        "How many log lines there are over time, by level.",
        ("q", "pattern", "start", "end", "source", "lang"),
    ),
    Operation(
        "/logs/patterns",
        LogPatterns,
        "The patterns of log lines, and which are new or have changed.",
        (*(name for name in SEARCH if name != "pattern"), "from", "to", "limit", "lang"),
    ),
)


def routes(desk: LogDesk, lang: Lang) -> list[Route]:
    """The routes; every answer is counted anew."""
    build = (
        lambda request, t: build_timeline(request, desk, t),
        lambda request, t: build_patterns(request, desk, t),
    )
    return [json_route(*pair, lang) for pair in zip(OPERATIONS, build, strict=True)]


def build_timeline(request: WebRequest, desk: LogDesk, t: Texts) -> LogTimeline:
    """The counts of a query by level, in at most `MOST_INTERVALS` intervals."""
    search = read_request(without(request, "level"), desk)
    query = search.query
    interval_ns = choose_interval(query.start_ns, query.end_ns, MOST_INTERVALS, desk.zone)
    found = search.source.histogram(query, interval_ns, desk.zone, LEVEL)
    levels = tuple(
        LogLevelCounts(name, int(found.counts[name].sum()), tuple(found.counts[name].tolist()))
        for name in LEVEL_NAMES
        if name in found.counts and found.counts[name].any()
    )
    return LogTimeline(
        start=query.start_ns / NS_PER_S,
        end=query.end_ns / NS_PER_S,
        step=None if interval_ns is None else interval_ns / NS_PER_S,
        t=tuple(start_ns / NS_PER_S for start_ns in found.starts_ns.tolist()),
        levels=levels,
        total=sum(each.n for each in levels),
        missing=describe_missing(found.missing, t),
    )


def build_patterns(request: WebRequest, desk: LogDesk, t: Texts) -> LogPatterns:
    """The patterns between `start` and `end`, with their courses between `from` and `to`."""
    search = read_request(without(request, "pattern"), desk)
    windows = plan_windows(search.query, request, desk.zone)
    limit = read_most(request, _DEFAULT_MOST, MOST)
    found = read_pattern_table(search.source, windows, desk.zone, limit)
    before = windows.before
    return LogPatterns(
        patterns=tuple(map(_build_pattern, found.rows)),
        rest_patterns=found.rest_patterns,
        rest=found.rest_n,
        total=found.total,
        before_start=before.start_ns / NS_PER_S,
        before_end=before.end_ns / NS_PER_S,
        before_total=found.before_total,
        t=tuple(start_ns / NS_PER_S for start_ns in found.starts_ns.tolist()),
        missing=describe_missing(found.missing, t),
    )


def plan_windows(query: LogQuery, request: WebRequest, zone: ZoneInfo) -> PatternWindows:
    """The window, as long a time before it (an hour at least), and the time of the courses.

    Raises:
        QueryError: `from` or `to` is no time.
    """
    length_ns = max(query.end_ns - query.start_ns, _LEAST_BEFORE_NS)
    before = replace(query, start_ns=max(query.start_ns - length_ns, 0), end_ns=query.start_ns)
    start_ms = read_time(request, "from", query.start_ns // NS_PER_MS)
    end_ms = read_time(request, "to", query.end_ns // NS_PER_MS)
    start_ns, end_ns = clamp_range(start_ms, end_ms)
    course = replace(query, start_ns=start_ns, end_ns=end_ns)
    interval_ns = choose_interval(start_ns, end_ns, _COURSE_INTERVALS, zone)
    return PatternWindows(query, before, course, interval_ns)


def without(request: WebRequest, name: str) -> WebRequest:
    """The request as if it did not have a field."""
    return replace(request, fields={**request.fields, name: ()})


def _build_pattern(row: PatternRow) -> LogPattern:
    services = sorted(row.template.by_service.items(), key=lambda one: (-one[1], one[0]))
    return LogPattern(
        id=row.template.id,
        text=escape_surrogates(row.template.text),
        change=None if row.change is None else row.change.value,
        ratio=row.ratio,
        grade=row.grade.value,
        services=tuple(escape_surrogates(name) for name, _ in services),
        n=row.n,
        before=row.before_n,
        counts=tuple(row.counts.tolist()),
    )
