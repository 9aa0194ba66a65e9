"""History of a Prometheus-family server -> the store: day by day, resumable, checked at the end.

The store remembers of every day how many of its metrics are complete, and takes the same sample
twice without harm. So whatever ends an import, the same command goes on where it was.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from jipyo.app.build_store import open_store
from jipyo.model.clock import SystemClock
from jipyo.model.errors import ConfigError, QueryError, SourceError
from jipyo.model.labels import METRIC_NAME
from jipyo.model.matcher import Matcher, MatchOp
from jipyo.model.sample import is_stale
from jipyo.source.history import (
    History,
    HistoryWindow,
    SeriesTotals,
    format_selector,
    is_unreadable,
    select_metrics,
    shows_markers,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jipyo import tsdb
    from jipyo.config.load import Config
    from jipyo.model.labels import Labels
    from jipyo.model.sample import Reject
    from jipyo.model.store import Queryable, Selector
    from jipyo.source import Source

DAY_MS = 86_400_000
_SUFFIXES = ("", "_total", "_bucket", "_sum", "_count", "_info")
_TOLERANCE = 1e-9
"""Of the sum of the samples' sizes: two programs add the same numbers in different order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPlan:
    """What to copy."""

    url: str
    """Tells the imports of several servers apart."""
    selectors: tuple[Selector, ...]
    window: HistoryWindow


@dataclass(frozen=True, slots=True)
class ImportStep:
    """How far an import has come."""

    is_check: bool
    """Whether everything is copied, and is now compared."""
    share: float
    """Of what is to be done, from 0 to 1."""
    series: int
    """With samples that this run has read."""
    samples: int
    """That this run has read, without stale markers."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A metric of which the store does not have what the server has."""

    metric: str
    series: int
    """How many series differ."""
    theirs: SeriesTotals
    """Of those series, at the server."""
    ours: SeriesTotals
    """Of those series, in the store."""
    first_day_ms: int
    """The start of the first day that differs."""


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """What an import did in this run, and what is different at its end."""

    series: int
    samples: int
    rejected: dict[Reject, int]
    metrics: int
    """How many were compared."""
    differences: tuple[Difference, ...]
    unreadable: tuple[tuple[str, SourceError], ...]
    """Metrics that could not be copied, such as native histograms, and why."""
    empty: tuple[str, ...]
    """Selectors of which the server has no samples."""


