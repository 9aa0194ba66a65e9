"""Answers for many records: the plain evaluation of each batch, counted with numpy and Counter."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from jipyo.logs.activity.sessions import GAP_NS, SessionTracker
from jipyo.logs.evaluate import list_texts, select
from logs.contract.records import HOUR_NS
from logs.contract.skeletons import list_skeletons

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from jipyo.logs.base import LogSource
    from jipyo.logs.query import LogQuery
    from jipyo.logs.record import LogBatch

SEOUL = ZoneInfo("Asia/Seoul")
PAGE = 1009


@dataclass
class Answers:
    """What a query must be answered with."""

    times: list[NDArray[np.int64]] = field(default_factory=list)
    hours: Counter[tuple[str, int]] = field(default_factory=Counter)
    hosts: Counter[str] = field(default_factory=Counter)
    templates: Counter[str] = field(default_factory=Counter)
    services: Counter[str] = field(default_factory=Counter)
    visits: dict[tuple[str, bytes], list[int]] = field(default_factory=dict)
    """The times of each service's users; of those without a name together, as `" "`."""

    @property
    def count(self) -> int:
        return sum(map(len, self.times))

    def add(self, batch: LogBatch, mask: NDArray[np.bool_]) -> None:
        rows = np.flatnonzero(mask).tolist()
        self.times.append(batch.t_ns[mask])
        levels, hosts = list_texts(batch, "level"), list_texts(batch, "host.name")
        users = list_texts(batch, "user.name")
        named = list_skeletons(batch)
        hours = (batch.t_ns // HOUR_NS * HOUR_NS).tolist()
        for row in rows:
            self.hours[(levels[row] or b"").decode(), hours[row]] += 1
            self.hosts[(hosts[row] or b"").decode()] += 1
            self.templates[named[row][0]] += 1
            user = users[row]
            visitor = batch.service, b" " if user is None else user
            self.visits.setdefault(visitor, []).append(int(batch.t_ns[row]))
        self.services[batch.service] += len(rows)

    def count_sessions(self) -> dict[tuple[str, bytes], tuple[int, int]]:
        """Sessions and records by service and user: times with pauses of half an hour."""
        found = {}
        for visitor, times in self.visits.items():
            ordered = np.sort(np.array(times, np.int64))
            found[visitor] = 1 + int((np.diff(ordered) > GAP_NS).sum()), len(ordered)
        return found


class Oracle:
    """The answers to some queries over the same records."""

    def __init__(self, batches: Sequence[LogBatch], queries: Mapping[str, LogQuery]) -> None:
        self.answers = {label: Answers() for label in queries}
        for batch in batches:
            for label, query in queries.items():
                self.answers[label].add(batch, select_rows(batch, query))


def select_rows(batch: LogBatch, query: LogQuery) -> NDArray[np.bool_]:
    """Of each record whether the query wants it."""
    inside = (batch.t_ns >= query.start_ns) & (batch.t_ns < query.end_ns)
    levels = np.isin(batch.level, [int(level) for level in query.levels])
    own = not query.services or batch.service in query.services
    return inside & levels & own & select(batch, query.where)


def compare(source: LogSource, query: LogQuery, expected: Answers) -> dict[str, bool]:
    """Of each kind of answer whether it is the expected one."""
    times = np.sort(np.concatenate([np.zeros(0, np.int64), *expected.times]))
    histogram = source.histogram(query, HOUR_NS, SEOUL, "level")
    hours = Counter(
        {
            (level, int(start)): int(n)
            for level, counts in histogram.counts.items()
            for start, n in zip(histogram.starts_ns, counts, strict=True)
            if n
        }
    )
    batches = list(source.batches(query, ()))
    read = np.sort(np.concatenate([np.zeros(0, np.int64), *(each.t_ns for each in batches)]))
    return {
        "search": np.array_equal(_read_pages(source, query, 5 * PAGE), times[::-1][: 5 * PAGE]),
        "count": source.count(query).n == expected.count,
        "histogram": hours == expected.hours,
        "terms": dict(source.terms(query, "host.name", 1000).counts) == dict(expected.hosts),
        "templates": {each.id: each.n for each in source.templates(query).templates}
        == dict(expected.templates),
        "batches": np.array_equal(read, times),
        "sessions": _count_sessions(source, query) == expected.count_sessions(),
    }


def _count_sessions(source: LogSource, query: LogQuery) -> dict[tuple[str, bytes], tuple[int, int]]:
    """Sessions and records by service and visitor, as the product finds them."""
    trackers: dict[str, SessionTracker] = {}
    for batch in source.batches(query, ("user.name",)):
        trackers.setdefault(batch.service, SessionTracker()).add(batch)
    found: dict[tuple[str, bytes], tuple[int, int]] = {}
    for service, tracker in trackers.items():
        sessions = tracker.build()
        for place, name in enumerate(sessions.visitors):
            own = sessions.visitor == place
            if own.any():
                found[service, name] = int(own.sum()), int(sessions.requests[own].sum())
    return found


def _read_pages(source: LogSource, query: LogQuery, n: int) -> list[int]:
    """The times of the newest records, in pages of an odd size."""
    found: list[int] = []
    after = None
    while len(found) < n:
        page = source.search(query, PAGE, after)
        found += [record.t_ns for record in page.records]
        after = page.next
        if after is None:
            break
    return found
