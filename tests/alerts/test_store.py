"""The file of alerts: transactions, versions, and what goes wrong with a file."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from jipyo.alerts.store import FILE_NAME, AlertStore, SchemaStep, split_statements
from jipyo.i18n import texts
from jipyo.model.errors import StoreCorrupt, StoreError, StoreFull

if TYPE_CHECKING:
    from pathlib import Path

FIRST = SchemaStep("words-1", "CREATE TABLE word (text TEXT) STRICT; CREATE INDEX w ON word (text)")
SECOND = SchemaStep("words-2", "ALTER TABLE word ADD COLUMN n INTEGER")


def list_words(store: AlertStore) -> list[str]:
    with store.reading() as db:
        return [text for (text,) in db.execute("SELECT text FROM word ORDER BY rowid")]


def test_what_a_transaction_wrote_is_there_after_it_is_opened_again(tmp_path: Path) -> None:
    store = AlertStore.open(tmp_path, [FIRST])
    with store.transaction() as db:
        db.execute("INSERT INTO word VALUES ('a')")
    store.close()
    store = AlertStore.open(tmp_path, [FIRST, SECOND])
    assert list_words(store) == ["a"]
    with store.transaction() as db:
        db.execute("INSERT INTO word VALUES ('b', 2)")
    assert list_words(store) == ["a", "b"]
    store.close()


def test_a_transaction_that_fails_changes_nothing(tmp_path: Path) -> None:
    store = AlertStore.open(tmp_path, [FIRST])

    def fail() -> None:
        with store.transaction() as db:
            db.execute("INSERT INTO word VALUES ('a')")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert list_words(store) == []
    with store.transaction() as db:
        db.execute("INSERT INTO word VALUES ('b')")
    assert list_words(store) == ["b"]
    store.close()


def test_a_step_of_the_schema_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    wrong = SchemaStep("wrong", "CREATE TABLE fine (n INTEGER); CREATE TABLE fine (n INTEGER)")
    with pytest.raises(sqlite3.OperationalError):
        AlertStore.open(tmp_path, [FIRST, wrong])
    store = AlertStore.open(tmp_path, [FIRST])
    assert list_words(store) == []
    store.close()


def test_two_processes_may_have_it_open(tmp_path: Path) -> None:
    one, other = (AlertStore.open(tmp_path, [FIRST]) for _ in range(2))
    with one.transaction() as db:
        db.execute("INSERT INTO word VALUES ('a')")
    assert list_words(other) == ["a"]
    one.close()
    other.close()


def test_a_file_of_a_newer_version_is_not_touched(tmp_path: Path) -> None:
    AlertStore.open(tmp_path, [FIRST, SECOND]).close()
    with pytest.raises(StoreError) as caught:
        AlertStore.open(tmp_path, [FIRST])
    assert (
        texts("en")
        .error(caught.value)
        .startswith(f"{tmp_path / FILE_NAME} was written by a newer jipyo (schema step words-2).")
    )
    AlertStore.open(tmp_path, [FIRST, SECOND]).close()


def test_a_file_that_is_no_database_is_said_to_be_damaged(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"no database" * 1000)
    with pytest.raises(StoreCorrupt) as caught:
        AlertStore.open(tmp_path, [FIRST])
    assert "손상" in texts("ko").error(caught.value)


def test_a_folder_that_is_a_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(StoreFull):
        AlertStore.open(tmp_path / "data", [FIRST])


@pytest.mark.parametrize(
    ("sql", "count"),
    [
        ("", 0),
        ("CREATE TABLE a (n)", 1),
        ("CREATE TABLE a (n); ", 1),
        ("CREATE TABLE a (n DEFAULT ';'); DROP TABLE a;", 2),
        ("CREATE TRIGGER t DELETE ON a BEGIN SELECT 1; SELECT 2; END", 1),
    ],
)
def test_a_script_is_split_into_its_statements(sql: str, count: int) -> None:
    assert len(list(split_statements(sql))) == count
