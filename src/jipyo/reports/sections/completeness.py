"""The table of targets: what was received of what was expected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.reports.document import Duration, Inline, Moment, Quantity, Table, phrase
from jipyo.reports.tables import TableColumn, build_heads, build_row

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jipyo.analysis.completeness import TargetCompleteness


def _show_name(target: TargetCompleteness) -> Inline:
    return " ".join(filter(None, (target.labels.get("job", ""), target.labels.get("instance", ""))))


def _show_longest_gap(target: TargetCompleteness) -> Inline:
    gap = target.longest_gap
    if gap is None:
        return None
    return phrase(
        "reports.gap",
        span=Duration(gap.duration_ms),
        start=Moment(gap.start_ms),
        end=Moment(gap.end_ms),
    )


TARGET_COLUMNS: tuple[TableColumn[TargetCompleteness], ...] = (
    TableColumn("target", _show_name, numeric=False),
    TableColumn("interval", lambda target: Duration(target.interval_ms)),
    TableColumn("received", lambda target: Quantity(target.received, "count")),
    TableColumn("expected", lambda target: Quantity(target.expected, "count")),
    TableColumn("coverage", lambda target: target.share),
    TableColumn("longest_gap", _show_longest_gap),
    TableColumn("down_time", lambda target: Duration(target.down_ms)),
)


def build_target_table(targets: Iterable[TargetCompleteness]) -> Table:
    """A row per target."""
    return Table(
        id="completeness",
        caption=phrase("reports.completeness.caption"),
        columns=build_heads(TARGET_COLUMNS),
        rows=tuple(build_row(TARGET_COLUMNS, target) for target in targets),
    )
