"""How a day of readings of every target went, and which programs here nobody collects."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.outages import identify_target
from jipyo.model.result import Matrix, Vector
from jipyo.promql.syntax.quoting import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from jipyo.source.base import Source

CELLS = 48
CELL_MS = 1_800_000
_TRIED = "count_over_time(up[30m])"
_READ = "sum_over_time(up[30m])"
_PROBED = "avg_over_time(probe_success[30m])"

_PROGRAMS = {
    "redis-server": ("Redis", "redis_", "collect.databases"),
    "valkey-server": ("Valkey", "redis_", "collect.databases"),
    "postgres": ("PostgreSQL", "pg_", "collect.databases"),
    "mysqld": ("MySQL", "mysql_", "collect.databases"),
    "mariadbd": ("MariaDB", "mysql_", "collect.databases"),
    "ollama": ("Ollama", "ollama_", "collect.ollama"),
    "nginx": ("nginx", "nginx_", "collect.scrape"),
    "haproxy": ("HAProxy", "haproxy_", "collect.scrape"),
    "rabbitmq-server": ("RabbitMQ", "rabbitmq_", "collect.scrape"),
    "mongod": ("MongoDB", "mongodb_", "collect.scrape"),
}
"""By the name of the process: what it is, how its metrics begin, and where it is configured."""


@dataclass(frozen=True, slots=True)
class TargetHistory:
    """The readings of the last 24 hours by job and instance, in half hours."""

    start_ms: int
    shares: Mapping[tuple[str, str], NDArray[np.float64]]
    """Of the readings of each half hour those that succeeded; shape (CELLS,), NaN for none."""
    rate: float | None
    """Of all readings; None where there was none."""


@dataclass(frozen=True, slots=True)
class UncollectedProgram:
    """A program that runs on this host, and of which there is no metric."""

    name: str
    """What people call it, such as `Redis`."""
    process: str
    key: str
    """Where it would be configured, such as `collect.databases`."""


def read_target_history(source: Source, t_ms: int) -> TargetHistory:
    """The half hours up to the one of `t_ms`.

    A probe that could be made and failed is a reading that failed.

    Raises:
        SourceError: the source failed.
    """
    start_ms = (t_ms // CELL_MS - CELLS + 1) * CELL_MS
    tried = _sum_cells(source, _TRIED, start_ms)
    read = _sum_cells(source, _READ, start_ms)
    shares = {}
    for target, n in tried.items():
        succeeded = np.nan_to_num(read.get(target, np.full(CELLS, np.nan)))
        shares[target] = np.divide(succeeded, n, out=np.full(CELLS, np.nan), where=n > 0)
    for target, share in _average_cells(source, _PROBED, start_ms).items():
        shares[target] = np.where(np.isnan(share), shares.get(target, np.nan), share)
    return TargetHistory(start_ms, shares, _find_rate(shares, tried))


def _find_rate(
    shares: Mapping[tuple[str, str], NDArray[np.float64]],
    tried: Mapping[tuple[str, str], NDArray[np.float64]],
) -> float | None:
    """Of all readings those that succeeded."""
    ns = {target: np.nan_to_num(n) for target, n in tried.items()}
    total = sum(float(n.sum()) for n in ns.values())
    good = sum(float((np.nan_to_num(shares[target]) * n).sum()) for target, n in ns.items())
    return good / total if total else None


def _sum_cells(
    source: Source, expression: str, start_ms: int
) -> Mapping[tuple[str, str], NDArray[np.float64]]:
    """The values of each half hour, of series of one target together."""
    found: dict[tuple[str, str], NDArray[np.float64]] = {}
    matrix = _read_cells(source, expression, start_ms)
    for labels, values, present in zip(matrix.series, matrix.values, matrix.present, strict=True):
        target, cells = identify_target(labels), np.where(present, values, np.nan)
        known = found.get(target)
        found[target] = cells if known is None else np.nansum([known, cells], axis=0)
    return found


def _average_cells(
    source: Source, expression: str, start_ms: int
) -> Mapping[tuple[str, str], NDArray[np.float64]]:
    """The least of each half hour among the series of a target."""
    found: defaultdict[tuple[str, str], list[NDArray[np.float64]]] = defaultdict(list)
    matrix = _read_cells(source, expression, start_ms)
    for labels, values, present in zip(matrix.series, matrix.values, matrix.present, strict=True):
        found[identify_target(labels)].append(np.where(present, values, np.nan))
    return {target: np.fmin.reduce(cells) for target, cells in found.items()}


def _read_cells(source: Source, expression: str, start_ms: int) -> Matrix:
    end_ms = start_ms + CELLS * CELL_MS
    matrix = source.range(expression, start_ms + CELL_MS, end_ms, CELL_MS).value
    assert isinstance(matrix, Matrix), "BUG: a range query is answered by a Matrix"
    return matrix


def find_uncollected(source: Source, instance: str, t_ms: int) -> tuple[UncollectedProgram, ...]:
    """The programs on the host `instance` of which the source has no metric at all.

    Raises:
        SourceError: the source failed.
    """
    expression = f"namedprocess_namegroup_num_procs{{instance={quote(instance)}}} > 0"
    vector = source.instant(expression, t_ms).value
    assert isinstance(vector, Vector), "BUG: an instant query is answered by a Vector"
    running = {labels.get("groupname", "") for labels in vector.series} & _PROGRAMS.keys()
    names = source.metric_names(t_ms) if running else frozenset()
    found = []
    for process in sorted(running):
        name, prefix, key = _PROGRAMS[process]
        if not any(each.startswith(prefix) for each in names):
            found.append(UncollectedProgram(name, process, key))
    return tuple(found)
