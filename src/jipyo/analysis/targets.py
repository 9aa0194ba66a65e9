"""Every target as the store knows it: its state, since when, why, and its last reading."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.outages import find_outages, identify_target
from jipyo.model.failure import FAILURES
from jipyo.model.labels import METRIC_NAME
from jipyo.model.result import RawMatrix

if TYPE_CHECKING:
    from jipyo.model.failure import FailureReason
    from jipyo.model.labels import Labels
    from jipyo.model.sample import Mask, Times
    from jipyo.source.base import Source

LOOK_BACK_S = 3600
_SAMPLES = "scrape_samples_scraped"
_OUTCOMES = f'{{__name__=~"up|{FAILURES}"}}[{LOOK_BACK_S}s]'
"""`up` of a probe is 1 whenever it was tried; whether it failed is in the failures beside it."""


class ScrapeState(Enum):
    """How the last scrape of a target, or the probe of it, ended."""

    UP = "up"
    DOWN = "down"
    GONE = "gone"
    """It is no longer scraped."""


@dataclass(frozen=True, slots=True)
class TargetNow:
    """One target that was scraped within the last hour."""

    job: str
    instance: str
    state: ScrapeState
    since_ms: int
    """When the state began, as far as an hour back shows."""
    since_open: bool
    """It began before that."""
    reason: FailureReason | None
    """Why it is down, where the store has it."""
    last_ms: int
    """When it was last read, or tried."""
    samples: int
    """Of the last reading."""


def read_targets(source: Source, t_ms: int) -> tuple[TargetNow, ...]:
    """The targets, those that are down first, then by job and instance.

    Raises:
        SourceError: the source failed.
    """
    newest = source.newest(["up", _SAMPLES], t_ms)
    alive = {identify_target(labels) for labels in newest.series if labels.metric == "up"}
    samples = {
        identify_target(labels): int(value)
        for labels, value in zip(newest.series, newest.values.tolist(), strict=True)
        if labels[METRIC_NAME] == _SAMPLES
    }
    rows = _read_outcomes(source, t_ms)
    outages = find_outages(source, [labels for labels, _, _ in rows], t_ms)
    reasons = {(outage.job, outage.instance): outage.reason for outage in outages}
    targets: list[TargetNow] = []
    for labels, times, answered in rows:
        target = identify_target(labels)
        state = ScrapeState.UP if answered[-1] else ScrapeState.DOWN
        changes = np.flatnonzero(answered[1:] != answered[:-1])
        since_ms = int(times[changes[-1] + 1 if changes.size else 0])
        if target not in alive:
            state, since_ms = ScrapeState.GONE, int(times[-1])
        targets.append(
            TargetNow(
                *target,
                state,
                since_ms,
                not changes.size and state is not ScrapeState.GONE,
                reasons.get(target) if state is ScrapeState.DOWN else None,
                int(times[-1]),
                samples.get(target, 0),
            )
        )
    order = [ScrapeState.DOWN, ScrapeState.GONE, ScrapeState.UP]
    return tuple(sorted(targets, key=lambda one: (order.index(one.state), one.job, one.instance)))


def _read_outcomes(source: Source, t_ms: int) -> list[tuple[Labels, Times, Mask]]:
    """The times at which each target was scraped, and whether it answered; by its `up`."""
    value = source.instant(_OUTCOMES, t_ms).value
    assert isinstance(value, RawMatrix), "BUG: a range selector is answered by a RawMatrix"
    rows = [
        (labels, block.t_ms, block.values[row])
        for block in value.blocks
        for row, labels in enumerate(block.series)
    ]
    failed_ms: defaultdict[tuple[str, str], list[Times]] = defaultdict(
        lambda: [np.empty(0, np.int64)]
    )
    for labels, times, _ in rows:
        if labels.metric == FAILURES:
            failed_ms[identify_target(labels)].append(times)
    return [
        (
            labels,
            times,
            (values > 0) & ~np.isin(times, np.concatenate(failed_ms[identify_target(labels)])),
        )
        for labels, times, values in rows
        if labels.metric == "up"
    ]
