"""What a contract's month is worked out from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jipyo.model.attribution import Attribution
    from jipyo.sla.spans import Spans


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractOutage:
    """An outage of one target of the system."""

    id: str
    start_ms: int
    end_ms: int | None
    """None while it goes on."""
    target: str
    title: str = ""
    attribution: Attribution | None = None
    """None where nobody has attributed it: it counts as ours."""
    source: str = "samples"
    """Where it is known from: `incidents`, `samples` or `entered`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedWork:
    """Work that takes the service down on purpose."""

    start_ms: int
    end_ms: int
    approval: str = ""
    """The number of the approval; empty: it has none, and is not excluded."""
    announced_ms: int | None = None
    """When it was announced to the customer; None: it was not."""
    title: str = ""


@dataclass(frozen=True, slots=True)
class EnteredValue:
    """An indicator's value that a person typed."""

    indicator: str
    value: float
    note: str
    """The proof: a document, a survey, a ticket."""
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredRatio:
    """A quotient from samples, over the service time without planned work."""

    indicator: str
    numerator: float | None
    """None without samples."""
    denominator: float | None
    queries: tuple[str, ...]
    samples: int = 0
    coverage: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthRecords:
    """All that is known of a month."""

    outages: tuple[ContractOutage, ...] = ()
    planned: tuple[PlannedWork, ...] = ()
    gaps: Spans = ()
    """When nothing was read of the system's targets."""
    entered: tuple[EnteredValue, ...] = ()
    ratios: tuple[MeasuredRatio, ...] = ()
    queries: tuple[str, ...] = ()
    """By which outages and gaps were found."""
    samples: int = 0
    """The readings of the targets."""
