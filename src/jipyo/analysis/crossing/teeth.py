"""Resets: a series that rises and falls back suddenly, again and again."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jipyo.model.arrays import Indices
    from jipyo.model.sample import Values

_LEAST_DROP = 0.25
"""Of the range; smaller falls are no resets."""
_OVERDUE = 1.25
"""Times the longest period without a reset, after which the resets count as gone."""
_MOST_TEETH = 400


@dataclass(frozen=True, slots=True)
class Teeth:
    """The teeth between resets, oldest first; the present one is the last of each array.

    `starts` in points from the series' first, `floors` and `slopes` of shape (teeth,); `lengths`
    and `peaks` of shape (teeth - 2,): only teeth with both ends seen.
    """

    starts: Values
    floors: Values
    slopes: Values
    lengths: Values
    peaks: Values
    residual: Values
    elapsed: float
    level: float

    @property
    def is_overdue(self) -> bool:
        """Whether the present tooth lasts much longer than any before."""
        return self.elapsed > _OVERDUE * float(self.lengths.max())


def find_teeth(y: Values) -> Teeth | None:
    """The teeth of `y` (n,), NaN in gaps; None where it is no sawtooth.

    A reset is a fall of a quarter of the range or more within two points, much larger than the
    noise. Where the series also jumps up about as far about as often, it is a load that
    comes and goes, and not a sawtooth.
    """
    where = np.flatnonzero(np.isfinite(y))
    seen = y[where]
    if len(seen) < 12:
        return None
    low, high = np.percentile(seen, (1, 99))
    change = np.diff(seen)
    noise = 1.4826 * float(np.median(np.abs(change - np.median(change))))
    least = max(8 * noise, _LEAST_DROP * (high - low))
    resets = _find_falls(seen, least)
    climbs = _find_falls(-seen, least)
    if least <= 0 or len(resets) < 2 or len(climbs) > len(resets) / 2:
        return None
    return _measure(where, seen, resets)


def _find_falls(seen: Values, least: float) -> Indices:
    """Indices of the first point after each fall of `least` within two points."""
    fall = np.zeros(len(seen))
    fall[2:] = seen[:-2] - seen[2:]
    fall[1:] = np.maximum(fall[1:], seen[:-1] - seen[1:])
    deep: Indices = np.flatnonzero(fall >= least)
    if not len(deep):
        return deep
    first = np.concatenate(([True], np.diff(deep) > 2))
    return deep[first]


def _measure(where: Indices, seen: Values, resets: Indices) -> Teeth | None:
    edges = np.concatenate(([0], resets, [len(seen)]))
    pieces = list(itertools.pairwise(edges))
    starts, floors, slopes, ends = (np.zeros(len(pieces)) for _ in range(4))
    residual = np.zeros(len(seen))
    for index, (a, b) in enumerate(pieces):
        x, y = where[a:b] - where[a], seen[a:b]
        slope = np.polyfit(x, y, 1)[0] if b - a > 2 else 0.0
        base = y.mean() - slope * x.mean()
        starts[index], floors[index], slopes[index] = where[a], base, slope
        ends[index] = base + slope * x[-1]
        residual[a:b] = y - base - slope * x
    lengths = np.diff(starts)[1:]
    if not len(lengths) or len(pieces) > _MOST_TEETH:
        return None
    elapsed = float(where[-1] - starts[-1]) + 1
    if elapsed < 3:
        slopes[-1] = np.median(slopes[1:-1])
    return Teeth(starts, floors, slopes, lengths, ends[1:-1], residual, elapsed, float(ends[-1]))


def simulate_teeth(
    teeth: Teeth, threshold: float, steps: float, paths: int, rng: np.random.Generator
) -> Values:
    """Points until `threshold` is first reached in each path, shape (paths,); infinite if never.

    The present tooth goes on, and new ones follow with floors, slopes and lengths drawn from
    those seen; an overdue reset no longer comes.
    """
    # The errors of a line's slope and of its value at its end, with some memory in the noise.
    sd = 1.5 * float(np.std(teeth.residual)) / np.sqrt(max(teeth.elapsed, 2.0))
    common = rng.normal(0, 1, paths)
    slope = teeth.slopes[-1] + common * 3.46 * sd / max(teeth.elapsed, 2.0)
    level = teeth.level + sd * (1.73 * common + rng.normal(0, 1, paths))
    hit = np.full(paths, np.inf)
    at = np.zeros(paths)
    length = _draw_rest(teeth, paths, rng)
    mean_drift, error = _find_drift(teeth)
    drift = rng.normal(mean_drift, error, paths)
    age = teeth.starts[-1] + teeth.elapsed - teeth.starts[1:]
    margins = _sustain_noise(teeth)
    margin = rng.choice(margins, paths)
    alive = np.ones(paths, dtype=bool)
    while alive.any():
        with np.errstate(divide="ignore", invalid="ignore"):
            rise = np.where(level + margin >= threshold, 0.0, (threshold - level - margin) / slope)
        found = alive & (rise >= 0) & (rise <= length) & np.isfinite(rise)
        hit[found] = at[found] + rise[found]
        at = at + length
        alive &= ~found & (at < steps)
        picks = rng.integers(0, len(teeth.lengths), paths)
        length = np.maximum(teeth.lengths[picks] * rng.normal(1, 0.05, paths), 1.0)
        slope = teeth.slopes[1:-1][picks]
        origin = rng.integers(0, len(age), paths)
        ahead = np.where(alive, at, 0.0) + age[origin]
        level = teeth.floors[1:][origin] + drift * ahead
        margin = rng.choice(margins, paths)
    return np.where(hit <= steps, hit, np.inf)


def _sustain_noise(teeth: Teeth) -> Values:
    """The highest noise, of three points in a row, while a tooth rises by the noise's size."""
    rest = teeth.residual
    lasting = np.minimum(np.minimum(rest[:-2], rest[1:-1]), rest[2:])
    rise = max(float(np.median(teeth.slopes)), 1e-9)
    width = int(np.clip(np.std(rest) / rise, 1, len(lasting) // 4 or 1))
    highest: Values = np.lib.stride_tricks.sliding_window_view(lasting, width).max(axis=1)
    return highest


def _draw_rest(teeth: Teeth, paths: int, rng: np.random.Generator) -> Values:
    """How long the present tooth still lasts."""
    if teeth.is_overdue:
        return np.full(paths, np.inf)
    lengths = rng.choice(teeth.lengths, paths) * rng.normal(1, 0.08, paths)
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
    return (drift, error) if abs(drift) > 3 * error else (0.0, 0.0)
