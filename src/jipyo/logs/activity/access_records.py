"""Batches of access records -> one set of columns for a review."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.logs.activity.columns import (
    CLIENT,
    NO_CODE,
    ROUTE,
    STATUS,
    USER,
    CodeTable,
    encode_column,
    read_numbers,
    read_statuses,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from jipyo.logs.record import LogBatch

_ACCOUNTS = (USER, "user.id")
_ADDRESSES = (CLIENT, "source.ip")
_SUBJECTS = ("user.target.id", "user.target.name")
_ACTION, _OUTCOME, _SIZE = "event.action", "event.outcome", "http.response.body.bytes"
FIELDS = (*_ACCOUNTS, *_ADDRESSES, *_SUBJECTS, _ACTION, _OUTCOME, _SIZE, ROUTE, STATUS)
"""What a review reads of records, for `LogSource.batches`; of two alike the first that is there."""
_DOWNLOAD = re.compile(
    r"download|export|\.(csv|xlsx?|zip|hwpx?)$|(^|/)excel(/|$)|다운로드|내려받|출력".encode(),
    re.IGNORECASE,
)
_LOGIN = re.compile(r"log-?in|log-?on|sign-?in|/auth|/token$|로그인".encode(), re.IGNORECASE)
_REJECTED = (400, 401, 403, 422, 429)
"""Statuses with which a login fails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRecords:
    """Access records in any order; all arrays have shape (records,)."""

    t_ns: NDArray[np.int64]
    account: NDArray[np.int64]
    """Of `accounts`; -1 without one, as with `address`."""
    address: NDArray[np.int64]
    has_subject: NDArray[np.bool_]
    """The person whose data were processed is in the record."""
    has_action: NDArray[np.bool_]
    is_download: NDArray[np.bool_]
    is_failed_login: NDArray[np.bool_]
    size_bytes: NDArray[np.int64]
    """Of the answer; 0 where it is unknown."""
    accounts: tuple[bytes, ...]
    addresses: tuple[bytes, ...]

    def __len__(self) -> int:
        return len(self.t_ns)


class _Tables:
    """Texts of all batches, and which of them are a download's or a login's."""

    def __init__(self) -> None:
        self.accounts, self.addresses = CodeTable(), CodeTable()
        self.subjects, self.actions, self.outcomes = CodeTable(), CodeTable(), CodeTable()


def gather_access(batches: Iterable[LogBatch]) -> AccessRecords:
    """Every record of the batches, of one service or of several."""
    tables = _Tables()
    parts = [_read(batch, tables) for batch in batches]
    empty = (np.zeros(0, np.int64),) * 3 + (np.zeros(0, np.bool_),) * 4 + (np.zeros(0, np.int64),)
    columns = [np.concatenate(column) for column in zip(empty, *parts, strict=True)]
    t_ns, account, address, subject, action, download, failed, size = columns
    return AccessRecords(
        t_ns=t_ns,
        account=account,
        address=address,
        has_subject=subject,
        has_action=action,
        is_download=download,
        is_failed_login=failed,
        size_bytes=size,
        accounts=tuple(tables.accounts.texts),
        addresses=tuple(tables.addresses.texts),
    )


def _read(batch: LogBatch, tables: _Tables) -> tuple[NDArray[np.generic], ...]:
    action = _encode_first(batch, (_ACTION, ROUTE), tables.actions)
    route = encode_column(batch, ROUTE, tables.actions)
    outcome = encode_column(batch, _OUTCOME, tables.outcomes)
    sizes, sized = read_numbers(batch, _SIZE)
    is_login = _match(tables.actions, action, _LOGIN) | _match(tables.actions, route, _LOGIN)
    is_download = _match(tables.actions, action, _DOWNLOAD)
    is_download |= _match(tables.actions, route, _DOWNLOAD)
    failed = np.isin(read_statuses(batch), _REJECTED)
    failed |= outcome == tables.outcomes.get(b"failure", NO_CODE - 1)
    return (
        batch.t_ns,
        _encode_first(batch, _ACCOUNTS, tables.accounts),
        _encode_first(batch, _ADDRESSES, tables.addresses),
        _encode_first(batch, _SUBJECTS, tables.subjects) != NO_CODE,
        action != NO_CODE,
        is_download & ~failed,
        is_login & failed,
        np.where(sized, sizes, 0),
    )


def _encode_first(batch: LogBatch, fields: tuple[str, ...], table: CodeTable) -> NDArray[np.int64]:
    """The code of the first of these fields that a record has."""
    codes = encode_column(batch, fields[0], table)
    for name in fields[1:]:
        codes = np.where(codes == NO_CODE, encode_column(batch, name, table), codes)
    return codes


def _match(
    table: CodeTable, codes: NDArray[np.int64], pattern: re.Pattern[bytes]
) -> NDArray[np.bool_]:
    """Of every record whether its text has the pattern."""
    found = [pattern.search(text) is not None for text in table.texts]
    return np.array([*found, False], np.bool_)[codes]
