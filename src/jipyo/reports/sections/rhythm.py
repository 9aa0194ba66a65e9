"""When the load comes: means by local weekday and hour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.thresholds import State
from jipyo.model.calendar import local_time
from jipyo.reports.document import (
    Block,
    BlockGroup,
    Duration,
    Finding,
    Heading,
    Inline,
    Phrase,
    Quantity,
    Share,
    Subject,
    Table,
    WeekHeatMap,
    phrase,
)
from jipyo.reports.sections.metric_rows import find_entries
from jipyo.reports.tables import TableColumn, build_heads, build_row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.model.sample import Values
    from jipyo.reports.data import ReportMetric
    from jipyo.reports.inputs import ReportInputs

_SHOWN = ("app.throughput", "system.cpu.utilization")
_HOUR_MS = 3_600_000
_DAYS, _HOURS = 7, 24
_SATURDAY = 5
_OPEN, _CLOSE = 9, 18
_LEAST_CELLS = 84
"""Half of a week: less shows no weekly rhythm."""


@dataclass(frozen=True, slots=True, eq=False)
class Rhythm:
    """A series by weekday and hour."""

    entry: ReportMetric
    values: Values
    """Means of shape (7, 24), Monday first; NaN where no such hour was seen."""
    hours: int
    """Hours that these rest on."""

    @property
    def subject(self) -> Subject:
        """The metric, and which of its series."""
        return self.entry.subject(self.entry.now.headline)

    def quantity(self, value: float) -> Quantity:
        """A value with the metric's unit."""
        return Quantity(value, self.entry.metric.unit.value)

    @property
    def most(self) -> tuple[int, int]:
        """Weekday and hour of the greatest mean."""
        return divmod(int(np.nanargmax(self.values)), _HOURS)

    @property
    def least(self) -> tuple[int, int]:
        """Weekday and hour of the least."""
        return divmod(int(np.nanargmin(self.values)), _HOURS)

    def mean(self, days: slice, hours: slice) -> Inline:
        """The mean of some cells; None where all of them are empty."""
        cells = self.values[days, hours]
        return self.quantity(float(np.nanmean(cells))) if np.isfinite(cells).any() else None


def build_rhythm(inputs: ReportInputs) -> Iterator[Block]:
    """A heat map each for requests and CPU, where the period has most hours of a week."""
    entries = find_entries(inputs.data, _SHOWN)
    found = [one for one in (find_rhythm(entry, inputs) for entry in entries) if one is not None]
    if not found:
        return
    yield Heading("rhythm", phrase("reports.section.rhythm"))
    table = Table(
        id="rhythm",
        caption=phrase("chapters.caption.rhythm"),
        columns=build_heads(RHYTHM_COLUMNS),
        rows=tuple(build_row(RHYTHM_COLUMNS, one) for one in found),
    )
    first, *others = map(build_week_heat_map, found)
    yield BlockGroup((build_rhythm_finding(found[0]), first))
    yield from others
    yield table


def find_rhythm(entry: ReportMetric, inputs: ReportInputs) -> Rhythm | None:
    """The hourly means of the metric's headline by weekday and hour; None of too few hours.

    Public holidays are left out: they are no day of the week.
    """
    hours = entry.now.headline.hours
    if hours is None:
        return None
    start_ms = entry.now.window.start_ms
    sums, counts = np.zeros((_DAYS, _HOURS)), np.zeros((_DAYS, _HOURS))
    for at in np.flatnonzero(np.isfinite(hours)).tolist():
        local = local_time(start_ms + at * _HOUR_MS, inputs.zone)
        day = local.date()
        if day.weekday() >= _SATURDAY or day not in inputs.days_off:
            sums[day.weekday(), local.hour] += hours[at]
            counts[day.weekday(), local.hour] += 1
    if (counts > 0).sum() < _LEAST_CELLS:
        return None
    means = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    return Rhythm(entry, means, int(counts.sum()))


def build_rhythm_finding(rhythm: Rhythm) -> Finding:
    """When there is most and when least, and how much."""
    return Finding(
        State.UNKNOWN,
        phrase(
            "chapters.rhythm",
            subject=rhythm.subject,
            most_at=describe_hour(*rhythm.most),
            most=rhythm.quantity(float(rhythm.values[rhythm.most])),
            least_at=describe_hour(*rhythm.least),
            least=rhythm.quantity(float(rhythm.values[rhythm.least])),
        ),
        (),
        phrase(
            "reports.basis",
            exporter=rhythm.entry.now.headline.exporter,
            step=Duration(_HOUR_MS),
            samples=rhythm.hours,
            coverage=Share(rhythm.entry.now.headline.coverage),
        ),
        phrase("chapters.not_judged"),
    )


def describe_hour(weekday: int, hour: int) -> Phrase:
    """An hour of a weekday, in local time."""
    return phrase("chapters.hour", weekday=phrase(f"reports.weekday.{weekday}"), hour=f"{hour:02}")


def build_week_heat_map(rhythm: Rhythm) -> WeekHeatMap:
    """Its cells, the lightest for nothing at all."""
    greatest = float(np.nanmax(rhythm.values))
    return WeekHeatMap(
        id=f"week-{rhythm.entry.metric.id.replace('.', '-')}",
        title=rhythm.subject,
        unit=rhythm.entry.metric.unit.value,
        values=rhythm.values,
        low=0.0,
        high=greatest if greatest > 0 else 1.0,
    )


def _show_most(rhythm: Rhythm) -> Inline:
    return rhythm.quantity(float(rhythm.values[rhythm.most]))


def _show_least(rhythm: Rhythm) -> Inline:
    return rhythm.quantity(float(rhythm.values[rhythm.least]))


RHYTHM_COLUMNS: tuple[TableColumn[Rhythm], ...] = (
    TableColumn("metric", lambda one: one.subject, numeric=False),
    TableColumn("busiest_hour", lambda one: describe_hour(*one.most), numeric=False),
    TableColumn("hour_mean", _show_most),
    TableColumn("quietest_hour", lambda one: describe_hour(*one.least), numeric=False),
    TableColumn("hour_mean", _show_least),
    TableColumn("office_mean", lambda one: one.mean(slice(0, 5), slice(_OPEN, _CLOSE))),
    TableColumn("weekend_mean", lambda one: one.mean(slice(5, 7), slice(None))),
)
