"""The databases over the period."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.reports.sections.metric_section import MetricSection, build_metric_section

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jipyo.reports.document import Block
    from jipyo.reports.inputs import ReportInputs

_DATABASE = MetricSection(
    id="database",
    metrics=("db.query.time", "db.connections", "db.cache_hit_ratio"),
    drawn=("db.connections", "db.query.time"),
    topics=(
        *("db.down", "db.query", "db.connections", "db.deadlocks", "db.locks"),
        *("db.cache_hit_ratio", "db.replication"),
    ),
    columns=2,
)


def build_database(inputs: ReportInputs) -> Iterable[Block]:
    """Queries, connections and cache, and whatever else was beyond a threshold."""
    return build_metric_section(inputs, _DATABASE)
