"""Incidents, events, silences and maintenance windows in the file: what goes in comes out."""

from __future__ import annotations

import math
import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.incident.alert_stories import GROUPING, at, key, transitions
from jipyo.alerts.events.event import Event, EventKind
from jipyo.alerts.events.records import STEPS as EVENT_STEPS
from jipyo.alerts.events.records import check_event, insert_event, insert_events, read_events
from jipyo.alerts.incident.edits import acknowledge, add_note, close, set_cause
from jipyo.alerts.incident.incident import (
    CauseClass,
    EntryKind,
    EvidenceKind,
    IncidentEntry,
    IncidentEvidence,
    IncidentState,
)
from jipyo.alerts.incident.records import (
    STEPS as INCIDENT_STEPS,
)
from jipyo.alerts.incident.records import (
    dump_facts,
    insert_entries,
    load_entry,
    read_incident,
    read_incidents,
    read_newest_incidents,
    read_recent_incidents,
    record_transitions,
)
from jipyo.alerts.options import SilenceOptions
from jipyo.alerts.silence import MaintenanceWindow, Silence
from jipyo.alerts.silence_records import (
    STEPS as SILENCE_STEPS,
)
from jipyo.alerts.silence_records import (
    cancel_window,
    check_silence,
    check_window,
    expire_silence,
    insert_silence,
    insert_window,
    read_silences,
    read_windows,
)
from jipyo.alerts.store import AlertStore
from jipyo.i18n import LANGS, texts
from jipyo.model.attribution import Attribution
from jipyo.model.errors import IncidentError
from jipyo.model.labels import Labels
from jipyo.model.matcher import Matcher, MatchOp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from jipyo.alerts.alert import AlertKey
    from jipyo.alerts.incident.incident import Incident

STEPS = (*INCIDENT_STEPS, *EVENT_STEPS, *SILENCE_STEPS)
CPU = key("system.cpu", instance="node1")
DISK = key("system.disk", instance="node2")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AlertStore]:
    opened = AlertStore.open(tmp_path, STEPS)
    yield opened
    opened.close()


def record(store: AlertStore, stories: dict[AlertKey, str]) -> None:
    for change in transitions(stories):
        with store.transaction() as db:
            record_transitions(db, [change], GROUPING)


def test_incidents_are_found_by_their_time(store: AlertStore) -> None:
    record(store, {CPU: ".ww.....", DISK: "....ww.."})
    with store.reading() as db:
        assert list(read_incidents(db, at(0), at(3))) == [1]
        assert list(read_incidents(db, at(3), at(9))) == [2]
        assert list(read_incidents(db, at(2), at(9))) == [1, 2]  # the recovery belongs to it
        assert list(read_newest_incidents(db, 1)) == [2]
        assert list(read_recent_incidents(db, at(4))) == [2]
        assert read_incident(db, 3) is None


def test_an_open_incident_is_in_every_later_window(store: AlertStore) -> None:
    record(store, {CPU: ".w"})
    with store.reading() as db:
        assert list(read_incidents(db, at(1000), at(1001))) == [1]
        assert list(read_recent_incidents(db, at(1000))) == [1]


