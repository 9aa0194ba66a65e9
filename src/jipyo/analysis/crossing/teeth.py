"""Resets: a series that rises and falls back suddenly, again and again."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.arrays import find_runs

if TYPE_CHECKING:
    from jipyo.model.arrays import Flags, Indices
    from jipyo.model.sample import Values

_LEAST_DROP = 0.25
"""Of the range; smaller falls are no resets."""
_PLAIN_NOISE, _LEAST_NOISE = 6.0, 3.5
"""Of the usual change in as many points: to be sure of resets, and to find all of them."""
_LEAST_RESET, _LEAST_CLIMB = 0.4, 0.75
"""Of the usual reset: smaller falls are no resets, and climbs as large make it no sawtooth."""
_FALL = 4
"""Points within which a reset happens."""
_LEAST_POINTS = 12
_LEAST_SPREAD = 0.05
"""Of the usual slope: what a tooth's slope may differ from it."""
_OVERDUE = 1.25
"""Times the longest period without a reset, after which the resets count as gone."""
_MOST_TEETH = 400
_MOST_DRAWN = 500
"""Teeth of a path: what so many have not reached is taken as never reached."""


@dataclass(frozen=True, slots=True)
class Teeth:
    """The teeth between resets, oldest first; the present one is the last of each array.

    `starts` in points from the series' first, `floors` and `slopes` of shape (teeth,); `lengths`
    and `peaks` of shape (teeth - 2,): only teeth with both ends seen. `residual` (n,) is what
    the teeth leave, NaN in gaps and falls.
    """

    starts: Values
    floors: Values
    slopes: Values
    lengths: Values
    peaks: Values
    residual: Values
    elapsed: float
    level: float
    spread: float
    """The standard deviation of the residual, without a season."""

    @property
    def noise(self) -> Values:
        """The residual where there is one, in order."""
        return self.residual[np.isfinite(self.residual)]

    @property
    def slope_spread(self) -> float:
        """What the slopes of whole teeth differ from one another."""
        whole = self.slopes[1:-1]
        spread = 1.4826 * float(np.median(np.abs(whole - self.usual_slope)))
        return max(spread, _LEAST_SPREAD * abs(self.usual_slope), 1e-12)

    @property
    def usual_slope(self) -> float:
        """The median: noise that looks like a reset makes short teeth with any slope."""
        return float(np.median(self.slopes[1:-1]))

    def find_errors(self) -> tuple[float, float]:
        """The standard errors of the present tooth's slope and of its level at its end.

        Those of a least-squares line, one and a half times as large for noise with memory.
        """
        points = max(self.elapsed, 2.0)
        error = 1.5 * self.spread / np.sqrt(points)
        return 3.46 * error / points, 2.0 * error

    def add_season(self, season: Values) -> Teeth:
        """The same with the season (n,) that was taken off as a part of its noise."""
        return replace(self, residual=self.residual + season)

    @property
    def unevenness(self) -> float:
        """What lengths that were not seen may differ from those that were, as a share."""
        spread = float(np.std(self.lengths) / np.mean(self.lengths))
        return min(0.01 + 0.5 * spread, 0.1)

    @property
    def is_overdue(self) -> bool:
        """Whether the present tooth lasts much longer than any before."""
        return self.elapsed > _OVERDUE * float(self.lengths.max())


def find_teeth(y: Values) -> Teeth | None:
    """The teeth of `y` (n,), NaN in gaps; None where it is no sawtooth.

    A reset is a fall of a quarter of the range or more within a few points, much larger than
    the noise. Where the series also jumps up about as far about as often, it is a load that
    comes and goes, and not a sawtooth.
    """
    where = np.flatnonzero(np.isfinite(y))
    seen = y[where]
    if len(seen) < _LEAST_POINTS:
        return None
    low, high = np.percentile(seen, (1, 99))
    falls = _measure_falls(seen)
    resets, sizes = _pick_falls(seen, falls, _PLAIN_NOISE, _LEAST_DROP * (high - low))
    if len(resets) < 2:
        return None
    usual = float(np.median(sizes))
    resets, _ = _pick_falls(seen, falls, _LEAST_NOISE, _LEAST_RESET * usual)
    climbs, _ = _pick_falls(-seen, _measure_falls(-seen), _LEAST_NOISE, _LEAST_CLIMB * usual)
    return None if len(climbs) > len(resets) / 2 else _measure(where, seen, resets)


