"""When thresholds are reached: simulated paths of a series' present course."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.crossing.course import Course, CourseCurve, draw_line, read_course
from jipyo.analysis.crossing.result import (
    Crossing,
    CrossingForecast,
    CrossingReason,
    CrossingState,
    Motion,
)
from jipyo.analysis.crossing.season import continue_season, find_season
from jipyo.analysis.crossing.teeth import Teeth, find_teeth, simulate_teeth
from jipyo.analysis.regular_series import DAY_MS
from jipyo.catalogue import Direction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.analysis.regular_series import RegularSeries
    from jipyo.model.arrays import Indices
    from jipyo.model.sample import Times, Values

SUSTAINED = 3
"""Points in a row that must be beyond a threshold: one alone is a spike."""

_LEAST_POINTS = 24
_BLOCKS = 112
_CELLS = 256
_LEVEL = 0.8
_DRAWS = 64
_MOST_NOISE = 1_000_000
"""Values of all draws together: of seconds over months there are fewer draws."""
_TRIES = 4


@dataclass(frozen=True, slots=True)
class CrossingOptions:
    """How far to look, how often to simulate, and between which values the metric can be."""

    horizon_ms: int = 30 * DAY_MS
    paths: int = 300
    seed: int = 0
    lowest: float = -np.inf
    highest: float = np.inf


def predict_crossings(
    series: RegularSeries,
    thresholds: Sequence[float],
    direction: Direction,
    options: CrossingOptions = CrossingOptions(),
) -> CrossingForecast:
    """When `series` reaches each threshold, from above where lower is worse.

    A threshold is reached when three points in a row are beyond it. The series is a sawtooth
    whose teeth go on, or a course whose possible lines and curves are weighed by the Bayesian
    information criterion; paths of either are simulated from `options.seed`, so that the same
    input has the same answer.

    Sources: Raftery (1995), Bayesian model selection in social research, Sociological
    Methodology 25:111-163 (weights); Politis and Romano (1992), a circular block-resampling
    procedure for stationary data (season and noise drawn as seen); Jackson et al. (2005)
    (segments). Limits: knows no planned cleaning and no holidays; a random walk has wide
    intervals and a third of its crossings are missed; growth that bends later than the history
    shows is not foreseen; resets slower than four points are not seen as resets.
    """
    counts = (int(series.measured.sum()), len(series.values))
    if counts[0] < _LEAST_POINTS:
        end_ms = int(series.utc_ms[-1]) if counts[1] else 0
        unknown = tuple(Crossing(one, CrossingState.UNKNOWN, np.nan) for one in thresholds)
        return CrossingForecast(unknown, None, end_ms, options.horizon_ms, *counts)
    past = _read_history(series, direction)
    future = _look_ahead(past, options)
    crossings = tuple(_cross(one, past, future, options) for one in thresholds)
    return CrossingForecast(crossings, future.reason, past.end_ms, options.horizon_ms, *counts)


@dataclass(frozen=True, slots=True, eq=False)
class _History:
    """The series upwards, centred and in units of its spread: what is compared has no unit."""

    y: Values
    centre: float
    unit: float
    sign: float
    times: Times
    step_ms: int
    day: int
    periods: tuple[int, ...]

    @property
    def end_ms(self) -> int:
        """The time of the newest point."""
        return int(self.times[-1])

    def scale(self, value: float) -> float:
        """A value of the series' unit, as one of `y`."""
        return (self.sign * value - self.centre) / self.unit

    def find_date(self, hits: Values, share: float) -> int | None:
        """The date until which a share of ascending hits (points ahead) lies; None: never."""
        hit = float(hits[min(int(share * len(hits)), len(hits) - 1)])
        return self.end_ms + round(hit * self.step_ms) if np.isfinite(hit) else None

    def find_rate(self, slope: float, points: int = 1) -> float:
        """A slope by so many points, in the series' unit a day."""
        return self.sign * self.unit * slope * DAY_MS / (self.step_ms * points)


