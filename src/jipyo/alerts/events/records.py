"""Events in `alerts.db`: inserted, and neither changed nor deleted.

The functions take a connection within `AlertStore.transaction` or `AlertStore.reading`.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jipyo.alerts.events.event import Event, EventKind
from jipyo.alerts.store import SchemaStep
from jipyo.model.errors import IncidentError
from jipyo.model.labels import Labels

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

STEPS = (
    SchemaStep(
        "events",
        """
        CREATE TABLE event (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            t_ms INTEGER NOT NULL,
            kind TEXT NOT NULL,
            text TEXT NOT NULL,
            labels TEXT NOT NULL, -- JSON
            who TEXT NOT NULL,
            entered_ms INTEGER NOT NULL,
            key TEXT NOT NULL
        ) STRICT;
        CREATE INDEX event_by_time ON event (t_ms);
        CREATE UNIQUE INDEX event_by_key ON event (key) WHERE key != '';
        CREATE TRIGGER event_is_not_changed BEFORE UPDATE ON event
        BEGIN SELECT RAISE (ABORT, 'an event is never changed'); END;
        CREATE TRIGGER event_is_not_deleted BEFORE DELETE ON event
        BEGIN SELECT RAISE (ABORT, 'an event is never deleted'); END;
        """,
    ),
)
"""The table of events."""
MOST_CHARACTERS = 1_000
"""Of the text of an event that a person enters."""
_AHEAD_MS = 86_400_000


def check_event(event: Event) -> None:
    """Refuse what cannot be an event that somebody enters.

    Raises:
        IncidentError: it has no text or too long a one, nobody's name, or lies in the future.
    """
    if not event.text.strip():
        raise IncidentError("event.empty")
    if len(event.text) > MOST_CHARACTERS:
        raise IncidentError("event.long", most=MOST_CHARACTERS, length=len(event.text))
    if not event.who.strip():
        raise IncidentError("incident.without_name", hint="incident.without_name.hint")
    if event.t_ms > event.entered_ms + _AHEAD_MS:
        raise IncidentError("event.ahead", hint="event.ahead.hint")


def insert_event(db: sqlite3.Connection, event: Event) -> Event:
    """Keep an event; it is returned with its number."""
    return insert_events(db, [event])[0]


def insert_events(db: sqlite3.Connection, events: Iterable[Event]) -> tuple[Event, ...]:
    """Keep events, each with its number; a found one that is there already is left out."""
    kept = []
    for event in events:
        row = (
            event.t_ms,
            event.kind.value,
            event.text,
            json.dumps(dict(event.labels.pairs)),
            event.who,
            event.entered_ms,
            event.key,
        )
        added = db.execute(
            "INSERT INTO event (t_ms, kind, text, labels, who, entered_ms, key)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id",
            row,
        ).fetchone()
        if added is not None:
            kept.append(replace(event, id=added[0]))
    return tuple(kept)


def read_events(db: sqlite3.Connection, start_ms: int, end_ms: int) -> tuple[Event, ...]:
    """The events within [start, end), in the order of time."""
    rows = db.execute(
        "SELECT id, t_ms, kind, text, labels, who, entered_ms, key FROM event"
        " WHERE t_ms >= ? AND t_ms < ? ORDER BY t_ms, id",
        (start_ms, end_ms),
    )
    return tuple(_load(row) for row in rows)


def _load(row: tuple[Any, ...]) -> Event:
    number, t_ms, kind, text, labels, who, entered_ms, key = row
    return Event(
        id=number,
        t_ms=t_ms,
        kind=EventKind(kind),
        text=text,
        labels=Labels.of(json.loads(labels)),
        who=who,
        entered_ms=entered_ms,
        key=key,
    )
