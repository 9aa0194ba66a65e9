"""Random histories of a service, and what objectives come to by plain loops over raw samples.

The rule for counters, in one sentence: what a counter rose by from one sample to the next (all
of it after a reset) counts in the piece of time of the later sample, unless the earlier one is
a day or more older than the beginning of that piece. Pieces are hours of the clock, and minutes
in the first hour of the period and over the last three days.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from jipyo.analysis.slo.objective import (
    LatencyIndicator,
    MissingData,
    RatioIndicator,
    ServiceLevelObjective,
    SloPeriod,
    TimeIndicator,
)
from jipyo.catalogue.metric import Compare
from jipyo.model.bilingual import Bilingual
from jipyo.model.calendar import PeriodKind
from jipyo.model.labels import Labels
from support.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jipyo.model.calendar import Period

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
BURN_MINUTES = (5, 30, 60, 120, 360, 1440, 4320)
ZONES = (
    *("Asia/Seoul", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"),
    *("America/Sao_Paulo", "Africa/Casablanca", "UTC"),
)
STARTS_MS = (
    1_709_164_800_000,  # 29 February 2024
    1_741_478_400_000,  # clocks move forward in New York, 9 March 2025
    1_793_412_000_000,  # and back, 1 November 2026
    1_540_706_400_000,  # midnight is skipped in São Paulo within a week, 4 November 2018
    1_798_761_600_000,  # the turn of a year
)
PERIODS = (
    *(SloPeriod(kind) for kind in PeriodKind if kind is not PeriodKind.RANGE),
    SloPeriod(PeriodKind.RANGE, 7 * DAY_MS),
    SloPeriod(PeriodKind.RANGE, 36 * HOUR_MS),
)

Samples = list[tuple[int, float]]


@dataclass(frozen=True)
class History:
    """What was scraped, what is promised, and when somebody wants to know."""

    series: Mapping[Labels, Samples]
    objective: ServiceLevelObjective
    period: Period
    now_ms: int

    def fill(self) -> MemoryStore:
        """A store of its samples."""
        store = MemoryStore()
        for labels, samples in self.series.items():
            store.put(labels, *zip(*samples, strict=True))
        return store


def make_history(seed: int) -> History:
    """One of the histories."""
    rng = random.Random(seed)
    zone = ZoneInfo(rng.choice(ZONES))
    now_ms = rng.choice(STARTS_MS) + rng.randrange(0, 12 * DAY_MS // 1000) * 1000
    slo_period = rng.choice(PERIODS)
    period = slo_period.find(now_ms, zone)
    first_ms = max(period.start_ms, now_ms - 40 * DAY_MS) - rng.randrange(0, 5 * DAY_MS)
    times = make_times(rng, rng.randrange(first_ms, now_ms), now_ms + HOUR_MS)
    make = rng.choice((make_ratio, make_latency, make_minutes))
    series, indicator = make(rng, times)
    objective = ServiceLevelObjective(
        id="one",
        name=Bilingual("하나", "One"),
        target=Fraction(rng.choice(("0.5", "0.9", "0.99", "0.999", "0.95"))),
        indicators=(indicator,),
        period=slo_period,
        missing=rng.choice(tuple(MissingData)) if make is make_minutes else MissingData.IGNORE,
    )
    return History(series, objective, period, now_ms)


def make_times(rng: random.Random, first_ms: int, last_ms: int) -> list[int]:
    """When a target was scraped: at an interval with jitter, with gaps of minutes to days."""
    interval_ms = rng.choice((60_000, 300_000, 900_000, 1_800_000))
    interval_ms = max(interval_ms, (last_ms - first_ms) // 3000)
    times, t_ms = [], first_ms
    while t_ms < last_ms:
        times.append(t_ms)
        gap = rng.random() < 0.01
        t_ms += rng.randrange(0, 3 * DAY_MS) if gap else interval_ms
        t_ms += rng.choice((0, 0, 0, 1, rng.randrange(1, 999)))
    return sorted(set(times))


def make_counter(rng: random.Random, times: Sequence[int], most: int) -> Samples:
    """A counter that is reset now and then."""
    value, samples = float(rng.randrange(1000)), []
    for t_ms in times:
        value = float(rng.randrange(most)) if rng.random() < 0.01 else value + rng.randrange(most)
        samples.append((t_ms, value))
    return samples


def make_ratio(
    rng: random.Random, times: Sequence[int]
) -> tuple[dict[Labels, Samples], RatioIndicator]:
    """Two instances with good and bad requests; bad ones may begin later."""
    series = {}
    for instance in ("a", "b")[: rng.randrange(1, 3)]:
        for code, most in (("200", 1000), ("500", 3)):
            late = rng.randrange(len(times)) if code == "500" and rng.random() < 0.5 else 0
            labels = {"__name__": "requests_total", "instance": instance, "code": code}
            series[Labels.of(labels)] = make_counter(rng, times[late:], most)
    text = "sum(increase(requests_total{}[$w] anchored))"
    return series, RatioIndicator(text.replace("{}", ""), bad=text.replace("{}", '{code="500"}'))


def make_latency(
    rng: random.Random, times: Sequence[int]
) -> tuple[dict[Labels, Samples], LatencyIndicator]:
    """Two instances whose layouts of buckets differ, with a boundary at the objective in both."""
    series = {}
    for instance, bounds in (("a", ("0.5", "2.0", "+Inf")), ("b", ("1", "2", "5", "+Inf"))):
        rises = {le: rng.randrange(1, 50) for le in bounds}
        total: dict[str, float] = dict.fromkeys(bounds, 0.0)
        rows: dict[str, Samples] = {le: [] for le in bounds}
        for t_ms in times:
            if rng.random() < 0.01:
                total = dict.fromkeys(bounds, 0.0)
            below = 0
            for le in bounds:
                below += rng.randrange(rises[le])
                total[le] += below
                rows[le].append((t_ms, total[le]))
        for le in bounds:
            labels = {"__name__": "latency_bucket", "instance": instance, "le": le}
            series[Labels.of(labels)] = rows[le]
    return series, LatencyIndicator("latency_bucket", 2.0)


def make_minutes(
    rng: random.Random, times: Sequence[int]
) -> tuple[dict[Labels, Samples], TimeIndicator]:
    """Whether something is up."""
    values: Samples = [(t_ms, float(rng.random() < 0.97)) for t_ms in times]
    return {Labels.of({"__name__": "up"}): values}, TimeIndicator("up", Compare.AT_LEAST, 1.0)


# --- by plain loops


def find_piece_start(t_ms: int, history: History) -> int:
    """Where the piece of time begins that a sample lies in."""
    cut_ms = history.now_ms // MINUTE_MS * MINUTE_MS
    fine_from_ms = (cut_ms - 3 * DAY_MS) // HOUR_MS * HOUR_MS
    first_hour_ms = -(-history.period.start_ms // HOUR_MS) * HOUR_MS
    is_minute = t_ms > fine_from_ms or t_ms <= first_hour_ms
    size_ms = MINUTE_MS if is_minute else HOUR_MS
    return (t_ms - 1) // size_ms * size_ms


def count_rises(history: History, start_ms: int, end_ms: int, **wanted: str) -> int:
    """What the counters with these labels rose by in (start, end]."""
    total = 0
    for labels, samples in history.series.items():
        if not all(is_like(labels.get(name, ""), value) for name, value in wanted.items()):
            continue
        for (before_ms, before), (t_ms, value) in pairwise(samples):
            is_followed = before_ms > find_piece_start(t_ms, history) - DAY_MS
            if start_ms < t_ms <= end_ms and is_followed:
                total += int(value - before if value >= before else value)
    return total


def is_like(text: str, wanted: str) -> bool:
    """Equal, as a number where it is one."""
    try:
        return float(text) == float(wanted)
    except ValueError:
        return text == wanted


def count(history: History, start_ms: int, end_ms: int) -> tuple[int, int, int]:
    """Good, bad and missing in (start, end]: requests, or minutes."""
    indicator = history.objective.indicators[0]
    if isinstance(indicator, RatioIndicator):
        total = count_rises(history, start_ms, end_ms)
        bad = min(count_rises(history, start_ms, end_ms, code="500"), total)
        return total - bad, bad, 0
    if isinstance(indicator, LatencyIndicator):
        total = count_rises(history, start_ms, end_ms, le="+Inf")
        good = min(count_rises(history, start_ms, end_ms, le="2"), total)
        return good, total - good, 0
    return count_minutes(next(iter(history.series.values())), start_ms, end_ms)


def count_minutes(samples: Samples, start_ms: int, end_ms: int) -> tuple[int, int, int]:
    """Minutes whose newest sample of the last five minutes is good, bad, or not there."""
    found = [0, 0, 0]
    at, newest = 0, (-math.inf, 0.0)
    for t_ms in range(start_ms + MINUTE_MS, end_ms + 1, MINUTE_MS):
        while at < len(samples) and samples[at][0] <= t_ms:
            newest, at = samples[at], at + 1
        is_known = newest[0] > t_ms - 300_000
        found[2 if not is_known else 0 if newest[1] >= 1 else 1] += 1
    return found[0], found[1], found[2]


def apply(history: History, counts: tuple[int, int, int]) -> tuple[int, int]:
    """Good and bad with what the policy makes of missing minutes."""
    good, bad, missing = counts
    policy = history.objective.missing
    return good + missing * (policy is MissingData.GOOD), bad + missing * (
        policy is MissingData.BAD
    )


def expect_burn_rate(history: History, minutes: int) -> float | None:
    """How fast the budget was spent over the last so many minutes."""
    cut_ms = history.now_ms // MINUTE_MS * MINUTE_MS
    start_ms = cut_ms - minutes * MINUTE_MS
    counts = count(history, start_ms, cut_ms)
    good, bad = apply(history, counts)
    share = 1 - history.objective.target
    if isinstance(history.objective.indicators[0], TimeIndicator):
        return float(Fraction(bad, minutes) / share) if good + bad else None
    known = count_known_minutes(history, start_ms, cut_ms)
    return float(Fraction(bad, good + bad) / share) if good + bad and 2 * known >= minutes else None


def count_known_minutes(history: History, start_ms: int, end_ms: int) -> int:
    """Minutes with a sample in the last five, of those that are counted by minutes."""
    cut_ms = history.now_ms // MINUTE_MS * MINUTE_MS
    fine_from_ms = (cut_ms - 3 * DAY_MS) // HOUR_MS * HOUR_MS
    first_ms = history.period.start_ms
    if first_ms < fine_from_ms < -(-first_ms // HOUR_MS) * HOUR_MS:
        fine_from_ms = first_ms
    times = sorted(
        t_ms
        for labels, samples in history.series.items()
        for t_ms, _ in samples
        if labels.get("le", "+Inf") == "+Inf" and t_ms > fine_from_ms
    )
    known, at = 0, 0
    for t_ms in range(start_ms + MINUTE_MS, end_ms + 1, MINUTE_MS):
        while at < len(times) and times[at] <= t_ms:
            at += 1
        known += at > 0 and times[at - 1] > t_ms - 300_000
    return known
