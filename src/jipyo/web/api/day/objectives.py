"""The metrics of which something is promised: state, value, course, and the week before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.catalogue import Origin, Unit
from jipyo.catalogue.metric import Compare
from jipyo.reports.wording import format_change
from jipyo.web.api.day.context import DayContext, Numbers, StateWord, list_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.analysis.health import MetricHealth
    from jipyo.catalogue import Metric, Objective


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveCell:
    """A metric of which something is promised."""

    metric: str
    name: str
    state: StateWord
    value: float | None
    text: str
    """The value with its unit, or that there is no data."""
    note: str
    """How far it is from firing, or since when it no longer reports; empty for neither."""
    objective: float
    objective_text: str
    """What is promised, or how high it came where that is no lower limit of every hour."""
    change_text: str
    """Against the same hour a week ago; empty without data of it."""
    values: Numbers
    """The worst of each column of the day."""


def build_objectives(
    metrics: Sequence[MetricHealth], context: DayContext
) -> tuple[ObjectiveCell, ...]:
    """A cell for each objective of the specification, and for each of the site with data."""
    return tuple(_build_cell(one, context) for one in list_promised(metrics))


def list_promised(metrics: Sequence[MetricHealth]) -> list[MetricHealth]:
    """Those with an objective: of the specification first, and upper limits before lower ones.

    An objective of the site without data is left out.
    """

    def order(one: MetricHealth) -> tuple[bool, bool]:
        objective = find_objective(one.metric)
        return objective.origin is Origin.SITE, objective.compare is Compare.AT_LEAST

    promised = [one for one in metrics if one.metric.objective is not None]
    shown = [
        one
        for one in promised
        if find_objective(one.metric).origin is not Origin.SITE or not one.is_absent
    ]
    return sorted(shown, key=order)


def find_objective(metric: Metric) -> Objective:
    """The objective of a metric that has one."""
    assert metric.objective is not None, f"BUG: {metric.id} has no objective"
    return metric.objective


def _name_state(health: MetricHealth) -> StateWord:
    if health.is_absent:
        return "noData"
    if health.judged:
        return health.state.value
    return "neutral" if health.value is not None else "unknown"


def _build_cell(health: MetricHealth, context: DayContext) -> ObjectiveCell:
    metric, unit, t = health.metric, health.metric.unit.value, context.t
    course = None if context.day is None else context.day.metrics.get(metric.id)
    whole = None if course is None else course.whole
    values = list_numbers(whole)
    before = None if whole is None else whole.week_ago
    change = format_change(health.value, before, unit, t)
    return ObjectiveCell(
        metric=metric.id,
        name=metric.name(t.lang),
        state=_name_state(health),
        value=health.value,
        text=t.number(health.value, unit),
        note=_describe_note(health, context),
        objective=find_objective(metric).value,
        objective_text=_describe_objective(metric, values, context),
        change_text=t("overview.week", delta=change) if change else "",
        values=values,
    )


def _describe_note(health: MetricHealth, context: DayContext) -> str:
    t, pending = context.t, health.pending
    if pending is not None:
        elapsed, span = t.span(pending.elapsed_ms), t.span(pending.for_ms)
        return t("overview.elapsed", elapsed=elapsed, span=span)
    if health.value is None and health.since_ms is not None:
        return t("overview.gone_since", moment=context.name_moment(health.since_ms))
    return ""


def _describe_objective(metric: Metric, values: Numbers, context: DayContext) -> str:
    t, unit, objective = context.t, metric.unit.value, find_objective(metric)
    limit = t.number(objective.value, unit)
    if objective.compare is Compare.AT_MOST:
        kind = "within" if metric.unit is Unit.SECONDS else "most"
        return t(f"overview.objective.{kind}", limit=limit)
    peak = max((one for one in values if one is not None), default=None)
    if metric.thresholds is None and peak is not None:
        return t("overview.peak", value=t.number(peak, unit))
    return t("overview.objective.least", limit=limit)
