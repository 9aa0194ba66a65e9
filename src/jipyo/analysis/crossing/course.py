"""The course of a series without resets: lines and curves that explain it, and how likely each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.crossing.segments import LinearSegment, divide

if TYPE_CHECKING:
    from jipyo.model.sample import Values

_PENALTY = 6.0
"""Of a further segment, in long-run variances times ln(blocks)."""
_SHORTEST = 6
_REAL_JUMP = 0.1
"""Of the range; lines that follow a curve have smaller jumps between them."""
_NEGLIGIBLE = 1e-4
"""Weight below which an explanation is dropped."""
_CURVED = 40
"""Blocks that a curve needs to be told from a line."""
_DECAYS = np.concatenate((np.geomspace(0.12, 1.5, 20), -np.geomspace(0.25, 2.0, 16)))
"""Time constants that are tried, as shares of the fitted stretch: of saturation, of growth."""


@dataclass(frozen=True, slots=True)
class CourseCurve:
    """A curve over the newest blocks: `basis` (blocks, terms) with its coefficients.

    The curve at `g` blocks after the last is `level + slope g + bend g^2`, or, with `decay`,
    `level + slope decay (1 - exp(-g / decay))`. `root` (terms, terms) turns standard normal
    draws into errors of (level, slope, bend).
    """

    start: int
    weight: float
    level: float
    slope: float
    bend: float = 0.0
    decay: float = 0.0
    root: Values | None = None


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
    long_run = _estimate_noise(blocks)
    course, costs = _divide(blocks, long_run)
    measured = _measure_long_run(course)
    if measured > 1.2 * long_run:
        course, costs = _divide(blocks, measured)
    return replace(course, curves=_explain(blocks, course, costs))


def _divide(blocks: Values, long_run: float) -> tuple[Course, Values]:
    penalty = _PENALTY * long_run * np.log(max(len(blocks), 3))
    division = divide(blocks, penalty, _SHORTEST)
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


def _explain(blocks: Values, course: Course, costs: Values) -> tuple[CourseCurve, ...]:
    n, log_n = len(blocks), np.log(max(len(blocks), 3)) * course.long_run
    candidates: list[tuple[float, CourseCurve]] = []
    for start in np.flatnonzero(costs <= costs.min() + 20 * course.long_run).tolist():
        fitted = _fit(blocks, start, 1, 0.0, course.long_run)
        flat = _fit(blocks, start, 0, 0.0, course.long_run)
        candidates.append((float(costs[start]), fitted[1]))
        candidates.append((float(costs[start]) + flat[0] - fitted[0] - log_n, flat[1]))
    for start in _list_curve_starts(course):
        rest = float(costs[start]) - _fit(blocks, start, 1, 0.0, course.long_run)[0]
        bent = _fit(blocks, start, 2, 0.0, course.long_run)
        if bent[1].bend * bent[1].slope > 0:
            candidates.append((rest + bent[0] + log_n, bent[1]))
        errors = _fit_decays(blocks, start, _DECAYS * (n - start))
        best = np.flatnonzero(errors <= errors.min() + 10 * course.long_run).tolist()
        for index in best:
            curve = _fit(blocks, start, 1, float(_DECAYS[index]) * (n - start), course.long_run)
            cost = rest + curve[0] + log_n + 2 * course.long_run * np.log(len(best))
            candidates.append((cost, curve[1]))
    least = min(cost for cost, _ in candidates)
    weights = np.array([np.exp((least - cost) / (2 * course.long_run)) for cost, _ in candidates])
    weights /= weights.sum()
    return tuple(
        CourseCurve(one.start, float(w), one.level, one.slope, one.bend, one.decay, one.root)
        for w, (_, one) in zip(weights, candidates, strict=True)
        if w > _NEGLIGIBLE
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
    basis = np.column_stack([np.ones(len(x)), slope, x * x][: degree + 1])
    inverse = np.linalg.pinv(basis.T @ basis)
    found = inverse @ (basis.T @ y[seen])
    error = y[seen] - basis @ found
    values, vectors = np.linalg.eigh(inverse * long_run)
    root = np.zeros((3, 3))
    root[: degree + 1, : degree + 1] = vectors * np.sqrt(np.maximum(values, 0))
    level, tilt, bend = np.concatenate((found, np.zeros(2 - degree)))
    return float(error @ error), CourseCurve(start, 0.0, level, tilt, bend, decay, root)
