"""The inspection sheet of a month (예방점검표): item by day, with what each cell rests on.

A day of an item is judged once it is over, over the local day (start, end] in steps of a minute,
by the judge of `analysis.thresholds`:

- *abnormal*: some series of the item's metrics was firing at the item's level (critical, or the
  gravest that the metric has), wherever data of the day show it.
- *not inspected*: else, where a required metric has no data, was not read, or has fewer values
  than the coverage rule asks for: of any of its series together, or of one series alone.
- *normal*: else. It is marked where some series was firing below the item's level.

A series counts from its first value on, and then on every day until the site removes it
(`catalogue.removed`), so that a host that stops reporting never leaves a sheet normal. What had
values on the day before the month counts from the first day on. Days that are not over, and
days before the sheet begins, have no cell.

The evidence of a cell holds a digest of every value read, so that `sla.recomputation` finds a
sample that has changed without changing a result.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import groupby
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from jipyo.analysis.series_names import name_series
from jipyo.analysis.summary import find_gravest_state, read_lead
from jipyo.analysis.thresholds import Severity, State, find_metric_breaches
from jipyo.analysis.window import Window
from jipyo.catalogue import Direction
from jipyo.catalogue.removed import is_removed
from jipyo.model.errors import QueryError
from jipyo.model.progress import ignore_progress
from jipyo.sla.inspection_items import AbnormalFrom, InspectionCycle, InspectionResult, ManualResult
from jipyo.source.inventory import take_inventory
from jipyo.source.metric_data import read_series
from jipyo.source.recording import ask_for
from jipyo.source.routing import SOURCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date

    from jipyo.analysis.thresholds import Breach
    from jipyo.catalogue import Catalogue, Metric, Thresholds
    from jipyo.model.calendar import Period
    from jipyo.model.labels import Labels
    from jipyo.model.progress import Progress
    from jipyo.model.sample import Mask, Times, Values
    from jipyo.sla.inspection_items import (
        InspectionEntry,
        InspectionItem,
        InspectionItems,
        ManualItem,
    )
    from jipyo.source.base import Source
    from jipyo.source.inventory import Inventory
    from jipyo.source.metric_data import MetricData

Accepts: TypeAlias = "Callable[[Labels], bool]"
"""Whether a series belongs to the inspected system."""


class CheckReason(Enum):
    """Why a metric did not count as inspected on a day."""

    NO_DATA = "no_data"
    LOW_COVERAGE = "low_coverage"
    """Too few values of all series together."""
    SERIES_MISSING = "series_missing"
    """Too few values of a series that reported before."""
    NOT_READ = "not_read"
    """The source refused the query, or could not read all of it."""
    NOT_JUDGED = "not_judged"
    """The metric has no thresholds, or only a mean of it is known."""
    NO_METRIC = "no_metric"
    """The catalogue has no such metric."""


@dataclass(frozen=True, slots=True)
class DecidingValue:
    """The value that a day was judged by: the worst of the series that is worst off."""

    series: str
    """The labels of the series."""
    name: str
    """What tells the series from the metric's others; empty where there are none."""
    value: float
    t_ms: int
    lasted_ms: int = 0
    """How long the series was firing; 0 where it was not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricCheck:
    """One metric on one day: what was read, and what came of it.

    With the queries, the window and the step anyone can read the same values again.
    """

    metric: str
    required: bool
    start_ms: int
    end_ms: int
    step_ms: int
    queries: tuple[tuple[str, str], ...] = ()
    """Exporter and expression of each query that gave a series."""
    series: int = 0
    samples: int = 0
    """One-minute values of all series."""
    expected: int = 0
    """One-minute values that the series should have had."""
    coverage: float = 0.0
    """The lowest share of expected values: of all series together, and of each alone."""
    missing: tuple[str, ...] = ()
    """Series that reported before, and had too few values."""
    thresholds: Thresholds | None = None
    state: State = State.UNKNOWN
    decided_by: DecidingValue | None = None
    reason: CheckReason | None = None
    """Why it does not count as inspected; None where it does."""
    digest: str = ""
    """SHA-256 over labels, times and values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionCell:
    """An item on a day that is over."""

    day: date
    result: InspectionResult
    marked: bool = False
    """Normal, but a breach below the item's level lasted for the alert duration."""
    checks: tuple[MetricCheck, ...] = ()
    """The metrics that were read; none for what people inspect."""
    entries: tuple[InspectionEntry, ...] = ()
    """What people found, or noted."""

    @property
    def deciding(self) -> MetricCheck | None:
        """The check that decided: the gravest, or the first that is not inspected."""
        if self.result is InspectionResult.NOT_INSPECTED:
            return next((one for one in self.checks if one.required and one.reason), None)
        known = [one for one in self.checks if one.decided_by is not None]
        return max(known, key=lambda one: one.state.severity, default=None)


