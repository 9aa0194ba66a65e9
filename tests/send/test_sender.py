"""What a destination answers decides what becomes of the samples."""

from __future__ import annotations

import ast
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.collect.receive.remote_write import RemoteWriteParser
from jipyo.collect.relabel import RelabelRule
from jipyo.model.errors import NetError
from jipyo.model.labels import Labels
from jipyo.model.sample import MetricMetadata, MetricType, Scrape
from jipyo.net.http import ClientResponse
from jipyo.send.blocks import count_samples, group_blocks, halve, split_by_series, split_by_time
from jipyo.send.options import Protocol, RemoteWriteOptions
from jipyo.send.queue import Queue
from jipyo.send.sender import Sender
from jipyo.wire.compression import decompress
from support.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

T0 = 1_793_491_200_000
STEP = 15_000
SERIES = tuple(Labels.of({"__name__": "m", "n": str(n)}) for n in range(10))
V2_WRITTEN = "X-Prometheus-Remote-Write-Samples-Written"
Reply = tuple[int, dict[str, str], bytes]


def scrape(n: int, series: tuple[Labels, ...] = SERIES) -> Scrape:
    return Scrape(T0 + n * STEP, series, np.arange(len(series), dtype=np.float64) + n * 100.0)


@dataclass
class Receiver:
    """A server that keeps what it is sent, and answers as a test sets."""

    answer: Callable[[Receiver, list[Any]], Reply | NetError | None] | None = None
    accepts_v2: bool = True
    stored: list[tuple[Labels, int, float]] = field(default_factory=list)
    versions: list[str] = field(default_factory=list)
    metadata: list[MetricMetadata] = field(default_factory=list)
    _turn: threading.Lock = field(default_factory=threading.Lock)
    """Lanes come side by side, and a server takes one after the other."""

    def __call__(self, body: bytes, headers: Mapping[str, str]) -> ClientResponse:
        is_v2 = "v2.Request" in headers["Content-Type"]
        message = decompress(body, "snappy", 1 << 30)
        parser = RemoteWriteParser()  # one that has seen metadata before does not read it again
        parsed = parser.parse_v2(message) if is_v2 else parser.parse_v1(message)
        samples = [
            (labels, one.t_ms, value)
            for one in parsed.scrapes
            for labels, value in zip(one.series, one.values.tolist(), strict=True)
        ]
        with self._turn:
            return self._answer(parsed.metadata, samples, is_v2=is_v2)

    def _answer(
        self, metadata: Iterable[MetricMetadata], samples: list[Any], *, is_v2: bool
    ) -> ClientResponse:
        self.versions.append("2.0" if is_v2 else "1.0")
        if is_v2 and not self.accepts_v2:
            return response(415, {}, b"what is this?")
        reply = self.answer(self, samples) if self.answer else None
        if isinstance(reply, NetError):
            raise reply
        if reply is not None:
            return response(*reply)
        self.metadata += metadata
        self.stored += samples
        return response(204, {V2_WRITTEN: str(len(samples))} if is_v2 else {}, b"")

    @property
    def counts(self) -> Counter[tuple[Labels, int, float]]:
        return Counter(self.stored)


def response(status: int, headers: dict[str, str], body: bytes) -> ClientResponse:
    return ClientResponse("http://there/write", status, "", headers, body)


@dataclass
class Site:
    """A queue, a sender and a receiver."""

    folder: Path
    receiver: Receiver
    options: RemoteWriteOptions
    clock: FakeClock = field(default_factory=lambda: FakeClock(T0))
    queue: Queue | None = None
    sender: Sender | None = None
    appended: list[Scrape] = field(default_factory=list)

    def start(self) -> Sender:
        self.queue = Queue(self.folder)
        cursor = self.queue.set_destinations({"one": self.options.queue_bytes})["one"]
        self.sender = Sender(self.options, cursor, self.receiver, self.clock, random.Random(1))
        return self.sender

    def append(self, *scrapes: Scrape) -> None:
        assert self.queue is not None
        self.queue.append(scrapes)
        self.appended += scrapes

    def steps(self, most: int = 1000) -> list[float | None]:
        """Until nothing waits, or so many steps; how long to wait after each."""
        assert self.sender is not None
        delays: list[float | None] = []
        for _ in range(most):
            delays.append(self.sender.step())
            if not self.sender.cursor.pending_samples:
                break
        return delays

    @property
    def wanted(self) -> Counter[tuple[Labels, int, float]]:
        return Counter(
            (labels, one.t_ms, value)
            for one in self.appended
            for labels, value in zip(one.series, one.values.tolist(), strict=True)
        )


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    options = RemoteWriteOptions(url="http://there/write", name="one", max_samples_per_send=50)
    made = Site(tmp_path / "queue", Receiver(), options)
    yield made
    if made.queue is not None:
        made.queue.close()


