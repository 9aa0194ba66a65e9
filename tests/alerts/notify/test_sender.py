"""A channel's sender: order, repetition, combination, and what a receiver may do to it."""

from __future__ import annotations

import threading
import tracemalloc
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

import pytest

from jipyo.alerts.notify.outbox import STEPS, add_notification
from jipyo.alerts.notify.sender import ChannelSender, ChannelSetting
from jipyo.alerts.notify.status import ChannelStatus, read_status
from jipyo.alerts.store import AlertStore
from jipyo.i18n import texts
from jipyo.model.clock import SystemClock
from jipyo.model.errors import MessageRejected, NotifyError
from support.clock import WaitingClock
from support.notifications import T_MS, message, notification, resolved

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from jipyo.alerts.notify.message import Message, Notification


@dataclass
class Receiver:
    """Takes messages, unless it has a problem."""

    name: str = "ops"
    problem: Exception | None = None
    got: list[list[str]] = field(default_factory=list)
    attempts: int = 0

    def send(self, message: Message) -> None:
        self.attempts += 1
        if self.problem is not None:
            raise self.problem
        self.got.append([each.key for each in message.notifications])


@dataclass
class RepeatingReceiver(Receiver):
    repeat_ms: int = 60_000
    repeated: list[list[str]] = field(default_factory=list)

    def repeat(self, notifications: Sequence[Notification]) -> None:
        if self.problem is not None:
            raise self.problem
        self.repeated.append([each.key for each in notifications])


def compose(_key: str, batch: Sequence[Notification]) -> Message:
    return message(*batch)


@dataclass
class Post:
    """A sender, its store, and a clock that only `step` moves."""

    store: AlertStore
    receiver: Receiver
    clock: WaitingClock
    max_per_hour: int = 60
    seed: int = 0
    due_ms: float = 0.0

    def __post_init__(self) -> None:
        setting = ChannelSetting(
            channel=self.receiver,
            compose=compose,
            t=texts("en"),
            max_per_hour=self.max_per_hour,
        )
        self.sender = ChannelSender(setting, self.store, self.clock, Random(self.seed))

    def add(self, *notifications: Notification, due_ms: int = 0) -> None:
        with self.store.transaction() as db:
            for each in notifications:
                add_notification(db, self.receiver.name, each, due_ms)

    def run(self, ms: float) -> float:
        """Let the sender work for so long; the longest pause that it made."""
        end_ms, longest = self.clock.monotonic_ms() + ms, 0.0
        while (now_ms := self.clock.monotonic_ms()) < end_ms:
            if now_ms >= self.due_ms:
                delay_ms = self.sender.step()
                delay_ms = 500.0 if delay_ms is None else delay_ms
                longest = max(longest, delay_ms)
                self.due_ms = now_ms + delay_ms
            passed = min(max(self.due_ms - now_ms, 1.0), end_ms - now_ms)
            self.clock.waits_ms = [now_ms + passed]
            self.clock.wall_ms = T_MS + int(now_ms + passed)
        return longest

    @property
    def status(self) -> ChannelStatus:
        with self.store.reading() as db:
            return read_status(db, [self.receiver.name])[0]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AlertStore]:
    opened = AlertStore.open(tmp_path, STEPS)
    yield opened
    opened.close()


def incidents(*numbers: int) -> list[Notification]:
    return [notification(f"{n}/opened", incident=n) for n in numbers]


def test_messages_are_delivered_in_order_and_once(store: AlertStore) -> None:
    post = Post(store, Receiver(), WaitingClock(T_MS))
    post.add(*incidents(1, 2), resolved("1/resolved", incident=1))
    post.run(10_000)
    assert post.receiver.got == [["1/opened"], ["2/opened"], ["1/resolved"]]
    assert (post.status.waiting, post.status.is_failing) == (0, False)
    assert post.status.state.delivered_ms is not None


def test_an_hour_without_the_server_loses_nothing_and_keeps_the_order(store: AlertStore) -> None:
    receiver = Receiver(problem=NotifyError("notify.mail.timeout", host="mail:25"))
    post = Post(store, receiver, WaitingClock(T_MS))
    for n in range(60):
        post.add(*incidents(n))
        post.run(60_000)
    assert receiver.got == []
    assert 30 <= receiver.attempts <= 80, "it is asked every two minutes at last, and not more"
    assert post.status.is_failing
    assert post.status.waiting == 60
    assert post.status.state.error.startswith("The mail server mail:25 did not answer in time.")
    receiver.problem = None
    assert post.run(240_000) <= 120_000
    assert [key for keys in receiver.got for key in keys] == [f"{n}/opened" for n in range(60)]
    assert len(receiver.got) == 2, "the first as it was tried, and one of all others"
    assert not post.status.is_failing


@pytest.mark.parametrize("seed", range(3))
def test_what_was_sent_when_it_was_killed_is_sent_again_as_the_same_message(
    store: AlertStore, seed: int
) -> None:
    receiver = Receiver(problem=NotifyError("notify.mail.timeout", host="mail:25"))
    before = Post(store, receiver, WaitingClock(T_MS), seed=seed)
    before.add(*incidents(*range(8)))
    before.run(1000)
    receiver.problem = None
    after = Post(store, receiver, WaitingClock(T_MS), seed=seed)
    after.add(*incidents(20))
    after.run(20_000)
    assert receiver.got == [[f"{n}/opened" for n in range(8)], ["20/opened"]]


