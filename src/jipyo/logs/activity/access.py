"""The monthly review of access records to personal data (접속기록 점검).

개인정보의 안전성 확보조치 기준, 제8조(접속기록의 보관 및 점검): a record has the account, the
time, the place it was accessed from, whose data were processed and what was done. Records are
kept for a year, or for two where the data of 50,000 people or more, identifiers or sensitive data
are processed; they are reviewed once a month at least, and the reason of a download is verified.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.calendar import local_time

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from jipyo.logs.activity.access_records import AccessRecords

_QUARTER_NS = 900 * 10**9
_QUARTER_MS = 900_000
_SATURDAY = 5
_MINUTE_NS = 60 * 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRules:
    """What is conspicuous at a site."""

    first_hour: int = 8
    """Working hours, in local time: from its beginning,"""
    end_hour: int = 19
    """to the beginning of this one."""
    holidays: frozenset[date] = frozenset()
    downloads_a_day: int = 10
    """From so many downloads of an account on a local day, they are in bulk;"""
    download_bytes_a_day: int = 100 << 20
    """or from so many bytes of them."""
    failed_logins_a_day: int = 5
    sharing_ns: int = 10 * _MINUTE_NS
    """Between two records of one address, at most so far apart, lies one of another."""
    known: frozenset[tuple[bytes, bytes]] = field(default_factory=frozenset)
    """Accounts and addresses of the months before; without any, no address is new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessFinding:
    """Records of one account that a reviewer has to look at."""

    kind: str
    """`off_hours`, `day_off`, `bulk_download`, `new_address`, `shared_account`, `failed_login`."""
    account: bytes
    records: int
    first_ns: int
    last_ns: int
    addresses: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessReview:
    """A month's review; `records` is the number of records in the log."""

    records: int
    accounts: int
    addresses: int
    downloads: int
    oldest_ns: int | None
    """Of these records; proof of retention needs the oldest that the store still has."""
    newest_ns: int | None
    lacking: Mapping[str, int]
    """How many records lack one of the items that a record must have."""
    findings: tuple[AccessFinding, ...]


def review_access(records: AccessRecords, rules: AccessRules, zone: ZoneInfo) -> AccessReview:
    """All findings, by kind and then by the number of records."""
    days = _LocalDays.of(records.t_ns, zone)
    masks = {kind: find(records, rules, days) for kind, find in KINDS.items()}
    return AccessReview(
        records=len(records),
        accounts=len(np.unique(records.account[records.account >= 0])),
        addresses=len(np.unique(records.address[records.address >= 0])),
        downloads=int(records.is_download.sum()),
        oldest_ns=int(records.t_ns.min()) if len(records) else None,
        newest_ns=int(records.t_ns.max()) if len(records) else None,
        lacking={
            "account": int((records.account < 0).sum()),
            "address": int((records.address < 0).sum()),
            "data_subject": int((~records.has_subject).sum()),
            "action": int((~records.has_action).sum()),
        },
        findings=tuple(
            finding for kind, mask in masks.items() for finding in _list(records, kind, mask)
        ),
    )


