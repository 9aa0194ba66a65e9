"""The names that a query takes: the specification's, ids of the catalogue, PromQL."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from jipyo.catalogue import MetricGroup
from jipyo.model.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from jipyo.catalogue import Catalogue, Metric

SPECIFICATION_NAMES: Mapping[MetricGroup, Mapping[str, str]] = {
    MetricGroup.SYSTEM: {
        "cpu_usage": "system.cpu.utilization",
        "memory_usage": "system.memory.utilization",
        "disk_usage": "system.disk.utilization",
        "gpu_usage": "system.gpu.utilization",
    },
    MetricGroup.APPLICATION: {
        "api_response_time": "app.response_time",
        "error_rate": "app.error_rate",
        "request_count": "app.throughput",
    },
    MetricGroup.AI: {
        "inference_time": "ai.inference.time",
        "model_accuracy": "ai.model.accuracy",
        "gpu_utilization": "system.gpu.utilization",
    },
    MetricGroup.DATABASE: {},
}
"""The names that section 2.1 uses, by group, and the ids of the metrics they stand for."""

_IDS = {name: id_ for names in SPECIFICATION_NAMES.values() for name, id_ in names.items()}


def find_id(name: str) -> str:
    """The id that a name of the specification stands for; any other name as it is."""
    return _IDS.get(name, name)


def list_names(catalogue: Catalogue, group: MetricGroup) -> list[str]:
    """The names of a group: those of the specification, and the ids of all its other metrics.

    Metrics that the site removed are left out.
    """
    known = {metric.id for metric in catalogue.metrics}
    named = {name: id_ for name, id_ in SPECIFICATION_NAMES[group].items() if id_ in known}
    ids = [metric.id for metric in catalogue.metrics if metric.group is group]
    return [*named, *(id_ for id_ in ids if id_ not in named.values())]


def resolve_names(
    names: Sequence[str], catalogue: Catalogue, series: AbstractSet[str]
) -> dict[str, Metric | None]:
    """The metric of each name; None for PromQL.

    `series` are the names of the series that the source has: a single word is PromQL if it is
    one of them.

    Raises:
        UnknownNameError: names are none of these; with those that are most alike.
    """
    metrics = {name: catalogue.get(find_id(name)) for name in names}
    for name, metric in metrics.items():
        is_word = name.replace(".", "_").replace(":", "_").isidentifier()
        if metric is None and is_word and (name in _IDS or name not in series):
            known = {*_IDS, *(metric.id for metric in catalogue.metrics), *series} - {name}
            raise UnknownNameError(name, get_close_matches(name, sorted(known)))
    return metrics