def test_a_message_that_is_refused_three_times_does_not_hold_up_the_next(
    store: AlertStore,
) -> None:
    @dataclass
    class Choosy(Receiver):
        def send(self, message: Message) -> None:
            if message.notifications[0].key == "1/opened":
                raise MessageRejected("notify.bug", reason="too long")
            super().send(message)

    post = Post(store, Choosy(), WaitingClock(T_MS))
    post.add(*incidents(1, 2))
    post.run(60_000)
    assert post.receiver.got == [["2/opened"]]
    assert (post.status.waiting, post.status.rejected) == (0, 1)
    assert post.sender.counts.rejected == 1


def test_one_that_is_refused_does_not_take_those_along_that_were_sent_with_it(
    store: AlertStore,
) -> None:
    @dataclass
    class Choosy(Receiver):
        def send(self, message: Message) -> None:
            if "3/opened" in [each.key for each in message.notifications]:
                raise MessageRejected("notify.bug", reason="too long")
            super().send(message)

    post = Post(store, Choosy(), WaitingClock(T_MS))
    post.add(*incidents(*range(8)))
    post.run(120_000)
    assert post.receiver.got == [[f"{n}/opened"] for n in range(8) if n != 3]
    assert (post.status.waiting, post.status.rejected) == (0, 1)
    post.add(*incidents(*range(10, 18)))
    post.run(120_000)
    assert post.receiver.got[-1] == [f"{n}/opened" for n in range(10, 18)], "together again"


def test_a_mistake_of_ours_in_one_message_does_not_stop_the_channel(store: AlertStore) -> None:
    post = Post(store, Receiver(problem=ZeroDivisionError()), WaitingClock(T_MS))
    post.add(*incidents(1))
    post.run(60_000)
    assert post.status.rejected == 1
    assert "ZeroDivisionError" in post.status.state.error
    post.receiver.problem = None
    post.add(*incidents(2))
    post.run(200_000)
    assert post.receiver.got == [["2/opened"]]


def test_a_storm_becomes_a_message_a_minute_and_loses_nothing(store: AlertStore) -> None:
    post = Post(store, Receiver(), WaitingClock(T_MS), max_per_hour=60)
    for n in range(300):
        post.add(*incidents(n))
        post.run(2000)
    post.run(120_000)
    assert [key for keys in post.receiver.got for key in keys] == [
        f"{n}/opened" for n in range(300)
    ]
    assert len(post.receiver.got) <= 15 + 13
    assert post.status.waiting == 0


def test_a_receiver_that_asks_for_a_pause_gets_it(store: AlertStore) -> None:
    problem = NotifyError("notify.mail.timeout", host="mail:25")
    problem.pause_s = 600.0
    post = Post(store, Receiver(problem=problem), WaitingClock(T_MS))
    post.add(*incidents(1))
    post.run(590_000)
    assert post.receiver.attempts == 1


def test_what_goes_on_is_repeated_until_it_is_resolved(store: AlertStore) -> None:
    receiver = RepeatingReceiver()
    post = Post(store, receiver, WaitingClock(T_MS))
    post.add(*incidents(*range(8)))
    post.run(150_000)
    assert receiver.got == [[f"{n}/opened"] for n in range(8)], "each alone, without a limit"
    open_ones = [f"{n}/opened" for n in range(8)]
    assert receiver.repeated == [[], open_ones, open_ones]
    post.add(*(resolved(f"{n}/resolved", incident=n) for n in range(7)))
    post.run(60_000)
    assert receiver.repeated[-1] == ["7/opened"]


def test_a_failed_repetition_is_made_up_for_and_seen(store: AlertStore) -> None:
    receiver = RepeatingReceiver(problem=NotifyError("notify.mail.timeout", host="am:9093"))
    post = Post(store, receiver, WaitingClock(T_MS))
    post.run(10_000)
    assert post.status.is_failing
    receiver.problem = None
    post.run(120_000)
    assert receiver.repeated
    assert not post.status.is_failing


def test_its_thread_sends_what_comes_and_ends_when_it_is_stopped(store: AlertStore) -> None:
    arrived = threading.Event()

    class Announcing(Receiver):
        def send(self, message: Message) -> None:
            super().send(message)
            arrived.set()

    setting = ChannelSetting(channel=Announcing(), compose=compose, t=texts("ko"), max_per_hour=60)
    sender = ChannelSender(setting, store, SystemClock(), Random(0))
    sender.start()
    with store.transaction() as db:
        add_notification(db, "ops", notification(), 0)
    assert arrived.wait(20)
    sender.stop(20)
    running = next(one for one in sender.loop_families() if one.name == "jipyo_loop_running")
    assert running.samples[0].value == 0


def test_a_receiver_that_hangs_does_not_hold_up_the_end(tmp_path: Path) -> None:
    opened = AlertStore.open(tmp_path, STEPS)
    reached, release = threading.Event(), threading.Event()

    class Hanging(Receiver):
        def send(self, message: Message) -> None:
            reached.set()
            assert release.wait(30)

    setting = ChannelSetting(channel=Hanging(), compose=compose, t=texts("en"), max_per_hour=60)
    sender = ChannelSender(setting, opened, SystemClock(), Random(0))
    with opened.transaction() as db:
        add_notification(db, "ops", notification(), 0)
    sender.start()
    assert reached.wait(20)
    sender.stop(0.01)
    opened.close()
    release.set()
    sender.stop(20)
    again = AlertStore.open(tmp_path, STEPS)
    assert Post(again, Receiver(), WaitingClock(T_MS)).status.waiting == 1, "it is sent once more"
    again.close()


def test_ten_thousand_that_wait_need_little_memory(store: AlertStore) -> None:
    post = Post(store, Receiver(), WaitingClock(T_MS), max_per_hour=10_000)
    post.add(*(notification(f"{n}", incident=n, alerts=()) for n in range(10_000)))
    tracemalloc.start()
    while post.status.waiting:
        post.run(1000)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sum(map(len, post.receiver.got)) == 10_000
    assert peak_bytes < 4 << 20
