"""What a contract's month came to: one line for each indicator, with its evidence.

All lengths and moments are whole seconds, as they are printed, in milliseconds: whoever adds up
the printed figures gets the printed sum.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from jipyo.model.attribution import Attribution
    from jipyo.model.bilingual import Bilingual
    from jipyo.model.calendar import Period
    from jipyo.sla.profile import Indicator, Profile, ScoreBand


class ContractResult(Enum):
    """How an indicator came out."""

    MET = "met"
    """달성: the target is reached."""
    MINIMUM = "minimum"
    """최소 충족: the minimum is reached and the target is not."""
    MISSED = "missed"
    """미달: neither."""
    NOT_ENTERED = "not_entered"
    """미입력: no figure, as nobody has typed it or too little is known; `reasons` tell which."""


class ValueOrigin(Enum):
    """Where an indicator's value comes from."""

    OUTAGES = "outages"
    SAMPLES = "samples"
    ENTERED = "entered"


@dataclass(frozen=True, slots=True)
class Instant:
    """A moment in a remark."""

    t_ms: int


@dataclass(frozen=True, slots=True)
class Length:
    """A length of time in a remark."""

    ms: int


@dataclass(frozen=True, slots=True)
class Percentage:
    """A share in a remark: 0 to 1."""

    share: float


RemarkValue = str | int | float | Instant | Length | Percentage


@dataclass(frozen=True, slots=True)
class SheetRemark:
    """What has to be known beside a figure: the key of a text and its values."""

    key: str
    values: tuple[tuple[str, RemarkValue], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LineEvidence:
    """All that is needed to compute a value again."""

    start_ms: int
    end_ms: int
    """The window [start, end) that it was found in."""
    queries: tuple[str, ...] = ()
    """PromQL, or what was asked of the log of incidents."""
    samples: int = 0
    """Of a value from outages: the readings of the targets, as far as they are counted."""
    coverage: float | None = None
    """Share of the service time of which something is known; None for a typed value."""
    numerator: float | None = None
    denominator: float | None = None
    """The value is `factor * numerator / denominator`; None where it is no quotient."""
    outages: tuple[str, ...] = ()
    """The ids of the outages that the value was found from."""
    note: str = ""
    """The proof of a typed value."""
    entered_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractLine:
    """One indicator of the month."""

    indicator: Indicator
    origin: ValueOrigin
    value: float | None
    """Unrounded; None where it is not entered."""
    rounded: float | None
    """With the indicator's decimals, as it is printed; it decides result and points."""
    result: ContractResult
    band: ScoreBand | None
    """The band whose points it gets; None beyond all bands."""
    points: float | None
    """Of 100; None where it is not entered."""
    score: float | None
    """`weight * points / 100`."""
    evidence: LineEvidence
    reasons: tuple[SheetRemark, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeAccount:
    """Where the time of a month or day went, each second once, in milliseconds.

    `calendar = outside_hours + planned + unmeasured + outage + not_counted + up`
    """

    calendar_ms: int
    outside_hours_ms: int
    planned_ms: int
    """Planned work within the service hours, excluded."""
    unmeasured_ms: int
    """Service time of which nothing is known."""
    outage_ms: int
    """Service time in which an outage was that counts by its attribution."""
    not_counted_ms: int
    """Service time in which only outages were that do not count by their attribution."""
    up_ms: int

    @property
    def service_ms(self) -> int:
        """The time in which the service was promised, planned work included."""
        return self.calendar_ms - self.outside_hours_ms


@dataclass(frozen=True, slots=True)
class DayAccount:
    """The account of a local day, cut to the month's part under contract."""

    day: date
    is_day_off: bool
    account: TimeAccount


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageLine:
    """An outage of the system: outages of its targets that overlap are one."""

    ids: tuple[str, ...]
    start_ms: int
    end_ms: int | None
    """None while it goes on."""
    targets: tuple[str, ...]
    titles: tuple[str, ...]
    attribution: Attribution | None
    """None where nobody has attributed it."""
    is_counted: bool
    """Whether it counts as an outage of this month."""
    counted_ms: int
    """What of it counts as outage in this month."""
    restore_ms: int
    """Its length by the clock of the restore promise."""
    overrun_ms: int
    """How much longer than allowed."""
    charged_ms: int
    """The overrun times its factor."""
    sources: tuple[str, ...]
    """Where it is known from: `incidents`, `samples` or `entered`."""
    reasons: tuple[SheetRemark, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedLine:
    """Planned work that touches the month."""

    approval: str
    title: str
    announced_ms: int | None
    start_ms: int
    end_ms: int
    is_excluded: bool
    excluded_ms: int
    """The service time of this month that it takes out; overlapping work only once."""
    reasons: tuple[SheetRemark, ...] = ()


@dataclass(frozen=True, slots=True)
class PenaltyLine:
    """One part of the penalty, in percent of the month's fee."""

    indicator: str
    """Empty for the total score and for the overrun."""
    percent: float
    remark: SheetRemark


@dataclass(frozen=True, slots=True)
class PenaltySum:
    """The penalty in percent of the month's fee."""

    lines: tuple[PenaltyLine, ...]
    uncapped: float
    percent: float
    cap: float
    amount: float | None
    """In `currency`; None where the fee of the contract is not known."""
    currency: str


@dataclass(frozen=True, slots=True)
class TotalScore:
    """One score of the month."""

    points: float
    """The scores of the lines that have one, added up."""
    entered_weight: float
    """The weights of those lines."""
    weight: float
    """The weights of all lines."""
    percent: float | None
    """The points of 100, of the weights entered; None where nothing is entered, or measured."""
    rounded: float | None
    """With two decimals, as it is printed; it decides the penalty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractMonth:
    """A contract's month of one system."""

    system: str
    system_name: Bilingual
    profile: Profile
    month: Period
    start_ms: int
    end_ms: int
    """The part of the month that is under contract and over: [start, end)."""
    is_provisional: bool
    """Whether the month is not over yet."""
    lines: tuple[ContractLine, ...]
    total: TotalScore
    penalty: PenaltySum
    account: TimeAccount
    """Of each second of the month's part."""
    counted_outage_ms: int
    """The outage time that counts in this month by the profile's rule; that of availability.

    `account.outage_ms - carried_out_ms + carried_in_ms`
    """
    carried_in_ms: int
    """What of it lies before this month, of outages restored in this one."""
    carried_out_ms: int
    """Outage time of this month that counts in the month of its recovery."""
    coverage: float
    """Share of the service time, without planned work, of which something is known."""
    days: tuple[DayAccount, ...]
    outages: tuple[OutageLine, ...]
    planned: tuple[PlannedLine, ...]
    remarks: tuple[SheetRemark, ...] = ()
    """What holds for the whole sheet."""
    approvers: tuple[str, ...] = ()
