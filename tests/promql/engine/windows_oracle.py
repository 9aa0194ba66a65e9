"""Functions over one window as Prometheus computes them: plain loops, sample by sample."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

Sample = tuple[int, float]


@dataclass(frozen=True)
class Window:
    """Samples with `start < t <= end`."""

    start_ms: int
    end_ms: int
    samples: tuple[Sample, ...]

    @property
    def values(self) -> list[float]:
        return [value for _, value in self.samples]


def kahan(values: Sequence[float]) -> tuple[float, float]:
    """util/kahansum, as it stands."""
    total = lost = 0.0
    for value in values:
        new = total + value
        if math.isinf(new):
            lost = 0.0
        elif abs(total) >= abs(value):
            lost += (total - new) + value
        else:
            lost += (value - new) + total
        total = new
    return total, lost


def total(values: Sequence[float]) -> float:
    head, lost = kahan(values)
    return head if math.isinf(head) else head + lost


def mean(values: Sequence[float]) -> float:
    head, lost = kahan(values)
    if math.isfinite(head):
        return head / len(values) + lost / len(values)
    average = values[0]
    for count, value in enumerate(values[1:], 2):
        average = average * ((count - 1) / count) + value / count
    return average


def quantile(q: float, values: Sequence[float]) -> float:
    if math.isnan(q):
        return math.nan
    if not 0 <= q <= 1:
        return math.copysign(math.inf, q)
    ordered = sorted(values, key=lambda value: (not math.isnan(value), value))
    rank = q * (len(ordered) - 1)
    below = math.floor(rank)
    above = min(below + 1, len(ordered) - 1)
    weight = rank - below
    if weight == 0:
        return ordered[below]
    return ordered[below] * (1 - weight) + ordered[above] * weight


def extreme(values: Sequence[float], better: Callable[[float, float], bool]) -> float:
    best = values[0]
    for value in values:
        if better(value, best) or math.isnan(best):
            best = value
    return best


def variance(values: Sequence[float]) -> float:
    if not all(map(math.isfinite, values)):
        return math.nan
    middle = math.fsum(values) / len(values)
    return math.fsum((value - middle) ** 2 for value in values) / len(values)


def rise(values: Sequence[float], *, counter: bool) -> float:
    change = values[-1] - values[0]
    if counter:
        change += sum(before for before, after in pairwise(values) if after < before)
    return change


def stretched(window: Window, *, counter: bool, per_second: bool) -> float | None:
    """Prometheus' extrapolatedRate."""
    if len(window.samples) < 2:
        return None
    (first_ms, first), (last_ms, _) = window.samples[0], window.samples[-1]
    change = rise(window.values, counter=counter)
    to_start, to_end = (first_ms - window.start_ms) / 1000, (window.end_ms - last_ms) / 1000
    sampled = (last_ms - first_ms) / 1000
    between = sampled / (len(window.samples) - 1)
    if to_start >= between * 1.1:
        to_start = between / 2
    if counter and change > 0 and first >= 0:
        to_start = min(to_start, sampled * (first / change))
    if to_end >= between * 1.1:
        to_end = between / 2
    factor = (sampled + to_start + to_end) / sampled
    return change * factor / ((window.end_ms - window.start_ms) / 1000 if per_second else 1)


def last_two(window: Window, *, counter: bool) -> float | None:
    if len(window.samples) < 2:
        return None
    (before_ms, before), (now_ms, now) = window.samples[-2:]
    if not counter:
        return now - before
    return (now if now < before else now - before) / ((now_ms - before_ms) / 1000)


def line(window: Window) -> tuple[float, float] | None:
    """Slope, and the level at the end of the window."""
    if len(window.samples) < 2:
        return None
    values = window.values
    if all(value == values[0] for value in values):
        return (0.0, values[0]) if math.isfinite(values[0]) else (math.nan, math.nan)
    if not all(map(math.isfinite, values)):
        return math.nan, math.nan
    x = [(t_ms - window.end_ms) / 1000 for t_ms, _ in window.samples]
    middle_x, middle_y = math.fsum(x) / len(x), math.fsum(values) / len(values)
    spread = math.fsum((each - middle_x) ** 2 for each in x)
    both = math.fsum((a - middle_x) * (b - middle_y) for a, b in zip(x, values, strict=True))
    return both / spread, middle_y - both / spread * middle_x


def smoothed(values: Sequence[float], level_factor: float, trend_factor: float) -> float | None:
    if len(values) < 2:
        return None
    before, level, slope = 0.0, values[0], values[1] - values[0]
    for nth, value in enumerate(values[1:]):
        if nth:
            slope = trend_factor * (level - before) + (1 - trend_factor) * slope
        before, level = level, level_factor * value + (1 - level_factor) * (level + slope)
    return level


def area(window: Window, rule: int) -> float:
    pieces = []
    for (t1, a), (t2, b) in pairwise(window.samples):
        one, two = (0.0 if math.isnan(each) else each for each in (a, b))
        pieces.append({0: one, 1: two, 2: one / 2 + two / 2}[rule] * (t2 - t1) / 1000)
    return total(pieces)


def when(window: Window, better: Callable[[float, float], bool]) -> float:
    best, at = window.samples[0][1], window.samples[0][0]
    for t_ms, value in window.samples:
        if better(value, best) or math.isnan(best):
            best, at = value, t_ms
    return at / 1000


def middle_distance(values: Sequence[float]) -> float:
    if any(map(math.isnan, values)):
        return math.nan
    middle = quantile(0.5, values)
    return quantile(0.5, [abs(value - middle) for value in values])


def differ(before: float, after: float) -> bool:
    return before != after and not (math.isnan(before) and math.isnan(after))
