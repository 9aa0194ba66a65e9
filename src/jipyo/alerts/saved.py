"""The rows of `alerts.db` that remember what rules have come to.

A series without an alert has none: its judge goes on from what the source has of it. JSON is in
ASCII, as labels may not be proper text.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from jipyo.alerts.alert_json import dump_alert, load_alert
from jipyo.alerts.evaluation import RuleMemory, SeriesMemory
from jipyo.alerts.state import AlertMemory
from jipyo.alerts.store import SchemaStep
from jipyo.analysis.thresholds import JudgeState, LevelClock
from jipyo.model.labels import Labels

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping

STEPS = (
    SchemaStep(
        "rules-1",
        """
        CREATE TABLE rule (id TEXT PRIMARY KEY, evaluated_ms INTEGER NOT NULL)
            STRICT, WITHOUT ROWID;
        CREATE TABLE alert (
            rule TEXT NOT NULL, labels TEXT NOT NULL, memory TEXT NOT NULL,
            PRIMARY KEY (rule, labels)
        ) STRICT, WITHOUT ROWID;
        """,
    ),
)
AlertRows = dict[tuple[str, str], str]
"""By rule and labels, as text."""


def list_alert_rows(memories: Mapping[str, RuleMemory]) -> AlertRows:
    """The rows of all series that have an alert or have had one lately."""
    return {
        (rule, json.dumps(labels.pairs)): json.dumps(_dump(series))
        for rule, memory in memories.items()
        for labels, series in memory.series.items()
        if series.alert.alert is not None or series.alert.openings
    }


def save_memories(
    db: sqlite3.Connection, memories: Mapping[str, RuleMemory], saved: AlertRows
) -> AlertRows:
    """Write what differs from the rows that were saved last, and return those of now."""
    rows = list_alert_rows(memories)
    db.executemany("DELETE FROM alert WHERE rule = ? AND labels = ?", list(saved.keys() - rows))
    db.executemany(
        "INSERT INTO alert VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET memory = excluded.memory",
        [(*key, text) for key, text in rows.items() if saved.get(key) != text],
    )
    db.executemany(
        "INSERT INTO rule VALUES (?, ?) "
        "ON CONFLICT DO UPDATE SET evaluated_ms = excluded.evaluated_ms "
        "WHERE evaluated_ms != excluded.evaluated_ms",
        [
            (rule, memory.evaluated_ms)
            for rule, memory in memories.items()
            if memory.evaluated_ms is not None
        ],
    )
    return rows


def load_memories(db: sqlite3.Connection) -> dict[str, RuleMemory]:
    """What the rules had come to, by their ids."""
    series: dict[str, dict[Labels, SeriesMemory]] = {}
    for rule, pairs, text in db.execute("SELECT rule, labels, memory FROM alert"):
        labels = Labels.of(json.loads(pairs))
        series.setdefault(rule, {})[labels] = _load(json.loads(text))
    return {
        rule: RuleMemory(evaluated_ms, series.get(rule, {}))
        for rule, evaluated_ms in db.execute("SELECT id, evaluated_ms FROM rule")
    }


def forget_rules(db: sqlite3.Connection, rules: Iterator[str]) -> None:
    """Delete what is known of rules that are there no more."""
    for rule in rules:
        db.execute("DELETE FROM alert WHERE rule = ?", (rule,))
        db.execute("DELETE FROM rule WHERE id = ?", (rule,))


def _dump(series: SeriesMemory) -> dict[str, Any]:
    alert, judged = series.alert.alert, series.judged
    return {
        "judge" if isinstance(judged, JudgeState) else "clock": asdict(judged),
        "alert": None if alert is None else dump_alert(alert),
        "milder_ms": series.alert.milder_ms,
        "openings": series.alert.openings,
    }


def _load(saved: Mapping[str, Any]) -> SeriesMemory:
    alert = saved["alert"]
    judged: JudgeState | LevelClock
    if "judge" in saved:
        judged = JudgeState.from_dict(saved["judge"])
    else:
        judged = LevelClock(**saved["clock"])
    memory = AlertMemory(
        None if alert is None else load_alert(alert),
        saved["milder_ms"],
        tuple(saved["openings"]),
    )
    return SeriesMemory(judged, memory)
