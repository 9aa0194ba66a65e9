"""Network traffic over the period."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.reports.sections.metric_section import MetricSection, build_metric_section

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jipyo.reports.document import Block
    from jipyo.reports.inputs import ReportInputs

_NETWORK = MetricSection(
    id="network",
    metrics=(
        "system.network.transmit",
        "system.network.receive",
        "system.network.utilization",
        "system.network.retransmit",
    ),
    drawn=("system.network.transmit", "system.network.receive"),
    topics=("system.network",),
    columns=2,
    one_scale=True,
    most=3,
)


def build_network(inputs: ReportInputs) -> Iterable[Block]:
    """What was sent and received, on one scale, and how much of the line it took."""
    return build_metric_section(inputs, _NETWORK)