def _measure_falls(seen: Values) -> Values:
    """How far the series falls at each point, at once and within `_FALL` points, shape (2, n).

    What lies before and after is the median of three points.
    """
    padded = np.concatenate((seen, np.repeat(seen[-1:], _FALL + 2)))
    middle = np.median(np.lib.stride_tricks.sliding_window_view(padded, 3), axis=1)
    count, falls = len(seen) - 3, np.zeros((2, len(seen)))
    for row, width in enumerate((1, _FALL)):
        falls[row, 3:] = middle[:count] - middle[2 + width : 2 + width + count]
    return falls


def _pick_falls(seen: Values, falls: Values, noise: float, least: float) -> tuple[Indices, Values]:
    """The first points after falls of `least`, and how deep they are.

    A fall must also be `noise` times what the series usually moves in as many points, or it
    is a part of its wandering.
    """
    middle = np.median(falls, axis=1, keepdims=True)
    usual = 1.4826 * np.median(np.abs(falls - middle), axis=1, keepdims=True)
    deep = (falls >= least) & (falls >= noise * usual) & (falls > 0)
    anywhere: Flags = deep[0] | deep[1]
    runs = find_runs(anywhere)
    single = np.concatenate(([0.0], seen[:-1] - seen[1:]))
    firsts = [start + int(np.argmax(single[start : end + 1])) for start, end in runs]
    sizes = [float(falls[:, start:end].max()) for start, end in runs]
    apart = np.diff(firsts, prepend=-9) > 2
    return np.array(firsts, np.int64)[apart], np.array(sizes)[apart]


