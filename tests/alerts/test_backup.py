"""A backup of `alerts.db` has all of it, and putting it back loses nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jipyo.alerts.backup import back_up_alerts, restore_alerts
from jipyo.alerts.events.event import Event, EventKind
from jipyo.alerts.events.records import STEPS, insert_event, read_events
from jipyo.alerts.store import AlertStore
from jipyo.model.errors import StoreCorrupt, StoreError

if TYPE_CHECKING:
    from pathlib import Path

T0_MS = 1_800_000_000_000


def add(store: AlertStore, text: str) -> None:
    event = Event(t_ms=T0_MS, kind=EventKind.OTHER, text=text, who="kim", entered_ms=T0_MS)
    with store.transaction() as db:
        insert_event(db, event)


def read(folder: Path, name: str = "alerts.db") -> list[str]:
    if name != "alerts.db":
        (folder / "other").mkdir(exist_ok=True)
        (folder / "other/alerts.db").write_bytes((folder / name).read_bytes())
        folder /= "other"
    store = AlertStore.open(folder, STEPS)
    with store.reading() as db:
        texts = [one.text for one in read_events(db, T0_MS, T0_MS + 1)]
    store.close()
    return texts


def test_a_backup_is_of_one_moment_while_others_write(tmp_path: Path) -> None:
    store = AlertStore.open(tmp_path / "data", STEPS)
    add(store, "first")
    assert back_up_alerts(tmp_path / "data", tmp_path / "copy")
    add(store, "second")
    with pytest.raises(StoreError, match="target_exists"):
        back_up_alerts(tmp_path / "data", tmp_path / "copy")
    store.close()
    assert read(tmp_path, "copy") == ["first"]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["copy", "data", "other"]


def test_what_a_backup_replaces_is_set_aside(tmp_path: Path) -> None:
    data, copy = tmp_path / "data", tmp_path / "copy"
    store = AlertStore.open(data, STEPS)
    add(store, "first")
    back_up_alerts(data, copy)
    add(store, "second")
    store.close()
    for number in (1, 2):
        aside = restore_alerts(copy, data)
        assert aside == data / f"alerts.db.{number}"
        assert read(data) == ["first"]
    assert read(data, "alerts.db.1") == ["first", "second"]


def test_a_folder_without_incidents_has_no_backup_of_them(tmp_path: Path) -> None:
    assert not back_up_alerts(tmp_path, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_a_backup_can_be_put_into_an_empty_folder(tmp_path: Path) -> None:
    store = AlertStore.open(tmp_path / "data", STEPS)
    add(store, "first")
    store.close()
    back_up_alerts(tmp_path / "data", tmp_path / "copy")
    (tmp_path / "new").mkdir()
    assert restore_alerts(tmp_path / "copy", tmp_path / "new") is None
    assert read(tmp_path / "new") == ["first"]


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + b"x" * 5000])
def test_a_damaged_backup_changes_nothing(tmp_path: Path, content: bytes) -> None:
    store = AlertStore.open(tmp_path / "data", STEPS)
    add(store, "first")
    store.close()
    (tmp_path / "copy").write_bytes(content)
    with pytest.raises(StoreCorrupt):
        restore_alerts(tmp_path / "copy", tmp_path / "data")
    assert read(tmp_path / "data") == ["first"]
