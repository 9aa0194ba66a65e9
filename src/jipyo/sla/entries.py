"""Values of indicators that people typed into a form, in `alerts.db`: entries are only added.

The last entry about an indicator of a month counts; one without a value takes the earlier ones
back. What a month's file says holds for the indicators that have no entry.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.alerts.store import SchemaStep
from jipyo.model.errors import ConfigError
from jipyo.sla.records import EnteredValue

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping

    from jipyo.sla.profile import Indicator

STEPS = (
    SchemaStep(
        "sla_entries",
        """
        CREATE TABLE sla_entry (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            system TEXT NOT NULL,
            month TEXT NOT NULL, -- 2027-01
            indicator TEXT NOT NULL,
            value REAL, -- NULL takes earlier entries back
            note TEXT NOT NULL, -- the proof
            who TEXT NOT NULL,
            entered_ms INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX sla_entry_by_month ON sla_entry (system, month);
        CREATE TRIGGER sla_entry_is_not_changed BEFORE UPDATE ON sla_entry
        BEGIN SELECT RAISE (ABORT, 'what was entered is never changed'); END;
        CREATE TRIGGER sla_entry_is_not_deleted BEFORE DELETE ON sla_entry
        BEGIN SELECT RAISE (ABORT, 'what was entered is never deleted'); END;
        """,
    ),
)
"""The table of the entries."""
LONGEST = 2000
"""Most characters of a note or a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthEntry:
    """What a person typed about an indicator of a month."""

    system: str
    month: str
    """`2027-01`."""
    indicator: str
    value: float | None
    """None takes earlier entries back."""
    note: str
    """The proof: a document, a survey, a ticket."""
    who: str
    entered_ms: int


def check_entry(entry: MonthEntry, indicators: Mapping[str, Indicator]) -> None:
    """Refuse an entry that no sheet could show, or that nobody answers for.

    Args:
        entry: what somebody typed.
        indicators: those of the system's profile, by their ids.

    Raises:
        ConfigError: it is of no indicator, has no name or proof, or more decimals than are printed.
    """
    if entry.indicator not in indicators:
        known = ", ".join(indicators)
        raise ConfigError(
            "sla.unknown_indicator", where="indicator", name=entry.indicator, known=known
        )
    for where, text in (("who", entry.who), ("note", entry.note)):
        if not text.strip() or len(text) > LONGEST:
            raise ConfigError("sla.entry.no_text", where=where, limit=LONGEST)
    decimals = indicators[entry.indicator].decimals
    if entry.value is not None and round(entry.value, decimals) != entry.value:
        raise ConfigError("sla.entry.too_fine", where="value", decimals=decimals)


def insert_entry(db: sqlite3.Connection, entry: MonthEntry) -> None:
    """Add an entry; the caller has a transaction of `AlertStore`."""
    db.execute(
        "INSERT INTO sla_entry (system, month, indicator, value, note, who, entered_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            entry.system,
            entry.month,
            entry.indicator,
            entry.value,
            entry.note.strip(),
            entry.who.strip(),
            entry.entered_ms,
        ),
    )


def read_entries(
    db: sqlite3.Connection, system: str, month: str, until_ms: int
) -> tuple[MonthEntry, ...]:
    """The entries of a month until a moment, the first first."""
    rows = db.execute(
        "SELECT indicator, value, note, who, entered_ms FROM sla_entry"
        " WHERE system = ? AND month = ? AND entered_ms <= ? ORDER BY id",
        (system, month, until_ms),
    )
    return tuple(
        MonthEntry(
            system=system,
            month=month,
            indicator=indicator,
            value=value,
            note=note,
            who=who,
            entered_ms=entered_ms,
        )
        for indicator, value, note, who, entered_ms in rows
    )


def enter_last(
    of_file: Iterable[EnteredValue], entries: Iterable[MonthEntry]
) -> tuple[EnteredValue, ...]:
    """The values that count: of a month's file, each replaced by the last entry about it."""
    last = {one.indicator: one for one in entries}
    kept = [one for one in of_file if one.indicator not in last]
    typed = (
        EnteredValue(one.indicator, one.value, one.note, one.who)
        for one in last.values()
        if one.value is not None
    )
    return (*kept, *typed)
