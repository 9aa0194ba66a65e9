"""Where the service changed: only what follows tells of what runs now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.capacity.answer import Split
from jipyo.analysis.capacity.loads import find_mean_latency

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from jipyo.analysis.capacity.history import Floats, LoadHistory

_LEAST_SHIFT = 0.06
_LEAST_T = 8.0
_LEAST_T_KNOWN = 4.0
_MOST_SHIFT = 0.7
_GROUPS = 12
_LOW_LOAD = 0.6
"""Quantile of the load: above it latency tells of queues rather than of the service."""
_DAY_S = 86_400.0
_MOST_SPLITS = 8


def cut_after_last_change(
    history: LoadHistory,
) -> tuple[LoadHistory, tuple[Split, ...]]:
    """The history after its last change of latency at equal load, and all changes found."""
    splits: list[Split] = []
    while len(splits) < _MOST_SPLITS:
        found = _find_change(history)
        if found is None:
            break
        place, split = found
        splits.append(split)
        history = history.select(slice(place, None))
    return history, tuple(splits)


def _find_change(history: LoadHistory) -> tuple[int, Split] | None:
    """The most certain single change, at least a day from both ends."""
    n, edge = len(history.t_ms), int(_DAY_S / history.window_s)
    if n < 2 * edge + 2:
        return None
    residual, used = _level_out(history)
    places = np.arange(edge, n - edge)
    many, added = np.cumsum(used), np.cumsum(residual)
    before = np.maximum(many[places - 1], 1)
    after = np.maximum(many[-1] - many[places - 1], 1)
    shift = (added[-1] - added[places - 1]) / after - added[places - 1] / before
    sd = residual[used].std() + 1e-9
    t = np.abs(shift) * np.sqrt(before * after / many[-1]) / sd
    best = int(np.argmax(t))
    place = int(places[best])
    known = _find_deployment(history, place, 8)
    if abs(shift[best]) <= _LEAST_SHIFT or t[best] <= (_LEAST_T_KNOWN if known else _LEAST_T):
        return None
    t_ms = known or int(history.t_ms[place])
    return place, Split(t_ms, float(np.expm1(shift[best])), known is not None)


def _find_deployment(history: LoadHistory, place: int, within: int) -> int | None:
    """The known deployment nearest to a place, at most so many windows away."""
    span_ms = within * history.window_s * 1000
    at_ms = int(history.t_ms[place])
    near = [one for one in history.deployments_ms if abs(one - at_ms) <= span_ms]
    return min(near, key=lambda one: abs(one - at_ms), default=None)


def _level_out(history: LoadHistory) -> tuple[Floats, NDArray[np.bool_]]:
    """Log mean latency beyond what is usual at its load, and which windows count."""
    rate, residual = history.rate, np.log(find_mean_latency(history))
    edges = np.quantile(rate, np.linspace(0, 1, _GROUPS + 1)[1:-1])
    group = np.digitize(rate, edges)
    for k in range(_GROUPS):
        if np.any(group == k):
            residual[group == k] -= np.median(residual[group == k])
    used = rate < np.quantile(rate, _LOW_LOAD)
    return np.where(used, np.clip(residual, -_MOST_SHIFT, _MOST_SHIFT), 0.0), used