def test_people_add_to_an_incident(store: AlertStore) -> None:
    record(store, {CPU: ".ww."})
    edits: tuple[Callable[[Incident], IncidentEntry], ...] = (
        lambda one: acknowledge(one, at(4), "kim", "보고 있음"),
        lambda one: add_note(one, at(5), "kim", "restarted"),
        lambda one: close(one, at(6), "lee", CauseClass.SOFTWARE, Attribution.OURS),
        lambda one: set_cause(one, at(7), "lee", CauseClass.CHANGE),
        lambda one: add_note(one, at(2), "lee", "after the fact"),
    )
    for edit in edits:
        with store.transaction() as db:
            incident = read_incident(db, 1)
            assert incident is not None
            insert_entries(db, {1: incident}, [edit(incident)])
    with store.reading() as db:
        incident = read_incident(db, 1)
    assert incident is not None
    assert (incident.acknowledged_ms, incident.acknowledged_by) == (at(4), "kim")
    assert (incident.cause, incident.attribution) == (CauseClass.CHANGE, Attribution.OURS)
    assert incident.state is IncidentState.CLOSED
    assert [one.t_ms for one in incident.entries[2:]] == [at(4), at(5), at(6), at(7), at(7)]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE incident_entry SET who = 'x'",
        "DELETE FROM incident_entry",
        "UPDATE event SET text = 'x'",
        "DELETE FROM event",
        "UPDATE silence SET end_ms = 0",
        "DELETE FROM maintenance",
        "UPDATE maintenance SET announced_ms = 0",
    ],
)
def test_nothing_that_was_entered_is_changed(store: AlertStore, change: str) -> None:
    record(store, {CPU: ".w."})
    with store.transaction() as db:
        insert_event(db, event())
        insert_silence(db, silence())
        insert_window(db, window())
    with pytest.raises(sqlite3.IntegrityError, match="is never"), store.transaction() as db:
        db.execute(change)


names = st.text(max_size=20)
any_character = st.integers(0, 0x10FFFF).map(chr)
"""Also half of a surrogate pair, as bytes that are no text are read."""


@given(
    labels=st.dictionaries(names, st.text(any_character, max_size=20)),
    value=st.floats() | st.none(),
    text=st.text(max_size=50),
    cause=st.sampled_from(CauseClass) | st.none(),
    attribution=st.sampled_from(Attribution) | st.none(),
    count=st.integers(0, 10**9) | st.none(),
)
def test_an_entry_is_read_as_it_was_written(
    labels: dict[str, str],
    value: float | None,
    text: str,
    cause: CauseClass | None,
    attribution: Attribution | None,
    count: int | None,
) -> None:
    change = transitions({replace(CPU, labels=Labels.of(labels)): ".w"})[0]
    seen = IncidentEvidence(
        kind=EvidenceKind.LOG_TEMPLATE, t_ms=at(1), ref="t1", text=text, count=count
    )
    entry = IncidentEntry(
        incident=7,
        t_ms=at(1),
        kind=EntryKind.OPENED,
        text=text,
        transition=replace(change, alert=replace(change.alert, value=value)),
        moment_ms=at(0),
        cause=cause,
        attribution=attribution,
        evidence=(seen,),
    )
    facts = dump_facts(entry)
    assert facts.isascii()
    again = load_entry((7, at(1), "opened", "", text, facts))
    if value is not None and math.isnan(value):
        assert again.transition is not None
        assert math.isnan(again.transition.alert.value or 0)
    else:
        assert again == entry


# --- events


def event(**changes: object) -> Event:
    values = {"t_ms": at(1), "kind": EventKind.DEPLOYMENT, "text": "v2", "who": "kim"}
    return Event(**values | {"entered_ms": at(2)} | changes)  # type: ignore[arg-type]


def test_a_found_event_is_kept_once(store: AlertStore) -> None:
    found = event(who="", key="reboot node1 1", labels=Labels.of({"instance": "node1"}))
    with store.transaction() as db:
        assert len(insert_events(db, [found, found, event(), event()])) == 3
        assert insert_events(db, [found]) == ()
    with store.reading() as db:
        events = read_events(db, at(1), at(2))
        assert [one.who for one in events] == ["", "kim", "kim"]
        assert events[0].labels == found.labels
        assert read_events(db, at(0), at(1)) == ()


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        ({"text": " "}, "event.empty"),
        ({"text": "x" * 1001}, "event.long"),
        ({"who": ""}, "incident.without_name"),
        ({"t_ms": at(2 + 24 * 60 + 1)}, "event.ahead"),
    ],
)
def test_what_is_no_event_is_refused(wrong: dict[str, object], key: str) -> None:
    with pytest.raises(IncidentError) as error:
        check_event(event(**wrong))
    assert error.value.key == key
    for lang in LANGS:
        assert texts(lang).error(error.value)


