"""The course of a series without resets: lines and curves that explain it, and how likely each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from jipyo.analysis.crossing.result import Motion
from jipyo.analysis.crossing.segments import LinearSegment, LineErrors, divide, measure_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jipyo.model.sample import Values

_PENALTY = 6.0
"""Of a further segment, in long-run variances times ln(blocks)."""
_SHORTEST = 6
"""Blocks of a segment: a day and a half of four weeks of hours."""
_REAL_JUMP = 0.1
"""Of the range; lines that follow a curve have smaller jumps between them."""
_UNLIKELY = 12.0
"""Long-run variances by which an explanation may cost more than the best."""
_NEGLIGIBLE = 1e-3
"""Weight below which an explanation is dropped."""
_CURVED = 40
"""The fewest blocks in which a curve differs clearly from a line."""
_DECAYS = np.concatenate((np.geomspace(0.12, 1.5, 20), -np.geomspace(0.25, 2.0, 16)))
"""Time constants that are tried, as shares of the fitted stretch: of saturation, of growth."""


@dataclass(frozen=True, slots=True)
class CourseCurve:
    """A line or curve over the blocks from `start` on, and the probability that it is the one.

    The curve at `g` blocks after the last is `level + slope g + bend g^2`, or, with `decay`,
    `level + slope decay (1 - exp(-g / decay))`. `root` (3, 3) turns standard normal
    draws into errors of (level, slope, bend).
    """

    start: int
    weight: float
    level: float
    slope: float
    bend: float = 0.0
    decay: float = 0.0
    root: Values | None = None

    @property
    def motion(self) -> Motion:
        """What such a curve is called."""
        if self.decay > 0:
            return Motion.SATURATING
        if self.decay or self.bend:
            return Motion.ACCELERATING
        return Motion.STEADY if self.slope else Motion.FLAT


@dataclass(frozen=True, slots=True)
class Course:
    """What the blocks say of the present course."""

    segments: tuple[LinearSegment, ...]
    curves: tuple[CourseCurve, ...]
    residual: Values
    """Shape (blocks,): blocks less the segments' lines; NaN in gaps."""
    long_run: float
    """Long-run variance of the residual."""
    jumps: Values
    """Shape (segments - 1,): how far the level jumps from one segment to the next."""

    @property
    def restlessness(self) -> float:
        """The probability that the course goes on changing as it did, 0 to 1."""
        return 1.0 if self.has_steps else float(np.clip((len(self.segments) - 2) / 3, 0, 1))

    def find_price(self) -> float:
        """What one more term of a curve must save in squared error."""
        return self.long_run * float(np.log(max(len(self.residual), 3)))

    @property
    def steps(self) -> list[int]:
        """The blocks at which the level jumps, far beyond the noise."""
        real = np.abs(self.jumps) > 4 * np.nanstd(self.residual)
        return [self.segments[index + 1].start for index in np.flatnonzero(real)]

    @property
    def has_steps(self) -> bool:
        """Whether it moves by jumps in one direction, three or more, and little between them."""
        real = self.jumps[np.abs(self.jumps) > 4 * np.nanstd(self.residual)]
        net = self.segments[-1].last - self.segments[0].level
        return len(real) >= 3 and abs(real.sum()) > max(0.6 * np.abs(real).sum(), 0.5 * abs(net))


def read_course(blocks: Values) -> Course:
    """Segments and the curves of the newest blocks; NaN blocks weigh nothing.

    The penalty knows the noise's memory: on the plain variance every wandering of an
    autocorrelated series becomes a trend. The memory that a running median hides is found in
    what the first division leaves, and the series is then divided once more.
    """
    long_run, lines = _estimate_noise(blocks), measure_lines(blocks)
    course, costs = _divide(blocks, lines, long_run)
    measured = _measure_long_run(course)
    if measured > 1.2 * long_run:
        course, costs = _divide(blocks, lines, measured)
    candidates = [
        *_list_lines(lines, course, costs),
        *_list_bent(blocks, lines, course, costs),
    ]
    return replace(course, curves=_weigh(blocks, course, candidates))


def _divide(blocks: Values, lines: LineErrors, long_run: float) -> tuple[Course, Values]:
    penalty = _PENALTY * long_run * np.log(max(len(blocks), 3))
    division = divide(lines, penalty, _SHORTEST)
    jumps = [b.level - a.last - a.slope for a, b in pairwise(division.segments)]
    rest = blocks - draw_line(division.segments)
    return Course(division.segments, (), rest, long_run, np.array(jumps)), division.costs


def draw_line(segments: tuple[LinearSegment, ...]) -> Values:
    """The segments' value at each block, shape (blocks,)."""
    lines = [one.level + one.slope * np.arange(one.stop - one.start) for one in segments]
    return np.concatenate(lines)


def _measure_long_run(course: Course) -> float:
    """Long-run variance of the residual as of an AR(1), made up for what the lines took."""
    rest = course.residual
    pairs = np.isfinite(rest[1:]) & np.isfinite(rest[:-1])
    n, parameters = np.isfinite(rest).sum(), 2 * len(course.segments)
    variance = float(np.nanvar(rest)) * n / max(n - parameters, 1)
    joint = float(np.mean(rest[1:][pairs] * rest[:-1][pairs])) if pairs.any() else 0.0
    memory = joint / variance if variance > 0 else 0.0
    memory = float(np.clip((memory * n + parameters / 2) / max(n - 3, 1), 0, 0.9))
    return float(variance * (1 + memory) / (1 - memory))


