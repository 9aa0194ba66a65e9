"""Reads counts from a source: by the hour, and by the minute where burn rates are looked at.

Hours of counters come from the embedded store's hourly statistics. A counter is followed over
gaps of up to a day before a piece of time: what it rose by meanwhile counts where it is seen
again.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.slo.budget import BURN_WINDOWS_MS, DAY_MS, HOUR_MS
from jipyo.analysis.slo.objective import MINUTE_MS
from jipyo.model.duration import format_duration
from jipyo.model.result import Matrix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from jipyo.analysis.slo.objective import TimeIndicator
    from jipyo.model.errors import JipyoError
    from jipyo.model.labels import Labels
    from jipyo.model.sample import Mask, Times, Values
    from jipyo.source.base import Source

FOLLOWED_MS = DAY_MS
"""Over a gap of so long a counter goes on; after a longer one it begins anew."""
COARSE_MS = 5 * MINUTE_MS
"""The finest piece at a server that extrapolates: of two samples a minute may have only one."""
_LOOKBACK_MS = 5 * MINUTE_MS
_SETTLED_MS = 5 * MINUTE_MS
"""So late samples may come after which an hour is not read again until the next one is over."""
_MOST_STEPS = 10_080
"""Of one query; Prometheus allows 11,000. As minutes these are 168 hours."""


@dataclass(frozen=True, slots=True)
class CountSpan:
    """Pieces of equal length from a start to an end."""

    start_ms: int
    end_ms: int
    piece_ms: int

    @property
    def pieces(self) -> int:
        """How many."""
        return (self.end_ms - self.start_ms) // self.piece_ms

    def split(self, most_ms: int) -> Iterator[CountSpan]:
        """Parts of at most so long."""
        for start_ms in range(self.start_ms, self.end_ms, most_ms):
            yield CountSpan(start_ms, min(start_ms + most_ms, self.end_ms), self.piece_ms)


@dataclass(frozen=True, slots=True)
class CountPlan:
    """The spans that a period and the burn windows before a moment are read in."""

    spans: tuple[CountSpan, ...]

    @property
    def edge_ms(self) -> Times:
        """Where the pieces begin and end."""
        starts = [np.arange(one.start_ms, one.end_ms, one.piece_ms) for one in self.spans]
        return np.concatenate([*starts, [self.spans[-1].end_ms]])

    @property
    def minutes(self) -> Values:
        """How long each piece is."""
        return np.diff(self.edge_ms) / MINUTE_MS

    def find_missing(self, seen: Mask) -> Values:
        """The minutes without data of each piece, by whether a sample was seen in it.

        An hour has data where a sample was seen; less than an hour also where one was seen in
        such a piece within five minutes, for not every target is read every minute.
        """
        ends = self.edge_ms[1:]
        is_fine = self.minutes < HOUR_MS // MINUTE_MS
        newest = np.maximum.accumulate(np.where(seen & is_fine, ends, 0))
        is_near = is_fine & (ends - newest < _LOOKBACK_MS)
        return np.where(seen | is_near, 0.0, self.minutes)


def make_plan(start_ms: int, cut_ms: int, fine_ms: int = MINUTE_MS) -> CountPlan:
    """Whole hours of the clock, and `fine_ms` at both ends and over the longest burn window.

    Both moments are multiples of `fine_ms`, as all moments at which local days begin are.
    """
    fine_from_ms = (cut_ms - max(BURN_WINDOWS_MS)) // HOUR_MS * HOUR_MS
    first_hour_ms = -(-start_ms // HOUR_MS) * HOUR_MS
    last_hour_ms = (cut_ms - _SETTLED_MS) // HOUR_MS * HOUR_MS
    edges = [(fine_from_ms, fine_ms), (last_hour_ms, fine_ms), (cut_ms, 0)]
    if first_hour_ms <= fine_from_ms:
        edges = [(start_ms, fine_ms), (first_hour_ms, HOUR_MS), *edges]
    elif start_ms < fine_from_ms:
        edges = [(start_ms, fine_ms), *edges]
    spans = (CountSpan(start, end, piece) for (start, piece), (end, _) in pairwise(edges))
    return CountPlan(tuple(span for span in spans if span.start_ms < span.end_ms))


@dataclass(frozen=True, slots=True)
class CountRows:
    """Series over the pieces of a plan: shape (counts of a piece, pieces), NaN for nothing."""

    by_labels: Mapping[Labels, Values]
    estimated: bool = False
    missing: tuple[JipyoError, ...] = ()


@dataclass(slots=True)
class CountReader:
    """Reads plans; one that is kept reads of the next plan only what it has not seen."""

    source: Source
    cancelled: threading.Event = field(default_factory=threading.Event)
    _seen: dict[tuple[str, CountSpan], CountRows] = field(default_factory=dict)
    _used: set[tuple[str, CountSpan]] = field(default_factory=set)

    def forget_unused(self) -> None:
        """Keep what was read since the last time, no more."""
        self._seen = {key: rows for key, rows in self._seen.items() if key in self._used}
        self._used = set()

    def read_increases(self, expr: str, plan: CountPlan) -> CountRows:
        """What an expression counts in each piece, with the piece as its `$w`: one row a series.

        Raises:
            QueryError: it was rejected.
            SourceError: the source failed.
        """
        source = self.source.bind(self.cancelled, lookback_ms=FOLLOWED_MS)

        def read(span: CountSpan) -> CountRows:
            text = expr.replace("$w", format_duration(span.piece_ms))
            return _read_steps(source, text, span, span.piece_ms)

        spans = (part for span in plan.spans for part in span.split(_MOST_STEPS * span.piece_ms))
        return self._read(expr, spans, plan, read)

    def read_minutes(self, indicator: TimeIndicator, plan: CountPlan) -> CountRows:
        """How many minutes of each piece are good, and how many have a value: two rows a series.

        Raises:
            QueryError: the expression was rejected.
            SourceError: the source failed.
        """
        source = self.source.bind(self.cancelled)

        def read(span: CountSpan) -> CountRows:
            rows = _read_steps(source, indicator.expr, span, MINUTE_MS)
            counted = {
                labels: _count_minutes(indicator, values[0], span.pieces)
                for labels, values in rows.by_labels.items()
            }
            return CountRows(counted, missing=rows.missing)

        key = f"{indicator.expr} {indicator.compare.value} {indicator.value!r}"
        spans = (part for span in plan.spans for part in span.split(_MOST_STEPS * MINUTE_MS))
        return self._read(key, spans, plan, read)

    def _read(
        self,
        key: str,
        spans: Iterable[CountSpan],
        plan: CountPlan,
        read: Callable[[CountSpan], CountRows],
    ) -> CountRows:
        parts: list[tuple[CountSpan, CountRows]] = []
        for span in spans:
            self._used.add((key, span))
            if (key, span) not in self._seen:
                self._seen[key, span] = read(span)
            parts.append((span, self._seen[key, span]))
        return _join(parts, plan)


def _read_steps(source: Source, text: str, span: CountSpan, step_ms: int) -> CountRows:
    """The values at the ends of the steps of a span."""
    result = source.range(text, span.start_ms + step_ms, span.end_ms, step_ms)
    matrix = result.value
    assert isinstance(matrix, Matrix), "BUG: a range query is answered by a Matrix"
    values = np.where(matrix.present, matrix.values, np.nan)
    by_labels = {labels: values[row, None] for row, labels in enumerate(matrix.series)}
    return CountRows(by_labels, result.estimated, result.missing)


def _count_minutes(indicator: TimeIndicator, values: Values, pieces: int) -> Values:
    is_known = ~np.isnan(values)
    is_good = is_known & indicator.is_good(values)
    by_piece = np.stack((is_good, is_known)).reshape(2, pieces, -1)
    counts: Values = by_piece.astype(np.float64).sum(axis=2)
    return counts


def _join(parts: Sequence[tuple[CountSpan, CountRows]], plan: CountPlan) -> CountRows:
    pieces = len(plan.edge_ms) - 1
    by_labels: dict[Labels, Values] = {}
    first = 0
    for span, rows in parts:
        for labels, values in rows.by_labels.items():
            if labels not in by_labels:
                by_labels[labels] = np.full((len(values), pieces), np.nan)
            by_labels[labels][:, first : first + span.pieces] = values
        first += span.pieces
    return CountRows(
        by_labels,
        any(rows.estimated for _, rows in parts),
        tuple(dict.fromkeys(error for _, rows in parts for error in rows.missing)),
    )
