"""A day of the made-up server: its moments, its users, and the samples of one target."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.calendar import local_day, start_of_day
from jipyo.model.labels import Labels
from jipyo.model.sample import STALE_BITS, SeriesBlock

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jipyo.demo.story import Episode, Story
    from jipyo.model.sample import Mask, Times, Values

    Numbers = Values | Times | float

STEP_MS = 15_000
STEP_S = STEP_MS / 1000
DAY_MS = 86_400_000
_HOURS = (
    *(0.12, 0.09, 0.07, 0.06, 0.06, 0.07, 0.11, 0.24, 0.5, 0.82, 0.96, 1.0),
    *(0.78, 0.86, 1.0, 0.97, 0.93, 0.86, 0.6, 0.44, 0.38, 0.32, 0.25, 0.17, 0.12),
)
"""How busy the users are at each hour of a working day, from midnight to midnight."""
_SATURDAY = 5
_DAY_OFF_SHARE = 0.34
_GROWTH_A_DAY = 0.0022

Counters = dict[tuple[str, Labels], float]
"""Where each counter of a job stands."""


@dataclass(frozen=True)
class DemoDay:
    """A day by UTC, which every sample of it follows from, the seed and the day alone."""

    story: Story
    seed: int
    number: int
    """Days since 1970."""
    t_ms: Times
    """Its moments, one every 15 s."""
    load: Values
    """How busy the users are: 1 at a usual peak."""
    hours: Values
    """On the clocks of the zone, 0 to 24."""
    month_days: Values
    """Since the month of the story began; negative before."""

    def during(self, stretch: Episode) -> Mask:
        """Which moments lie in it."""
        return (self.t_ms >= stretch.start_ms) & (self.t_ms < stretch.end_ms)

    def rise(self, stretch: Episode) -> Values:
        """0 before a stretch, growing to 1 at its end, and 1 from there on."""
        length_ms = stretch.end_ms - stretch.start_ms
        return np.clip((self.t_ms - stretch.start_ms) / length_ms, 0.0, 1.0)

    def between_hours(self, first: float, last: float) -> Mask:
        """Which moments lie between two hours of the local day."""
        return (self.hours >= first) & (self.hours < last)


def make_day(story: Story, seed: int, number: int) -> DemoDay:
    """A day and how busy it is."""
    t_ms = number * DAY_MS + np.arange(0, DAY_MS, STEP_MS, dtype=np.int64)
    load, hours = np.empty(t_ms.size), np.empty(t_ms.size)
    first = local_day(int(t_ms[0]), story.zone)
    for day in (first, first + timedelta(days=1)):
        inside = t_ms >= start_of_day(day, story.zone)
        hours[inside] = (t_ms[inside] - start_of_day(day, story.zone)) / 3_600_000
        load[inside] = np.interp(hours[inside], np.arange(25), _HOURS) * _size_day(story, seed, day)
    month_days = (t_ms - story.month.start_ms) / DAY_MS
    noise = smooth_noise(np.random.default_rng((seed, number, 1)), t_ms.size, 0.035)
    load = np.clip(load * (1 + _GROWTH_A_DAY * month_days) * (1 + noise), 0.01, None)
    return DemoDay(story, seed, number, t_ms, load, hours, month_days)


def _size_day(story: Story, seed: int, day: date) -> float:
    wobble = np.random.default_rng((seed, day.toordinal())).normal(0, 0.03)
    off = day.weekday() >= _SATURDAY or day in story.days_off
    return float((_DAY_OFF_SHARE if off else 1.0) * (1 + wobble))


def smooth_noise(rng: np.random.Generator, size: int, level: float, steps: int = 12) -> Values:
    """Noise about 0 whose neighbours are alike, with this standard deviation."""
    white = rng.normal(0, level, size + steps - 1)
    noise: Values = np.convolve(white, np.full(steps, steps**-0.5), "valid")
    return noise


@dataclass
class TargetDay:
    """The samples of one target on a day, while they are made."""

    day: DemoDay
    job: str
    instance: str
    counters: Counters
    """Where its counters stood at the end of the day before; moved on to the end of this one."""
    down: Sequence[Episode] = ()
    """When it gives nothing."""
    restarts: bool = False
    """Whether its counters begin at 0 after it was down."""
    labels: list[Labels] = field(default_factory=list)
    values: list[Values] = field(default_factory=list)

    def __post_init__(self) -> None:
        day = self.day
        self.rng = np.random.default_rng(
            (day.seed, day.number, *self.job.encode(), 0, *self.instance.encode())
        )
        self.offset_ms = 200 + sum(self.job.encode()) * 37 % 14_000
        self.is_down = np.zeros(day.t_ms.size, np.bool_)
        for stretch in self.down:
            self.is_down |= day.during(stretch)

    def name(self, metric: str, **labels: str) -> Labels:
        """The labels of one of its series."""
        about = {"__name__": metric, "job": self.job, "instance": self.instance}
        return Labels.of({**about, **labels})

    def gauge(self, metric: str, values: Numbers, **labels: str) -> None:
        """A value that goes up and down."""
        self.labels.append(self.name(metric, **labels))
        self.values.append(np.broadcast_to(np.asarray(values, float), self.day.t_ms.shape))

    def count(self, metric: str, rises: Numbers, **labels: str) -> None:
        """A counter that rises by so much in each step."""
        series = self.name(metric, **labels)
        each = np.broadcast_to(np.asarray(rises, float), self.day.t_ms.shape)
        total = np.cumsum(np.where(self.is_down, 0.0, each)) + self.counters.get(
            (self.job, series), 0.0
        )
        if self.restarts and self.is_down.any():
            last = int(np.flatnonzero(self.is_down)[-1])
            total[last + 1 :] -= total[last]
        self.counters[self.job, series] = float(total[-1])
        self.labels.append(series)
        self.values.append(total)

    def histogram(
        self, metric: str, edges: Sequence[float], counts: Values, seconds: Values, **labels: str
    ) -> None:
        """A histogram: what fell into each bucket in each step, shape (steps, edges + 1)."""
        below = np.cumsum(counts, axis=1)
        for at, edge in enumerate((*(str(float(one)) for one in edges), "+Inf")):
            self.count(f"{metric}_bucket", below[:, at], le=edge, **labels)
        self.count(f"{metric}_count", below[:, -1], **labels)
        self.count(f"{metric}_sum", np.round(seconds, 3), **labels)

    def jitter(self, level: float) -> Values:
        """Smooth noise about 1."""
        return 1 + smooth_noise(self.rng, self.day.t_ms.size, level)

    def blocks(self) -> Iterator[SeriesBlock]:
        """Its series without the moments at which nothing was collected."""
        kept = ~self.day.during(self.day.story.uncollected)
        t_ms = self.day.t_ms + self.offset_ms
        yield SeriesBlock((self.name("up"),), t_ms[kept], (~self.is_down)[None, kept].astype(float))
        ends = self.is_down & ~np.r_[False, self.is_down[:-1]]
        given = kept & (~self.is_down | ends)
        values = np.stack(self.values)
        values.view(np.uint64)[:, ends] = STALE_BITS
        yield SeriesBlock(tuple(self.labels), t_ms[given], values[:, given])


def draw_histogram(
    rng: np.random.Generator,
    requests: Values,
    middle: Values | float,
    steepness: float,
    edges: Sequence[float],
) -> tuple[Values, Values]:
    """How long requests took: counts of shape (steps, edges + 1), and about their sum, (steps,).

    Times follow a log-logistic distribution with this median; of steepness 4 the 95th percentile
    is 2.09 times the median.
    """
    middles = np.broadcast_to(np.asarray(middle, float), requests.shape)[:, None]
    below = 1 / (1 + (middles / np.asarray(edges)) ** steepness)
    shares = np.diff(below, axis=1, prepend=0.0, append=1.0)
    counts = rng.multinomial(requests.astype(np.int64), shares).astype(float)
    centres = np.sqrt(np.r_[edges[0] / 3, edges[:-1], edges[-1]] * np.r_[edges, edges[-1] * 1.5])
    return counts, counts @ centres
