"""What a service promises: which events or minutes are good, how many must be, over what time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from jipyo.catalogue.metric import Compare, Origin
from jipyo.model.calendar import PeriodKind, local_day, period_containing, range_between

if TYPE_CHECKING:
    from fractions import Fraction
    from zoneinfo import ZoneInfo

    from jipyo.model.bilingual import Bilingual
    from jipyo.model.calendar import Period
    from jipyo.model.sample import Mask, Values

MINUTE_MS = 60_000


class SloBasis(Enum):
    """What is counted."""

    REQUESTS = "requests"
    """Requests or other events: good ones of all."""
    TIME = "time"
    """Minutes: good ones of all."""


class MissingData(Enum):
    """What a minute without data is, where minutes are counted."""

    IGNORE = "ignore"
    """Neither good nor bad: the period is so much shorter."""
    BAD = "bad"
    GOOD = "good"


@dataclass(frozen=True, slots=True)
class Naming:
    """Where an indicator of the catalogue is from, and what the labels of its answer become."""

    exporter: str = ""
    rename: tuple[tuple[str, str], ...] = ()
    server: str = ""
    """Of a metric by model server: the value of that label."""
    is_fallback: bool = False
    """Read only where no other indicator has data anywhere."""


OWN = Naming()
"""Of an indicator that the site wrote itself."""


@dataclass(frozen=True, slots=True)
class RatioIndicator:
    """Requests by two counters; exactly one of `good` and `bad` is given.

    All are PromQL with `$w` for the window, as `sum by (job) (increase(x_total[$w] anchored))`.
    """

    total: str
    good: str = ""
    bad: str = ""
    naming: Naming = OWN


@dataclass(frozen=True, slots=True)
class LatencyIndicator:
    """Requests by a classic histogram: good is what a bucket that ends at `within_s` counts."""

    buckets: str
    """A selector of its `_bucket` series, without `le`."""
    within_s: float
    by: tuple[str, ...] = ()
    """What the requests are counted by."""
    scale: float = 1.0
    """How many of the histogram's units a second has."""
    naming: Naming = OWN


@dataclass(frozen=True, slots=True)
class TimeIndicator:
    """A minute is good where the value at its end compares well; several series are apart."""

    expr: str
    compare: Compare
    value: float
    naming: Naming = OWN

    def is_good(self, values: Values) -> Mask:
        """Which values compare well; NaN does not."""
        if self.compare is Compare.AT_MOST:
            return values <= self.value
        return values >= self.value


@dataclass(frozen=True, slots=True)
class WithoutCounts:
    """A source that gives a mean or a percentile alone: it cannot say which requests were good."""

    expr: str
    naming: Naming = OWN


Indicator = RatioIndicator | LatencyIndicator | TimeIndicator | WithoutCounts


@dataclass(frozen=True, slots=True)
class SloPeriod:
    """The time that a budget is for: a calendar period, or the last so many milliseconds."""

    kind: PeriodKind
    rolling_ms: int = 0
    """Of `PeriodKind.RANGE` alone."""

    def find(self, now_ms: int, zone: ZoneInfo) -> Period:
        """The period that a moment lies in; a rolling one ends with its minute."""
        if self.kind is not PeriodKind.RANGE:
            return period_containing(self.kind, local_day(now_ms, zone), zone)
        end_ms = now_ms // MINUTE_MS * MINUTE_MS
        return range_between(end_ms - self.rolling_ms, end_ms, zone)

    def __str__(self) -> str:
        """As it is written in the configuration: `month`, `30d`."""
        if self.kind is not PeriodKind.RANGE:
            return str(self.kind.value)
        for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", MINUTE_MS)):
            if self.rolling_ms % size == 0:
                return f"{self.rolling_ms // size}{unit}"
        return f"{self.rolling_ms}ms"


MONTH = SloPeriod(PeriodKind.MONTH)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLevelObjective:
    """One objective. `indicators` are alternatives: of each target the first with data counts."""

    id: str
    name: Bilingual
    target: Fraction
    """The share that must be good, between 0 and 1, both excluded."""
    indicators: tuple[Indicator, ...]
    period: SloPeriod = MONTH
    missing: MissingData = MissingData.IGNORE
    """Of an objective that counts minutes."""
    target_labels: tuple[str, ...] = ()
    """The labels that identify a target among the alternatives; none: they are of one."""
    metric_id: str = ""
    """The metric of the catalogue that it is about, if it is about one."""
    origin: Origin = Origin.SITE

    @property
    def basis(self) -> SloBasis:
        """What it counts."""
        is_time = any(isinstance(one, TimeIndicator) for one in self.indicators)
        return SloBasis.TIME if is_time else SloBasis.REQUESTS
