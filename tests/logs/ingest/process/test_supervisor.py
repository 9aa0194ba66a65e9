"""The ingest process is started, watched, started again, and ends with whoever started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from jipyo.logs.ingest.process.options import IngestOptions
from jipyo.logs.ingest.process.status import IngestStatus
from jipyo.logs.ingest.process.supervisor import IngestProcess
from jipyo.logs.ingest.receive.http_answers import LogRequest
from jipyo.logs.ingest.receive.syslog_server import SyslogOptions
from jipyo.logs.ingest.sources.file_names import FileGroup
from jipyo.logs.ingest.sources.files import FileOptions
from jipyo.logs.ingest.sources.journald import JournaldOptions
from jipyo.model.clock import SystemClock
from jipyo.model.errors import CollectError, StoreError
from jipyo.model.family import counter
from support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

TESTS = Path(__file__).parents[3]
COMMAND = (sys.executable, str(TESTS / "support" / "log_ingest_child.py"))


@pytest.fixture
def options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> IngestOptions:
    monkeypatch.setenv("PYTHONPATH", str(TESTS))
    group = FileGroup(patterns=(f"{tmp_path}/*.log",))
    syslog = SyslogOptions(tcp=("127.0.0.1", 0))
    return IngestOptions(folder=tmp_path, files=FileOptions(groups=(group,)), syslog=syslog)


@pytest.fixture
def process(options: IngestOptions) -> Iterator[IngestProcess]:
    one = IngestProcess(options, SystemClock(), COMMAND)
    one.start()
    assert one.wait_until_ready(30)
    yield one
    one.stop()


def read_value(process: IngestProcess, name: str) -> float:
    return sum(s.value for f in process.families() if f.name == name for s in f.samples)


def test_options_and_status_come_through() -> None:
    options = IngestOptions(
        folder=Path("/data/로그"),
        files=FileOptions(groups=(FileGroup(patterns=("a", "b"), from_end=True),), chunk_bytes=5),
        journald=JournaldOptions(units=("x",)),
        syslog=SyslogOptions(udp=("::", 514)),
        zone="Asia/Seoul",
    )
    assert IngestOptions.decode(options.encode()) == options
    assert str(options.limits.zone) == "Asia/Seoul"
    families = [counter("a_total", "Text.", ("x",), [(("y",), 1.5)])]
    status = IngestStatus(families, [CollectError("k", hint="h", path="p")], (1, 2))
    assert IngestStatus.decode(status.encode()) == status


def test_lines_are_read_and_requests_answered(tmp_path: Path, process: IngestProcess) -> None:
    (tmp_path / "app.log").write_text("one\ntwo\n")
    wait_until(lambda: read_value(process, "jipyo_log_read_lines_total") == 2, 30)
    bulk = LogRequest("POST", "/shop/_bulk", body=b'{"index": {}}\n{"message": "x"}\n')
    assert process.send("elasticsearch", bulk).status == 200
    wait_until(lambda: read_value(process, "jipyo_log_received_lines_total") == 1, 30)
    assert process.status.syslog_ports[1] > 0
    assert process.list_problems() == []
    assert read_value(process, "jipyo_log_ingest_up") == 1


def test_it_is_started_again_when_it_dies(process: IngestProcess) -> None:
    first = process.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: process.pid not in (None, first), 30)
    assert process.wait_until_ready(30)
    assert read_value(process, "jipyo_log_ingest_restarts_total") == 1
    assert process.send("elasticsearch", LogRequest("GET", "/")).status == 200


def test_it_ends_with_a_stop(process: IngestProcess) -> None:
    pid = process.pid
    assert pid is not None
    process.stop()
    assert process.pid is None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(StoreError):
        process.send("elasticsearch", LogRequest("GET", "/"))


def test_it_ends_when_the_process_that_started_it_dies(options: IngestOptions) -> None:
    child = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(options.encode() + b"\n")
    child.stdin.flush()
    assert IngestStatus.decode(child.stdout.readline()).problems == []
    child.send_signal(signal.SIGINT)  # Ctrl+C reaches it too, and is not for it
    assert child.stdout.readline()
    child.stdin.close()
    assert child.wait(30) == 0
    child.stdout.close()


def test_a_command_that_cannot_be_started_is_tried_again(options: IngestOptions) -> None:
    process = IngestProcess(options, SystemClock(), ("/nowhere/jipyo",))
    process.start()
    wait_until(lambda: read_value(process, "jipyo_log_ingest_restarts_total") >= 2, 30)
    assert process.pid is None
    process.stop()
