"""The outbox: nothing twice, in order, and the same batch at every attempt."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from jipyo.alerts.notify.message import MessageKind
from jipyo.alerts.notify.outbox import (
    STEPS,
    add_notification,
    count_rejected,
    count_waiting,
    forget_before,
    forget_other_channels,
    list_open,
    list_queued,
    mark_delivered,
    mark_failed,
    mark_rejected,
    read_channel_state,
    take_batch,
)
from jipyo.alerts.store import AlertStore
from support.notifications import T_MS, notification, resolved

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    store = AlertStore.open(tmp_path, STEPS)
    with store.transaction() as connection:
        yield connection
    store.close()


def take(db: sqlite3.Connection, now_ms: int = T_MS, most: int = 1) -> list[str]:
    """The keys of the next batch, which is delivered."""
    batch = take_batch(db, "mail", now_ms, most)
    if batch is None:
        return []
    mark_delivered(db, "mail", batch, now_ms, 0)
    return [each.key for each in batch.notifications]


def test_the_same_notification_is_queued_once_for_each_channel(db: sqlite3.Connection) -> None:
    assert add_notification(db, "mail", notification(), T_MS)
    assert not add_notification(db, "mail", notification(), T_MS)
    assert add_notification(db, "slack", notification(), T_MS)
    assert take(db) == ["12/opened"]
    assert not add_notification(db, "mail", notification(), T_MS), "also once it is delivered"
    assert take(db) == []
    assert list_queued(db, 12) == {"12/opened": {"mail", "slack"}}


def test_notifications_come_back_as_they_were_and_in_order(db: sqlite3.Connection) -> None:
    sent = [notification(f"{n}/opened", incident=n) for n in range(5)] + [resolved()]
    for each in sent:
        add_notification(db, "mail", each, T_MS)
    batch = take_batch(db, "mail", T_MS, 100)
    assert batch is not None
    assert batch.notifications == tuple(sent)


def test_a_batch_stays_the_same_until_it_is_done(db: sqlite3.Connection) -> None:
    for n in range(3):
        add_notification(db, "mail", notification(f"{n}/opened", incident=n), T_MS)
    first = take_batch(db, "mail", T_MS, 2)
    add_notification(db, "mail", notification("9/opened", incident=9), T_MS)
    mark_failed(db, "mail", T_MS, "refused")
    assert take_batch(db, "mail", T_MS + 1, 100) == first
    assert first is not None
    assert first.key == "0/opened+1"
    mark_delivered(db, "mail", first, T_MS, 7)
    assert take(db, most=100) == ["2/opened", "9/opened"]
    state = read_channel_state(db, "mail")
    assert (state.delivered_ms, state.failures, state.error) == (T_MS, 0, "refused")


def test_what_is_due_later_waits_and_takes_what_follows_of_its_incident_along(
    db: sqlite3.Connection,
) -> None:
    night = T_MS + 3_600_000
    add_notification(db, "mail", notification("1/opened", incident=1), night)
    add_notification(db, "mail", resolved("1/resolved", incident=1), night)
    add_notification(db, "mail", notification("2/opened", incident=2), T_MS)
    assert take(db, most=100) == ["2/opened"]
    assert take(db) == []
    assert count_waiting(db, "mail") == 2
    assert take(db, night, most=100) == ["1/opened", "1/resolved"]


def test_what_is_urgent_takes_what_waits_of_its_incident_along(db: sqlite3.Connection) -> None:
    add_notification(db, "mail", notification("1/opened", incident=1), T_MS + 3_600_000)
    assert take(db) == []
    add_notification(db, "mail", notification("1/graver", incident=1), T_MS)
    assert take(db, most=100) == ["1/opened", "1/graver"]


def test_what_a_receiver_refuses_is_set_aside_and_kept(db: sqlite3.Connection) -> None:
    for n in range(2):
        add_notification(db, "mail", notification(f"{n}/opened", incident=n), T_MS)
    batch = take_batch(db, "mail", T_MS, 1)
    assert batch is not None
    mark_rejected(db, batch, T_MS)
    assert take(db) == ["1/opened"]
    assert (count_rejected(db, "mail"), count_waiting(db, "mail")) == (1, 0)


def test_an_incident_is_open_for_a_channel_until_it_has_delivered_the_resolution(
    db: sqlite3.Connection,
) -> None:
    for each in (
        notification("1/opened", incident=1),
        notification("1/graver", incident=1, kind=MessageKind.CHANGED),
        notification("2/opened", incident=2),
        resolved("2/resolved", incident=2),
    ):
        add_notification(db, "mail", each, T_MS)
    take(db, most=3)
    assert [each.key for each in list_open(db, "mail")] == ["1/graver", "2/opened"]
    take(db)
    assert [each.key for each in list_open(db, "mail")] == ["1/graver"]


def test_only_what_is_over_and_old_is_forgotten(db: sqlite3.Connection) -> None:
    for each in (
        notification("1/opened", incident=1),
        notification("2/opened", incident=2),
        resolved("2/resolved", incident=2),
        notification("test", incident=None, kind=MessageKind.TEST),
    ):
        add_notification(db, "mail", each, T_MS)
    take(db, most=100)
    add_notification(db, "mail", notification("3/opened", incident=3), T_MS)
    forget_before(db, T_MS)
    assert set(list_queued(db, 2)) == {"2/opened", "2/resolved"}
    forget_before(db, T_MS + 1)
    assert list_queued(db, 2) == {}
    assert set(list_queued(db, 1)) == {"1/opened"}
    assert count_waiting(db, "mail") == 1


def test_what_waits_for_a_channel_that_went_is_forgotten(db: sqlite3.Connection) -> None:
    for channel in ("mail", "old"):
        add_notification(db, channel, notification(), T_MS)
    forget_other_channels(db, ["mail"])
    assert (count_waiting(db, "mail"), count_waiting(db, "old")) == (1, 0)


@pytest.mark.parametrize("seed", range(20))
def test_order_is_kept_within_an_incident_whatever_is_due_when(
    db: sqlite3.Connection, seed: int
) -> None:
    choose = random.Random(seed)
    added: dict[int, list[str]] = {}
    got: dict[int, list[str]] = {}
    now_ms = T_MS
    for step in range(60):
        incident = choose.randrange(4)
        each = notification(f"{incident}/{step}", incident=incident)
        add_notification(db, "mail", each, now_ms + choose.choice([0, 0, 5, 50]))
        added.setdefault(incident, []).append(each.key)
        now_ms += choose.randrange(10)
        for key in take(db, now_ms, choose.randrange(1, 4)):
            got.setdefault(int(key[0]), []).append(key)
    while keys := take(db, now_ms + 1000, 5):
        for key in keys:
            got.setdefault(int(key[0]), []).append(key)
    assert got == added