def import_prometheus(
    config: Config, source: Source, plan: ImportPlan, report: Callable[[ImportStep], None]
) -> ImportOutcome:
    """Copy the samples of a window, and compare all of it with the server at the end.

    Raises:
        ConfigError: the window is older than the retention, so that samples would expire.
        StoreError: another process writes to the store, or the disk is full.
        QueryError: the server rejects a query.
        SourceError: the server does not answer; run again to go on.
    """
    clock = SystemClock()
    kept_ms, age_ms = config.settings.store.retention_ms, clock.now_ms() - plan.window.start_ms
    if kept_ms is not None and age_ms > kept_ms:
        values = {"days": kept_ms // DAY_MS, "need": -(-age_ms // DAY_MS)}
        raise ConfigError("app.import_expires", hint="app.import_expires.hint", **values)
    with open_store(config, clock) as store:
        history = History(source, shows_markers(source, plan.window.end_ms))
        copy = _Copy(store, source, history, plan, report)
        copy.copy_all()
        copy.describe()
        return copy.compare_all()


class _Copy:
    """One run of an import."""

    def __init__(
        self,
        store: tsdb.Store,
        source: Source,
        history: History,
        plan: ImportPlan,
        report: Callable[[ImportStep], None],
    ) -> None:
        self._store = store
        self._source = source
        self._history = history
        self._plan = plan
        self._report = report
        self._days = [*_split_days(plan.window)]
        self._positions: dict[tuple[int, HistoryWindow], str] = {}
        """Under which name the store remembers each day of each selector."""
        self._series: set[int] = set()
        """Hashes of label sets: the label sets themselves would need ten times the memory."""
        self._samples = 0
        self._rejected: Counter[Reject] = Counter()

    def copy_all(self) -> None:
        """Copy every day of every selector that is not complete yet."""
        done, steps = 0, len(self._plan.selectors) * len(self._days)
        for number, selector in enumerate(self._plan.selectors):
            for day in self._days:
                for share in self._copy_day(number, selector, day):
                    self._advance((done + share) / steps)
                done += 1
                self._advance(done / steps)

    def _advance(self, share: float, *, is_check: bool = False) -> None:
        self._report(ImportStep(is_check, share, len(self._series), self._samples))

    def _copy_day(self, number: int, selector: Selector, day: HistoryWindow) -> Iterator[float]:
        """Copy a day; yields how much of it is done after each piece."""
        names = self._list_metrics(selector, day)
        # A day with other metrics than last time begins anew.
        parts = (self._plan.url, repr(selector), repr(tuple(day)), *names)
        digest = hashlib.blake2b("\0".join(parts).encode(), digest_size=16)
        position = f"prometheus:{digest.hexdigest()}"
        self._positions[number, day] = position
        done = self._store.get_import_position(position)
        left = names[done:]
        for piece in self._history.read(selector, left, day, self._plan.window.start_ms):
            appended = self._store.load(piece.blocks)
            self._rejected.update(appended.rejected)
            for block in piece.blocks:
                self._samples += block.values.size - int(is_stale(block.values).sum())
                self._series.update(map(hash, block.series))
            if piece.done:
                self._store.save_import_position(position, done + piece.done)
            yield (done + piece.done) / len(names)

    def _list_metrics(self, selector: Selector, window: HistoryWindow) -> list[str]:
        span = window.start_ms + 1, window.end_ms
        return self._source.label_values(METRIC_NAME, [format_selector(selector)], *span)

    def describe(self) -> None:
        """Store type, help and unit of the copied metrics, where the server knows them."""
        try:
            known = self._source.metadata()
        except (QueryError, SourceError):
            return  # not every server has them, and no sample depends on them
        names = set(self._store.label_values(METRIC_NAME, [], 0, self._plan.window.end_ms))
        self._store.describe(
            [one for one in known if any(f"{one.metric}{end}" in names for end in _SUFFIXES)]
        )

    def compare_all(self) -> ImportOutcome:
        """Compare every metric with the server; days that differ are read again next time."""
        differences: list[Difference] = []
        unreadable: list[tuple[str, SourceError]] = []
        empty: list[str] = []
        metrics = 0
        for number, selector in enumerate(self._plan.selectors):
            names = self._list_metrics(selector, self._plan.window)
            for at, name in enumerate(names):
                share = (number + at / len(names)) / len(self._plan.selectors)
                self._advance(share, is_check=True)
                try:
                    difference = self._compare(selector, name, self._plan.window)
                except SourceError as error:
                    if not is_unreadable(error):
                        raise
                    unreadable.append((name, error))
                    continue
                if difference is not None:
                    differences.append(self._find_day(number, selector, difference))
            metrics += len(names)
            if not names:
                empty.append(format_selector(selector))
        return ImportOutcome(
            series=len(self._series),
            samples=self._samples,
            rejected=dict(self._rejected),
            metrics=metrics,
            differences=tuple(differences),
            unreadable=tuple(unreadable),
            empty=tuple(empty),
        )

    def _find_day(self, number: int, selector: Selector, whole: Difference) -> Difference:
        """The difference with the day on which it begins; forgets that such days are complete."""
        different = [
            day for day in self._days if self._compare(selector, whole.metric, day) is not None
        ]
        for day in different:
            self._store.save_import_position(self._positions[number, day], 0)
        first = different[0] if different else self._plan.window
        return replace(whole, first_day_ms=first.start_ms)

    def _compare(self, selector: Selector, name: str, window: HistoryWindow) -> Difference | None:
        theirs = self._history.total(select_metrics([name], selector), window)
        ours = _total_stored(self._store, selector, name, window)
        nothing = _Stored(0, 0.0, 0.0)
        different = [
            labels
            for labels, total in theirs.items()
            if not _are_equal(total, ours.get(labels, nothing))
        ]
        if not different:
            return None
        stored = [ours.get(labels, nothing) for labels in different]
        return Difference(
            metric=name,
            series=len(different),
            theirs=SeriesTotals(
                sum(theirs[labels].count for labels in different),
                sum(theirs[labels].sum for labels in different),
            ),
            ours=SeriesTotals(sum(one.count for one in stored), sum(one.sum for one in stored)),
            first_day_ms=window.start_ms,
        )


@dataclass(frozen=True, slots=True)
class _Stored:
    count: int
    sum: float
    size: float
    """The sum of the absolute values."""


def _total_stored(
    store: Queryable, selector: Selector, name: str, window: HistoryWindow
) -> dict[Labels, _Stored]:
    """Count and sum of the stored samples of each series of a metric, without its name."""
    named = Matcher(METRIC_NAME, MatchOp.EQ, name)
    others = [matcher for matcher in selector if matcher.name != METRIC_NAME]
    totals: dict[Labels, _Stored] = {}
    for block in store.select([named, *others], window.start_ms + 1, window.end_ms):
        stale = is_stale(block.values)
        counts = (~stale).sum(axis=1).tolist()
        values = np.where(stale, 0.0, block.values)
        with np.errstate(invalid="ignore"):  # of infinities of both signs
            sums, sizes = values.sum(axis=1).tolist(), np.abs(values).sum(axis=1).tolist()
        for labels, *total in zip(block.series, counts, sums, sizes, strict=True):
            totals[labels.drop([METRIC_NAME])] = _Stored(*total)
    return totals


def _are_equal(theirs: SeriesTotals, ours: _Stored) -> bool:
    if theirs.count != ours.count:
        return False
    if not (math.isfinite(theirs.sum) and math.isfinite(ours.sum)):
        return theirs.sum == ours.sum or (math.isnan(theirs.sum) and math.isnan(ours.sum))
    return abs(theirs.sum - ours.sum) <= _TOLERANCE * ours.size


def _split_days(window: HistoryWindow) -> Iterator[HistoryWindow]:
    """The days of a window, cut at midnight UTC as the store is."""
    start_ms = window.start_ms
    while start_ms < window.end_ms:
        end_ms = min((start_ms // DAY_MS + 1) * DAY_MS, window.end_ms)
        yield HistoryWindow(start_ms, end_ms)
        start_ms = end_ms
