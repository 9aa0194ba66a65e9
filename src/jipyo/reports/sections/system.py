"""CPU, memory and disks over the period."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.reports.sections.metric_section import MetricSection, build_metric_section

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jipyo.reports.document import Block
    from jipyo.reports.inputs import ReportInputs

_SHOWN = ("system.cpu.utilization", "system.memory.utilization", "system.disk.utilization")
_SYSTEM = MetricSection(
    id="system",
    metrics=_SHOWN,
    drawn=_SHOWN,
    topics=("system.cpu", "system.memory", "system.disk", "system.io", "system.clock"),
    columns=2,
    height=62,
)


def build_system(inputs: ReportInputs) -> Iterable[Block]:
    """A chart for each, disks across the page; a table with what else was beyond."""
    return build_metric_section(inputs, _SYSTEM)
