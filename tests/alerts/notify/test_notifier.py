"""All channels over one outbox: they may change while they run."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from jipyo.alerts.notify.notifier import KEPT_MS, Notifier
from jipyo.alerts.notify.outbox import STEPS, add_notification, count_waiting, list_queued
from jipyo.alerts.notify.sender import ChannelSetting
from jipyo.alerts.store import AlertStore
from jipyo.i18n import texts
from jipyo.model.clock import SystemClock
from support.clock import WaitingClock
from support.notifications import T_MS, message, notification

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from jipyo.alerts.notify.message import Message, Notification


class Receiver:
    """Announces what arrives."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.arrived = threading.Event()

    def send(self, message: Message) -> None:
        self.arrived.set()


def compose(_key: str, batch: Sequence[Notification]) -> Message:
    return message(*batch)


def setting(receiver: Receiver) -> ChannelSetting:
    return ChannelSetting(channel=receiver, compose=compose, t=texts("en"), max_per_hour=60)


def add(store: AlertStore, channel: str, key: str) -> None:
    with store.transaction() as db:
        add_notification(db, channel, notification(key), 0)


def test_channels_may_change_while_they_run_and_count_what_they_do(tmp_path: Path) -> None:
    store = AlertStore.open(tmp_path, STEPS)
    notifier, first, second = Notifier(store, SystemClock()), Receiver("a"), Receiver("b")
    assert list(notifier.families()) == []
    notifier.apply({"a": setting(first)})
    notifier.start()
    add(store, "a", "1/opened")
    assert first.arrived.wait(20)
    first.arrived.clear()
    notifier.apply({"b": setting(second)})
    add(store, "a", "2/opened")
    add(store, "b", "2/opened")
    assert second.arrived.wait(20)
    figures = {one.name: one.samples for one in notifier.families()}
    assert [each.labels["channel"] for each in figures["jipyo_notify_failing"]] == ["b"]
    assert [each.value for each in figures["jipyo_notify_failing"]] == [0.0]
    notifier.stop()
    assert not first.arrived.is_set(), "it is a channel no more"
    store.close()


def test_what_is_old_or_for_a_channel_that_is_gone_is_forgotten(tmp_path: Path) -> None:
    store, clock = AlertStore.open(tmp_path, STEPS), WaitingClock(T_MS + KEPT_MS + 1)
    notifier = Notifier(store, clock)
    notifier.apply({"a": setting(Receiver("a"))})
    for channel in ("a", "gone"):
        add(store, channel, "12/opened")
    with store.transaction() as db:
        db.execute("UPDATE outbox SET kind = 'resolved', state = 'delivered', done_ms = ?", (T_MS,))
    add(store, "a", "13/opened")
    add(store, "gone", "13/opened")
    notifier.clean()
    with store.reading() as db:
        assert list_queued(db, 12) == {"13/opened": {"a"}}
        assert count_waiting(db, "gone") == 0
    store.close()
