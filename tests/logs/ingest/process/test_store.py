"""The real process over a real store: killed again and again, every line is there once."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import signal
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from jipyo.logs.ingest.process.options import IngestOptions
from jipyo.logs.ingest.process.supervisor import IngestProcess
from jipyo.logs.ingest.receive.http_answers import LogRequest
from jipyo.logs.ingest.receive.syslog_server import SyslogOptions
from jipyo.logs.ingest.sources.file_names import FileGroup
from jipyo.logs.ingest.sources.files import FileOptions
from jipyo.logs.store.reader import StoreReader
from jipyo.model.clock import SystemClock
from jipyo.model.errors import StoreError
from support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KILLS = 4
HTTP_OK = 200


def read_messages(folder: Path) -> Counter[bytes]:
    reader = StoreReader(folder / "store")
    found: Counter[bytes] = Counter()
    for block in reader.snapshot().find_blocks(-(1 << 63), (1 << 63) - 1):
        batch, _ = reader.read_block(block)
        found.update(batch.messages or ())
    return found


@pytest.fixture
def process(tmp_path: Path) -> Iterator[IngestProcess]:
    group = FileGroup(patterns=(f"{tmp_path}/*.log",), service="app")
    options = IngestOptions(
        folder=tmp_path / "store",
        files=FileOptions(groups=(group,)),
        syslog=SyslogOptions(tcp=("127.0.0.1", 0)),
    )
    one = IngestProcess(options, SystemClock())
    one.start()
    assert one.wait_until_ready(60)
    yield one
    one.stop()


class Load:
    """Writes lines into a file that is rotated, and sends records, until it is stopped."""

    def __init__(self, folder: Path, process: IngestProcess) -> None:
        self.folder = folder
        self.process = process
        self.written: list[bytes] = []
        self.acknowledged: list[bytes] = []
        self.unsure: set[bytes] = set()
        self._done = threading.Event()
        self._threads = [threading.Thread(target=each) for each in (self._write, self._send)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()

    def _write(self) -> None:
        while not self._done.is_set():
            first = len(self.written)
            lines = [b"2026-11-27T10:00:00Z INFO line %d" % n for n in range(first, first + 50)]
            with (self.folder / "app.log").open("ab") as file:
                file.write(b"\n".join(lines) + b"\n")
            self.written += lines
            if len(self.written) % 5000 == 0:
                (self.folder / "app.log").rename(self.folder / f"app.log.{len(self.written)}")
            time.sleep(0.01)

    def _send(self) -> None:
        for n in itertools.count():
            if self._done.is_set():
                return
            message = b"received %d" % n
            if not self._is_acknowledged(message):
                self.unsure.add(message)

    def _is_acknowledged(self, message: bytes) -> bool:
        body = b'{"index": {}}\n{"message": "%s", "level": "info"}\n' % message
        try:
            answer = self.process.send("elasticsearch", LogRequest("POST", "/x/_bulk", body=body))
        except StoreError:
            return False
        if answer.status == HTTP_OK:
            self.acknowledged.append(message)
        return answer.status == HTTP_OK


def kill(process: IngestProcess) -> None:
    pid = process.pid
    if pid is not None:
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: process.pid not in (None, pid) and process.wait_until_ready(1))


def test_killed_again_and_again_every_line_is_there_once(
    tmp_path: Path, process: IngestProcess
) -> None:
    load = Load(tmp_path, process)
    load.start()
    # A file that is rotated away before it was ever seen leaves no trace.
    wait_until(lambda: read_messages(tmp_path))
    chance = random.Random(1)
    for _ in range(KILLS):
        time.sleep(chance.uniform(1, 3))
        kill(process)
    load.stop()
    total = len(load.written) + len(load.acknowledged)
    with contextlib.suppress(AssertionError):  # what is missing is said below
        wait_until(lambda: sum(read_messages(tmp_path).values()) >= total, 30)
    process.stop()
    found = read_messages(tmp_path)
    lines = {line: n for line, n in found.items() if b"line" in line}
    received = {line: n for line, n in found.items() if line.startswith(b"received")}
    assert len(lines) == len(load.written)
    assert set(lines.values()) == {1}
    assert set(load.acknowledged) <= received.keys()
    # What was sent when the process died is sent again, and may be there twice.
    assert sum(n - 1 for n in received.values()) <= KILLS
