"""The journal of systemd is read by its own program, from a cursor on."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import orjson

from jipyo.logs.ingest.problems import Problems
from jipyo.logs.ingest.sources.journald import JournaldOptions, JournaldSource
from support.log_ingest import PlainParsing, Reading

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = """#!/bin/sh
printf '%s\\n' "$@" > {folder}/arguments
cat {folder}/entries
{end}
"""


def make_journalctl(folder: Path, *messages: str, end: str = "exec sleep 60") -> JournaldOptions:
    """A program that prints entries, as journalctl does, and waits."""
    entries = [
        {"__CURSOR": f"c{n}", "__REALTIME_TIMESTAMP": str(n), "MESSAGE": message}
        for n, message in enumerate(messages, 1)
    ]
    (folder / "entries").write_bytes(b"".join(orjson.dumps(each) + b"\n" for each in entries))
    program = folder / "journalctl"
    program.write_text(SCRIPT.format(folder=folder, end=end))
    program.chmod(0o755)
    return JournaldOptions(command=str(program), units=("shop",))


def read(source: JournaldSource, reading: Reading, messages: int, now_ns: int = 0) -> list[bytes]:
    end = time.monotonic() + 20
    while len(reading.messages) < messages and time.monotonic() < end:
        reading.drain(source, now_ns)
        time.sleep(0.02)
    return reading.messages


def test_entries_are_read_from_the_cursor_on(tmp_path: Path) -> None:
    options, reading = make_journalctl(tmp_path, "one", "둘"), Reading()
    source = JournaldSource(options, PlainParsing(), Problems(), None)
    assert read(source, reading, 2) == [b"one", "둘".encode()]
    assert reading.positions == {"journald": {"cursor": "c2"}}
    arguments = (tmp_path / "arguments").read_text().split("\n")
    assert {"--output=json", "--follow", "--all", "--unit=shop", "--lines=all"} <= set(arguments)
    source.close()
    make_journalctl(tmp_path, "three")
    source = JournaldSource(options, PlainParsing(), Problems(), reading.positions["journald"])
    read(source, reading, 3)
    assert "--after-cursor=c2" in (tmp_path / "arguments").read_text().split("\n")
    source.close()


def test_a_program_that_ends_is_reported_and_started_again(tmp_path: Path) -> None:
    options = make_journalctl(tmp_path, "one", end="echo 'no access' >&2; exit 1")
    problems, reading = Problems(), Reading()
    source = JournaldSource(options, PlainParsing(), problems, None)
    read(source, reading, 1)
    end = time.monotonic() + 20
    while not problems.list_current() and time.monotonic() < end:
        source.read(0)
        time.sleep(0.02)
    (error,) = problems.list_current()
    assert error.values["reason"] == "no access"
    assert source.read(4_000_000_000) is None  # not yet
    read(source, reading, 2, now_ns=6_000_000_000)
    assert reading.messages == [b"one", b"one"]  # this one knows no cursor
    source.close()


def test_a_program_that_is_not_there_is_reported_with_the_remedy() -> None:
    problems = Problems()
    options = JournaldOptions(command="/nowhere/journalctl")
    source = JournaldSource(options, PlainParsing(), problems, None)
    assert source.read(0) is None
    (error,) = problems.list_current()
    assert (error.key, error.hint) == ("logs_ingest.journald", "logs_ingest.journald.hint")
    assert os.strerror(2) == error.values["reason"]
    source.close()
