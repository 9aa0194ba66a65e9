"""Silences and maintenance windows in `alerts.db`: what was entered stays, an end is added.

The functions take a connection within `AlertStore.transaction` or `AlertStore.reading`.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from jipyo.alerts.silence import MaintenanceWindow, Silence
from jipyo.alerts.store import SchemaStep
from jipyo.model.duration import format_duration
from jipyo.model.errors import IncidentError
from jipyo.model.matcher import Matcher, MatchOp

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from jipyo.alerts.options import SilenceOptions

_PROTECTED = """
        CREATE TRIGGER {table}_is_not_changed BEFORE UPDATE ON {table}
        BEGIN SELECT RAISE (ABORT, 'what was entered is never changed'); END;
        CREATE TRIGGER {table}_is_not_deleted BEFORE DELETE ON {table}
        BEGIN SELECT RAISE (ABORT, 'what was entered is never deleted'); END;
"""
STEPS = (
    SchemaStep(
        "silences",
        """
        CREATE TABLE silence (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            matchers TEXT NOT NULL, -- JSON
            start_ms INTEGER NOT NULL,
            end_ms INTEGER NOT NULL,
            who TEXT NOT NULL,
            reason TEXT NOT NULL,
            entered_ms INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE silence_end (
            silence INTEGER PRIMARY KEY REFERENCES silence,
            t_ms INTEGER NOT NULL,
            who TEXT NOT NULL
        ) STRICT;
        CREATE TABLE maintenance (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL,
            matchers TEXT NOT NULL, -- JSON
            start_ms INTEGER NOT NULL,
            end_ms INTEGER NOT NULL,
            announced_ms INTEGER,
            approval TEXT NOT NULL,
            who TEXT NOT NULL,
            entered_ms INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX maintenance_by_end ON maintenance (end_ms);
        CREATE INDEX silence_by_end ON silence (end_ms);
        CREATE TABLE maintenance_end (
            maintenance INTEGER PRIMARY KEY REFERENCES maintenance,
            t_ms INTEGER NOT NULL,
            who TEXT NOT NULL
        ) STRICT;
        """
        + "".join(
            _PROTECTED.format(table=table)
            for table in ("silence", "silence_end", "maintenance", "maintenance_end")
        ),
    ),
)
"""The tables of silences and maintenance windows."""
_SILENCES = (
    "SELECT id, matchers, start_ms, end_ms, silence.who, reason, entered_ms,"
    " silence_end.t_ms, silence_end.who"
    " FROM silence LEFT JOIN silence_end ON silence_end.silence = silence.id"
)
_WINDOWS = (
    "SELECT id, name, matchers, start_ms, end_ms, announced_ms, approval, maintenance.who,"
    " entered_ms, maintenance_end.t_ms, maintenance_end.who"
    " FROM maintenance LEFT JOIN maintenance_end ON maintenance_end.maintenance = maintenance.id"
)


# --- silences


def check_silence(silence: Silence, options: SilenceOptions) -> None:
    """Refuse a silence that is endless, covers everything, or that nobody answers for.

    Raises:
        IncidentError: one of these.
    """
    _check_span(silence.start_ms, silence.end_ms, silence.entered_ms)
    _check_name(silence.who)
    if not silence.matchers or all(one.matches("") for one in silence.matchers):
        raise IncidentError("silence.of_everything", hint="silence.of_everything.hint")
    if silence.end_ms - silence.start_ms > options.max_duration_ms:
        raise IncidentError(
            "silence.too_long",
            hint="silence.too_long.hint",
            most=format_duration(options.max_duration_ms),
        )


def insert_silence(db: sqlite3.Connection, silence: Silence) -> Silence:
    """Keep a silence; it is returned with its number."""
    row = (
        _dump_matchers(silence.matchers),
        silence.start_ms,
        silence.end_ms,
        silence.who,
        silence.reason,
        silence.entered_ms,
    )
    (number,) = db.execute(
        "INSERT INTO silence (matchers, start_ms, end_ms, who, reason, entered_ms)"
        " VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
        row,
    ).fetchone()
    return replace(silence, id=number)


def expire_silence(db: sqlite3.Connection, number: int, t_ms: int, who: str) -> Silence:
    """End a silence early.

    Raises:
        IncidentError: there is none of this number, or it is over.
    """
    _check_name(who)
    silence = next(iter(_read_silences(db, "WHERE id = ?", number)), None)
    if silence is None:
        raise IncidentError("silence.unknown", hint="silence.unknown.hint", number=number)
    if silence.end_ms <= t_ms or silence.expired_by:
        raise IncidentError("silence.over", number=number)
    db.execute("INSERT INTO silence_end VALUES (?, ?, ?)", (number, t_ms, who))
    return replace(silence, end_ms=t_ms, expired_by=who)


def read_silences(db: sqlite3.Connection, since_ms: int) -> tuple[Silence, ...]:
    """The silences that were not over at a moment, by their numbers."""
    silences = _read_silences(db, "WHERE end_ms > ?", since_ms)
    return tuple(one for one in silences if one.end_ms > since_ms)


def _read_silences(db: sqlite3.Connection, where: str, value: int) -> tuple[Silence, ...]:
    return tuple(
        Silence(
            id=number,
            matchers=_load_matchers(matchers),
            start_ms=start_ms,
            end_ms=end_ms if expired_ms is None else min(end_ms, expired_ms),
            who=who,
            reason=reason,
            entered_ms=entered_ms,
            expired_by=expired_by or "",
        )
        for (
            number, matchers, start_ms, end_ms, who, reason, entered_ms, expired_ms, expired_by,
        ) in db.execute(f"{_SILENCES} {where} ORDER BY id", (value,))
    )  # fmt: skip


# --- maintenance windows


def check_window(window: MaintenanceWindow) -> None:
    """Refuse a window without an end or a name, or that is announced after it was entered.

    Raises:
        IncidentError: one of these.
    """
    _check_span(window.start_ms, window.end_ms, window.start_ms)
    _check_name(window.who)
    if not window.name.strip():
        raise IncidentError("maintenance.without_name")
    if window.announced_ms is not None and window.announced_ms > window.entered_ms:
        raise IncidentError("maintenance.announced_ahead", hint="maintenance.announced_ahead.hint")


def insert_window(db: sqlite3.Connection, window: MaintenanceWindow) -> MaintenanceWindow:
    """Keep a window; it is returned with its number."""
    row = (
        window.name,
        _dump_matchers(window.matchers),
        window.start_ms,
        window.end_ms,
        window.announced_ms,
        window.approval,
        window.who,
        window.entered_ms,
    )
    (number,) = db.execute(
        "INSERT INTO maintenance (name, matchers, start_ms, end_ms, announced_ms, approval, who,"
        " entered_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        row,
    ).fetchone()
    return replace(window, id=str(number))


def cancel_window(db: sqlite3.Connection, number: int, t_ms: int, who: str) -> MaintenanceWindow:
    """Call a window off, before it begins or while it lasts.

    Raises:
        IncidentError: there is none of this number, or it is over.
    """
    _check_name(who)
    window = next(iter(_read_windows(db, "WHERE id = ?", number)), None)
    if window is None:
        raise IncidentError("maintenance.unknown", hint="maintenance.unknown.hint", number=number)
    if window.end_ms <= t_ms or window.cancelled_ms is not None:
        raise IncidentError("maintenance.over", number=number)
    db.execute("INSERT INTO maintenance_end VALUES (?, ?, ?)", (number, t_ms, who))
    return replace(window, cancelled_ms=t_ms, cancelled_by=who)


def read_windows(
    db: sqlite3.Connection, start_ms: int, end_ms: int
) -> tuple[MaintenanceWindow, ...]:
    """The windows of the file that touch [start, end), cancelled ones too, by their beginning."""
    return _read_windows(db, "WHERE end_ms > ? AND start_ms < ?", start_ms, end_ms)


def _read_windows(
    db: sqlite3.Connection, where: str, *values: int
) -> tuple[MaintenanceWindow, ...]:
    return tuple(
        MaintenanceWindow(
            id=str(number),
            name=name,
            matchers=_load_matchers(matchers),
            start_ms=start_ms,
            end_ms=end_ms,
            announced_ms=announced_ms,
            approval=approval,
            who=who,
            entered_ms=entered_ms,
            cancelled_ms=cancelled_ms,
            cancelled_by=cancelled_by or "",
        )
        for (
            number, name, matchers, start_ms, end_ms, announced_ms, approval, who, entered_ms,
            cancelled_ms, cancelled_by,
        ) in db.execute(f"{_WINDOWS} {where} ORDER BY start_ms, id", values)
    )  # fmt: skip


# --- what both share


def _check_span(start_ms: int, end_ms: int, now_ms: int) -> None:
    if end_ms <= start_ms or end_ms <= now_ms:
        raise IncidentError("silence.without_length", hint="silence.without_length.hint")


def _check_name(who: str) -> None:
    if not who.strip():
        raise IncidentError("incident.without_name", hint="incident.without_name.hint")


def _dump_matchers(matchers: Iterable[Matcher]) -> str:
    return json.dumps([[one.name, one.op.value, one.value] for one in matchers])


def _load_matchers(text: str) -> tuple[Matcher, ...]:
    return tuple(Matcher(name, MatchOp(op), value) for name, op, value in json.loads(text))
