"""The verdict in one line, and whether samples can be stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from jipyo.analysis import wording
from jipyo.analysis.thresholds import State

if TYPE_CHECKING:
    from jipyo.analysis.health import Health
    from jipyo.i18n import Texts
    from jipyo.model.errors import JipyoError

StateName = Literal["ok", "pending", "warning", "critical", "unknown"]


@dataclass(frozen=True, slots=True)
class StateCounts:
    """How many metrics are in each state.

    Metrics without thresholds count only as unknown; those that never had data are `absent`.
    """

    ok: int
    pending: int
    warning: int
    critical: int
    unknown: int
    absent: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state of the whole service."""

    state: StateName
    text: str
    counts: StateCounts


@dataclass(frozen=True, slots=True)
class StorageState:
    """Whether samples can be stored; `text` says why not and what to do."""

    writable: bool
    text: str


def build_verdict(health: Health, t: Texts) -> Verdict:
    """The sentence and the counts behind it."""
    counts = {
        state.value: sum(
            metric.judged or state is State.UNKNOWN for metric in health.in_state(state)
        )
        for state in State
    }
    return Verdict(
        state=health.state.value,
        text=wording.describe_verdict(health, t),
        counts=StateCounts(**counts, absent=len(health.absent)),
    )


def build_storage(error: JipyoError | None, t: Texts) -> StorageState:
    """`error`: why samples cannot be stored at the moment; None where they can."""
    return StorageState(error is None, "" if error is None else t.error(error))