def _read_history(series: RegularSeries, direction: Direction) -> _History:
    """Upwards is the bad direction; what was not measured is NaN."""
    sign = -1.0 if direction is Direction.LOWER_IS_WORSE else 1.0
    y = np.where(series.measured, sign * series.values, np.nan)
    centre, spread = float(np.nanmedian(y)), float(np.nanmax(y) - np.nanmin(y))
    unit = spread if spread > 1e-12 * abs(centre) else max(abs(centre), 1e-300)
    about = (series.utc_ms, series.step_ms, series.day, series.periods)
    return _History((y - centre) / unit, centre, unit, sign, *about)


@dataclass(frozen=True, slots=True, eq=False)
class CoursePaths:
    """Simulated futures: the course at the end of each cell of `width` points, and the noise.

    `course` of shape (paths, cells); `noise` (draws, cells * width) is the sustained sum of
    season and noise at each point, `draws` (paths,) which of them a path has.
    """

    course: Values
    noise: Values
    draws: Indices
    tops: Values
    """The highest of the noise in each cell, shape (draws, cells)."""
    width: int

    def find_hits(self, aim: float) -> Values:
        """Points until `aim` is reached in each path, shape (paths,); infinite where it is not.

        A cell whose end and highest noise together reach it is looked at point by point; where
        they do not meet at one point, the next such cell is.
        """
        reached = self.course + self.tops[self.draws] >= aim
        hits = np.full(len(self.course), np.inf)
        for _ in range(_TRIES):
            left = np.flatnonzero(np.isinf(hits) & reached.any(axis=1))
            if not len(left):
                break
            cells = reached[left].argmax(axis=1)
            hits[left] = self._find_points(left, cells, aim)
            reached[left, cells] = False
        late = np.isinf(hits) & reached.any(axis=1)
        hits[late] = (reached[late].argmax(axis=1) + 0.5) * self.width
        return hits

    def _find_points(self, rows: Indices, cells: Indices, aim: float) -> Values:
        """The first point of a cell that reaches `aim`; infinite where none does."""
        ends = self.course[rows, cells]
        second = self.course[rows, np.minimum(cells + 1, self.course.shape[1] - 1)]
        first = np.where(cells > 0, self.course[rows, np.maximum(cells - 1, 0)], 2 * ends - second)
        share = np.arange(1, self.width + 1) / self.width
        line = first[:, None] + (ends - first)[:, None] * share
        points = cells[:, None] * self.width + np.arange(self.width)
        reached = line + self.noise[self.draws[rows][:, None], points] >= aim
        hit = cells * self.width + reached.argmax(axis=1) + 1.0
        return np.where(reached.any(axis=1), hit, np.inf)


@dataclass(frozen=True, slots=True)
class _Future:
    """Either teeth that go on, or simulated paths."""

    reason: CrossingReason
    teeth: Teeth | None = None
    paths: CoursePaths | None = None


