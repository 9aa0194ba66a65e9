"""How many readings of a target must fail in a row until it is down, written into PromQL."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jipyo.catalogue.metric import Metric

FAILED_READINGS = 2
_INTERVAL_S = 15


def expand_readings(metric: Metric, count: int) -> Metric:
    """The metric with the number of readings in its queries."""
    queries = tuple(
        replace(query, promql=write_readings(query.promql, count)) for query in metric.queries
    )
    return replace(metric, queries=queries)


def write_readings(promql: str, count: int) -> str:
    """`$readings` is how many must fail, `$recent` how long they take at the default interval."""
    recent = f"{count * _INTERVAL_S + 1}s"
    return promql.replace("$readings", str(count)).replace("$recent", recent)