def _estimate_noise(blocks: Values) -> float:
    """The long-run variance of what a running median of nine leaves."""
    n = len(blocks)
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(blocks, 4, constant_values=np.nan), 9)
    seen = np.isfinite(windows).any(axis=1)
    smooth = np.full(n, np.nan)
    smooth[seen] = np.nanmedian(windows[seen], axis=1)
    rest = (blocks - smooth)[np.isfinite(blocks)]
    robust = (1.4826 * np.median(np.abs(rest))) ** 2
    capped = np.clip(rest, -4 * robust**0.5, 4 * robust**0.5) if robust > 0 else rest
    variance = float(max(np.var(capped), 1e-8))
    joint = float(np.mean(capped[1:] * capped[:-1])) if len(capped) > 1 else 0.0
    memory = float(np.clip(joint / variance, 0, 0.9))
    return variance / (1 - memory)


class _Candidate(NamedTuple):
    """A way to explain the newest blocks, and its cost: squared error and penalties."""

    cost: float
    start: int
    degree: int
    decay: float = 0.0


def _list_lines(lines: LineErrors, course: Course, costs: Values) -> Iterator[_Candidate]:
    """A slope and a level from every start that could be the last."""
    n, one_term = len(lines.errors), course.find_price()
    for start in np.flatnonzero(costs <= costs.min() + _UNLIKELY * course.long_run).tolist():
        cost = float(costs[start])
        more = float(lines.flat_errors[start, n] - lines.errors[start, n])
        yield _Candidate(cost, start, 1)
        yield _Candidate(cost + more - one_term, start, 0)


def _list_bent(
    blocks: Values, lines: LineErrors, course: Course, costs: Values
) -> Iterator[_Candidate]:
    """Quadratic and exponential curves from the starts where a curve could begin."""
    n, one_term = len(blocks), course.find_price()
    for start in _list_curve_starts(course):
        before = float(costs[start]) - float(lines.errors[start, n])
        error, bent = _fit(blocks, start, 2, 0.0, course.long_run)
        if bent.bend * bent.slope > 0:
            yield _Candidate(before + error + one_term, start, 2)
        decays = _DECAYS * (n - start)
        errors = _fit_decays(blocks, start, decays)
        likely = np.flatnonzero(errors <= errors.min() + _UNLIKELY * course.long_run).tolist()
        choice = 2 * course.long_run * np.log(len(likely))
        for index in likely:
            cost = before + float(errors[index]) + one_term + choice
            yield _Candidate(cost, start, 1, float(decays[index]))


def _weigh(
    blocks: Values, course: Course, candidates: Sequence[_Candidate]
) -> tuple[CourseCurve, ...]:
    """The curves of the likeliest candidates, with weights by the Bayesian information."""
    costs = np.array([one.cost for one in candidates])
    weights = np.exp((costs.min() - costs) / (2 * course.long_run))
    weights /= weights.sum()
    return tuple(
        replace(_fit(blocks, one.start, one.degree, one.decay, course.long_run)[1], weight=weight)
        for weight, one in zip(weights.tolist(), candidates, strict=True)
        if weight > _NEGLIGIBLE
    )


def _list_curve_starts(course: Course) -> list[int]:
    """Starts of segments since the last real jump, where a curve could begin."""
    n = course.segments[-1].stop
    spread = max(4 * float(np.nanstd(course.residual)), _REAL_JUMP)
    starts: list[int] = []
    for index in range(len(course.segments) - 1, -1, -1):
        if n - course.segments[index].start >= _CURVED:
            starts.append(course.segments[index].start)
        if index and abs(course.jumps[index - 1]) > spread:
            break
    return starts


def _fit_decays(blocks: Values, start: int, decays: Values) -> Values:
    """The squared error of the best curve with each time constant."""
    y = blocks[start:]
    seen = np.isfinite(y)
    x = np.arange(len(y))[seen] - len(y) + 1.0
    basis = decays[:, None] * (1 - np.exp(-x / decays[:, None]))
    basis -= basis.mean(axis=1, keepdims=True)
    rest = y[seen] - y[seen].mean()
    joint, spread = basis @ rest, np.einsum("ij,ij->i", basis, basis)
    errors: Values = rest @ rest - joint**2 / np.maximum(spread, 1e-12)
    return errors


def _fit(
    blocks: Values, start: int, degree: int, decay: float, long_run: float
) -> tuple[float, CourseCurve]:
    """Squared error and curve over the blocks from `start`, with x counted back from the last."""
    y = blocks[start:]
    seen = np.isfinite(y)
    x = np.arange(len(y))[seen] - len(y) + 1.0
    slope = decay * (1 - np.exp(-x / decay)) if decay else x
    basis = np.stack((np.ones(len(x)), slope, x * x)[: degree + 1])
    gram = basis @ basis.T
    gram[np.diag_indices_from(gram)] *= 1 + 1e-9  # of one block there is no slope
    inverse = np.linalg.inv(gram)
    found = inverse @ (basis @ y[seen])
    error = y[seen] - found @ basis
    root = np.zeros((3, 3))
    root[: degree + 1, : degree + 1] = np.linalg.cholesky(inverse * long_run)
    level, tilt, bend = (*found.tolist(), 0.0, 0.0)[:3]
    return float(error @ error), CourseCurve(start, 0.0, level, tilt, bend, decay, root)
