"""What the verdict says is gone has no value of now, though one may still be taken over."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from jipyo.analysis.health import Reason
from jipyo.analysis.thresholds import State

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from jipyo.analysis.day.now import SeriesNow
    from jipyo.analysis.health import Health
    from jipyo.model.labels import Labels

_OF_TARGET = ("job", "UUID")
"""Labels that a metric's own series may not have."""


def mark_gone(
    series: Mapping[str, Sequence[SeriesNow]], health: Health
) -> dict[str, tuple[SeriesNow, ...]]:
    """The series, without the values of dead targets and lost devices.

    Such a value is taken over for the grace of a missing step, while the verdict already names
    the target or the device.
    """
    members = tuple(_list_members(health))
    return {
        metric_id: tuple(_mark(one, members) for one in found)
        for metric_id, found in series.items()
    }


def _list_members(health: Health) -> Iterator[tuple[Mapping[str, str], int]]:
    """The labels of what is gone, each with the moment since when that is known."""
    for one in health.judged:
        if one.reason is not Reason.BREACH or one.since_ms is None:
            continue
        for outage in one.outages:
            yield {"instance": outage.instance}, one.since_ms
        if one.metric.loss:
            for labels in one.gravest:
                yield dict(labels.drop(_OF_TARGET).pairs), one.since_ms


def _mark(one: SeriesNow, members: Sequence[tuple[Mapping[str, str], int]]) -> SeriesNow:
    # Another target may have the same instance: what it gives was seen since.
    is_gone = one.value is not None and any(
        one.seen_ms <= since_ms and _is_of(one.labels, member) for member, since_ms in members
    )
    if not is_gone:
        return one
    state = None if one.state is None else State.UNKNOWN
    return replace(one, value=None, state=state, since_ms=one.seen_ms)


def _is_of(labels: Labels, member: Mapping[str, str]) -> bool:
    return all(labels.get(name) == value for name, value in member.items())
