"""Values that people type into the form: only added, checked, and the last one counts."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from jipyo.alerts.store import AlertStore
from jipyo.app.alerts.schema import STEPS
from jipyo.model.errors import ConfigError
from jipyo.sla.entries import MonthEntry, check_entry, enter_last, insert_entry, read_entries
from jipyo.sla.profile_file import load_profile
from jipyo.sla.records import EnteredValue

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ENTRY = MonthEntry(
    system="portal",
    month="2027-01",
    indicator="satisfaction",
    value=92.5,
    note="survey",
    who="Kim",
    entered_ms=1000,
)
INDICATORS = {one.id: one for one in load_profile("korea-public-press-2025-grade2").indicators}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AlertStore]:
    opened = AlertStore.open(tmp_path, STEPS)
    yield opened
    opened.close()


def add(store: AlertStore, *entries: MonthEntry) -> None:
    with store.transaction() as db:
        for entry in entries:
            insert_entry(db, entry)


def test_entries_are_read_as_they_were_until_a_moment(store: AlertStore) -> None:
    later = replace(ENTRY, value=80.0, entered_ms=2000)
    others = replace(ENTRY, month="2027-02"), replace(ENTRY, system="db")
    add(store, ENTRY, later, *others)
    with store.reading() as db:
        assert read_entries(db, "portal", "2027-01", 1999) == (ENTRY,)
        assert read_entries(db, "portal", "2027-01", 2000) == (ENTRY, later)


@pytest.mark.parametrize("change", ["UPDATE sla_entry SET value = 1", "DELETE FROM sla_entry"])
def test_what_was_entered_is_never_changed(store: AlertStore, change: str) -> None:
    add(store, ENTRY)
    with pytest.raises(sqlite3.IntegrityError), store.transaction() as db:
        db.execute(change)


def test_the_last_entry_takes_the_place_of_earlier_ones_and_of_the_file() -> None:
    of_file = (EnteredValue("satisfaction", 70.0, "file"), EnteredValue("security", 0.0, "file"))
    kept, typed = enter_last(of_file, (ENTRY, replace(ENTRY, value=91.0)))
    assert (kept.indicator, kept.value) == ("security", 0.0)
    assert (typed.value, typed.note, typed.by) == (91.0, "survey", "Kim")


def test_an_entry_without_a_value_takes_all_back() -> None:
    of_file = (EnteredValue("satisfaction", 70.0, "file"),)
    assert enter_last(of_file, (ENTRY, replace(ENTRY, value=None))) == ()


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"indicator": "satisfied"}, "sla.unknown_indicator"),
        ({"who": " "}, "sla.entry.no_text"),
        ({"note": ""}, "sla.entry.no_text"),
        ({"note": "x" * 2001}, "sla.entry.no_text"),
        ({"value": 92.55}, "sla.entry.too_fine"),
    ],
)
def test_what_no_sheet_could_show_is_refused(change: dict[str, object], key: str) -> None:
    check_entry(ENTRY, INDICATORS)
    with pytest.raises(ConfigError) as caught:
        check_entry(replace(ENTRY, **change), INDICATORS)  # type: ignore[arg-type]  # its fields
    assert caught.value.key == key
