"""What a source has at a moment, looked up once for all metrics: names, and hosts seen twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.errors import QueryError
from jipyo.model.result import Vector
from jipyo.source.prune import find_metric_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jipyo.source.base import Source
    from jipyo.source.prune import MetricNames

_BOOTS = (
    "max by (instance, nodename) (node_uname_info)"
    " * on (instance) group_left () max by (instance) (node_boot_time_seconds)"
)
_GPUS = "group by (instance, UUID) (DCGM_FI_DEV_GPU_TEMP)"
_BOOT_TOLERANCE_S = 2.0
"""The kernel computes the time of its boot anew at each reading."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """What there is; see `take_inventory`."""

    names: MetricNames
    """Of all metrics that have ever had a sample."""
    hosts: Mapping[str, str] = field(default_factory=dict)
    """Instances that are the same host as another, with the one that stands for it."""


def take_inventory(source: Source, t_ms: int) -> Inventory:
    """The names of all metrics up to `t_ms`, and the hosts that are collected twice then.

    Two instances are one host if they have a node name and the time of its boot in common (of
    machines that are cloned or start together one of these differs), or a GPU. That without a
    port stands for it, as jipyo's own has none.

    Raises:
        SourceError: the source failed.
    """
    names = find_metric_names(source, t_ms)
    groups: list[set[str]] = []
    for pair in (*_find_same_boots(source, t_ms, names), *_find_same_gpus(source, t_ms, names)):
        touching = [group for group in groups if group & pair]
        groups = [group for group in groups if not group & pair]
        groups.append(pair.union(*touching))
    hosts: dict[str, str] = {}
    for group in groups:
        first, *others = sorted(group, key=lambda instance: (":" in instance, instance))
        hosts |= dict.fromkeys(others, first)
    return Inventory(names, hosts)


def _find_same_boots(source: Source, t_ms: int, names: MetricNames) -> Iterator[set[str]]:
    """Pairs of instances with one node name that booted at the same time."""
    if not {"node_uname_info", "node_boot_time_seconds"} <= names:
        return
    found = _read_vector(source, _BOOTS, t_ms)
    boots = sorted(
        (labels.get("nodename", ""), boot_s, labels.get("instance", ""))
        for labels, boot_s in zip(found.series, found.values.tolist(), strict=True)
    )
    for (name, boot_s, instance), (next_name, next_s, other) in pairwise(boots):
        if name and name == next_name and next_s - boot_s <= _BOOT_TOLERANCE_S:
            yield {instance, other}


def _find_same_gpus(source: Source, t_ms: int, names: MetricNames) -> Iterator[set[str]]:
    """Pairs of instances that have the same GPU."""
    if "DCGM_FI_DEV_GPU_TEMP" not in names:
        return
    first: dict[str, str] = {}
    for labels in _read_vector(source, _GPUS, t_ms).series:
        uuid, instance = labels.get("UUID", ""), labels.get("instance", "")
        if uuid and first.setdefault(uuid, instance) != instance:
            yield {first[uuid], instance}


def _read_vector(source: Source, expression: str, t_ms: int) -> Vector:
    """The answer; an empty one of a server that rejects the query, as no pair is known then."""
    try:
        value = source.instant(expression, t_ms).value
    except QueryError:
        return Vector(t_ms, (), np.empty(0))
    assert isinstance(value, Vector), "BUG: an instant query is answered by a Vector"
    return value
