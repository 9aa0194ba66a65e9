"""One series over one day: its summary, and when it was beyond its thresholds.

Values are arrays over equal steps, NaN where a step has no value. A step at time t stands
for the stretch (t - step, t], so a run of n steps lasts n * step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from jipyo.analysis.health import Severity, State

if TYPE_CHECKING:
    from jipyo.catalogue import Thresholds
    from jipyo.model.sample import Mask, Times, Values

Ranks = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Rule:
    """What a series is judged by. `sign` is 1 where high is worse, -1 where low is."""

    limits: Thresholds
    sign: int
    step_ms: int


@dataclass(frozen=True, slots=True)
class SeriesStats:
    """A day of one series in a few numbers; all NaN and -1 where no step has a value."""

    steps: int
    average: float
    p95: float
    maximum: float
    minimum: float
    first: float
    last: float
    maximum_ms: int
    minimum_ms: int
    last_ms: int


EMPTY = SeriesStats(0, *(np.nan,) * 6, -1, -1, -1)


@dataclass(frozen=True, slots=True)
class Breach:
    """A stretch beyond a threshold, from the first step beyond it to the last before recovery.

    `held` is the gravest state that it lasted long enough for, what an alert would have
    said; OK where it was too short for any. `open` tells that it was still so at the last
    step of the day.
    """

    start_ms: int
    end_ms: int
    warning_ms: int
    """Time at the warning level and not at the critical one."""
    critical_ms: int
    critical: tuple[tuple[int, int], ...]
    """The stretches at the critical level within it."""
    peak: float
    peak_ms: int
    held: State
    open: bool

    @property
    def lasted_ms(self) -> int:
        """From its beginning to its end."""
        return self.end_ms - self.start_ms

    @property
    def gravest(self) -> tuple[int, int]:
        """From when to when it was at the state that it held: of several times the longest."""
        if self.held is not State.CRITICAL:
            return self.start_ms, self.end_ms
        return max(self.critical, key=lambda stretch: stretch[1] - stretch[0])


def summarise(t_ms: Times, values: Values) -> SeriesStats:
    """The day's summary; `values` has shape (steps,).

    The percentile interpolates linearly, as Prometheus' `quantile_over_time` does.
    """
    where = np.flatnonzero(~np.isnan(values))
    if not where.size:
        return EMPTY
    real = values[where]
    times = t_ms[where]
    highest, lowest = int(real.argmax()), int(real.argmin())
    return SeriesStats(
        steps=int(where.size),
        average=float(real.mean()),
        p95=_quantile(real, 0.95),
        maximum=float(real[highest]),
        minimum=float(real[lowest]),
        first=float(real[0]),
        last=float(real[-1]),
        maximum_ms=int(times[highest]),
        minimum_ms=int(times[lowest]),
        last_ms=int(times[-1]),
    )


def episodes(t_ms: Times, values: Values, rank: Ranks, rule: Rule) -> tuple[Breach, ...]:
    """The stretches beyond a threshold, in the order of time.

    `rank` is the course of the series' states (`health.course_of`), shape (steps,). Two
    breaches with no recovery between them are one. A step without a value ends one: nobody
    saw it go on.
    """
    limits, sign, step_ms = rule.limits, rule.sign, rule.step_ms
    critical = _lasting(values, limits.critical, limits.recover_critical, sign)
    beyond = critical | _lasting(values, limits.warning, limits.recover_warning, sign)
    at_critical = _reaches(values, limits.critical, sign)
    at_warning = _reaches(values, limits.warning, sign) & ~at_critical
    found = []
    for start, end in _runs(beyond):
        peak = start + int((values[start:end] * sign).argmax())
        found.append(
            Breach(
                start_ms=int(t_ms[start]) - step_ms,
                end_ms=int(t_ms[end - 1]),
                warning_ms=int(at_warning[start:end].sum()) * step_ms,
                critical_ms=int(at_critical[start:end].sum()) * step_ms,
                critical=tuple(
                    (int(t_ms[start + a]) - step_ms, int(t_ms[start + b - 1]))
                    for a, b in _runs(critical[start:end])
                ),
                peak=float(values[peak]),
                peak_ms=int(t_ms[peak]),
                held=Severity(int(rank[start:end].max())).state,
                open=end == t_ms.size,
            )
        )
    return tuple(found)


def _lasting(values: Values, line: float | None, recover: float | None, sign: int) -> Mask:
    """Where a level is reached, or was and is not yet left."""
    reached = _reaches(values, line, sign)
    if recover is None:
        return reached
    with np.errstate(invalid="ignore"):
        staying = reached | (values * sign > recover * sign)
    lasting = np.zeros(values.shape, bool)
    for start, end in _runs(staying):
        first = np.flatnonzero(reached[start:end])
        if first.size:
            lasting[start + int(first[0]) : end] = True
    return lasting


def _reaches(values: Values, line: float | None, sign: int) -> Mask:
    """Where a level is reached: at the value itself already."""
    if line is None:
        return np.zeros(values.shape, bool)
    with np.errstate(invalid="ignore"):
        reaches: Mask = values * sign >= line * sign
    return reaches


def _quantile(values: Values, q: float) -> float:
    """Linear interpolation that also knows infinities, where numpy's gives NaN."""
    ranked = np.sort(values)
    rank = q * (ranked.size - 1)
    low = int(rank)
    high = min(low + 1, ranked.size - 1)
    weight = rank - low
    if not weight or ranked[low] == ranked[high]:
        return float(ranked[low])
    return float(ranked[low] * (1 - weight) + ranked[high] * weight)


def _runs(mask: Mask) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]