@pytest.mark.parametrize("protocol", ["1.0", "2.0", "auto"])
def test_everything_arrives_once_and_in_order(site: Site, protocol: str) -> None:
    site.options = replace(site.options, protocol=Protocol(protocol))
    site.start()
    for n in range(100):
        site.append(scrape(n), scrape(n, SERIES[:3][::-1] if n % 7 == 0 else SERIES[:0]))
    site.steps()
    assert set(site.receiver.counts) == set(site.wanted)
    for labels in SERIES:
        times = [t_ms for name, t_ms, _ in site.receiver.stored if name == labels]
        assert times == sorted(times)
    assert set(site.receiver.versions) == {"1.0" if protocol == "1.0" else "2.0"}


@pytest.mark.parametrize(
    "reply",
    [
        (500, {}, b""),
        (503, {}, b"later"),
        (429, {}, b""),
        (301, {"Location": "/"}, b""),
        NetError("net.timeout", url="u", seconds="1"),
    ],
    ids=str,
)
def test_what_may_pass_is_tried_again_until_it_is_delivered(
    site: Site, reply: Reply | NetError
) -> None:
    failures = 5
    site.receiver.answer = lambda it, _: reply if len(it.versions) <= failures else None
    sender = site.start()
    site.append(scrape(1))
    delays = site.steps()
    waits = [delay for delay in delays[:failures] if delay is not None]
    assert len(waits) == failures
    assert all(100 * 2**n / 2 <= wait <= 100 * 2**n for n, wait in enumerate(waits))
    assert site.receiver.counts == site.wanted
    assert sender.counts.failures == failures
    assert sender.counts.samples == 10
    assert sender.counts.rejected == 0


@pytest.mark.parametrize(
    ("header", "wait_ms"),
    [
        ("7", 7000),
        ("Fri, 27 Nov 2026 07:00:30 GMT", None),
        ("soon", 0),
        ("999999", 3_600_000),
        ("-1", 0),
    ],
)
def test_retry_after_is_obeyed(site: Site, header: str, wait_ms: int | None) -> None:
    site.receiver.answer = lambda *_: (429, {"Retry-After": header}, b"")
    site.start()
    site.append(scrape(1))
    (delay,) = site.steps(1)
    assert delay is not None
    if wait_ms is None:
        wait_ms = 1_795_762_830_000 - site.clock.now_ms()
        wait_ms = min(wait_ms, 3_600_000)
    assert max(wait_ms, 50) <= delay <= max(wait_ms, 100)