def _look_ahead(past: _History, options: CrossingOptions) -> _Future:
    rng = np.random.default_rng(options.seed)
    season = find_season(past.y, past.periods)
    teeth = _find_teeth(past, season)
    if teeth is not None:
        return _Future(_explain_teeth(teeth, past), teeth)
    block = max(1, -(-len(past.y) // _BLOCKS))
    course = read_course(_take_medians(past.y - season, block))
    steps = max(2 * options.horizon_ms // past.step_ms, 1)
    width = block * max(1, -(-steps // (block * _CELLS)))
    cells = max(-(-steps // width), 1)
    paths = _simulate_course(course, cells, width // block, options.paths, rng)
    ahead = continue_season(season, past.periods, cells * width)
    residual = past.y - season - _draw_course(course, len(past.y), block)
    noise = _draw_noise(ahead, residual, past.day)
    draws = rng.integers(0, len(noise), options.paths)
    tops = noise.reshape(len(noise), -1, width).max(axis=2)
    return _Future(
        _explain_course(course, past, block),
        None,
        CoursePaths(paths, noise, draws, tops, width),
    )


def _find_teeth(past: _History, season: Values) -> Teeth | None:
    """The teeth of a series, less what repeats beside them; a sawtooth itself is no season."""
    teeth = find_teeth(past.y)
    if teeth is None:
        hidden = find_teeth(past.y - season) if season.any() else None
        return hidden if hidden is None else hidden.add_season(season)
    beside = find_season(teeth.residual, past.periods)
    better = find_teeth(past.y - beside) if beside.any() else None
    return teeth if better is None else better.add_season(beside)


def _take_medians(y: Values, block: int) -> Values:
    """Medians of blocks counted back from the end; NaN where a block has no point."""
    pad = -len(y) % block
    table = np.concatenate((np.full(pad, np.nan), y)).reshape(-1, block)
    medians = np.full(len(table), np.nan)
    seen = np.isfinite(table).any(axis=1)
    medians[seen] = np.nanmedian(table[seen], axis=1)
    return medians


def _sustain(y: Values) -> Values:
    """What is reached for `SUSTAINED` points in a row from each point on."""
    lowest = y.copy()
    for ahead in range(1, SUSTAINED):
        np.minimum(lowest[..., :-ahead], y[..., ahead:], out=lowest[..., :-ahead])
    return lowest


def _simulate_course(
    course: Course, cells: int, blocks: int, paths: int, rng: np.random.Generator
) -> Values:
    """Paths of the course alone, shape (paths, cells), each with its own curve and errors.

    A path of a line after several changes goes on as the whole history did, changes included.
    """
    weights = np.array([one.weight for one in course.curves])
    picks = rng.choice(len(weights), paths, p=weights / weights.sum())
    g = blocks * np.arange(1.0, cells + 1)
    out = np.empty((paths, cells))
    for index, one in enumerate(course.curves):
        mine = np.flatnonzero(picks == index)
        if len(mine):
            out[mine] = _draw_curves(one, len(mine), g, course, rng)
    straight = np.array([not one.decay and not one.bend for one in course.curves])[picks]
    restless = np.flatnonzero(straight & (rng.random(paths) < course.restlessness))
    if len(restless):
        moves = _draw_moves(course, len(restless), cells * blocks, rng)
        out[restless] = course.segments[-1].last + moves[:, blocks - 1 :: blocks]
    return out


def _draw_curves(
    curve: CourseCurve, paths: int, g: Values, course: Course, rng: np.random.Generator
) -> Values:
    assert curve.root is not None
    error = rng.normal(0, 1, (paths, 3)) @ curve.root.T
    slope = (curve.slope + error[:, 1])[:, None]
    if curve.decay:
        path = slope * curve.decay * (1 - np.exp(np.minimum(-g / curve.decay, 50.0)))
    else:
        path = slope * g + (curve.bend + error[:, 2])[:, None] * g**2
    drawn: Values = (curve.level + error[:, 0])[:, None] + path
    return drawn


def _draw_moves(course: Course, paths: int, blocks: int, rng: np.random.Generator) -> Values:
    """What the level moves from the last block on: stretches of the fitted history, in a row."""
    steps = np.diff(draw_line(course.segments))
    length = max(len(steps) // 4, 1)
    count = -(-blocks // length)
    starts = rng.integers(0, len(steps), (paths, count))
    picked = steps[(starts[:, :, None] + np.arange(length)) % len(steps)]
    sums = np.add.reduceat(steps, np.arange(0, len(steps), length))
    error = rng.normal(0, float(np.std(sums)) / np.sqrt(len(sums)) / length, (paths, 1))
    return np.cumsum(picked.reshape(paths, -1)[:, :blocks] + error, axis=1)


def _draw_course(course: Course, points: int, block: int) -> Values:
    """The segments' lines at every point of the series, shape (points,)."""
    at = (np.arange(points) + -points % block - (block - 1) / 2) / block
    line = np.empty(points)
    for one in course.segments:
        mine = (at > one.start - 0.5) & (at < one.stop)
        line[mine] = one.level + one.slope * (at[mine] - one.start)
    return line


def _draw_noise(season: Values, residual: Values, day: int) -> Values:
    """Sustained season and noise at each point ahead, shape (draws, points).

    A draw is the seen residual from another day on, at its time of day, so that noise that
    comes by day stays there.
    """
    rest = residual[np.isfinite(residual)]
    stride = day if 1 < day <= len(rest) // 2 else 1
    starts = stride * np.arange(max(len(rest) // stride, 1))
    draws = int(np.clip(_MOST_NOISE // len(season), 1, _DRAWS))
    starts = starts[:: -(-len(starts) // draws)]
    shift = (len(rest) + starts[:, None] + np.arange(len(season))) % len(rest)
    return _sustain(season + rest[shift])


def _cross(
    threshold: float,
    past: _History,
    future: _Future,
    options: CrossingOptions,
) -> Crossing:
    aim = past.scale(threshold)
    newest = past.y[np.isfinite(past.y)][-SUSTAINED:]
    if newest.min() >= aim:
        end_ms = past.end_ms
        return Crossing(threshold, CrossingState.REACHED, 1.0, end_ms, end_ms, end_ms)
    if not options.lowest <= threshold <= options.highest:
        return Crossing(threshold, CrossingState.NOT_EXPECTED, 0.0)
    steps = 2 * options.horizon_ms / past.step_ms
    hits = np.sort(_find_hits(aim, future, steps, options))
    probability = float(np.mean(hits <= steps / 2))
    expected = probability >= 0.5
    state = CrossingState.EXPECTED if expected else CrossingState.NOT_EXPECTED
    tail = (1 - _LEVEL) / 2
    dates = (past.find_date(hits, share) for share in (0.5, tail, 1 - tail))
    return Crossing(threshold, state, probability, *dates)


def _find_hits(aim: float, future: _Future, steps: float, options: CrossingOptions) -> Values:
    """Points until the threshold in each path, shape (paths,); infinite where beyond `steps`."""
    if future.teeth is not None:
        rng = np.random.default_rng(options.seed)
        return simulate_teeth(future.teeth, aim, steps, options.paths, rng)
    assert future.paths is not None
    hits = future.paths.find_hits(aim)
    return np.where(hits <= steps, hits, np.inf)


def _explain_teeth(teeth: Teeth, past: _History) -> CrossingReason:
    per_day = past.find_rate(float(teeth.slopes[-1]))
    times = past.times
    return CrossingReason(
        Motion.SAWTOOTH_OVERDUE if teeth.is_overdue else Motion.SAWTOOTH,
        per_day,
        int(times[int(teeth.starts[0])]),
        round(float(np.median(teeth.lengths)) * past.step_ms),
        int(times[int(teeth.starts[-1])]),
    )


def _explain_course(course: Course, past: _History, block: int) -> CrossingReason:
    """The motion with the greatest weight, its slope and its beginning."""
    best = max(course.curves, key=lambda one: one.weight)
    motion, start, slope = best.motion, best.start, best.slope
    curved = motion in (Motion.ACCELERATING, Motion.SATURATING)
    if course.restlessness > 0.5 and not curved:
        motion = Motion.STEPS if course.has_steps else Motion.WANDERING
        line = draw_line(course.segments)
        start, slope = 0, (line[-1] - line[0]) / max(len(line) - 1, 1)
    offset = -len(past.y) % block
    times, unit_ms = past.times, past.step_ms * block
    period_ms = last_ms = None
    if motion is Motion.STEPS:
        at = course.steps
        period_ms = round((at[-1] - at[0]) / (len(at) - 1)) * unit_ms
        last_ms = int(times[at[-1] * block - offset])
    per_day = past.find_rate(float(slope), block)
    since_ms = int(times[max(start * block - offset, 0)])
    return CrossingReason(motion, per_day, since_ms, period_ms, last_ms)
