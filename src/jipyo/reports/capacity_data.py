"""The capacity of each service at the end of a period, read once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.capacity.answer import judge_target
from jipyo.analysis.capacity.find import find_capacity
from jipyo.analysis.capacity.history import CapacityObjective
from jipyo.analysis.capacity.loads import find_quantile, pool_by_load
from jipyo.analysis.service_load import ServiceReader, list_latency_buckets, make_windows
from jipyo.source.divide import map_reading
from jipyo.source.inventory import take_inventory
from jipyo.source.recording import ask_for

if TYPE_CHECKING:
    from jipyo.analysis.capacity.answer import Capacity, TargetAnswer
    from jipyo.analysis.service_load import ServiceLoad
    from jipyo.catalogue import Catalogue, Metric
    from jipyo.model.sample import Values
    from jipyo.source import Source

JUDGED = ("app.response_time", "ai.inference.time")
"""Latency metrics with an objective, of which the capacity is asked."""
DAYS = 28
MOST_ERRORS = 0.01
_TARGETS = {"app.response_time": "app.throughput"}
"""The metric whose objective is the load that must be served."""


@dataclass(frozen=True, slots=True, eq=False)
class ServiceCapacity:
    """One service: at which load its objective breaks, or why that is not known."""

    metric: Metric
    service: str
    """What people call it; empty where it is the only one."""
    exporter: str
    capacity: Capacity
    target: TargetAnswer | None
    """Whether the specified load is served; None where none is specified."""
    loads: Values
    """Loads that were seen, in requests a second, ascending; shape (points,)."""
    latencies_s: Values
    """The objective's quantile at each of them."""


def gather_capacities(
    source: Source, catalogue: Catalogue, end_ms: int
) -> tuple[ServiceCapacity, ...]:
    """The capacity of every service with a histogram, from the four weeks before `end_ms`.

    Raises:
        QueryError: an expression was rejected.
        SourceError: the source failed.
    """
    reader = ServiceReader(
        ask_for(source, "capacity"),
        catalogue,
        make_windows(end_ms, DAYS),
        take_inventory(ask_for(source, "inventory"), end_ms),
        "ko",
    )
    judged = [metric for metric in map(catalogue.get, JUDGED) if metric and _is_answerable(metric)]
    found = map_reading(source, lambda metric: _answer_all(reader, metric, catalogue), judged)
    return tuple(answer for answers in found for answer in answers)


def _is_answerable(metric: Metric) -> bool:
    return metric.objective is not None and any(list_latency_buckets(metric))


def _answer_all(
    reader: ServiceReader, metric: Metric, catalogue: Catalogue
) -> list[ServiceCapacity]:
    loads, target = reader.read(metric), _find_target(metric, catalogue)
    names = [load.name if len(loads) > 1 else "" for load in loads]
    return [_answer(metric, load, name, target) for load, name in zip(loads, names, strict=True)]


def _answer(metric: Metric, load: ServiceLoad, name: str, target: float | None) -> ServiceCapacity:
    assert metric.objective is not None, f"BUG: {metric.id} has no objective"
    objective = CapacityObjective(metric.objective.value, load.quantile, MOST_ERRORS)
    capacity = find_capacity(load.history, objective)
    bins = pool_by_load(load.history)
    quantiles = [find_quantile(row, load.history.bounds_s, load.quantile) for row in bins.counts]
    return ServiceCapacity(
        metric=metric,
        service=name,
        exporter=load.exporter,
        capacity=capacity,
        target=None if target is None else judge_target(capacity, target),
        loads=bins.rate,
        latencies_s=np.array(quantiles),
    )


def _find_target(metric: Metric, catalogue: Catalogue) -> float | None:
    target = catalogue.get(_TARGETS.get(metric.id, ""))
    return None if target is None or target.objective is None else target.objective.value
