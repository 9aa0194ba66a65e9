"""Reports that people asked the server for, in `alerts.db`: none is forgotten at a restart.

One that was being made when the server died is made again. After a few times it is taken to be
what the server dies of, and has failed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from jipyo.alerts.store import SchemaStep
from jipyo.i18n import texts
from jipyo.model.bilingual import Bilingual
from jipyo.model.calendar import PeriodKind, name_period, parse_period
from jipyo.model.errors import ReportError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from jipyo.i18n import Lang
    from jipyo.model.calendar import Period
    from jipyo.model.errors import JipyoError

STEPS = (
    SchemaStep(
        "report_requests",
        """
        CREATE TABLE report_request (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            kind TEXT NOT NULL, -- of its period
            period TEXT NOT NULL, -- such as 2026-10
            zone TEXT NOT NULL,
            formats TEXT NOT NULL, -- with commas between
            languages TEXT NOT NULL,
            asked_ms INTEGER NOT NULL,
            state TEXT NOT NULL DEFAULT 'waiting', -- waiting, working, made, failed
            deaths INTEGER NOT NULL DEFAULT 0, -- of the server, while it was being made
            number TEXT NOT NULL DEFAULT '',
            issue INTEGER NOT NULL DEFAULT 0,
            error_ko TEXT NOT NULL DEFAULT '', -- with its remedy
            error_en TEXT NOT NULL DEFAULT ''
        ) STRICT;
        """,
    ),
)
MOST_DEATHS = 3
"""So often the server may die while a report is being made, until that has failed."""
_MOST_REMEMBERED = 50
_OPEN = "state IN ('waiting', 'working')"
_COLUMNS = (
    "id, kind, period, zone, formats, languages, asked_ms, state, number, issue, error_ko, error_en"
)
RequestState = Literal["waiting", "working", "made", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRequest:
    """A report that somebody asked for."""

    id: int
    period: Period
    formats: tuple[str, ...]
    languages: tuple[Lang, ...]
    asked_ms: int
    state: RequestState = "waiting"
    number: str = ""
    """Of the report, once it is made."""
    issue: int = 0
    error: Bilingual | None = None
    """Why it could not be made."""
    done: int = 0
    total: int | None = None
    """How many of how many metrics are read; None where it is not known."""


def insert_request(
    db: sqlite3.Connection,
    period: Period,
    formats: Sequence[str],
    languages: Sequence[Lang],
    now_ms: int,
) -> ReportRequest:
    """Write down what somebody asks for; those that were done longest ago are forgotten."""
    row = (
        *(period.kind.value, name_period(period), period.zone),
        *(",".join(formats), ",".join(languages)),
    )
    db.execute(
        "INSERT INTO report_request (kind, period, zone, formats, languages, asked_ms)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (*row, now_ms),
    )
    db.execute(
        f"DELETE FROM report_request WHERE NOT {_OPEN} AND id NOT IN"  # noqa: S608 - ours
        " (SELECT id FROM report_request ORDER BY id DESC LIMIT ?)",
        (_MOST_REMEMBERED,),
    )
    return read_requests(db)[0]


def read_requests(db: sqlite3.Connection, *, open_only: bool = False) -> list[ReportRequest]:
    """What was asked for, the newest first."""
    where = f"WHERE {_OPEN}" if open_only else ""
    rows = db.execute(f"SELECT {_COLUMNS} FROM report_request {where} ORDER BY id DESC")  # noqa: S608
    return [_build_request(row) for row in rows]


def mark_working(db: sqlite3.Connection, id_: int) -> None:
    """It is being made."""
    db.execute("UPDATE report_request SET state = 'working' WHERE id = ?", (id_,))


def mark_waiting(db: sqlite3.Connection, id_: int) -> None:
    """The server stops as it should: it is made after the next start."""
    db.execute("UPDATE report_request SET state = 'waiting' WHERE id = ?", (id_,))


def mark_made(db: sqlite3.Connection, id_: int, number: str, issue: int) -> None:
    """It is in the archive."""
    db.execute(
        "UPDATE report_request SET state = 'made', number = ?, issue = ? WHERE id = ?",
        (number, issue, id_),
    )


def mark_request_failed(db: sqlite3.Connection, id_: int, error: JipyoError) -> None:
    """It cannot be made."""
    words = (texts("ko").error(error), texts("en").error(error))
    db.execute(
        "UPDATE report_request SET state = 'failed', error_ko = ?, error_en = ? WHERE id = ?",
        (*words, id_),
    )


def take_up_interrupted(db: sqlite3.Connection) -> None:
    """After a start: let what was being made when the server died wait again, or give it up."""
    db.execute("UPDATE report_request SET deaths = deaths + 1 WHERE state = 'working'")
    db.execute("UPDATE report_request SET state = 'waiting' WHERE state = 'working'")
    query = f"SELECT id, deaths FROM report_request WHERE {_OPEN} AND deaths >= ?"  # noqa: S608
    for id_, deaths in db.execute(query, (MOST_DEATHS,)).fetchall():
        error = ReportError("publish.interrupted", hint="publish.interrupted.hint", n=deaths)
        mark_request_failed(db, id_, error)


def _build_request(row: tuple[str | int, ...]) -> ReportRequest:
    values = dict(zip(_COLUMNS.split(", "), row, strict=True))
    kind, zone = PeriodKind(values["kind"]), ZoneInfo(str(values["zone"]))
    languages = str(values["languages"]).split(",")
    words = Bilingual(str(values["error_ko"]), str(values["error_en"]))
    return ReportRequest(
        id=int(values["id"]),
        period=parse_period(kind, str(values["period"]), zone),
        formats=tuple(str(values["formats"]).split(",")),
        languages=tuple(languages),  # type: ignore[arg-type]  # as they were written
        asked_ms=int(values["asked_ms"]),
        state=values["state"],  # type: ignore[arg-type]  # by the schema
        number=str(values["number"]),
        issue=int(values["issue"]),
        error=words if words.en else None,
    )
