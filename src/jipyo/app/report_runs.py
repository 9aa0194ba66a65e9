"""The runs of schedules in `alerts.db`: what is due, what was made, and what fails.

A run is a row by the name of its schedule and the moment it was due, so that it is made once,
however often the server stops. It is done in the transaction that queues its messages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.alerts.store import SchemaStep
from jipyo.model.cron import list_moments

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from zoneinfo import ZoneInfo

    from jipyo.reports.options import ReportSchedule

STEPS = (
    SchemaStep(
        "report_runs",
        """
        CREATE TABLE report_schedule (
            name TEXT PRIMARY KEY,
            looked_ms INTEGER NOT NULL -- what was due until then has a row
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE report_run (
            schedule TEXT NOT NULL,
            due_ms INTEGER NOT NULL,
            state TEXT NOT NULL DEFAULT 'waiting', -- waiting, done, failed, missed
            attempts INTEGER NOT NULL DEFAULT 0,
            next_ms INTEGER NOT NULL, -- not tried before
            done_ms INTEGER,
            number TEXT NOT NULL DEFAULT '',
            issue INTEGER,
            error TEXT NOT NULL DEFAULT '', -- of the last attempt, with its remedy
            PRIMARY KEY (schedule, due_ms)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX report_run_waiting ON report_run (next_ms) WHERE state = 'waiting';
        """,
    ),
)
_FIRST_PAUSE_MS, _LONGEST_PAUSE_MS = 60_000, 3_600_000
_LEAST_PATIENCE_MS = 86_400_000
"""A run that fails is tried again for a day at least."""
_MOST_MISSED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRun:
    """A report of a schedule at a moment it was due."""

    schedule: str
    due_ms: int
    state: str
    """`waiting`, `done`, `failed` (given up) or `missed` (too late to be made)."""
    attempts: int
    next_ms: int
    done_ms: int | None
    number: str
    issue: int | None
    error: str


_COLUMNS = "schedule, due_ms, state, attempts, next_ms, done_ms, number, issue, error"


def enter_due(
    db: sqlite3.Connection, schedules: Iterable[ReportSchedule], zone: ZoneInfo, now_ms: int
) -> None:
    """Write down what has become due since the last look; a new schedule begins now.

    What has been due for longer than a schedule's `catch_up_ms` is written down as missed.
    """
    for schedule in schedules:
        row = db.execute(
            "SELECT looked_ms FROM report_schedule WHERE name = ?", (schedule.name,)
        ).fetchone()
        if row is not None:
            # A clock that was ahead must not stop the schedule until it gets there again.
            _enter(db, schedule, zone, min(row[0], now_ms), now_ms)
        db.execute(
            "INSERT INTO report_schedule VALUES (?1, ?2) ON CONFLICT DO UPDATE SET looked_ms = ?2",
            (schedule.name, now_ms),
        )


def _enter(
    db: sqlite3.Connection, schedule: ReportSchedule, zone: ZoneInfo, after_ms: int, now_ms: int
) -> None:
    kept_ms = max(after_ms, now_ms - schedule.catch_up_ms)
    due = [(t_ms, "waiting") for t_ms in list_moments(schedule.schedule, zone, kept_ms, now_ms)]
    missed = list(list_moments(schedule.schedule, zone, after_ms, kept_ms))[-_MOST_MISSED:]
    db.executemany(
        "INSERT INTO report_run (schedule, due_ms, state, next_ms) VALUES (?1, ?2, ?3, ?2)"
        " ON CONFLICT DO NOTHING",
        [(schedule.name, t_ms, state) for t_ms, state in [*((t, "missed") for t in missed), *due]],
    )


def forget_others(db: sqlite3.Connection, names: Iterable[str]) -> None:
    """Drop what waits for schedules that are configured no more; what was done stays known."""
    kept = tuple(names)
    marks = ", ".join("?" * len(kept))
    for table, more in (("report_schedule", ""), ("report_run", " AND state = 'waiting'")):
        column = "name" if table == "report_schedule" else "schedule"
        query = f"DELETE FROM {table} WHERE {column} NOT IN ({marks}){more}"  # noqa: S608 - ours
        db.execute(query, kept)


def find_next(db: sqlite3.Connection, now_ms: int) -> ReportRun | None:
    """The run that has waited longest, of those that may be tried now."""
    row = db.execute(
        f"SELECT {_COLUMNS} FROM report_run WHERE state = 'waiting' AND next_ms <= ?"  # noqa: S608
        " ORDER BY due_ms, schedule LIMIT 1",
        (now_ms,),
    ).fetchone()
    return None if row is None else _build_run(row)


def find_next_attempt(db: sqlite3.Connection) -> int | None:
    """When a run that waits may be tried next; None where none waits."""
    query = "SELECT min(next_ms) FROM report_run WHERE state = 'waiting'"
    found: int | None = db.execute(query).fetchone()[0]
    return found


def mark_done(db: sqlite3.Connection, run: ReportRun, number: str, issue: int, now_ms: int) -> None:
    """The report was made."""
    db.execute(
        "UPDATE report_run SET state = 'done', attempts = attempts + 1, done_ms = ?, number = ?,"
        " issue = ?, error = '' WHERE schedule = ? AND due_ms = ?",
        (now_ms, number, issue, run.schedule, run.due_ms),
    )


def mark_failed(
    db: sqlite3.Connection, run: ReportRun, error: str, now_ms: int, catch_up_ms: int
) -> None:
    """An attempt failed: the next one waits twice as long, and in the end none follows."""
    pause_ms = min(_FIRST_PAUSE_MS << min(run.attempts, 20), _LONGEST_PAUSE_MS)
    patience_ms = max(catch_up_ms, _LEAST_PATIENCE_MS)
    state = "failed" if now_ms + pause_ms > run.due_ms + patience_ms else "waiting"
    db.execute(
        "UPDATE report_run SET state = ?, attempts = attempts + 1, next_ms = ?, error = ?"
        " WHERE schedule = ? AND due_ms = ?",
        (state, now_ms + pause_ms, error, run.schedule, run.due_ms),
    )


def read_last_runs(db: sqlite3.Connection, schedule: str, most: int = 2) -> list[ReportRun]:
    """The last runs of a schedule, the newest first."""
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM report_run WHERE schedule = ?"  # noqa: S608 - ours
        " ORDER BY due_ms DESC LIMIT ?",
        (schedule, most),
    )
    return [_build_run(row) for row in rows]


def _build_run(row: tuple[object, ...]) -> ReportRun:
    names = (name.strip() for name in _COLUMNS.split(","))
    return ReportRun(**dict(zip(names, row, strict=True)))  # type: ignore[arg-type]  # by the schema
