"""The loop of ingest: records and positions are stored together, whatever fails in between."""

from __future__ import annotations

import os
import random
import threading
from typing import TYPE_CHECKING, Any

import pytest

from jipyo.logs.ingest.problems import Problems
from jipyo.logs.ingest.process.ingest import Ingest
from jipyo.logs.ingest.receive.decoding import ReceiveLimits
from jipyo.logs.ingest.receive.entry import LogProtocol, ReceivedEntry
from jipyo.logs.ingest.receive.receiver import LogReceiver
from jipyo.logs.ingest.sources.file_names import FileGroup
from jipyo.logs.ingest.sources.files import FileOptions, FileSource
from jipyo.logs.ingest.sources.source import SourceRead
from jipyo.model.errors import StoreFull
from support.log_ingest import MemoryStore, PlainParsing, make_batch

if TYPE_CHECKING:
    from pathlib import Path

FULL = StoreFull("send.full", path="/", reason="x")


class StepClock:
    def __init__(self) -> None:
        self.ms = 1_800_000_000_000.0

    def now_ms(self) -> int:
        return int(self.ms)

    def monotonic_ms(self) -> float:
        return self.ms

    def wait(self, stop: threading.Event, delay_ms: float) -> bool:
        self.ms += delay_ms
        return stop.is_set()


class Machine:
    """An ingest over files and receivers that can die at any step."""

    def __init__(self, folder: Path, chunk: int = 100) -> None:
        self.folder = folder
        self.chunk = chunk
        self.store = MemoryStore()
        self.clock = StepClock()
        self.problems = Problems()
        self.start()

    def start(self) -> None:
        group = FileGroup(patterns=(f"{self.folder}/*.log",), service="app")
        options = FileOptions(groups=(group,), chunk_bytes=self.chunk)
        stored = self.store.positions.get("files")
        self.files = FileSource(options, PlainParsing(), self.problems, stored)
        self.receiver = LogReceiver(self.store, PlainParsing(), ReceiveLimits())
        self.ingest = Ingest(self.store, [self.files], self.receiver, self.problems, self.clock)
        self.ingest.restore()

    def kill(self) -> None:
        self.files.close()
        self.store.crash()
        self.start()

    def step(self, times: int = 1) -> None:
        for _ in range(times):
            self.ingest.step()
            self.clock.ms += 300

    def finish(self) -> list[bytes]:
        self.step(60)
        return self.store.messages()

    def families(self) -> dict[str, float]:
        return {
            family.name: sum(sample.value for sample in family.samples)
            for family in self.ingest.families()
        }


@pytest.mark.parametrize("seed", range(40))
def test_whenever_it_dies_every_line_is_there_once(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    machine = Machine(tmp_path, chunk=chance.choice((30, 100, 5000)))
    (tmp_path / "app.log").write_text("2026-11-27 first\n")
    machine.step(10)  # a file that no position was ever stored of leaves no trace
    lines, received = [b"2026-11-27 first"], []
    for n in range(120):
        line = f"2026-11-27 {n} {'x' * chance.randrange(60)}"
        with (tmp_path / "app.log").open("a") as file:
            file.write(f"{line}\n")
        os.utime(tmp_path / "app.log", (machine.clock.ms / 1000,) * 2)
        lines.append(line.encode())
        if chance.random() < 0.2:
            body = b'{"index": {}}\n{"message": "received %d"}\n' % n
            entry = ReceivedEntry(LogProtocol.BULK, n, body, {"index": "x"})
            machine.receiver.receive(entry)
            received.append(b"received %d" % n)
        if chance.random() < 0.05:
            (tmp_path / "app.log").rename(tmp_path / f"app.log.{n}")
        if chance.random() < 0.3:
            machine.step(chance.randrange(4))
        if chance.random() < 0.1:
            machine.kill()
    assert sorted(machine.finish()) == sorted(lines + received)
    assert list(machine.store.replay()) == []


def test_what_the_store_does_not_take_is_read_once_and_waits(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    (tmp_path / "app.log").write_text("one\ntwo\n")
    machine.store.error = FULL
    machine.step(20)
    assert machine.problems.list_current() == [FULL]
    assert machine.families()["jipyo_log_ingest_problems"] == 1
    machine.store.error = None
    assert machine.finish() == [b"one", b"two"]
    assert machine.problems.list_current() == []


def test_metrics_say_what_was_read_and_what_is_behind(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    (tmp_path / "app.log").write_text("one\ntwo\nthree\n")
    machine.finish()
    with (tmp_path / "app.log").open("a") as file:
        file.write("half")
    families = machine.families()
    assert families["jipyo_log_read_lines_total"] == 3
    assert families["jipyo_log_read_bytes_total"] == 14
    assert families["jipyo_log_unread_bytes"] == 4


def test_a_damaged_entry_of_the_journal_is_counted_and_passed_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    machine = Machine(tmp_path)
    machine.store.journal = {1: b"damaged"}
    machine.kill()
    machine.step(10)
    assert list(machine.store.replay()) == []
    assert "entry 1" in caplog.text
    assert machine.families()["jipyo_log_receive_rejected_total"] == 1


def test_a_stop_stores_what_waits_and_what_sources_still_have(tmp_path: Path) -> None:
    class Last:
        name = "last"

        def read(self, now_ns: int) -> SourceRead | None:
            return None

        def count_unread_bytes(self) -> int:
            return 0

        def close(self) -> SourceRead | None:
            return SourceRead([make_batch("x", [b"last"])])

    machine = Machine(tmp_path)
    sources: list[Any] = [Last()]
    ingest = Ingest(machine.store, sources, machine.receiver, machine.problems, machine.clock)
    stopping = threading.Event()
    stopping.set()
    ingest.run(stopping)
    assert machine.store.messages() == [b"last"]
