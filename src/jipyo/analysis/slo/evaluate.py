"""Objectives over a period: what a source has counted -> compliance, budget, burn rates."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.objectives import Result
from jipyo.analysis.series_names import name_series_apart
from jipyo.analysis.slo.budget import (
    DAY_MS,
    compute_budget,
    list_burn_rates,
    predict_exhaustion,
)
from jipyo.analysis.slo.counts import SloCounts, SloTally
from jipyo.analysis.slo.derive import count_buckets, name_histogram
from jipyo.analysis.slo.objective import (
    MINUTE_MS,
    LatencyIndicator,
    RatioIndicator,
    TimeIndicator,
    WithoutCounts,
)
from jipyo.analysis.slo.read import COARSE_MS, CountRows, make_plan
from jipyo.analysis.slo.result import Refusal, RefusalReason, SloResult
from jipyo.catalogue import SERVER
from jipyo.model.duration import format_duration
from jipyo.model.errors import QueryError, QueryErrorKind
from jipyo.model.labels import EMPTY, METRIC_NAME
from jipyo.source.inventory import take_inventory
from jipyo.source.routing import SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from zoneinfo import ZoneInfo

    from jipyo.analysis.slo.objective import Indicator, Naming, ServiceLevelObjective
    from jipyo.analysis.slo.read import CountPlan, CountReader
    from jipyo.model.calendar import Period
    from jipyo.model.errors import JipyoError
    from jipyo.model.labels import Labels
    from jipyo.source.inventory import Inventory

_LE = "le"


@dataclass(frozen=True, slots=True)
class _Found:
    """What an indicator has of one target: counts, or why there are none."""

    indicator: Indicator
    counts: SloCounts | None = None
    refusal: Refusal | None = None
    expressions: Mapping[str, str] | None = None
    estimated: bool = False
    missing: tuple[JipyoError, ...] = ()


def evaluate_levels(
    reader: CountReader,
    objectives: Iterable[ServiceLevelObjective],
    now_ms: int,
    zone: ZoneInfo,
    *,
    previous: bool = False,
    closing: bool = False,
) -> tuple[SloResult, ...]:
    """The result of each objective for each of its targets, in the order of the objectives.

    Args:
        reader: of the source.
        objectives: what is promised.
        now_ms: the moment; at midnight of the 1st a month's budget is full.
        zone: of the calendar periods.
        previous: evaluate the whole period before the one of the moment instead.
        closing: at the moment at which a period ends and the next begins, the one that ends.

    Raises:
        SourceError: the source failed.
        QueryError: the caller has left.
    """
    inventory = take_inventory(reader.source, now_ms)
    results: list[SloResult] = []
    for objective in objectives:
        is_closing = closing and not objective.period.rolling_ms
        period = objective.period.find(now_ms - is_closing, zone)
        if previous:
            period = period.previous()
        results += SloEvaluator(reader, inventory, period, now_ms).evaluate(objective)
    return tuple(results)


@dataclass(frozen=True, slots=True)
class SloEvaluator:
    """Evaluates objectives over one source in a period."""

    reader: CountReader
    inventory: Inventory
    period: Period
    now_ms: int
    """The period is counted up to here, at most to its end."""

    def evaluate(self, objective: ServiceLevelObjective) -> tuple[SloResult, ...]:
        """The result for each target; one that says why where there is none.

        Raises:
            SourceError: the source failed.
            QueryError: the caller has left.
        """
        found = self._find(objective, MINUTE_MS)
        fine_ms = MINUTE_MS
        if any(one.estimated for one in found.values()):
            fine_ms = COARSE_MS
            found = self._find(objective, fine_ms)
        if not found:
            refusal = Refusal(RefusalReason.NO_DATA)
            found = {EMPTY: _Found(objective.indicators[0], refusal=refusal)}
        series = sorted(found)
        names = name_series_apart(series) if len(series) > 1 else ("",)
        return tuple(
            self._build(objective, labels, name, found[labels], self._cut(fine_ms))
            for labels, name in zip(series, names, strict=True)
        )

    def _cut(self, fine_ms: int) -> int:
        return min(self.now_ms // fine_ms * fine_ms, self.period.end_ms)

    def _find(self, objective: ServiceLevelObjective, fine_ms: int) -> dict[Labels, _Found]:
        """The counts of each target by the first indicator that has any, else the first refusal."""
        plan = make_plan(self.period.start_ms, self._cut(fine_ms), fine_ms)
        counted: dict[Labels, _Found] = {}
        refused: dict[Labels, _Found] = {}
        for indicator in sorted(objective.indicators, key=lambda one: one.naming.is_fallback):
            covered = {_identify(labels, objective) for labels in counted}
            if indicator.naming.is_fallback and counted:
                break
            if not self._may_have_answer(indicator):
                continue
            for labels, found in self._read(indicator, plan).items():
                if found.counts is None:
                    refused.setdefault(labels, found)
                elif _identify(labels, objective) not in covered:
                    counted[labels] = found
        covered = {_identify(labels, objective) for labels in counted}
        return counted | {
            labels: found
            for labels, found in refused.items()
            if _identify(labels, objective) not in covered
            and not (counted and found.indicator.naming.is_fallback)
        }

    def _may_have_answer(self, indicator: Indicator) -> bool:
        if isinstance(indicator, LatencyIndicator):
            names = (indicator.buckets, name_histogram(indicator.buckets))
            return any(map(self.inventory.may_have_answer, names))
        text = indicator.total if isinstance(indicator, RatioIndicator) else indicator.expr
        return self.inventory.may_have_answer(text.replace("$w", "5m"))

    def _read(self, indicator: Indicator, plan: CountPlan) -> dict[Labels, _Found]:
        try:
            match indicator:
                case RatioIndicator():
                    return self._read_ratio(indicator, plan)
                case LatencyIndicator():
                    return self._read_latency(indicator, plan)
                case TimeIndicator():
                    return self._read_time(indicator, plan)
                case WithoutCounts():
                    return self._find_without_counts(indicator)
        except QueryError as error:
            if error.kind is QueryErrorKind.CANCELED:
                raise
            refusal = Refusal(RefusalReason.UNREADABLE, where=str(error))
            return {EMPTY: _Found(indicator, refusal=refusal, missing=(error,))}

    def _read_ratio(self, indicator: RatioIndicator, plan: CountPlan) -> dict[Labels, _Found]:
        totals = self.reader.read_increases(indicator.total, plan)
        part = self.reader.read_increases(indicator.good or indicator.bad, plan)
        kind = "good" if indicator.good else "bad"
        expressions = {kind: indicator.good or indicator.bad, "total": indicator.total}
        return _count_requests(indicator, plan, totals, part, expressions)

    def _read_latency(self, indicator: LatencyIndicator, plan: CountPlan) -> dict[Labels, _Found]:
        start_ms, end_ms = int(plan.edge_ms[0]), int(plan.edge_ms[-1])
        limit = round(indicator.within_s * indicator.scale, 9)
        layouts = _find_layouts(
            self.reader.source.series([indicator.buckets], start_ms, end_ms), indicator
        )
        refused = {
            _name(by, indicator.naming): _Found(indicator, refusal=refusal)
            for by, layout in layouts.items()
            if (refusal := layout.refuse(limit)) is not None
        }
        if not layouts:
            refused = self._find_native(indicator, start_ms, end_ms)
        if len(refused) >= len(layouts):
            return refused
        within, all_ = (_list_texts(layouts, bound) for bound in (limit, math.inf))
        good, total = count_buckets(indicator.buckets, indicator.by, within, all_)
        counted = _count_requests(
            indicator,
            plan,
            self.reader.read_increases(total, plan),
            self.reader.read_increases(good, plan),
            {"good": good, "total": total},
        )
        return counted | refused

    def _find_native(
        self, indicator: LatencyIndicator, start_ms: int, end_ms: int
    ) -> dict[Labels, _Found]:
        """Whether there is a histogram of the name without buckets of its own."""
        selector = name_histogram(indicator.buckets)
        found = self.reader.source.series([selector], start_ms, end_ms)
        refusal = Refusal(RefusalReason.NATIVE_HISTOGRAM, where=selector)
        return {
            _name(labels.keep((*indicator.by, SOURCE)), indicator.naming): _Found(
                indicator, refusal=refusal
            )
            for labels in found
        }

    def _read_time(self, indicator: TimeIndicator, plan: CountPlan) -> dict[Labels, _Found]:
        rows = self.reader.read_minutes(indicator, plan)
        good_minute = f"({indicator.expr}) {indicator.compare.value} bool {indicator.value:.15g}"
        expressions = {
            "good": f"sum_over_time(({good_minute})[$w:1m])",
            "total": f"count_over_time(({indicator.expr})[$w:1m])",
        }
        found = {}
        for labels, values in rows.by_labels.items():
            good, known = np.nan_to_num(values)
            if known.any():
                counts = SloCounts(plan.edge_ms, good, known - good, plan.minutes - known)
                found[_name(labels, indicator.naming)] = _Found(
                    indicator, counts, None, expressions, missing=rows.missing
                )
        return found

    def _find_without_counts(self, indicator: WithoutCounts) -> dict[Labels, _Found]:
        answer = self.reader.source.instant(indicator.expr, self._cut(MINUTE_MS)).value
        refusal = Refusal(RefusalReason.WITHOUT_COUNTS, where=indicator.naming.exporter)
        return {
            _name(labels, indicator.naming): _Found(indicator, refusal=refusal)
            for labels in getattr(answer, "series", ())
        }

    def _build(
        self,
        objective: ServiceLevelObjective,
        labels: Labels,
        name: str,
        found: _Found,
        cut_ms: int,
    ) -> SloResult:
        result = SloResult(
            objective=objective,
            labels=labels,
            name=name,
            period=self.period,
            cut_ms=cut_ms,
            tally=SloTally(0, 0),
            compliance=None,
            budget=0.0,
            budget_left=None,
            result=Result.UNKNOWN,
            exporter=found.indicator.naming.exporter,
            expressions=_stretch(found.expressions or {}, cut_ms - self.period.start_ms),
            missing=found.missing,
            refusal=found.refusal,
        )
        return result if found.counts is None else _judge(result, found.counts, found.estimated)


def _judge(result: SloResult, counts: SloCounts, estimated: bool) -> SloResult:
    """The result with its figures."""
    objective, period, cut_ms = result.objective, result.period, result.cut_ms
    seen = counts.add_up(period.start_ms, cut_ms)
    budget, tally = compute_budget(objective, seen, period), seen.apply(objective.missing)
    rates = list_burn_rates(objective, counts, cut_ms)
    pace = next(one for one in rates if one.window_ms == DAY_MS)
    is_calendar = objective.period.rolling_ms == 0
    minutes = (cut_ms - period.start_ms) / MINUTE_MS
    is_known = seen.missing < minutes or not minutes
    left = budget.left if is_known or budget.compliance is not None else None
    return replace(
        result,
        tally=tally,
        compliance=None if budget.compliance is None else float(budget.compliance),
        budget=float(budget.allowed),
        budget_left=None if left is None else float(left),
        result=budget.result,
        burn_rates=rates,
        exhausted_ms=predict_exhaustion(objective, budget, tally, pace, (cut_ms, period.end_ms))
        if is_calendar
        else None,
        coverage=1 - seen.missing / minutes if minutes else 0.0,
        estimated=estimated,
    )


def _stretch(expressions: Mapping[str, str], window_ms: int) -> dict[str, str]:
    """The expressions over the whole window, for an instant query at its end."""
    window = format_duration(max(window_ms, MINUTE_MS))
    return {name: text.replace("$w", window) for name, text in expressions.items()}


def _identify(labels: Labels, objective: ServiceLevelObjective) -> Labels:
    return labels.keep((*objective.target_labels, SOURCE))


def _name(labels: Labels, naming: Naming) -> Labels:
    """The labels under the catalogue's names; one that exists already stays."""
    moved = {new: labels[old] for old, new in naming.rename if old in labels and new not in labels}
    named = labels.drop(old for old, _ in naming.rename).put(moved) if moved else labels
    is_sum = not named.drop([SOURCE])
    return named if is_sum or not naming.server else named.put({SERVER: naming.server})


