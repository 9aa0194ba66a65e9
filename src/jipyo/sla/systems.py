"""A system (정보시스템) that a contract is about."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from jipyo.model.bilingual import Bilingual
    from jipyo.model.matcher import Matcher


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractedSystem:
    """One of the systems of an installation, with its contract."""

    name: str
    title: Bilingual
    profile: str = "international"
    """The name of a built-in profile, or the path of a file."""
    selector: str = ""
    """The matchers of its targets as PromQL, without braces; empty: every target."""
    matchers: tuple[Matcher, ...] = ()
    """The same, parsed."""
    start: date | None = None
    """The first day of the contract; None: it began before all data."""
    end: date | None = None
    """The last day of the contract."""
    days_off: frozenset[date] = frozenset()
    """The site's own days off, beside public holidays."""
    working_days: frozenset[date] = frozenset()
    """Public holidays on which the service is promised all the same."""
    fee: float | None = None
    """Of a month."""
    currency: str = "KRW"
    customer: str = ""
    contract: str = ""
    """The number of the contract."""
    approvers: tuple[str, ...] = ()
    """Who signs, in their order: `작성 홍길동`."""
    texts: Mapping[str, Bilingual] = field(default_factory=dict)
    """Sentences of the site for its sheets, by where they stand."""