@dataclass(frozen=True, slots=True)
class InspectionRow:
    """An item and its cell on each day of the month; None for a day without one."""

    item: InspectionItem | ManualItem
    cells: tuple[InspectionCell | None, ...]

    def count(self, result: InspectionResult) -> int:
        """How many days came to this result."""
        return sum(cell is not None and cell.result is result for cell in self.cells)

    @property
    def due(self) -> int:
        """How many days were to be inspected."""
        return sum(cell is not None for cell in self.cells)

    @property
    def done(self) -> float | None:
        """The share of these that were; None where there were none."""
        return (
            (self.due - self.count(InspectionResult.NOT_INSPECTED)) / self.due if self.due else None
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionSheet:
    """The sheet of a month, for one system. The same samples and rules give an equal sheet."""

    period: Period
    cut_ms: int
    """Only days that were over at this moment have cells."""
    coverage: float
    """Percent of the values of a day that count as an inspection, unless an item says other."""
    rows: tuple[InspectionRow, ...]
    omitted: tuple[InspectionItem, ...] = ()
    """Optional items whose metrics have never had data."""
    manual: tuple[tuple[ManualItem, tuple[InspectionEntry, ...]], ...] = ()
    """What people inspect less often than daily, with what they found this month."""
    days_off: tuple[date, ...] = ()
    system: str = ""

    def count(self, result: InspectionResult) -> int:
        """How many cells came to this result."""
        return sum(row.count(result) for row in self.rows)

    @property
    def marked(self) -> int:
        """How many of the normal cells are marked."""
        return sum(cell is not None and cell.marked for row in self.rows for cell in row.cells)

    @property
    def due(self) -> int:
        """How many cells there are."""
        return sum(row.due for row in self.rows)

    @property
    def state(self) -> State:
        """The worst of the sheet as a state; unknown where nothing was due."""
        if self.count(InspectionResult.ABNORMAL):
            return State.CRITICAL
        if self.count(InspectionResult.NOT_INSPECTED) or not self.due:
            return State.UNKNOWN
        return State.WARNING if self.marked else State.OK


def inspect_month(  # noqa: PLR0913 - what is read, by which rules, and for whom
    source: Source,
    catalogue: Catalogue,
    items: InspectionItems,
    period: Period,
    now_ms: int,
    *,
    entries: Sequence[InspectionEntry] = (),
    since: date | None = None,
    days_off: tuple[date, ...] = (),
    system: str = "",
    accepts: Accepts = lambda _: True,
    progress: Progress = ignore_progress,
) -> InspectionSheet:
    """Inspect every item on every day of the month that is over.

    Args:
        source: answers the queries.
        catalogue: what the metrics are, and their thresholds.
        items: what is inspected.
        period: the month.
        now_ms: which days are over.
        entries: what people wrote for this month.
        since: the first day that is due; None for all.
        days_off: days that are shaded, and inspected all the same.
        system: its name; empty where all targets are inspected.
        accepts: which series belong to the system.
        progress: called with how many of how many days are read.

    Raises:
        SourceError: the source failed.
    """
    days = tuple(period.days())
    cut_ms = min(now_ms, period.end_ms)
    inventory = take_inventory(ask_for(source, "inventory"), cut_ms)
    shown = [item for item in items.items if _has_ever_had_data(item, catalogue, inventory)]
    reader = _Reader(source, catalogue, inventory, accepts, items.coverage)
    reader.note_series(shown, period)
    due_days = [_find_due_day(day, cut_ms, since) for day in days]
    columns = list(reader.inspect_days(shown, days, due_days, entries, progress))
    return InspectionSheet(
        period=period,
        cut_ms=cut_ms,
        coverage=items.coverage,
        rows=(*_build_rows(shown, columns), *_inspect_by_hand(items, due_days, entries)),
        omitted=tuple(item for item in items.items if item not in shown),
        days_off=days_off,
        system=system,
        manual=_list_manual(items, entries),
    )


def _find_due_day(day: Period, cut_ms: int, since: date | None) -> date | None:
    """The date of a day that is over and due; None for another."""
    is_due = day.end_ms <= cut_ms and (since is None or day.first_day >= since)
    return day.first_day if is_due else None


def _build_rows(
    items: Sequence[InspectionItem], columns: Sequence[Mapping[str, InspectionCell]]
) -> Iterator[InspectionRow]:
    for item in items:
        yield InspectionRow(item, tuple(column.get(item.id) for column in columns))


def _list_manual(
    items: InspectionItems, entries: Sequence[InspectionEntry]
) -> tuple[tuple[ManualItem, tuple[InspectionEntry, ...]], ...]:
    """What people inspect less often than daily, with what they wrote."""
    return tuple(
        (item, _select(entries, item.id))
        for item in items.manual
        if item.cycle is not InspectionCycle.DAILY
    )


def _inspect_by_hand(
    items: InspectionItems, days: Sequence[date | None], entries: Sequence[InspectionEntry]
) -> Iterator[InspectionRow]:
    """The rows of what people inspect every day; None for a day that is not due."""
    for item in items.manual:
        if item.cycle is InspectionCycle.DAILY:
            cells = (
                None if day is None else _judge_by_hand(day, _select(entries, item.id, day))
                for day in days
            )
            yield InspectionRow(item, tuple(cells))


def _has_ever_had_data(item: InspectionItem, catalogue: Catalogue, inventory: Inventory) -> bool:
    """Whether an item is shown: one that is not optional always is."""
    metrics = (catalogue.get(name) for name in (*item.metrics, *item.also))
    return not item.optional or any(
        inventory.may_have_answer(query.expression("5m"))
        for metric in metrics
        if metric is not None
        for query in metric.queries
    )


def _select(
    entries: Sequence[InspectionEntry], item: str, day: date | None = None
) -> tuple[InspectionEntry, ...]:
    return tuple(e for e in entries if e.item == item and day in (None, e.day))


def _judge_by_hand(day: date, entries: tuple[InspectionEntry, ...]) -> InspectionCell | None:
    """The last entry of a day counts; no cell where the item did not apply then."""
    last = entries[-1].result if entries else None
    if last is ManualResult.NOT_APPLICABLE:
        return None
    result = InspectionResult.NOT_INSPECTED if last is None else InspectionResult[last.name]
    return InspectionCell(day=day, result=result, entries=entries)


SeenSeries: TypeAlias = "tuple[str, Labels]"
"""A metric, and the labels by which one of its series is the same from day to day."""


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads day by day, in the order of time, and knows which series have reported so far."""

    source: Source
    catalogue: Catalogue
    inventory: Inventory
    accepts: Accepts
    coverage: float
    first_ms: dict[SeenSeries, int] = field(default_factory=dict)
    """The first step with a value."""

    def note_series(self, items: Sequence[InspectionItem], period: Period) -> None:
        """Expect from the first day on what reported on the day before the month."""
        *_, day = period.previous().days()
        for name in dict.fromkeys(name for item in items for name in item.metrics):
            self.check(name, day, self.coverage, required=True)

    def inspect_days(
        self,
        items: Sequence[InspectionItem],
        days: Sequence[Period],
        due_days: Sequence[date | None],
        entries: Sequence[InspectionEntry],
        progress: Progress,
    ) -> Iterator[Mapping[str, InspectionCell]]:
        """The cells of each day by their items; none of a day that is not due."""
        for done, (day, due_day) in enumerate(zip(days, due_days, strict=True), 1):
            yield {} if due_day is None else self.inspect_day(items, day, entries)
            progress(done, len(days))

    def inspect_day(
        self, items: Sequence[InspectionItem], day: Period, entries: Sequence[InspectionEntry]
    ) -> dict[str, InspectionCell]:
        """The cells of a day, by the ids of their items."""
        cells: dict[str, InspectionCell] = {}
        for item in items:
            rule = self.coverage if item.coverage is None else item.coverage
            checks = (
                *(self.check(name, day, rule, required=True) for name in item.metrics),
                *(self.check(name, day, rule, required=False) for name in item.also),
            )
            result, marked = decide(item, checks)
            cells[item.id] = InspectionCell(
                day=day.first_day,
                result=result,
                marked=marked,
                checks=checks,
                entries=_select(entries, item.id, day.first_day),
            )
        return cells

    def check(self, name: str, day: Period, rule: float, *, required: bool) -> MetricCheck:
        """One metric on one day."""
        window = Window(day.start_ms, day.end_ms)
        blank = MetricCheck(
            metric=name,
            required=required,
            start_ms=window.start_ms,
            end_ms=window.end_ms,
            step_ms=window.step_ms,
            expected=window.steps,
        )
        metric = self.catalogue.get(name)
        if metric is None:
            return replace(blank, reason=CheckReason.NO_METRIC)
        if metric.thresholds is None:
            return replace(blank, reason=CheckReason.NOT_JUDGED)
        asking = ask_for(self.source, metric.id)
        try:
            data = read_series(asking, metric, window.t_ms, window.step_ms, self.inventory)
        except QueryError:
            return replace(blank, thresholds=metric.thresholds, reason=CheckReason.NOT_READ)
        lead, judged = read_lead(asking, data, metric.thresholds, window, self.inventory)
        breaches = find_metric_breaches(judged, window.step_ms, lead)
        read = replace(blank, thresholds=metric.thresholds)
        return self._judge(read, metric, data, breaches, rule)

    def _judge(
        self,
        blank: MetricCheck,
        metric: Metric,
        data: MetricData,
        breaches: Sequence[tuple[Breach, ...] | None],
        rule: float,
    ) -> MetricCheck:
        matrix = data.matrix
        values = np.where(matrix.present, matrix.values, np.nan)
        seen = ~np.isnan(values)
        rows = [
            row
            for row, labels in enumerate(matrix.series)
            if seen[row].any() and self.accepts(labels)
        ]
        series = [_Series(matrix.series[row], values[row], breaches[row]) for row in rows]
        shares = self._measure_coverage(metric, blank, series)
        missing = tuple(name for name, share in shares.items() if share * 100 < rule)
        together = float(seen[rows].any(axis=0).mean()) if rows else 0.0
        judged = [one for one in series if one.breaches is not None]
        worst = max(judged, key=lambda one: one.rank(metric.direction), default=None)
        reason = _find_reason(data, series, worst, is_enough=together * 100 >= rule)
        if reason is None and missing:
            reason = CheckReason.SERIES_MISSING
        used = {data.queries[row].promql for row in rows}
        return replace(
            blank,
            queries=tuple(
                (exporter, expression)
                for (exporter, expression), (query, _) in zip(
                    data.expressions, groupby(data.queries), strict=True
                )
                if query.promql in used
            ),
            series=len(rows),
            samples=int(seen[rows].sum()),
            expected=max(blank.expected, self._count_expected(metric, blank)),
            coverage=min((together, *shares.values())),
            missing=missing,
            state=State.UNKNOWN if worst is None else worst.state,
            decided_by=None if worst is None else worst.find_deciding(metric, matrix.t_ms),
            reason=reason,
            digest=digest_values(blank, series),
        )

    def _measure_coverage(
        self, metric: Metric, day: MetricCheck, series: Sequence[_Series]
    ) -> dict[str, float]:
        """The share of its values that each series has which reported so far, by its name."""
        seen: dict[Labels, Mask] = {}
        for one in series:
            own = one.labels.keep((SOURCE, *metric.labels))
            seen[own] = seen.get(own, False) | ~np.isnan(one.values)
        for own, steps in seen.items():
            first_ms = day.start_ms + day.step_ms * (1 + int(steps.argmax()))
            self.first_ms.setdefault((metric.id, own), first_ms)
        return {
            name_series(own): float(seen[own].sum()) / expected if own in seen else 0.0
            for own, expected in self._list_expected(metric, day)
        }

    def _count_expected(self, metric: Metric, day: MetricCheck) -> int:
        return sum(expected for _, expected in self._list_expected(metric, day))

    def _list_expected(self, metric: Metric, day: MetricCheck) -> Iterator[tuple[Labels, int]]:
        """The series that have reported so far, each with its number of steps of the day."""
        for (name, labels), first_ms in self.first_ms.items():
            if name == metric.id and not is_removed(labels, self.catalogue.removed):
                start_ms = max(day.start_ms, first_ms - day.step_ms)
                yield labels, (day.end_ms - start_ms) // day.step_ms


@dataclass(frozen=True, slots=True)
class _Series:
    """One series on one day; `values` has shape (steps,), NaN where there is none."""

    labels: Labels
    values: Values
    breaches: tuple[Breach, ...] | None
    """None for a series that is not judged."""

    @property
    def state(self) -> State:
        return find_gravest_state(self.breaches or ())

    def rank(self, direction: Direction) -> tuple[float, float]:
        """How badly off it is: its state, then its worst value."""
        sign = -1 if direction is Direction.LOWER_IS_WORSE else 1
        return self.state.severity, float(np.nanmax(sign * self.values))

    def find_deciding(self, metric: Metric, t_ms: Times) -> DecidingValue:
        """The peak of the gravest breach that was firing; without one the worst of all values."""
        sign = -1 if metric.direction is Direction.LOWER_IS_WORSE else 1
        name = name_series(self.labels.keep((SOURCE, *metric.labels)))
        firing = [breach for breach in self.breaches or () if not breach.is_pending]
        if firing:
            gravest = max(firing, key=lambda breach: (breach.severity, sign * breach.peak))
            lasted_ms = sum(breach.duration_ms for breach in firing)
            return DecidingValue(str(self.labels), name, gravest.peak, gravest.peak_ms, lasted_ms)
        at = int(np.nanargmax(sign * self.values))
        return DecidingValue(str(self.labels), name, float(self.values[at]), int(t_ms[at]))


def _find_reason(
    data: MetricData, series: Sequence[_Series], worst: _Series | None, *, is_enough: bool
) -> CheckReason | None:
    """Why a metric as a whole does not count as inspected, the gravest reason first."""
    if data.missing:
        return CheckReason.NOT_READ
    if not series:
        return CheckReason.NO_DATA
    if worst is None:
        return CheckReason.NOT_JUDGED
    return None if is_enough else CheckReason.LOW_COVERAGE


def decide(item: InspectionItem, checks: Sequence[MetricCheck]) -> tuple[InspectionResult, bool]:
    """The result of an item on a day by its checks, and whether a normal one is marked."""
    if any(one.state.severity >= _abnormal_from(item, one) for one in checks):
        return InspectionResult.ABNORMAL, False
    if any(one.reason is not None for one in checks if one.required):
        return InspectionResult.NOT_INSPECTED, False
    return InspectionResult.NORMAL, any(one.state.severity >= Severity.WARNING for one in checks)


def _abnormal_from(item: InspectionItem, check: MetricCheck) -> Severity:
    """The severity from which a check is abnormal: the item's, or the gravest of the metric."""
    has_critical = check.thresholds is not None and check.thresholds.critical is not None
    return (
        Severity.CRITICAL
        if item.abnormal_from is AbnormalFrom.CRITICAL and has_critical
        else (Severity.WARNING)
    )


def digest_values(day: MetricCheck, series: Sequence[_Series]) -> str:
    """SHA-256 over a day's series, the times of their values and these, in a fixed order."""
    digest = hashlib.sha256(f"{day.start_ms} {day.end_ms} {day.step_ms}".encode())
    for one in sorted(series, key=lambda one: one.labels.pairs):
        digest.update(f"\n{one.labels}\n".encode())
        # Every NaN is written alike.
        digest.update(np.where(np.isnan(one.values), np.nan, one.values).astype("<f8").tobytes())
    return digest.hexdigest() if series else ""
