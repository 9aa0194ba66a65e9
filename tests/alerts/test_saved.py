"""What rules have come to, saved and read again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jipyo.alerts.alert import Alert, AlertKey, AlertState
from jipyo.alerts.evaluation import RuleMemory, SeriesMemory
from jipyo.alerts.saved import STEPS, forget_rules, load_memories, save_memories
from jipyo.alerts.state import AlertMemory
from jipyo.alerts.store import AlertStore
from jipyo.analysis.thresholds import JudgeState, LevelClock, Severity
from jipyo.model.failure import FailureReason
from jipyo.model.labels import Labels

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LABELS = Labels.of({"instance": "h\udcff", "gpu": "0"})  # a label that is no proper text
ALERT = Alert(
    key=AlertKey("rule", LABELS),
    state=AlertState.RECOVERING,
    severity=Severity.CRITICAL,
    value=float("inf"),
    threshold=90.0,
    active_ms=1,
    firing_ms=2,
    ended_ms=3,
    reason=FailureReason.TIMEOUT,
    peak=5.0,
    peak_ms=2,
)
JUDGED = JudgeState(Severity.OK, 3, 1.5, 3, LevelClock(), LevelClock(1, 2))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AlertStore]:
    made = AlertStore.open(tmp_path, STEPS)
    yield made
    made.close()


@pytest.mark.parametrize(
    "series",
    [
        SeriesMemory(JUDGED, AlertMemory(ALERT, 3, (1, 2))),
        SeriesMemory(LevelClock(1, 2), AlertMemory(ALERT)),
        SeriesMemory(JUDGED, AlertMemory(openings=(7,))),
    ],
)
def test_what_is_saved_is_read_again(store: AlertStore, series: SeriesMemory) -> None:
    known = {"rule": RuleMemory(15_000, {LABELS: series}, True), "never": RuleMemory()}
    with store.transaction() as db:
        save_memories(db, known, {})
    with store.reading() as db:
        assert load_memories(db) == {"rule": RuleMemory(15_000, {LABELS: series})}


def test_only_what_differs_is_written_and_what_is_over_is_deleted(store: AlertStore) -> None:
    one = SeriesMemory(JUDGED, AlertMemory(ALERT))
    other = Labels.of({"instance": "other"})
    known = {"rule": RuleMemory(1, {LABELS: one, other: SeriesMemory(JUDGED)}, True)}
    with store.transaction() as db:
        rows = save_memories(db, known, {})
        written = db.total_changes
        assert save_memories(db, known, rows) == rows
        assert db.total_changes == written
        assert save_memories(db, {"rule": RuleMemory(2, {}, True)}, rows) == {}
        assert load_memories(db) == {"rule": RuleMemory(2)}
        forget_rules(db, iter(["rule"]))
        assert load_memories(db) == {}
