"""The verdict in one line, whether samples can be stored, and which configuration counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from jipyo.analysis import wording
from jipyo.analysis.health import find_since
from jipyo.analysis.thresholds import State

if TYPE_CHECKING:
    from jipyo.analysis.health import Health
    from jipyo.i18n import Texts
    from jipyo.model.config_state import ConfigState
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
class MissingPart:
    """Something that could not be read, so that the verdict is incomplete."""

    source: str
    """The name of the source; empty for the embedded store."""
    text: str
    """Why, and what to do."""
    since: float | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state of the whole service."""

    state: StateName
    text: str
    counts: StateCounts
    missing: tuple[MissingPart, ...]


@dataclass(frozen=True, slots=True)
class StorageState:
    """Whether samples can be stored; `text` says why not and what to do."""

    writable: bool
    text: str


@dataclass(frozen=True, slots=True)
class ConfigurationState:
    """Whether the files of the configuration are in effect; `text` names what is not, and why."""

    current: bool
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
        text=wording.describe_state(health, t),
        counts=StateCounts(**counts, absent=len(health.absent)),
        missing=tuple(build_missing(error, t) for error in health.missing),
    )


def build_missing(error: JipyoError, t: Texts) -> MissingPart:
    """What an error of a source means to the reader."""
    since_ms = find_since(error)
    since_s = None if since_ms is None else since_ms / 1000
    return MissingPart(str(error.values.get("source", "")), t.error(error), since_s)


def build_storage(error: JipyoError | None, t: Texts) -> StorageState:
    """`error`: why samples cannot be stored at the moment; None where they can."""
    return StorageState(error is None, "" if error is None else t.error(error))


def build_configuration(state: ConfigState, t: Texts) -> ConfigurationState:
    """A refused file, one that was changed and not reloaded, or keys that wait for a start."""
    if state.error is not None:
        text = f"{t('web.config_refused')} {t.error(state.error)}"
    elif state.has_changed:
        text = t("web.config_changed")
    elif state.waiting:
        text = t("web.config_waiting", keys=", ".join(state.waiting))
    else:
        text = ""
    return ConfigurationState(not text, text)
