"""At which load a service breaks its objective, or why that is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.capacity import wording
from jipyo.analysis.capacity.answer import TargetVerdict
from jipyo.analysis.regular_series import HOUR_MS
from jipyo.analysis.thresholds import State
from jipyo.reports.document import (
    Badge,
    Block,
    Charts,
    Duration,
    Finding,
    Heading,
    Inline,
    LoadCurve,
    Moment,
    Note,
    Phrase,
    Quantity,
    Subject,
    Table,
    ThresholdLine,
    phrase,
)
from jipyo.reports.sections.levels import say
from jipyo.reports.sections.metric_rows import drop_empty_columns
from jipyo.reports.sections.metric_section import keep_together
from jipyo.reports.tables import TableColumn, build_heads, build_row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jipyo.i18n import Texts
    from jipyo.reports.capacity_data import ServiceCapacity
    from jipyo.reports.inputs import ReportInputs

MOST = 8
"""Services with a row; the rest are counted."""
_RATE = "requests_per_second"
_LEAST_POINTS = 3


def build_capacity(inputs: ReportInputs) -> Iterator[Block]:
    """The answer for the first service with its curve, and a row for each."""
    services = sorted(inputs.capacities, key=lambda one: one.capacity.breaking is None)
    if not services:
        return
    yield Heading("capacity", phrase("reports.section.capacity"))
    yield from keep_together(
        build_capacity_finding(services[0]),
        draw_curve(services[0]),
        [build_capacity_table(services), *build_reason_tables(services)],
        [Note(phrase("chapters.capacity.note"))],
    )


def build_capacity_finding(one: ServiceCapacity) -> Finding:
    """The break with its interval beside the greatest load; else why it is not known."""
    seen = one.capacity.seen
    basis = None
    if seen is not None:
        basis = phrase(
            "chapters.capacity.basis",
            exporter=one.exporter,
            hours=Duration(round(seen.hours) * HOUR_MS),
            start=Moment(seen.begin_ms, dated=True),
            end=Moment(seen.end_ms, dated=True),
        )
    target = () if one.target is None else (say(lambda t: _describe_target(one, t)),)
    state = find_state(one)
    return Finding(state, _describe_break(one), target, basis, _name_state(state))


def _name_state(state: State) -> Phrase | None:
    """That a capacity is not known, where it is not; else the state has its own name."""
    return phrase("chapters.capacity.unknown") if state is State.UNKNOWN else None


def _describe_break(one: ServiceCapacity) -> Phrase:
    breaking, seen = one.capacity.breaking, one.capacity.seen
    objective = say(lambda t: wording.describe_objective(one.capacity.objective, t))
    if breaking is None or seen is None:
        return phrase(
            "chapters.capacity.refused",
            subject=_subject(one),
            objective=objective,
            reason=_show_reason(one),
        )
    return phrase(
        "chapters.capacity.breaks",
        subject=_subject(one),
        objective=objective,
        median=Quantity(breaking.median, _RATE),
        low=Quantity(breaking.low, _RATE),
        high=Quantity(breaking.high, _RATE),
        highest=Quantity(seen.highest_rate, _RATE),
        times=Quantity(breaking.median / seen.highest_rate, "factor"),
    )


def _describe_target(one: ServiceCapacity, t: Texts) -> str:
    assert one.target is not None, "BUG: no target to describe"
    return wording.describe_target(one.target, t)


def find_state(one: ServiceCapacity) -> State:
    """Critical where a specified load is not served, a warning where the break may be passed."""
    breaking, seen = one.capacity.breaking, one.capacity.seen
    if one.target is not None and one.target.verdict is TargetVerdict.NO:
        return State.CRITICAL
    if breaking is None or seen is None:
        return State.UNKNOWN
    if seen.highest_rate >= breaking.low:
        return State.WARNING
    return State.OK


def draw_curve(one: ServiceCapacity) -> Iterator[Charts]:
    """The quantile by load as it was measured, and between which loads the objective breaks."""
    if len(one.loads) < _LEAST_POINTS:
        return
    breaking, limit = one.capacity.breaking, one.capacity.objective.latency_s
    beyond = np.array([] if breaking is None else [breaking.low, breaking.median, breaking.high])
    at_limit = np.full(len(beyond), limit)
    seen = one.capacity.seen
    yield Charts(
        (
            LoadCurve(
                id=f"capacity-{one.metric.id.replace('.', '-')}",
                title=_subject(one),
                unit=one.metric.unit.value,
                load_name=phrase("chapters.capacity.load"),
                load_unit=_RATE,
                loads=one.loads,
                values=one.latencies_s,
                beyond_loads=beyond,
                beyond=at_limit,
                low=at_limit,
                high=at_limit,
                peak=None if seen is None else seen.highest_rate,
                peak_text=None if seen is None else Quantity(seen.highest_rate, _RATE),
                thresholds=(ThresholdLine("objective", limit),),
            ),
        ),
        columns=1,
    )


def _subject(one: ServiceCapacity) -> Subject:
    return Subject(one.metric.name, one.service)


def _show_reason(one: ServiceCapacity) -> Inline:
    refusal = one.capacity.refusal
    return None if refusal is None else say(lambda t: wording.fill_remark(refusal, t))


def _show_interval(one: ServiceCapacity) -> Inline:
    breaking = one.capacity.breaking
    if breaking is None:
        return None
    return phrase(
        "chapters.interval", low=Quantity(breaking.low, _RATE), high=Quantity(breaking.high, _RATE)
    )


def _show_rate(rate: float | None) -> Inline:
    return None if rate is None else Quantity(rate, _RATE)


def _show_times(one: ServiceCapacity) -> Inline:
    breaking, seen = one.capacity.breaking, one.capacity.seen
    if breaking is None or seen is None:
        return None
    return Quantity(breaking.median / seen.highest_rate, "factor")


def _show_target(one: ServiceCapacity) -> Inline:
    if one.target is None:
        return None
    word = phrase(f"chapters.capacity.target.{one.target.verdict.value}")
    return phrase("reports.at", value=Quantity(one.target.rate, _RATE), at=word)


def _show_state(one: ServiceCapacity) -> Badge:
    state = find_state(one)
    return Badge(state, _name_state(state))


CAPACITY_COLUMNS: tuple[TableColumn[ServiceCapacity], ...] = (
    TableColumn("service", _subject, numeric=False),
    TableColumn(
        "objective",
        lambda one: say(lambda t: wording.describe_objective(one.capacity.objective, t)),
        numeric=False,
    ),
    TableColumn(
        "highest_load",
        lambda one: _show_rate(
            None if one.capacity.seen is None else one.capacity.seen.highest_rate
        ),
    ),
    TableColumn(
        "proven_load",
        lambda one: _show_rate(None if one.capacity.proven is None else one.capacity.proven.rate),
    ),
    TableColumn(
        "breaking_load",
        lambda one: _show_rate(
            None if one.capacity.breaking is None else one.capacity.breaking.median
        ),
    ),
    TableColumn("interval_80", _show_interval),
    TableColumn("times_load", _show_times),
    TableColumn("target_load", _show_target),
    TableColumn("state", _show_state, numeric=False),
)


REASON_COLUMNS: tuple[TableColumn[ServiceCapacity], ...] = (
    TableColumn("service", _subject, numeric=False),
    TableColumn("reason", _show_reason, numeric=False),
)


def build_capacity_table(services: Sequence[ServiceCapacity]) -> Table:
    """A row a service that has an answer; of all where none has."""
    answered = [one for one in services if one.capacity.refusal is None]
    return drop_empty_columns(_build_table("capacity", CAPACITY_COLUMNS, answered or services))


def build_reason_tables(services: Sequence[ServiceCapacity]) -> Iterator[Table]:
    """Why services have no answer, where any has none."""
    refused = [one for one in services if one.capacity.refusal is not None]
    if refused:
        yield _build_table("capacity_reasons", REASON_COLUMNS, refused)


def _build_table(
    table_id: str,
    columns: tuple[TableColumn[ServiceCapacity], ...],
    services: Sequence[ServiceCapacity],
) -> Table:
    rows = [build_row(columns, one) for one in services[:MOST]]
    if left := len(services) - len(rows):
        more = phrase("chapters.capacity.more", n=left)
        rows.append((more, *(None,) * (len(columns) - 1)))
    return Table(
        id=table_id,
        caption=phrase(f"chapters.caption.{table_id}"),
        columns=build_heads(columns),
        rows=tuple(rows),
        wide=True,
    )