def _count_requests(
    indicator: Indicator,
    plan: CountPlan,
    totals: CountRows,
    part: CountRows,
    expressions: Mapping[str, str],
) -> dict[Labels, _Found]:
    """Good and bad of each series that has a total; a part that is not there is 0."""
    found = {}
    nothing = np.zeros((1, len(plan.minutes)))
    for labels, values in totals.by_labels.items():
        total = np.nan_to_num(values[0])
        some = np.nan_to_num(part.by_labels.get(labels, nothing)[0])
        good, bad = (some, total - some) if "good" in expressions else (total - some, some)
        counts = SloCounts(plan.edge_ms, good, bad, plan.find_missing(~np.isnan(values[0])))
        found[_name(labels, indicator.naming)] = _Found(
            indicator,
            counts,
            None,
            expressions,
            totals.estimated or part.estimated,
            tuple(dict.fromkeys((*totals.missing, *part.missing))),
        )
    return found


@dataclass(frozen=True, slots=True)
class _Layouts:
    """The bucket boundaries of the histograms that are counted together."""

    by_series: Mapping[Labels, Mapping[str, float]]
    """Of each histogram: the texts of `le`, and what they are."""
    scale: float

    def refuse(self, bound: float) -> Refusal | None:
        """Why these cannot be counted: the histogram that lacks the boundary or its end."""
        for labels, layout in self.by_series.items():
            bounds = sorted(layout.values())
            if bound in bounds and math.inf in bounds:
                continue
            below = max((one for one in bounds if one < bound), default=None)
            above = min((one for one in bounds if bound < one < math.inf), default=None)
            return Refusal(
                RefusalReason.NO_EDGE,
                None if below is None else below / self.scale,
                None if above is None else above / self.scale,
                str(labels),
            )
        return None


def _list_texts(layouts: Mapping[Labels, _Layouts], bound: float) -> list[str]:
    """How a boundary is written, in all of them."""
    each = (layout for group in layouts.values() for layout in group.by_series.values())
    return sorted({text for layout in each for text, value in layout.items() if value == bound})


def _find_layouts(series: Iterable[Labels], indicator: LatencyIndicator) -> dict[Labels, _Layouts]:
    """The layouts of the histograms by what they are counted by."""
    found: dict[Labels, dict[Labels, dict[str, float]]] = {}
    for labels in series:
        text = labels.get(_LE, "")
        try:
            bound = float(text)
        except ValueError:
            continue
        by = labels.keep((*indicator.by, SOURCE))
        histogram = labels.drop((_LE, METRIC_NAME))
        found.setdefault(by, {}).setdefault(histogram, {})[text] = bound
    return {by: _Layouts(layouts, indicator.scale) for by, layouts in found.items()}
