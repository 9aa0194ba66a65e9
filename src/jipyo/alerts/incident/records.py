"""Incidents in `alerts.db`: entries are inserted, and nothing changes or deletes them.

The functions take a connection within `AlertStore.transaction` or `AlertStore.reading`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from jipyo.alerts.alert import AlertState, Transition
from jipyo.alerts.alert_json import dump_alert, load_alert
from jipyo.alerts.incident.fold import fold
from jipyo.alerts.incident.history import add_entries, build_incidents
from jipyo.alerts.incident.incident import (
    CauseClass,
    EntryKind,
    EvidenceKind,
    IncidentEntry,
    IncidentEvidence,
)
from jipyo.alerts.store import SchemaStep
from jipyo.model.attribution import Attribution

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from jipyo.alerts.incident.grouping import IncidentGrouping
    from jipyo.alerts.incident.incident import Incident

STEPS = (
    SchemaStep(
        "incidents",
        """
        CREATE TABLE incident_entry (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            incident INTEGER NOT NULL,
            t_ms INTEGER NOT NULL,
            kind TEXT NOT NULL,
            who TEXT NOT NULL,
            text TEXT NOT NULL,
            facts TEXT NOT NULL -- JSON
        ) STRICT;
        CREATE INDEX entry_of_incident ON incident_entry (incident, seq);
        CREATE TRIGGER entry_is_not_changed BEFORE UPDATE ON incident_entry
        BEGIN SELECT RAISE (ABORT, 'an entry of an incident is never changed'); END;
        CREATE TRIGGER entry_is_not_deleted BEFORE DELETE ON incident_entry
        BEGIN SELECT RAISE (ABORT, 'an entry of an incident is never deleted'); END;
        CREATE TABLE incident_span ( -- what the entries give, to find incidents by their time
            incident INTEGER PRIMARY KEY,
            began_ms INTEGER NOT NULL,
            recovered_ms INTEGER
        ) STRICT;
        CREATE INDEX span_by_recovery ON incident_span (recovered_ms, began_ms);
        """,
    ),
)
"""The tables of incidents."""

_SELECT = "SELECT incident, t_ms, kind, who, text, facts FROM incident_entry"
_SPANS = f"{_SELECT} WHERE incident IN (SELECT incident FROM incident_span WHERE"  # noqa: S608 - constants


def record_transitions(
    db: sqlite3.Connection, transitions: Sequence[Transition], grouping: IncidentGrouping
) -> tuple[IncidentEntry, ...]:
    """What the transitions of an evaluation add to the incidents; it is inserted and returned."""
    if not transitions:
        return ()
    first_ms = min(one.t_ms for one in transitions)
    incidents = read_recent_incidents(db, first_ms - grouping.flap_ms)
    (last,) = db.execute("SELECT coalesce(max(incident), 0) FROM incident_span").fetchone()
    entries = fold(incidents, transitions, grouping, next_number=last + 1)
    insert_entries(db, incidents, entries)
    return entries


def insert_entries(
    db: sqlite3.Connection,
    incidents: dict[int, Incident],
    entries: Sequence[IncidentEntry],
) -> dict[int, Incident]:
    """Insert entries of incidents; the incidents after them. `incidents` are those before."""
    db.executemany(
        "INSERT INTO incident_entry (incident, t_ms, kind, who, text, facts)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [
            (one.incident, one.t_ms, one.kind.value, one.who, one.text, dump_facts(one))
            for one in entries
        ],
    )
    after = add_entries(incidents, entries)
    changed = {one.incident for one in entries}
    db.executemany(
        "INSERT INTO incident_span VALUES (?, ?, ?) ON CONFLICT (incident)"
        " DO UPDATE SET began_ms = excluded.began_ms, recovered_ms = excluded.recovered_ms",
        [(one, after[one].began_ms, after[one].recovered_ms) for one in sorted(changed)],
    )
    return after


def read_recent_incidents(db: sqlite3.Connection, since_ms: int) -> dict[int, Incident]:
    """The incidents that are open, or recovered since a moment."""
    return _read(db, f"{_SPANS} recovered_ms IS NULL OR recovered_ms >= ?)", since_ms)


def read_incidents(db: sqlite3.Connection, start_ms: int, end_ms: int) -> dict[int, Incident]:
    """The incidents that went on at any time within [start, end)."""
    where = "began_ms < ? AND (recovered_ms IS NULL OR recovered_ms >= ?))"
    return _read(db, f"{_SPANS} {where}", end_ms, start_ms)


def read_incident(db: sqlite3.Connection, number: int) -> Incident | None:
    """An incident by its number."""
    return _read(db, f"{_SELECT} WHERE incident = ?", number).get(number)


def read_newest_incidents(db: sqlite3.Connection, count: int) -> dict[int, Incident]:
    """The incidents with the highest numbers."""
    newest = "SELECT incident FROM incident_span ORDER BY incident DESC LIMIT ?"
    return _read(db, f"{_SELECT} WHERE incident IN ({newest})", count)


def _read(db: sqlite3.Connection, query: str, *values: int) -> dict[int, Incident]:
    rows = db.execute(f"{query} ORDER BY incident, seq", values)
    return build_incidents(load_entry(row) for row in rows)


def dump_facts(entry: IncidentEntry) -> str:
    """What an entry has beside its columns, as JSON in ASCII: labels may not be proper text."""
    transition = entry.transition
    facts: dict[str, object] = {
        "moment_ms": entry.moment_ms,
        "transition": transition
        and {"before": transition.before.value, **dump_alert(transition.alert)},
        "cause": entry.cause and entry.cause.value,
        "attribution": entry.attribution and entry.attribution.value,
        "evidence": [
            {"kind": one.kind.value, "t_ms": one.t_ms, "ref": one.ref, "text": one.text}
            | ({} if one.count is None else {"count": one.count})
            for one in entry.evidence
        ],
    }
    return json.dumps({name: value for name, value in facts.items() if value not in (None, [])})


def load_entry(row: tuple[Any, ...]) -> IncidentEntry:
    """The entry of a row: incident, t_ms, kind, who, text, facts."""
    incident, t_ms, kind, who, text, facts = row
    known = json.loads(facts)
    transition, cause = known.get("transition"), known.get("cause")
    attribution = known.get("attribution")
    return IncidentEntry(
        incident=incident,
        t_ms=t_ms,
        kind=EntryKind(kind),
        who=who,
        text=text,
        moment_ms=known.get("moment_ms"),
        transition=transition
        and Transition(t_ms, AlertState(transition["before"]), load_alert(transition)),
        cause=cause and CauseClass(cause),
        attribution=attribution and Attribution(attribution),
        evidence=tuple(
            IncidentEvidence(**{**one, "kind": EvidenceKind(one["kind"])})
            for one in known.get("evidence", ())
        ),
    )
