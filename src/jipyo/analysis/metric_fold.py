"""A metric read over a window piece by piece, each piece folded into what is kept of its series."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import compress
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from jipyo.analysis.breach_fold import BreachFold
from jipyo.analysis.series_fold import SeriesFold
from jipyo.analysis.thresholds import count_lead_steps, may_be_firing
from jipyo.analysis.window import cut_piece, span_windows
from jipyo.catalogue import Across, Statistic, Summary
from jipyo.model.errors import QueryError
from jipyo.model.result import Matrix
from jipyo.source.metric_data import read_series

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from jipyo.analysis.breach_fold import BeyondDays
    from jipyo.analysis.thresholds import Breach, Indices
    from jipyo.analysis.window import Window, WindowPiece
    from jipyo.catalogue import Metric, MetricQuery, Thresholds
    from jipyo.model.errors import JipyoError
    from jipyo.model.labels import Labels
    from jipyo.model.sample import Mask, Values
    from jipyo.source import Source
    from jipyo.source.inventory import Inventory
    from jipyo.source.metric_data import MetricData

_MOST_STEPS = 10_500
"""Of a piece; a range query may have 11,000."""
_MOST_CELLS = 1_000_000
"""Values of a piece: it needs some 50 bytes for each while it is evaluated and folded."""


@dataclass(frozen=True, slots=True)
class FoldedSeries:
    """One series of a fold: where it is, and what answered for it."""

    row: int
    labels: Labels
    query: MetricQuery
    """That gave most of its values."""
    by_day: tuple[tuple[MetricQuery, Mask], ...]
    """Every query that gave some, and on which days."""


@dataclass(slots=True)
class MetricFold:
    """A metric over a window, as far as it is read."""

    window: Window
    series: SeriesFold
    breaches: BreachFold | None
    """None for a metric without thresholds."""
    total: SeriesFold | None
    """The sum of all series step by step, where the catalogue adds them up."""
    rows: dict[tuple[Labels, Statistic], int] = field(default_factory=dict)
    """A mean is never joined with what the metric is about."""
    queries: list[MetricQuery] = field(default_factory=list)
    query_of: npt.NDArray[np.int16] = field(init=False)
    """Which query gave each day of each row, -1 for none; shape (series, days)."""
    seen: int = 0
    """Steps at which any series has a value."""
    expressions: dict[tuple[str, str], None] = field(default_factory=dict)
    warnings: dict[str, None] = field(default_factory=dict)
    missing: dict[JipyoError, None] = field(default_factory=dict)
    estimated: bool = False

    def __post_init__(self) -> None:
        """Begin without any series."""
        self.query_of = np.empty((0, self.window.day_count), np.int16)

    def add(self, piece: WindowPiece, data: MetricData, before: Mapping[int, Values]) -> None:
        """Fold the next piece, and of the first one what was before it, by rows of the data."""
        matrix = data.matrix
        rows = self._find_rows(data)
        values = np.where(matrix.present, matrix.values, np.nan)
        by_day = np.logical_or.reduceat(matrix.present, piece.day_starts, axis=1)
        if len(rows):
            self.series.add(piece, rows, values)
            self._note_queries(piece, rows, data, by_day)
            present = matrix.present.any(axis=0)
            self.seen += int(present.sum())
            if self.total is not None:
                added = np.where(present, np.nansum(values, axis=0), np.nan)
                self.total.add(piece, np.zeros(1, np.int64), added[None])
        if self.breaches is not None:
            self.breaches.before.update((int(rows[at]), own) for at, own in before.items())
            judged = (query.statistic is Statistic.FULL for query in data.queries)
            pairs = zip(rows.tolist(), values, judged, strict=True)
            self.breaches.add(piece, {row: own for row, own, is_judged in pairs if is_judged})
        self.expressions.update(dict.fromkeys(data.expressions))
        self.warnings.update(dict.fromkeys(data.warnings))
        self.missing.update(dict.fromkeys(data.missing))
        self.estimated |= data.estimated

    def _find_rows(self, data: MetricData) -> Indices:
        known = len(self.rows)
        keys = zip(data.matrix.series, (query.statistic for query in data.queries), strict=True)
        rows = np.array([self.rows.setdefault(key, len(self.rows)) for key in keys], np.int64)
        new = len(self.rows) - known
        if new:
            self.series.add_series(new)
            unused = np.full((new, self.query_of.shape[1]), -1, np.int16)
            self.query_of = np.concatenate((self.query_of, unused))
        return rows

    def _note_queries(
        self, piece: WindowPiece, rows: Indices, data: MetricData, by_day: npt.NDArray[np.bool_]
    ) -> None:
        places = np.array([self._find_place(query) for query in data.queries], np.int16)
        self.query_of[rows, piece.days] = np.where(by_day, places[:, None], np.int16(-1))

    def _find_place(self, query: MetricQuery) -> int:
        if query not in self.queries:
            self.queries.append(query)
        return self.queries.index(query)

    @property
    def is_any_full(self) -> bool:
        """Whether any series is what the metric is about, and no mean of it."""
        return any(statistic is Statistic.FULL for _, statistic in self.rows)

    def list_breaches(self, series: FoldedSeries) -> tuple[Breach, ...] | None:
        """The breaches of a series in the order of time; None where it is not judged."""
        if self.breaches is None or series.query.statistic is not Statistic.FULL:
            return None
        return tuple(self.breaches.breaches.get(series.row, ()))

    def find_beyond(self, series: FoldedSeries) -> BeyondDays | None:
        """How long a series was beyond its thresholds each day; None where it never was."""
        return None if self.breaches is None else self.breaches.days.get(series.row)

    def list_series(self) -> list[FoldedSeries]:
        """Every series once: of a mean and of what the metric is about, which has more values."""
        best: dict[Labels, int] = {}
        counts = self.series.count.sum(axis=1)
        for (labels, _), row in self.rows.items():
            if labels not in best or counts[row] > counts[best[labels]]:
                best[labels] = row
        return [self._describe(labels, row) for labels, row in best.items()]

    def _describe(self, labels: Labels, row: int) -> FoldedSeries:
        used, counts = self.query_of[row], self.series.count[row]
        places = [place for place in dict.fromkeys(used.tolist()) if place >= 0]
        main = max(places, key=lambda place: int(counts[used == place].sum()))
        by_day = tuple((self.queries[place], used == place) for place in places)
        return FoldedSeries(row, labels, self.queries[main], by_day)


def is_quantile(metric: Metric) -> bool:
    """Whether the metric is a percentile of requests wherever the source allows it."""
    return any("quantile" in query.promql for query in metric.queries)


def keep_all(data: MetricData) -> MetricData:
    """All series as they are."""
    return data


def read_folded(  # noqa: PLR0913 - which series, when, and how
    source: Source,
    metric: Metric,
    windows: Sequence[Window],
    inventory: Inventory | None,
    only: Collection[Labels] | None = None,
    *,
    is_judged: bool = False,
    narrow: Callable[[MetricData], MetricData] = keep_all,
) -> list[MetricFold]:
    """Read a metric, or only some of its series, over the days of windows: a fold for each.

    Args:
        source: answers the queries.
        metric: what to read.
        windows: from when to when; what several of them have in common is read once.
        inventory: what the source has; without it every query is sent.
        only: the labels of the wanted series; None for all.
        is_judged: whether breaches are wanted.
        narrow: chooses among the series of each piece, or takes some of them together.

    Raises:
        QueryError: an expression was rejected.
        SourceError: the source failed.
    """
    whole = span_windows(windows)
    if whole is None:
        parts = (
            read_folded(source, metric, [one], inventory, only, is_judged=is_judged, narrow=narrow)
            for one in windows
        )
        return [fold for part in parts for fold in part]
    folds = [begin_fold(metric, one, is_judged=is_judged, is_total=only is None) for one in windows]
    for piece, data in _read_pieces(source, metric, whole, inventory, only):
        narrowed = narrow(data)
        for fold in folds:
            _add_part(source, fold, piece, narrowed, inventory)
    return folds


def _read_pieces(
    source: Source,
    metric: Metric,
    window: Window,
    inventory: Inventory | None,
    only: Collection[Labels] | None,
) -> Iterator[tuple[WindowPiece, MetricData]]:
    """The days of a window: one alone, and then as many at once as there are series for."""
    first_day, most_steps, limit = 0, 1, _MOST_STEPS
    while first_day < window.day_count:
        piece = cut_piece(window, first_day, most_steps)
        try:
            data = read_series(
                source,
                metric,
                piece.window.t_ms,
                window.step_ms,
                inventory,
                only,
                day_starts=piece.day_starts,
            )
        except QueryError:
            if len(piece.day_starts) == 1:
                raise
            most_steps = limit = 1  # what is too much for a week may not be for a day
            continue
        yield piece, data
        first_day = piece.days.stop
        most_steps = min(limit, _MOST_CELLS // max(len(data.queries), 1))


def _add_part(
    source: Source,
    fold: MetricFold,
    piece: WindowPiece,
    data: MetricData,
    inventory: Inventory | None,
) -> None:
    """Fold the days of a piece that a window has."""
    window = fold.window
    start_ms = max(piece.window.start_ms, window.start_ms)
    end_ms = min(piece.window.end_ms, window.end_ms)
    if start_ms >= end_ms:
        return
    first_day = window.edges_ms.index(start_ms)
    part = cut_piece(window, first_day, (end_ms - start_ms) // window.step_ms)
    if part.window != piece.window:
        first = (start_ms - piece.window.start_ms) // window.step_ms
        data = _cut_steps(data, slice(first, first + part.window.steps))
    before: dict[int, Values] = {}
    if first_day == 0 and fold.breaches is not None:
        before = read_before(source, data, fold.breaches.thresholds, part.window, inventory)
    fold.add(part, data, before)


def _cut_steps(data: MetricData, steps: slice) -> MetricData:
    """The data of some steps, without series that have none there."""
    matrix = data.matrix
    rows: Mask = np.asarray(matrix.present[:, steps].any(axis=1))
    return replace(
        data,
        matrix=Matrix(
            tuple(compress(matrix.series, rows)),
            matrix.t_ms[steps],
            matrix.values[rows, steps],
            matrix.present[rows, steps],
        ),
        queries=tuple(compress(data.queries, rows)),
    )


def begin_fold(metric: Metric, window: Window, *, is_judged: bool, is_total: bool) -> MetricFold:
    """A fold of a window of which nothing is read yet."""
    # A percentile of requests is no percentile of minutes.
    with_p95 = Summary.P95 in metric.report.summaries and not is_quantile(metric)
    thresholds = metric.thresholds if is_judged else None
    total = None
    if is_total and Across.SUM in metric.report.across:
        total = SeriesFold(window, metric, with_p95=with_p95)
        total.add_series(1)
    return MetricFold(
        window,
        SeriesFold(window, metric, with_p95=with_p95),
        None if thresholds is None else BreachFold(window, thresholds, metric.direction),
        total,
    )


def read_before(
    source: Source,
    data: MetricData,
    thresholds: Thresholds,
    window: Window,
    inventory: Inventory | None,
) -> dict[int, Values]:
    """The steps before a window of the series that may be firing at its start, by their rows.

    They are read apart, so that they do not decide which query a series is from.

    Raises:
        SourceError: the source failed.
    """
    lead = count_lead_steps(thresholds, window.step_ms)
    open_rows = np.flatnonzero(may_be_firing(data)).tolist()
    if not open_rows:
        return {}
    t_ms = window.start_ms + window.step_ms * np.arange(1 - lead, 1, dtype=np.int64)
    series = {data.matrix.series[row]: row for row in open_rows}
    try:
        before = read_series(source, data.metric, t_ms, window.step_ms, inventory, series).matrix
    except QueryError:
        return {}
    values = np.where(before.present, before.values, np.nan)
    return {series[labels]: own for labels, own in zip(before.series, values, strict=True)}
