"""User sessions over the period: how many at a time by day, on working days and days off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.errors import JipyoError
from jipyo.reports.document import (
    Block,
    Charts,
    Day,
    Heading,
    Note,
    Quantity,
    Table,
    phrase,
)
from jipyo.reports.sections.metric_charts import build_day_bars, find_ghost_days, list_days
from jipyo.reports.sections.metric_findings import build_metric_finding
from jipyo.reports.sections.metric_rows import build_metric_table
from jipyo.reports.sections.metric_section import (
    MetricSection,
    build_missing_note,
    keep_together,
    list_section_rows,
)
from jipyo.reports.tables import TableColumn, build_heads, build_row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from jipyo.analysis.summary import DayFigures
    from jipyo.reports.inputs import ReportInputs
    from jipyo.reports.sections.metric_rows import SectionRow

_ACTIVE = "app.sessions.active"
_SESSIONS = MetricSection(
    id="sessions", metrics=(_ACTIVE, "app.sessions.started"), drawn=(), most=3
)
_FRIDAY = 4


@dataclass(frozen=True, slots=True)
class DayKind:
    """Days of a kind, working days or days off, and the sessions on them."""

    key: str
    days: int
    mean: float
    greatest: float
    on: date
    """The day with the greatest number."""


def build_sessions(inputs: ReportInputs) -> Iterator[Block]:
    """Sessions at a time as metrics have them, and sessions in all as logs do."""
    yield Heading(_SESSIONS.id, phrase(f"reports.section.{_SESSIONS.id}"))
    rows, from_logs = (
        list_section_rows(inputs.data, _SESSIONS),
        tuple(describe_log_sessions(inputs)),
    )
    if not rows:
        yield from from_logs or build_missing_note(inputs, _SESSIONS.metrics)
        return
    kind = inputs.period.kind
    yield from keep_together(
        build_metric_finding(rows, kind),
        draw_sessions(inputs, rows),
        [build_metric_table(_SESSIONS.id, rows, kind), *build_day_kinds(inputs, rows)],
        [*from_logs, *build_missing_note(inputs, _SESSIONS.metrics)],
    )


def find_active_days(rows: Sequence[SectionRow]) -> tuple[SectionRow, DayFigures] | None:
    """The sessions at a time on each of several days; None where there are not several."""
    row = rows[0]
    days = row.series.days
    is_active = row.entry.metric.id == _ACTIVE
    return (row, days) if is_active and days is not None and len(days.worst) > 1 else None


def draw_sessions(inputs: ReportInputs, rows: Sequence[SectionRow]) -> Iterator[Charts]:
    """A bar for the most sessions at a time of each day."""
    found = find_active_days(rows)
    if found is not None:
        row, days = found
        how = phrase("chapters.drawn.day.greatest")
        yield Charts(
            (build_day_bars(row, days.worst, inputs, how, find_ghost_days(row)),), columns=1
        )


def build_day_kinds(inputs: ReportInputs, rows: Sequence[SectionRow]) -> Iterator[Table]:
    """Working days beside days off, where the period has both."""
    found = find_active_days(rows)
    kinds = () if found is None else list_day_kinds(inputs, found[1])
    if len(kinds) > 1:
        yield Table(
            id="session-days",
            caption=phrase("chapters.caption.session_days"),
            columns=build_heads(DAY_COLUMNS),
            rows=tuple(build_row(DAY_COLUMNS, one) for one in kinds),
            wide=True,
        )


def list_day_kinds(inputs: ReportInputs, figures: DayFigures) -> tuple[DayKind, ...]:
    """Those kinds of days that the period has with data; a day counts by its coverage."""
    days = list_days(inputs.data)
    is_off = np.array([is_day_off(day, inputs) for day in days])
    known = np.isfinite(figures.mean) & (figures.coverage > 0)
    kinds: list[DayKind] = []
    for key, chosen in (("working", known & ~is_off), ("off", known & is_off)):
        if chosen.any():
            mean = np.average(figures.mean[chosen], weights=figures.coverage[chosen])
            at = int(np.flatnonzero(chosen)[figures.worst[chosen].argmax()])
            kinds.append(
                DayKind(key, int(chosen.sum()), float(mean), float(figures.worst[at]), days[at])
            )
    return tuple(kinds)


def is_day_off(day: date, inputs: ReportInputs) -> bool:
    """Whether it is a weekend, or one of the days off that are known."""
    return day.weekday() > _FRIDAY or day in inputs.days_off


DAY_COLUMNS: tuple[TableColumn[DayKind], ...] = (
    TableColumn("day_kind", lambda one: phrase(f"chapters.days.{one.key}"), numeric=False),
    TableColumn("days", lambda one: one.days),
    TableColumn("sessions_mean", lambda one: Quantity(one.mean, "count")),
    TableColumn("sessions_most", lambda one: Quantity(one.greatest, "count")),
    TableColumn("most_on", lambda one: Day(one.on, short=True), numeric=False),
)


def describe_log_sessions(inputs: ReportInputs) -> Iterator[Note]:
    """How many sessions and visitors the access logs have, service by service."""
    logs = inputs.logs
    if logs is None or isinstance(logs, JipyoError):
        return
    for visits in logs.visits.services[: _SESSIONS.most]:
        summary = visits.summary
        yield Note(
            phrase(
                "chapters.sessions.logs",
                service=visits.service,
                sessions=summary.sessions,
                visitors=summary.visitors,
            )
        )