# --- silences and maintenance windows

NODE1 = (Matcher("instance", MatchOp.RE, "node1|node2"),)


def silence(**changes: object) -> Silence:
    values = {"matchers": NODE1, "start_ms": at(0), "end_ms": at(9), "who": "kim"}
    return Silence(**values | {"reason": "r", "entered_ms": at(0)} | changes)  # type: ignore[arg-type]


def window(**changes: object) -> MaintenanceWindow:
    values = {"id": "", "name": "disks", "matchers": NODE1, "start_ms": at(5), "end_ms": at(9)}
    more = {"announced_ms": at(1), "approval": "2027-12", "who": "kim", "entered_ms": at(2)}
    return MaintenanceWindow(**values | more | changes)  # type: ignore[arg-type]


def test_a_silence_can_be_ended_early(store: AlertStore) -> None:
    with store.transaction() as db:
        kept = insert_silence(db, silence())
        assert read_silences(db, at(1)) == (kept,)
        ended = expire_silence(db, kept.id, at(4), "lee")
        assert (ended.end_ms, ended.expired_by) == (at(4), "lee")
        assert read_silences(db, at(3)) == (ended,)
        assert read_silences(db, at(4)) == ()
        for number, error_key in ((kept.id, "silence.over"), (99, "silence.unknown")):
            with pytest.raises(IncidentError) as error:
                expire_silence(db, number, at(5), "lee")
            assert error.value.key == error_key
    labels = Labels.of({"instance": "node2"})
    assert ended.covers(labels, at(3))
    assert not ended.covers(labels, at(4))
    assert not ended.covers(Labels.of({"instance": "node3"}), at(3))


def test_a_window_can_be_called_off(store: AlertStore) -> None:
    with store.transaction() as db:
        kept = insert_window(db, window())
        assert read_windows(db, at(0), at(6)) == (kept,)
        assert read_windows(db, at(0), at(5)) == read_windows(db, at(9), at(10)) == ()
        off = cancel_window(db, int(kept.id), at(6), "lee")
        assert read_windows(db, at(0), at(6)) == (off,)
        for number, error_key in ((1, "maintenance.over"), (99, "maintenance.unknown")):
            with pytest.raises(IncidentError) as error:
                cancel_window(db, number, at(7), "lee")
            assert error.value.key == error_key
    labels = Labels.of({"instance": "node1"})
    assert [off.covers(labels, at(minute)) for minute in (4, 5, 6)] == [False, True, False]


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        ({"matchers": ()}, "silence.of_everything"),
        ({"matchers": (Matcher("a", MatchOp.RE, ".*"),)}, "silence.of_everything"),
        ({"end_ms": at(0)}, "silence.without_length"),
        ({"start_ms": at(-9), "end_ms": at(-1)}, "silence.without_length"),
        ({"end_ms": at(60 * 24 * 31)}, "silence.too_long"),
        ({"who": " "}, "incident.without_name"),
    ],
)
def test_what_is_no_silence_is_refused(wrong: dict[str, object], key: str) -> None:
    with pytest.raises(IncidentError) as error:
        check_silence(silence(**wrong), SilenceOptions())
    assert error.value.key == key
    for lang in LANGS:
        assert texts(lang).error(error.value)


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        ({"name": ""}, "maintenance.without_name"),
        ({"end_ms": at(5)}, "silence.without_length"),
        ({"announced_ms": at(3)}, "maintenance.announced_ahead"),
    ],
)
def test_what_is_no_window_is_refused(wrong: dict[str, object], key: str) -> None:
    with pytest.raises(IncidentError) as error:
        check_window(window(**wrong))
    assert error.value.key == key
    for lang in LANGS:
        assert texts(lang).error(error.value)
