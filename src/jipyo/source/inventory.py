"""What a source has at a moment, looked up once for all metrics: names, and hosts seen twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.errors import QueryError
from jipyo.model.result import Vector
from jipyo.source.prune import may_have_answer
from jipyo.source.routing import SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jipyo.model.errors import JipyoError
    from jipyo.model.labels import Labels
    from jipyo.source.base import Source
    from jipyo.source.prune import MetricNames

_BOOTS = (
    "max by (instance, nodename) (node_uname_info)"
    " * on (instance) group_left () max by (instance) (node_boot_time_seconds)"
)
_GPUS = "group by (instance, UUID) (DCGM_FI_DEV_GPU_TEMP)"
_BOOT_TOLERANCE_S = 2.0
"""The kernel computes the time of its boot anew at each reading."""


HostKey = tuple[str, str]
"""The source that sees a host (empty for the embedded one), and its instance there."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """What there is; see `take_inventory`."""

    names: MetricNames
    """Of all metrics that have ever had a sample."""
    hosts: Mapping[HostKey, HostKey] = field(default_factory=dict)
    """Hosts that are the same as another, with the one that stands for it."""
    missing: tuple[JipyoError, ...] = ()
    """What could not be read, so that there may be more names and more hosts."""

    def may_have_answer(self, expression: str) -> bool:
        """Whether an expression may have an answer, as far as the names are known."""
        return bool(self.missing) or may_have_answer(expression, self.names)


def identify_host(labels: Labels) -> HostKey:
    """The source and the instance of a series."""
    return labels.get(SOURCE, ""), labels.get("instance", "")


def take_inventory(source: Source, t_ms: int) -> Inventory:
    """The names of all metrics up to `t_ms`, and the hosts that are collected twice then.

    Two instances are one host if they have a node name and the time of its boot in common (of
    machines that are cloned or start together one of these differs), or a GPU; whether one
    source sees them or two. One of the embedded source stands for it, then one without a port,
    as jipyo's own has none.

    Raises:
        SourceError: the source failed.
    """
    names = source.metric_names(t_ms)
    missing = source.find_missing()
    groups: list[set[HostKey]] = []
    for pair in (*_find_same_boots(source, t_ms, names), *_find_same_gpus(source, t_ms, names)):
        touching = [group for group in groups if group & pair]
        groups = [group for group in groups if not group & pair]
        groups.append(pair.union(*touching))
    hosts: dict[HostKey, HostKey] = {}
    for group in groups:
        first, *others = sorted(group, key=lambda host: (host[0], ":" in host[1], host[1]))
        hosts |= dict.fromkeys(others, first)
    return Inventory(names, hosts, missing)


def _find_same_boots(source: Source, t_ms: int, names: MetricNames) -> Iterator[set[HostKey]]:
    """Pairs of instances with one node name that booted at the same time."""
    if not {"node_uname_info", "node_boot_time_seconds"} <= names:
        return
    found = _read_vector(source, _BOOTS, t_ms)
    boots = sorted(
        (labels.get("nodename", ""), boot_s, identify_host(labels))
        for labels, boot_s in zip(found.series, found.values.tolist(), strict=True)
    )
    for (name, boot_s, host), (next_name, next_s, other) in pairwise(boots):
        if name and name == next_name and next_s - boot_s <= _BOOT_TOLERANCE_S:
            yield {host, other}


def _find_same_gpus(source: Source, t_ms: int, names: MetricNames) -> Iterator[set[HostKey]]:
    """Pairs of instances that have the same GPU."""
    if "DCGM_FI_DEV_GPU_TEMP" not in names:
        return
    first: dict[str, HostKey] = {}
    for labels in _read_vector(source, _GPUS, t_ms).series:
        uuid, host = labels.get("UUID", ""), identify_host(labels)
        if uuid and first.setdefault(uuid, host) != host:
            yield {first[uuid], host}


def _read_vector(source: Source, expression: str, t_ms: int) -> Vector:
    """The answer; an empty one of a server that rejects the query, as no pair is known then."""
    try:
        value = source.instant(expression, t_ms).value
    except QueryError:
        return Vector(t_ms, (), np.empty(0))
    assert isinstance(value, Vector), "BUG: an instant query is answered by a Vector"
    return value
