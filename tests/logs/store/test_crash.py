"""kill -9 in ingest and merge: every acknowledged line once and to the byte, no id changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logs.store.crash import run_rounds

if TYPE_CHECKING:
    from pathlib import Path


def test_kill_9_at_random_moments_loses_doubles_and_renumbers_nothing(tmp_path: Path) -> None:
    rounds = run_rounds(tmp_path, kills=12, seed=3, most_s=0.8)
    assert rounds.kills == 12
    assert rounds.acknowledged.total() > 100
    assert len(rounds.known) > 5000