@pytest.mark.parametrize("status", [400, 401, 404, 413])
def test_what_the_server_rejects_is_dropped_counted_and_logged_once(
    site: Site, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    site.receiver.answer = lambda *_: (status, {}, b"no\nthanks")
    sender = site.start()
    site.append(scrape(1))
    site.steps()
    sender._is_first = False
    for n in range(2, 12):
        site.append(scrape(n))
        site.steps()
    assert sender.counts.rejected + sender.counts.repeated == 110
    assert site.receiver.stored == []
    lines = [one.getMessage() for one in caplog.records if one.levelname == "ERROR"]
    assert len(lines) == 1
    assert "no thanks" in lines[0]


def test_the_rejection_of_one_batch_costs_no_other(site: Site) -> None:
    site.receiver.answer = lambda it, _: (400, {}, b"") if len(it.versions) == 2 else None
    sender = site.start()
    for n in range(3):
        site.append(scrape(n))
        site.steps()
    assert [t_ms for name, t_ms, _ in site.receiver.stored if name == SERIES[0]] == [
        T0,
        T0 + 2 * STEP,
    ]
    assert (sender.counts.samples, sender.counts.rejected) == (20, 10)


def test_what_a_server_of_2_0_did_not_store_is_counted(site: Site) -> None:
    replies: list[Reply] = [(204, {V2_WRITTEN: "7"}, b""), (400, {V2_WRITTEN: "4"}, b"bad")]
    site.receiver.answer = lambda it, _: replies[len(it.versions) - 1]
    sender = site.start()
    for n in range(2):
        site.append(scrape(n))
        site.steps()
    assert (sender.counts.samples, sender.counts.rejected) == (11, 9)


def test_a_server_that_answers_415_gets_1_0_from_then_on(site: Site) -> None:
    site.receiver.accepts_v2 = False
    site.start()
    for n in range(3):
        site.append(scrape(n))
        site.steps()
    assert site.receiver.versions == ["2.0", "1.0", "1.0", "1.0"]
    assert site.receiver.counts == site.wanted


def test_a_server_of_1_0_that_ignores_2_0_and_answers_204_gets_1_0(site: Site) -> None:
    site.receiver.answer = lambda it, _: (204, {}, b"") if it.versions == ["2.0"] else None
    site.start()
    site.append(scrape(1))
    site.steps()
    assert site.receiver.versions == ["2.0", "1.0"]
    assert site.receiver.counts == site.wanted


def test_2_0_that_is_required_is_not_given_up(site: Site) -> None:
    site.receiver.accepts_v2 = False
    site.options = replace(site.options, protocol=Protocol.V2)
    sender = site.start()
    site.append(scrape(1))
    site.steps()
    assert site.receiver.versions == ["2.0"]
    assert sender.counts.rejected == 10


class Strict:
    """Prometheus' head without an out-of-order window: an old sample fails its whole request."""

    def __init__(self) -> None:
        self.newest: dict[Labels, int] = {}
        self.cuts = 0

    def __call__(self, it: Receiver, samples: list[Any]) -> Reply | None:
        newest = dict(self.newest)
        for labels, t_ms, _ in sorted(samples, key=lambda one: one[1]):
            if t_ms < newest.get(labels, 0):
                return 400, {}, b"out of order sample"
            if t_ms == newest.get(labels, 0):
                continue
            newest[labels] = t_ms
        fresh = [one for one in samples if one[1] > self.newest.get(one[0], 0)]
        self.newest = newest
        it.stored += fresh
        return 204, {}, b""


@pytest.mark.parametrize(
    ("series", "before", "after", "most"),
    [
        pytest.param(10, 5, 4, 50, id="few"),
        pytest.param(100, 30, 1, 5_000, id="more samples than a request is halved for"),
        pytest.param(100, 15, 35, 2_000, id="one lane that becomes four"),
        pytest.param(100, 25, 70, 2_000, id="two lanes that become eight"),
    ],
)
def test_samples_that_were_stored_before_a_kill_take_no_others_with_them(
    site: Site, series: int, before: int, after: int, most: int
) -> None:
    names = tuple(Labels.of({"__name__": "m", "n": str(n)}) for n in range(series))
    strict = Strict()
    site.receiver.answer = strict
    site.options = replace(site.options, protocol=Protocol.V1, max_samples_per_send=most)
    sender = site.start()
    for n in range(before):
        site.append(scrape(n, names))
    start = sender.cursor.acked
    site.steps()
    position = next(site.folder.glob("*.position"))
    assert site.queue is not None
    site.queue.close()
    # The kill came after the server had stored the samples and before that was written down.
    position.write_text(f'{{"offset": {start.offset}, "samples": {start.samples}}}')
    sender = site.start()
    for n in range(before, before + after):
        site.append(scrape(n, names))
    site.steps()
    sender.stop(5)
    assert site.receiver.counts == site.wanted
    assert sender.counts.rejected == 0


def test_a_series_goes_with_the_same_others_in_every_process_and_in_smaller_parts() -> None:
    program = (
        "from jipyo.model.labels import Labels\n"
        "from jipyo.model.sample import Scrape\n"
        "from jipyo.send.blocks import group_blocks, split_by_series\n"
        "import numpy as np\n"
        "names = tuple(Labels.of({'n': str(n)}) for n in range(99))\n"
        "blocks = group_blocks([Scrape(1, names, np.zeros(99))])\n"
        "for parts in (2, 3, 7):\n"
        "    found = [[one.get('n') for b in part for one in b.series]\n"
        "             for part in split_by_series(blocks, parts)]\n"
        "    print(found)\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
    few, *more = (
        [set(part) for part in ast.literal_eval(line)] for line in outputs.pop().split("\n")[:-1]
    )
    assert [len(few), *map(len, more)] == [2, 4, 8]
    assert all(any(part <= whole for whole in few) for parts in more for part in parts)


def test_a_batch_that_was_sent_and_not_confirmed_is_taken_apart(site: Site) -> None:
    strict = Strict()

    def answer(it: Receiver, samples: list[Any]) -> Reply | NetError | None:
        reply = strict(it, samples)
        lost = NetError("net.cut", url="u")
        return lost if len(it.versions) in (1, 3) else reply

    site.receiver.answer = answer
    site.options = replace(site.options, protocol=Protocol.V1)
    sender = site.start()
    for n in range(12):
        site.append(scrape(n))
    site.steps()
    assert site.receiver.counts == site.wanted
    assert sender.counts.rejected == 0


def test_shards_have_series_of_their_own_and_keep_their_order(site: Site) -> None:
    names = tuple(Labels.of({"__name__": "m", "n": str(n)}) for n in range(300))
    site.options = replace(site.options, max_samples_per_send=200, max_shards=4)
    site.receiver.answer = lambda it, _: (503, {}, b"") if len(it.versions) % 3 == 0 else None
    sender = site.start()
    for n in range(40):
        site.append(scrape(n, names))
    site.steps()
    if sender._executor is not None:
        sender._executor.shutdown()
    assert site.receiver.counts == site.wanted
    times: dict[Labels, list[int]] = {}
    for labels, t_ms, _ in site.receiver.stored:
        times.setdefault(labels, []).append(t_ms)
    assert all(each == sorted(each) for each in times.values())


def test_external_labels_and_relabelling_are_of_the_destination(site: Site) -> None:
    rules = (
        RelabelRule(action="drop", source_labels=("n",), regex="[5-9]"),
        RelabelRule(source_labels=("site",), target_label="place", replacement="${1}동"),
    )
    site.options = replace(
        site.options, external_labels=(("site", "서울"), ("n", "x")), write_relabel=rules
    )
    sender = site.start()
    site.append(scrape(1))
    site.append(scrape(2))
    site.steps()
    assert {labels for labels, _, _ in site.receiver.stored} == {
        Labels.of({"__name__": "m", "n": str(n), "site": "서울", "place": "서울동"})
        for n in range(5)
    }
    assert sender.counts.relabelled == 10
    assert sender.cursor.pending_samples == 0


@pytest.mark.parametrize("protocol", ["1.0", "2.0"])
def test_metadata_goes_with_the_samples_also_after_a_failure(site: Site, protocol: str) -> None:
    about = MetricMetadata("m", MetricType.GAUGE, "한 지표", "")
    site.options = replace(site.options, protocol=Protocol(protocol))
    site.receiver.answer = lambda it, _: (500, {}, b"") if len(it.versions) == 1 else None
    sender = site.start()
    sender.metadata.put([about])
    site.append(scrape(1))
    site.steps()
    assert set(site.receiver.metadata) == {about}


def test_parts_of_a_histogram_have_the_metadata_of_the_histogram(site: Site) -> None:
    about = MetricMetadata("h", MetricType.HISTOGRAM, "help")
    sender = site.start()
    sender.metadata.put([about])
    for name in ("h_bucket", "h_count", "h_sum", "h"):
        assert sender.metadata.find(Labels.of({"__name__": name})) == about
    assert sender.metadata.find(Labels.of({"__name__": "other_count"})) is None


LAYOUTS = st.lists(st.integers(0, 5), min_size=1, max_size=4, unique=True).map(
    lambda numbers: tuple(SERIES[n] for n in numbers)
)


@given(layouts=st.lists(LAYOUTS, min_size=1, max_size=12), parts=st.integers(1, 4))
def test_blocks_hold_every_sample_with_each_series_in_its_order(
    layouts: list[tuple[Labels, ...]], parts: int
) -> None:
    scrapes = [scrape(n, series) for n, series in enumerate(layouts)]
    blocks = group_blocks(scrapes)
    found = list(walk(blocks))
    assert sorted(found) == sorted(
        (labels, one.t_ms, value)
        for one in scrapes
        for labels, value in zip(one.series, one.values.tolist(), strict=True)
    )
    check_order(found)
    split = split_by_series(blocks, parts)
    homes = [{labels for block in part for labels in block.series} for part in split]
    assert sum(map(len, homes)) == len(set.union(*homes))
    assert sorted(one for part in split for one in walk(part)) == sorted(found)
    times = split_by_time(blocks)
    assert [one for part in times for one in sorted(walk(part))] == sorted(
        found, key=lambda one: (one[1], one)
    )
    halves = halve(blocks)
    assert sorted(one for half in halves for one in walk(half)) == sorted(found)
    check_order([one for half in halves for one in walk(half)])
    assert len(halves) == (1 if count_samples(blocks) == 1 else 2)


def walk(blocks: Any) -> Iterator[tuple[Labels, int, float]]:
    for block in blocks:
        for labels, row in zip(block.series, block.values.tolist(), strict=True):
            yield from ((labels, t, v) for t, v in zip(block.t_ms.tolist(), row, strict=True))


def check_order(found: list[tuple[Labels, int, float]]) -> None:
    for labels in SERIES:
        times = [t_ms for name, t_ms, _ in found if name == labels]
        assert times == sorted(times)


def test_a_request_that_is_too_large_is_sent_in_parts(site: Site) -> None:
    def answer(_: Receiver, samples: list[Any]) -> Reply | None:
        return (413, {}, b"too large") if len(samples) > 15 else None

    site.receiver.answer = answer
    sender = site.start()
    for n in range(8):
        site.append(scrape(n))
    site.steps()
    assert site.receiver.counts == site.wanted
    assert sender.counts.rejected == 0
    check_order(site.receiver.stored)


def test_what_a_server_of_2_0_has_already_is_no_loss(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.receiver.answer = lambda *_: (400, {V2_WRITTEN: "3"}, b"out of order sample")
    sender = site.start()  # the first request may have been sent before
    site.append(scrape(1))
    site.steps()
    assert (sender.counts.samples, sender.counts.repeated, sender.counts.rejected) == (3, 7, 0)
    assert caplog.records == []


def test_a_stop_sends_what_waits_and_keeps_what_is_not_taken(site: Site) -> None:
    sender = site.start()
    site.append(scrape(1))
    sender.stop(5)
    assert site.receiver.counts == site.wanted
    site.append(scrape(2))
    assert site.queue is not None
    site.queue.close()
    site.receiver.answer = lambda *_: (503, {}, b"")
    sender = site.start()
    sender.stop(5)
    assert sender.cursor.pending_samples == 10


def test_a_stop_waits_only_so_long_for_a_server_that_is_silent(site: Site) -> None:
    hung = threading.Event()

    def answer(*_: Any) -> None:
        hung.wait(20)

    site.receiver.answer = answer
    sender = site.start()
    site.append(scrape(1))
    begun = time.monotonic()
    sender.stop(0.3)
    assert time.monotonic() - begun < 5
    hung.set()
    assert sender.cursor.pending_samples == 10


def test_the_logged_failure_and_recovery_are_one_line_each(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    site.receiver.answer = lambda it, _: (503, {}, b"busy") if len(it.versions) < 5 else None
    site.start()
    site.append(scrape(1))
    site.steps()
    assert [one.levelname for one in caplog.records] == ["WARNING", "INFO"]
