"""Where the service changed: only what follows tells of what runs now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.capacity.answer import Split
from jipyo.analysis.capacity.loads import find_mean_latency
from jipyo.analysis.capacity.resources import find_usable_shares

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
_NEAR_MS = 2 * 3_600_000


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
    """The most certain single change of latency or of a busy share, a day from both ends."""
    shares = [np.maximum(one, 1e-3) for one in find_usable_shares(history)]
    figures = [find_mean_latency(history), *shares]
    found = [_find_shift(history, np.log(one)) for one in figures]
    shifts = [one for one in found if one is not None]
    if not shifts:
        return None
    place, shift, _ = max(shifts, key=lambda one: one[2])
    known = _find_deployment(history, place)
    t_ms = int(history.t_ms[place]) if known is None else known
    return place, Split(t_ms, float(np.expm1(shift)), known is not None)


def _find_shift(history: LoadHistory, values: Floats) -> tuple[int, float, float] | None:
    """Where the logarithm of a figure shifts at equal load, by how much, and how surely."""
    n, edge = len(history.t_ms), int(_DAY_S / history.window_s)
    if n < 2 * edge + 2:
        return None
    residual = np.clip(values - _find_usual(history.rate, values), -_MOST_SHIFT, _MOST_SHIFT)
    quiet = history.rate <= np.quantile(history.rate, _LOW_LOAD)
    many, added = np.cumsum(quiet), np.cumsum(np.where(quiet, residual, 0.0))
    places = np.arange(edge, n - edge)
    before = np.maximum(many[places - 1], 1)
    after = np.maximum(many[-1] - many[places - 1], 1)
    shift = (added[-1] - added[places - 1]) / after - added[places - 1] / before
    t = np.abs(shift) * np.sqrt(before * after / many[-1]) / (residual[quiet].std() + 1e-9)
    best = int(np.argmax(t))
    size, alike = float(shift[best]), places[t >= t[best] * (1 - 1e-9)]
    place = _refine_place(history.rate, values, alike, size)
    least_t = _LEAST_T if _find_deployment(history, place) is None else _LEAST_T_KNOWN
    if abs(size) <= _LEAST_SHIFT or t[best] <= least_t:
        return None
    return place, size, float(t[best])


def _refine_place(rate: Floats, values: Floats, places: NDArray[np.int64], size: float) -> int:
    """The place where a shift fits best: between two quiet windows, the busy ones tell."""
    moved = values.copy()
    moved[places[0] :] -= size
    residual = values - _find_usual(rate, moved)
    misfit = np.cumsum(residual**2 - (residual - size) ** 2)
    return int(places[np.argmin(misfit[places - 1])])


def _find_usual(rate: Floats, values: Floats) -> Floats:
    """(windows,) the median of a figure at about the same load."""
    usual = values.copy()
    edges = np.quantile(rate, np.linspace(0, 1, _GROUPS + 1)[1:-1])
    group = np.digitize(rate, edges)
    for k in range(_GROUPS):
        if np.any(group == k):
            usual[group == k] = np.median(values[group == k])
    return usual


def _find_deployment(history: LoadHistory, place: int) -> int | None:
    """The known deployment nearest to a place, within two hours."""
    at_ms = int(history.t_ms[place])
    near = [one for one in history.deployments_ms if abs(one - at_ms) <= _NEAR_MS]
    return min(near, key=lambda one: abs(one - at_ms), default=None)
