"""The capacity answer: evidence gathered, weighed, and refused where it does not suffice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.capacity.answer import Basis, Broken, Capacity, RateInterval, Remark, Seen
from jipyo.analysis.capacity.loads import (
    describe_base,
    find_top_rate,
    is_bound,
    is_closed_loop,
    pool_by_load,
)
from jipyo.analysis.capacity.observed import draw_error_break, draw_latency_break, find_proven
from jipyo.analysis.capacity.queueing import collect_evidence, draw_queues
from jipyo.analysis.capacity.resources import find_first_full, find_limits
from jipyo.analysis.capacity.splits import cut_after_last_change

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from jipyo.analysis.capacity.answer import ProvenLoad, ResourceLimit, Split
    from jipyo.analysis.capacity.history import CapacityObjective, Floats, LoadHistory
    from jipyo.analysis.capacity.loads import LoadBins
    from jipyo.analysis.capacity.resources import FullRate

_FEWEST_IN_WINDOW = 20
"""Requests below which a window's latency is chance."""
_FEWEST_BINS = 6
_FEWEST_HOURS = 36.0
_HOUR_S = 3600.0
_WIDTH = 0.8
"""Of the interval, as a power: on simulated services the posterior's own is too wide."""


@dataclass(frozen=True, slots=True)
class Options:
    """How strict the answer is."""

    most_spread: float = 1.45
    """An answer whose interval's upper end is more times the lower one is refused."""
    most_ahead: float = 2.6
    """An answer that is more times the highest load seen is refused."""


def find_capacity(
    history: LoadHistory,
    objective: CapacityObjective,
    options: Options = Options(),
    seed: int = 0,
) -> Capacity:
    """At which request rate the objective breaks; the same seed gives the same answer."""
    used, splits = cut_after_last_change(history.select(_find_usable(history)))
    seen = _describe_seen(used)
    limits = find_limits(used)
    bins = pool_by_load(used) if seen else None
    proven = find_proven(used, bins, objective) if bins and len(bins.rate) else None
    answer = _Answer(objective, seen, splits, limits, proven, _list_remarks(used, objective))
    if seen is None or bins is None:
        return answer.refuse(Remark("capacity.refused.no_data"))
    short = _find_shortage(used, bins, seen, objective)
    if short is not None:
        return answer.refuse(short)
    random = np.random.default_rng(seed)
    return answer.build(_estimate(used, bins, answer, options, random))


def _find_usable(history: LoadHistory) -> NDArray[np.bool_]:
    """(windows,) whether everything is known of a window, and enough happened."""
    answered = history.buckets.sum(axis=1)
    counts = np.column_stack([history.buckets, history.requests, history.errors])
    known = np.isfinite(counts).all(axis=1) & (counts >= 0).all(axis=1)
    usable: NDArray[np.bool_] = known & (answered >= _FEWEST_IN_WINDOW)
    return usable


def _describe_seen(history: LoadHistory) -> Seen | None:
    n = len(history.t_ms)
    if n == 0:
        return None
    begin = int(history.t_ms[0] - history.window_s * 1000)
    return Seen(
        begin,
        int(history.t_ms[-1]),
        n,
        n * history.window_s / _HOUR_S,
        float(history.requests.sum()),
        find_top_rate(history.rate),
    )


def _list_remarks(history: LoadHistory, objective: CapacityObjective) -> tuple[Remark, ...]:
    if is_bound(history.bounds_s, objective.latency_s):
        return ()
    return (Remark("capacity.remark.interpolated", {"limit": objective.latency_s}),)


def _find_shortage(
    history: LoadHistory, bins: LoadBins, seen: Seen, objective: CapacityObjective
) -> Remark | None:
    """What is missing for any answer."""
    if seen.hours < _FEWEST_HOURS:
        values = {"hours": round(seen.hours), "needed_hours": round(_FEWEST_HOURS)}
        return Remark("capacity.refused.few_hours", values)
    if objective.latency_s > history.bounds_s[-1] * (1 + 1e-6):
        last = {"last": float(history.bounds_s[-1]), "limit": objective.latency_s}
        return Remark("capacity.refused.beyond_buckets", last)
    if len(bins.rate) < _FEWEST_BINS:
        return Remark("capacity.refused.steady_load", {"highest": seen.highest_rate})
    if is_closed_loop(history):
        return Remark("capacity.refused.closed_loop")
    return None


