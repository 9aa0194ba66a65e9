"""What a site sets about its reports."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from jipyo.model.calendar import PeriodKind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from jipyo.i18n import Lang
    from jipyo.model.bilingual import Bilingual
    from jipyo.model.calendar import Period

_DAY_MS = 86_400_000
_FIELD = re.compile(r"\{(\w*)\}|[{}]")


KINDS: Mapping[PeriodKind, str] = {
    PeriodKind.DAY: "daily",
    PeriodKind.WEEK: "weekly",
    PeriodKind.MONTH: "monthly",
    PeriodKind.QUARTER: "quarterly",
    PeriodKind.YEAR: "yearly",
    PeriodKind.RANGE: "range",
}
"""What the report of a period is called, by its command and in the names of files."""


class SignOffStep(Enum):
    """What people confirm of a report, in this order."""

    DRAFTED = "drafted"
    REVIEWED = "reviewed"
    APPROVED = "approved"
    SUBMITTED = "submitted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approver:
    """A column of the approval box."""

    step: SignOffStep
    name: str = ""
    """Empty where a person writes it."""
    title: Bilingual | None = None
    """The word above it; None: that of the step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceOptions:
    """What resources cost; None where the site gives no price, and no cost is shown."""

    currency: str = "KRW"
    kwh: float | None = None
    gpu_hour: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantOptions:
    """Counters of a gateway before the AI servers, by who uses them.

    The counters are selectors of PromQL without a range; empty where the gateway has none.
    """

    label: str
    """Whose value is the tenant."""
    model_label: str = "model"
    requests: str = ""
    prompt_tokens: str = ""
    generation_tokens: str = ""
    names: Mapping[str, Bilingual] = field(default_factory=dict)
    """Of tenants, by the value of the label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSchedule:
    """A report that is written again and again."""

    name: str
    kind: PeriodKind
    schedule: str
    """Five fields of cron, in the local zone; the report is about the last period that is over."""
    formats: tuple[str, ...] = ("html", "pdf")
    forms: tuple[Path, ...] = ()
    """The site's own (HWPX, XLSX), filled beside the formats."""
    languages: tuple[Lang, ...] = ()
    """Empty: that of the server."""
    system: str = ""
    """One of `systems`; empty: all."""
    template: Path | None = None
    """None: `ReportsOptions.template`."""
    channels: tuple[str, ...] = ()
    """Of `alerts.channels`, which the report is delivered to."""
    catch_up_ms: int = 7 * _DAY_MS
    """How long after its time a report is still written that was missed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportsOptions:
    """How reports are named, signed, kept and delivered."""

    folder: Path | None = None
    """Of the archive; None: `reports` in the data folder."""
    document_number: str = ""
    """With fields in braces (`DOCUMENT_FIELDS`); empty: jipyo's own number."""
    approval: tuple[Approver, ...] = ()
    """The approval box; empty: drafted, reviewed and approved, each without a name."""
    recipients: tuple[str, ...] = ()
    template: Path | None = None
    """None: jipyo's own look, with every section."""
    work: Path | None = None
    """The folder of the work logs, a file a month; None: `work` in the data folder."""
    prices: PriceOptions = field(default_factory=PriceOptions)
    tenants: TenantOptions | None = None
    schedule: tuple[ReportSchedule, ...] = ()
    retention_ms: int | None = 400 * _DAY_MS
    """How long drafts are kept; None: for ever. What is approved is always kept."""


DOCUMENT_FIELDS = ("kind", "year", "month", "day", "quarter", "week", "system")
"""What a document number may name in braces; `month`, `day` and `week` have two digits."""


def find_unknown_fields(pattern: str) -> tuple[str, ...]:
    """What is in braces in a document number and is no field; a lone brace as it is."""
    found = (match[1] or match[0] for match in _FIELD.finditer(pattern))
    return tuple(name for name in found if name not in DOCUMENT_FIELDS)


def write_document_number(pattern: str, kind: str, period: Period, system: str = "") -> str:
    """The document number of a report: `IT-{year}-{month}` -> `IT-2027-01`."""
    first = period.first_day
    values = {
        "kind": kind,
        "year": f"{first.year}",
        "month": f"{first.month:02}",
        "day": f"{first.day:02}",
        "quarter": f"{(first.month + 2) // 3}",
        "week": f"{first.isocalendar().week:02}",
        "system": system,
    }
    return _FIELD.sub(lambda found: values[found[1]], pattern)