@dataclass(frozen=True, slots=True)
class _LocalDays:
    """What the zone's clocks show at each record."""

    hour: NDArray[np.int64]
    day: NDArray[np.int64]
    """`date.toordinal()`; its remainder by 7 is the weekday, from Monday as 1."""

    @classmethod
    def of(cls, t_ns: NDArray[np.int64], zone: ZoneInfo) -> _LocalDays:
        quarters, places = np.unique(t_ns // _QUARTER_NS, return_inverse=True)
        shown = [local_time(quarter * _QUARTER_MS, zone) for quarter in quarters.tolist()]
        hours = np.array([moment.hour for moment in shown], np.int64)
        days = np.array([moment.toordinal() for moment in shown], np.int64)
        return cls(hours[places], days[places])


def _find_days_off(_: AccessRecords, rules: AccessRules, days: _LocalDays) -> NDArray[np.bool_]:
    holidays = [day.toordinal() for day in rules.holidays]
    return ((days.day - 1) % 7 >= _SATURDAY) | np.isin(days.day, holidays)


def _find_off_hours(
    records: AccessRecords, rules: AccessRules, days: _LocalDays
) -> NDArray[np.bool_]:
    """Outside working hours, of a working day."""
    outside = (days.hour < rules.first_hour) | (days.hour >= rules.end_hour)
    return outside & ~_find_days_off(records, rules, days)


def _find_bulk_downloads(
    records: AccessRecords, rules: AccessRules, days: _LocalDays
) -> NDArray[np.bool_]:
    found = records.is_download
    groups = _number_days(records, days)
    counts = np.bincount(groups, found)
    sizes = np.bincount(groups, np.where(found, records.size_bytes, 0))
    many = (counts >= rules.downloads_a_day) | (sizes >= rules.download_bytes_a_day)
    return found & many[groups]


def _find_failed_logins(
    records: AccessRecords, rules: AccessRules, days: _LocalDays
) -> NDArray[np.bool_]:
    groups = _number_days(records, days)
    many = np.bincount(groups, records.is_failed_login) >= rules.failed_logins_a_day
    return records.is_failed_login & many[groups]


def _number_days(records: AccessRecords, days: _LocalDays) -> NDArray[np.int64]:
    """Of every record the number of its account's day."""
    keys = (records.account + 1) << 24 | days.day
    numbers: NDArray[np.int64] = np.unique(keys, return_inverse=True)[1]
    return numbers


def _find_new_addresses(
    records: AccessRecords, rules: AccessRules, _: _LocalDays
) -> NDArray[np.bool_]:
    if not rules.known:
        return np.zeros(len(records), np.bool_)
    pairs, places = np.unique(
        (records.account + 1) << 32 | (records.address + 1), return_inverse=True
    )
    accounts, addresses = (*records.accounts, b""), (*records.addresses, b"")
    new = [
        account > 0
        and address > 0
        and (accounts[account - 1], addresses[address - 1]) not in rules.known
        for account, address in ((pair >> 32, pair & 0xFFFFFFFF) for pair in pairs.tolist())
    ]
    return np.array(new, np.bool_)[places]


def _find_shared_accounts(
    records: AccessRecords, rules: AccessRules, _: _LocalDays
) -> NDArray[np.bool_]:
    """Used from several addresses at once: from one, from another, and from the first again."""
    by_time = np.lexsort((records.t_ns, records.account))
    rank = np.empty(len(records), np.int64)
    rank[by_time] = np.arange(len(records))
    order = np.lexsort((rank, records.address, records.account))
    account, address = records.account[order], records.address[order]
    again = (
        (account[1:] == account[:-1])
        & (address[1:] == address[:-1])
        & (account[1:] >= 0)
        & (address[1:] >= 0)
        & (np.diff(records.t_ns[order]) <= rules.sharing_ns)
        & (np.diff(rank[order]) > 1)
    )
    depth = np.zeros(len(records) + 1, np.int64)
    np.add.at(depth, rank[order][:-1][again], 1)
    np.add.at(depth, rank[order][1:][again] + 1, -1)
    found = np.zeros(len(records), np.bool_)
    found[by_time] = np.cumsum(depth)[:-1] > 0
    return found


KINDS: Mapping[str, Callable[[AccessRecords, AccessRules, _LocalDays], NDArray[np.bool_]]] = {
    "off_hours": _find_off_hours,
    "day_off": _find_days_off,
    "bulk_download": _find_bulk_downloads,
    "new_address": _find_new_addresses,
    "shared_account": _find_shared_accounts,
    "failed_login": _find_failed_logins,
}


def _list(records: AccessRecords, kind: str, mask: NDArray[np.bool_]) -> list[AccessFinding]:
    """A finding for each account with such records; the most records first."""
    t_ns, account, address = records.t_ns[mask], records.account[mask], records.address[mask]
    texts = (*records.addresses, b"")
    findings = []
    for code in np.unique(account).tolist():
        own = account == code
        findings.append(
            AccessFinding(
                kind=kind,
                account=(*records.accounts, b"")[code],
                records=int(own.sum()),
                first_ns=int(t_ns[own].min()),
                last_ns=int(t_ns[own].max()),
                addresses=tuple(sorted({texts[a] for a in np.unique(address[own]).tolist()})),
            )
        )
    return sorted(findings, key=lambda each: (-each.records, each.account))