@dataclass(frozen=True, slots=True)
class _Answer:
    """What every answer has, refused or not."""

    objective: CapacityObjective
    seen: Seen | None
    splits: tuple[Split, ...]
    limits: tuple[ResourceLimit, ...]
    proven: ProvenLoad | None
    remarks: tuple[Remark, ...]

    def refuse(self, reason: Remark) -> Capacity:
        return self.build(_Estimate(None, reason, None, Basis.MODEL, Broken.LATENCY, None))

    def build(self, estimate: _Estimate) -> Capacity:
        return Capacity(
            self.objective,
            estimate.breaking,
            estimate.refusal,
            estimate.likely_above,
            estimate.basis,
            estimate.broken,
            estimate.limiting,
            self.limits,
            self.proven,
            self.seen,
            self.splits,
            self.remarks,
        )


@dataclass(frozen=True, slots=True)
class _Estimate:
    """What differs from answer to answer."""

    breaking: RateInterval | None
    refusal: Remark | None
    likely_above: float | None
    basis: Basis
    broken: Broken
    limiting: str | None


def _estimate(
    history: LoadHistory,
    bins: LoadBins,
    answer: _Answer,
    options: Options,
    random: np.random.Generator,
) -> _Estimate:
    objective, top = answer.objective, find_top_rate(history.rate)
    first = find_first_full(answer.limits, configured=False)
    limiting = first.name if first else None
    drawn = _draw_by_model(history, bins, objective, first, random)
    observed = draw_latency_break(history, bins, objective, random)
    if observed is not None:
        from_seen = random.choice(observed, len(drawn))
        drawn = np.where(random.random(len(drawn)) < 0.5, from_seen, drawn)
    limit = find_first_full(answer.limits, configured=True)
    if limit is not None:
        limiting = limit.name if limit.rate < np.median(drawn) else limiting
        drawn = np.minimum(drawn, limit.rate)
    failing = draw_error_break(bins, objective, top, len(drawn), random)
    broken = Broken.LATENCY
    if failing is not None:
        broken = Broken.ERRORS if np.median(failing) < np.median(drawn) else Broken.LATENCY
        drawn = np.minimum(drawn, failing)
    breaking = _summarise(drawn)
    was_seen = observed is not None or (broken is Broken.ERRORS and breaking.median < top)
    basis = Basis.OBSERVED if was_seen else Basis.MODEL
    likely = float(np.quantile(drawn, 0.1))
    reason = _find_doubt(breaking, likely, top, options)
    if reason is not None:
        return _Estimate(None, reason, likely, basis, broken, limiting)
    return _Estimate(breaking, None, None, basis, broken, limiting)


def _summarise(drawn: Floats) -> RateInterval:
    low, median, high = (float(one) for one in np.quantile(drawn, [0.1, 0.5, 0.9]))
    return RateInterval(
        median * (low / median) ** _WIDTH, median, median * (high / median) ** _WIDTH
    )


def _draw_by_model(
    history: LoadHistory,
    bins: LoadBins,
    objective: CapacityObjective,
    first: FullRate | None,
    random: np.random.Generator,
) -> Floats:
    base = describe_base(bins, history.bounds_s)
    evidence = collect_evidence(history, bins, base, objective)
    queues = draw_queues(bins, base, evidence, first, find_top_rate(history.rate), random)
    rates = queues.find_breaking(objective)
    return rates * np.exp(random.normal(0.0, 0.02, len(rates)))


def _find_doubt(
    breaking: RateInterval, likely: float, top: float, options: Options
) -> Remark | None:
    """Why an estimate is too vague to be given."""
    values = {"highest": top, "low": likely, "median": breaking.median}
    if breaking.spread >= options.most_spread:
        return Remark("capacity.refused.vague", values | {"high": breaking.high})
    if breaking.median > options.most_ahead * top:
        return Remark("capacity.refused.low_load", values)
    return None
