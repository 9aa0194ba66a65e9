"""What came of computing issues again, in `alerts.db`: the last outcome of each issue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from jipyo.alerts.store import SchemaStep
from jipyo.model.bilingual import Bilingual

if TYPE_CHECKING:
    import sqlite3

STEPS = (
    SchemaStep(
        "report_verifications",
        """
        CREATE TABLE report_verification (
            number TEXT NOT NULL,
            issue INTEGER NOT NULL,
            t_ms INTEGER NOT NULL, -- when it was done
            is_done INTEGER NOT NULL, -- 0: it failed, for the reason
            checked INTEGER NOT NULL,
            different INTEGER NOT NULL,
            unverified INTEGER NOT NULL,
            is_damaged INTEGER NOT NULL,
            reason_ko TEXT NOT NULL, -- empty: none
            reason_en TEXT NOT NULL,
            PRIMARY KEY (number, issue)
        ) STRICT, WITHOUT ROWID;
        """,
    ),
)
_MOST_REMEMBERED = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedIssue:
    """What came of computing an issue again."""

    checked: int
    """How many values were compared."""
    different: int
    unverified: int
    is_damaged: bool
    """Whether its files are not as they were issued."""
    reason: Bilingual | None
    """Why not all could be computed again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationRequest:
    """An issue that is computed again, and what came of it."""

    number: str
    issue: int
    state: Literal["waiting", "working", "done", "failed"] = "waiting"
    done: int = 0
    total: int | None = None
    t_ms: int = 0
    """When it was asked for, or was done."""
    result: VerifiedIssue | None = None
    error: Bilingual | None = None
    """Why it failed, with the remedy."""

    @property
    def is_open(self) -> bool:
        """Whether its result is still to come."""
        return self.state in ("waiting", "working")


_NOTHING = VerifiedIssue(checked=0, different=0, unverified=0, is_damaged=False, reason=None)


def save_verification(db: sqlite3.Connection, ended: VerificationRequest) -> None:
    """Write down what came of it, in place of what came of the last; the oldest are forgotten."""
    found = ended.result or _NOTHING
    reason = ended.error or found.reason or Bilingual("", "")
    db.execute(
        "INSERT OR REPLACE INTO report_verification VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(ended.number, ended.issue, ended.t_ms, ended.result is not None),
            *(found.checked, found.different, found.unverified, found.is_damaged),
            *(reason.ko, reason.en),
        ),
    )
    db.execute(
        "DELETE FROM report_verification WHERE (number, issue) NOT IN"
        " (SELECT number, issue FROM report_verification ORDER BY t_ms DESC LIMIT ?)",
        (_MOST_REMEMBERED,),
    )


def read_verification(
    db: sqlite3.Connection, number: str, issue: int
) -> VerificationRequest | None:
    """What came of it the last time; None where it never ended."""
    row = db.execute(
        "SELECT t_ms, is_done, checked, different, unverified, is_damaged, reason_ko, reason_en"
        " FROM report_verification WHERE number = ? AND issue = ?",
        (number, issue),
    ).fetchone()
    if row is None:
        return None
    t_ms, is_done, checked, different, unverified, is_damaged, ko, en = row
    reason = Bilingual(ko, en) if en else None
    if not is_done:
        return VerificationRequest(
            number=number, issue=issue, state="failed", t_ms=t_ms, error=reason
        )
    result = VerifiedIssue(
        checked=checked,
        different=different,
        unverified=unverified,
        is_damaged=bool(is_damaged),
        reason=reason,
    )
    return VerificationRequest(number=number, issue=issue, state="done", t_ms=t_ms, result=result)
