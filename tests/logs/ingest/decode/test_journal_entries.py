"""Entries of systemd's journal become records."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from jipyo.logs.ingest.decode.journal_entries import decode_journal_entry
from jipyo.logs.record import Level
from jipyo.model.errors import MalformedBody


def entry(**fields: Any) -> bytes:
    about = {"__CURSOR": "s=1;i=2", "__REALTIME_TIMESTAMP": "1795741200123456"}
    return orjson.dumps({**about, **fields})


def test_an_entry_has_time_level_message_and_fields() -> None:
    line = entry(
        MESSAGE="시작", PRIORITY="3", _SYSTEMD_UNIT="shop@1.service", _HOSTNAME="web1", _PID="7",
        SYSLOG_IDENTIFIER="python", OTHER="x",
    )  # fmt: skip
    record, cursor = decode_journal_entry(line, 0)
    assert cursor == "s=1;i=2"
    assert (record.service, record.level) == ("shop", Level.ERROR)
    assert (record.t_ns, record.message) == (1795741200123456000, "시작".encode())
    assert record.fields == {
        "host.name": b"web1",
        "process.pid": b"7",
        "log.syslog.appname": b"python",
        "systemd.unit": b"shop@1.service",
    }


@pytest.mark.parametrize(
    ("message", "read"),
    [([255, 10, 0], b"\xff\n\x00"), (["a", "b"], b"b"), (None, b""), ([], b""), ([300], b"")],
)
def test_a_message_may_be_bytes_or_repeated(message: Any, read: bytes) -> None:
    assert decode_journal_entry(entry(MESSAGE=message), 0)[0].message == read


@pytest.mark.parametrize(
    ("fields", "service"),
    [
        ({"_SYSTEMD_UNIT": "user@1000.service", "_SYSTEMD_USER_UNIT": "x.service"}, "x"),
        ({"_SYSTEMD_UNIT": "session-3.scope", "SYSLOG_IDENTIFIER": "sshd"}, "sshd"),
        ({"SYSLOG_IDENTIFIER": "kernel"}, "kernel"),
        ({}, "journald"),
    ],
)
def test_the_service_is_the_unit_or_the_program(fields: dict[str, str], service: str) -> None:
    assert decode_journal_entry(entry(**fields), 0)[0].service == service


@pytest.mark.parametrize("line", [b"", b"[]", b"{}", b'{"__CURSOR": 5, "__REALTIME_TIMESTAMP": 1}'])
def test_what_is_no_entry_is_rejected(line: bytes) -> None:
    with pytest.raises(MalformedBody):
        decode_journal_entry(line, 0)