def _measure(where: Indices, seen: Values, resets: Indices) -> Teeth | None:
    edges = np.concatenate(([0], resets, [len(seen)]))
    pieces = list(itertools.pairwise(edges.tolist()))
    starts, floors, slopes, ends = (np.zeros(len(pieces)) for _ in range(4))
    residual = np.full(int(where[-1]) + 1, np.nan)
    for index, (a, b) in enumerate(pieces):
        # A slow fall ends at the lowest of the first points; the tooth rises from there.
        foot = a + int(np.argmin(seen[a : a + max((b - a) // 4, 1)]))
        x, y = where[foot:b] - where[a], seen[foot:b]
        slope = np.polyfit(x, y, 1)[0] if b - foot > 2 else 0.0
        base = y.mean() - slope * x.mean()
        starts[index], floors[index], slopes[index] = where[a], base, slope
        ends[index] = base + slope * x[-1]
        residual[where[foot:b]] = y - base - slope * x
    lengths = np.diff(starts)[1:]
    if not len(lengths) or len(pieces) > _MOST_TEETH:
        return None
    elapsed = float(where[-1] - starts[-1]) + 1
    spread = float(np.nanstd(residual))
    present = Teeth(
        starts, floors, slopes, lengths, ends[1:-1], residual, elapsed, float(ends[-1]), spread
    )
    return _blend_present(present)


def _blend_present(teeth: Teeth) -> Teeth:
    """The present tooth's slope and level, weighed with those of the teeth before it.

    A tooth of a few points has no slope of its own.
    """
    usual, prior = teeth.usual_slope, teeth.slope_spread**2
    own = teeth.find_errors()[0] ** 2
    slope = (teeth.slopes[-1] * prior + usual * own) / (prior + own)
    rise = (slope - teeth.slopes[-1]) * (teeth.elapsed - 1) / 2
    slopes = np.append(teeth.slopes[:-1], slope)
    return replace(teeth, slopes=slopes, level=float(teeth.level + rise))


def simulate_teeth(
    teeth: Teeth, threshold: float, steps: float, paths: int, rng: np.random.Generator
) -> Values:
    """Points until `threshold` is first reached in each path, shape (paths,); infinite if never.

    The present tooth goes on, and new ones follow with floors, slopes and lengths drawn from
    those seen; an overdue reset no longer comes.
    """
    usual = teeth.slopes[1:-1]
    own_slope, own_level = teeth.find_errors()
    prior = teeth.slope_spread
    common = rng.normal(0, 1, paths)
    slope = teeth.slopes[-1] + common * own_slope * prior / np.hypot(own_slope, prior)
    level = teeth.level + own_level * (0.87 * common + 0.5 * rng.normal(0, 1, paths))
    floors = teeth.floors[1:-1]
    if teeth.elapsed <= _FALL:  # the fall may not be over
        level = np.minimum(level, rng.choice(floors, paths) + slope * teeth.elapsed)
    hit = np.full(paths, np.inf)
    at = np.zeros(paths)
    length = _draw_rest(teeth, paths, rng)
    mean_drift, error = _find_drift(teeth)
    drift = rng.normal(mean_drift, error, paths)
    age = teeth.starts[-1] + teeth.elapsed - teeth.starts[1:-1]
    margins = _sustain_noise(teeth)
    margin = rng.choice(margins, paths)
    alive = np.ones(paths, dtype=bool)
    for _ in range(_MOST_DRAWN):
        if not alive.any():
            break
        with np.errstate(divide="ignore", invalid="ignore"):
            rise = np.where(level + margin >= threshold, 0.0, (threshold - level - margin) / slope)
        found = alive & (rise >= 0) & (rise <= length) & np.isfinite(rise)
        hit[found] = at[found] + rise[found]
        at = at + length
        alive &= ~found & (at < steps)
        picks = rng.integers(0, len(teeth.lengths), paths)
        length = np.maximum(teeth.lengths[picks] * rng.normal(1, teeth.unevenness, paths), 1.0)
        slope = usual[picks]
        origin = rng.integers(0, len(age), paths)
        level = floors[origin] + drift * (np.where(alive, at, 0.0) + age[origin])
        margin = rng.choice(margins, paths)
    return np.where(hit <= steps, hit, np.inf)


def _sustain_noise(teeth: Teeth) -> Values:
    """The highest noise, of three points in a row, while a tooth rises by the noise's size."""
    rest = teeth.noise
    lasting = np.minimum(np.minimum(rest[:-2], rest[1:-1]), rest[2:])
    rise = max(float(np.median(teeth.slopes)), 1e-9)
    width = int(np.clip(np.std(rest) / rise, 1, len(lasting) // 4 or 1))
    highest: Values = np.lib.stride_tricks.sliding_window_view(lasting, width).max(axis=1)
    return highest


def _draw_rest(teeth: Teeth, paths: int, rng: np.random.Generator) -> Values:
    """How long the present tooth still lasts."""
    if teeth.is_overdue:
        return np.full(paths, np.inf)
    lengths = rng.choice(teeth.lengths, paths) * rng.normal(1, teeth.unevenness, paths)
    late = rng.uniform(0, _OVERDUE - 1, paths) * float(teeth.lengths.max())
    return np.where(lengths > teeth.elapsed, lengths - teeth.elapsed, late)


def _find_drift(teeth: Teeth) -> tuple[float, float]:
    """What floors and peaks rise by a point from tooth to tooth, and the error of that.

    Nothing unless it is plain: a few teeth of unlike height are no trend.
    """
    if len(teeth.peaks) < 3:
        return 0.0, 0.0
    starts, ends = teeth.starts[1:], teeth.starts[2:]
    x = np.concatenate((starts - starts.mean(), ends - ends.mean()))
    floors, peaks = teeth.floors[1:], teeth.peaks
    y = np.concatenate((floors - floors.mean(), peaks - peaks.mean()))
    spread = float(x @ x)
    drift = float(x @ y) / spread
    rest = y - drift * x
    error = float(np.sqrt(rest @ rest / max(len(x) - 3, 1) / spread))
    # Of few teeth the error is itself not well known.
    plain = 3 + 12 / len(teeth.peaks)
    return (drift, error) if abs(drift) > plain * error else (0.0, 0.0)
