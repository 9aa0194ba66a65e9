"""A month's access review from a source: its records, what came before them, what is kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jipyo.logs.activity.access import AccessReview, review_access
from jipyo.logs.activity.access_records import FIELDS, gather_access
from jipyo.logs.query import SERVICE, AnyOf, Exists, LogQuery
from jipyo.logs.services import ALL_TIME_NS
from jipyo.model.errors import LogQueryError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from jipyo.logs.activity.access import AccessRules
    from jipyo.logs.activity.access_records import AccessRecords
    from jipyo.logs.base import LogSource
    from jipyo.model.calendar import Period
    from jipyo.model.errors import JipyoError

_NS_PER_MS = 1_000_000
_MONTHS_BEFORE = 3
"""From which it is known which addresses an account uses."""
_HAS_ACCOUNT = AnyOf((Exists("user.name"), Exists("user.id")))
_MOST_SERVICES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthReview:
    """The access review of a month."""

    month: Period
    services: tuple[str, ...]
    review: AccessReview
    log_records: int
    """Counted by the source on its own; equal to `review.records` where nothing is left out."""
    known_pairs: int
    """Accounts with addresses of the months before; without any no address is called new."""
    known_months: int
    oldest_ns: int | None
    """The time of the oldest record of these services that the source still has."""
    missing: tuple[JipyoError, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether every record of the log was reviewed."""
        return not self.missing and self.log_records == self.review.records


def review_month(
    source: LogSource,
    month: Period,
    services: Sequence[str],
    rules: AccessRules,
    zone: ZoneInfo,
) -> MonthReview:
    """Review a month of these services; without any, of those whose records name accounts.

    Raises:
        LogQueryError: no service has records that name an account.
        LogSourceError: the source failed.
    """
    query = build_query(month, services)
    if not services:
        services = find_account_services(source, query)
        query = replace(query, services=tuple(services))
    known, n_months = find_known(source, month, query.services)
    records = gather_access(source.batches(query, FIELDS))
    missing = source.find_missing()
    counted = source.count(query)
    everything = replace(query, start_ns=ALL_TIME_NS[0], end_ns=ALL_TIME_NS[1])
    oldest = source.search(everything, 1, newest_first=False)
    return MonthReview(
        month=month,
        services=query.services,
        review=review_access(records, replace(rules, known=rules.known | known), zone),
        log_records=counted.n,
        known_pairs=len(known),
        known_months=n_months,
        oldest_ns=oldest.records[0].t_ns if oldest.records else None,
        missing=tuple(dict.fromkeys((*missing, *counted.missing, *oldest.missing))),
    )


def build_query(month: Period, services: Sequence[str]) -> LogQuery:
    """All records of a month."""
    return LogQuery(
        start_ns=month.start_ms * _NS_PER_MS,
        end_ns=month.end_ms * _NS_PER_MS,
        services=tuple(services),
    )


def find_account_services(source: LogSource, query: LogQuery) -> tuple[str, ...]:
    """The services of which records name an account, in any month.

    Raises:
        LogQueryError: there is none.
    """
    ever = replace(query, start_ns=ALL_TIME_NS[0], end_ns=ALL_TIME_NS[1], where=_HAS_ACCOUNT)
    found = tuple(sorted(name for name, _ in source.terms(ever, SERVICE, _MOST_SERVICES).counts))
    if not found:
        raise LogQueryError("logs_query.no_accounts", hint="logs_query.no_accounts.hint")
    return found


def find_known(
    source: LogSource, month: Period, services: tuple[str, ...]
) -> tuple[frozenset[tuple[bytes, bytes]], int]:
    """Accounts with addresses of the months before, and how many of the months have records."""
    pairs: set[tuple[bytes, bytes]] = set()
    before, n_months = month, 0
    for _ in range(_MONTHS_BEFORE):
        before = before.previous()
        records = gather_access(source.batches(build_query(before, services), FIELDS))
        n_months += len(records) > 0
        pairs |= list_pairs(records)
    return frozenset(pairs), n_months


def list_pairs(records: AccessRecords) -> set[tuple[bytes, bytes]]:
    """The accounts of some records, each with the addresses that it was used from."""
    has_both = (records.account >= 0) & (records.address >= 0)
    pairs = set(
        zip(records.account[has_both].tolist(), records.address[has_both].tolist(), strict=True)
    )
    return {(records.accounts[account], records.addresses[address]) for account, address in pairs}
