"""Anomalies as sentences in the reader's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from jipyo.analysis.anomaly.result import Anomaly, JointAnomaly
    from jipyo.i18n import Texts


def describe_anomaly(anomaly: Anomaly, name: str, unit: str, t: Texts) -> str:
    """What deviates, by how much, and from what expectation; `name` is the metric's."""
    return t(
        f"anomaly.{anomaly.expectation.name.lower()}",
        name=name,
        value=t.number(anomaly.value, unit),
        expected=t.number(anomaly.expected, unit),
        deviation=round(anomaly.deviation, 1),
    )


def describe_joint_anomaly(
    joint: JointAnomaly, describe: Callable[[Anomaly], str], t: Texts
) -> str:
    """What deviates at a target at the same time; `describe` gives each member's sentence."""
    members = "; ".join(map(describe, joint.members))
    return t("anomaly.joint", target=joint.target, n=len(joint.members), members=members)
