"""A contract's profile: its hours, its indicators, and what falling short of them costs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from jipyo.analysis.slo.objective import MissingData
from jipyo.model.attribution import Attribution

if TYPE_CHECKING:
    from jipyo.model.bilingual import Bilingual

DAY_MINUTES = 1440


class OutageMonth(Enum):
    """In which month the minutes of an outage count that reaches over a month's end."""

    RECOVERY = "recovery"
    """All of them in the month of the recovery."""
    MINUTE = "minute"
    """Each in the month that it lies in; the outage itself, as one, in that of the recovery."""


class RestoreClock(Enum):
    """How the length of an outage is measured that has to be restored within a time."""

    SERVICE_HOURS = "service_hours"
    """In service time, without planned work."""
    ELAPSED = "elapsed"
    """From its beginning to its recovery."""


class RoundingRule(Enum):
    """How a figure gets the decimals of its indicator; the rounded one decides."""

    WORSE = "worse"
    """Towards the worse side, so that no rounding makes up for what is missing."""
    NEAREST = "nearest"


class Measure(Enum):
    """What an indicator measures."""

    AVAILABILITY = "availability"
    OUTAGES = "outages"
    """How many there were."""
    MEAN_RESTORE = "mean_restore"
    """Minutes; 0 without outages."""
    LONGEST_RESTORE = "longest_restore"
    """Minutes; 0 without outages."""
    RESTORED_IN_TIME = "restored_in_time"
    """The share restored within the allowed time; 100% without outages."""
    RATIO = "ratio"
    """A PromQL expression divided by another, each added up over the service time."""
    ENTERED = "entered"
    """Typed by hand, with a note of the proof."""

    @property
    def is_of_outages(self) -> bool:
        """Whether it is found from the outages."""
        return self not in (Measure.RATIO, Measure.ENTERED)


class Better(Enum):
    """Which values are good."""

    HIGH = "high"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class ScoreBand:
    """The points of values from a limit on, in the good direction; the limit belongs to it."""

    limit: float
    points: float
    """Of 100."""
    grade: Bilingual | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One line of the sheet: what is promised, and how many points a value brings."""

    id: str
    name: Bilingual
    measure: Measure
    weight: float
    unit: str
    """`%`, `min`, `count`, or any other as it is to be written."""
    target: float
    better: Better
    minimum: float | None = None
    """Still acceptable, where it is not the target."""
    decimals: int = 2
    bands: tuple[ScoreBand, ...] = ()
    """The best first; without any a met target brings 100 points."""
    otherwise: float = 0.0
    """The points of a value beyond all bands."""
    numerator: str = ""
    denominator: str = ""
    """Of a RATIO: PromQL with `$w` for the window and `$targets` for the matchers of the system."""
    factor: float = 1.0
    """Of a RATIO: what the quotient is multiplied by, as 100 for a percentage."""

    def reaches(self, value: float, limit: float) -> bool:
        """Whether a value is at a limit or beyond it, in the good direction."""
        return value >= limit if self.better is Better.HIGH else value <= limit


@dataclass(frozen=True, slots=True)
class ShiftHours:
    """Hours that begin on some days of the week; `end` at or before `start`: on the next day."""

    weekdays: frozenset[int]
    """Monday is 0."""
    start_minute: int
    end_minute: int

    @property
    def length_minutes(self) -> int:
        """How long they are by the clock."""
        return (self.end_minute - self.start_minute - 1) % DAY_MINUTES + 1


@dataclass(frozen=True, slots=True)
class ServiceHours:
    """When the service is promised."""

    shifts: tuple[ShiftHours, ...] = ()
    """None: around the clock."""
    holidays: str = ""
    """The country whose public holidays are off, as `KR`; empty: none."""


@dataclass(frozen=True, slots=True)
class RestorePromise:
    """How soon an outage has to be restored, and what the time beyond that is charged with."""

    allowed_ms: int
    clock: RestoreClock = RestoreClock.SERVICE_HOURS
    factor: float = 1.0
    """Each minute beyond the allowed time is charged as so many."""


@dataclass(frozen=True, slots=True)
class PenaltyBand:
    """What a value from a limit on costs, in percent of the month's fee."""

    limit: float
    percent: float


@dataclass(frozen=True, slots=True)
class PenaltyRule:
    """What the total score, or one indicator, costs."""

    bands: tuple[PenaltyBand, ...]
    """The best first."""
    otherwise: float
    """Percent beyond all bands."""
    indicator: str = ""
    """Empty: the total score."""


@dataclass(frozen=True, slots=True)
class PenaltyTerms:
    """What falling short costs in percent of the month's fee: all rules added up, up to a cap."""

    cap: float = 100.0
    rules: tuple[PenaltyRule, ...] = ()
    charges_overrun: bool = False
    """Whether charged minutes beyond the allowed time cost their share of the month's fee."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The terms of a contract."""

    id: str
    name: Bilingual
    based_on: Bilingual
    """What its figures were read from."""
    indicators: tuple[Indicator, ...]
    hours: ServiceHours = ServiceHours()
    counted: frozenset[Attribution] = frozenset({Attribution.OURS})
    """Whose outages count; one that nobody has attributed counts as ours."""
    outage_month: OutageMonth = OutageMonth.MINUTE
    missing: MissingData = MissingData.IGNORE
    """What service time is of which nothing is known: taken out, an outage, or available."""
    least_coverage: float = 0.95
    """Of the service time; with less known, what is found from outages is not stated."""
    notice_ms: int = 0
    """Planned work is excluded only if it was announced before it began, by so much or more."""
    restore: RestorePromise | None = None
    rounding: RoundingRule = RoundingRule.WORSE
    penalty: PenaltyTerms = PenaltyTerms()
    digest: str = ""
    """SHA-256 of the file that it was read from."""
