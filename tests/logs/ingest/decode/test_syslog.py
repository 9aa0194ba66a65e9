"""Syslog of both RFCs, of what comes close to them, and what is none."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from jipyo.logs.ingest.decode.syslog import decode_syslog
from jipyo.logs.record import Level

SEOUL = ZoneInfo("Asia/Seoul")
NOW = int(datetime(2026, 11, 27, 10, tzinfo=UTC).timestamp()) * 10**9


def at(*when: int, zone: object = UTC) -> int:
    return int(datetime(*when, tzinfo=zone).timestamp()) * 10**9  # type: ignore[arg-type, misc]


def test_rfc_5424_with_structured_data() -> None:
    text = (
        "<165>1 2026-11-27T10:00:00.003Z web1 shop 812 ID47 "
        '[ex@32473 iut="3" note="a\\"b\\]c"][other@1 x="한글"] \ufeff결제 완료\n'
    )
    record = decode_syslog(text.encode(), NOW + 5, "10.0.0.1")
    assert (record.service, record.level) == ("shop", Level.INFO)
    assert record.t_ns == at(2026, 11, 27, 10) + 3_000_000
    assert record.message == "결제 완료".encode()
    assert record.fields == {
        "log.syslog.facility.name": b"local4",
        "host.name": b"web1",
        "process.pid": b"812",
        "log.syslog.msgid": b"ID47",
        "log.syslog.structured_data.ex@32473.iut": b"3",
        "log.syslog.structured_data.ex@32473.note": b'a"b]c',
        "log.syslog.structured_data.other@1.x": "한글".encode(),
    }


def test_rfc_5424_with_nothing_but_a_priority() -> None:
    record = decode_syslog(b"<0>1 - - - - - -", NOW, "10.0.0.1")
    assert (record.service, record.level, record.t_ns) == ("syslog", Level.FATAL, NOW)
    assert (record.message, record.fields) == (b"", {"log.syslog.facility.name": b"kern"})


@pytest.mark.parametrize(
    ("text", "service", "host", "t_ns", "message"),
    [
        (b"<34>Nov 27 09:59:58 web1 su[42]: failed", "su", b"web1",
         at(2026, 11, 27, 9, 59, 58), b"failed"),
        (b"<34>Nov  7 09:59:58 web1 su: failed", "su", b"web1",
         at(2026, 11, 7, 9, 59, 58), b"failed"),
        (b"<34>2026-11-27T18:59:58.5+09:00 web1 su: x", "su", b"web1",
         at(2026, 11, 27, 9, 59, 58) + 500_000_000, b"x"),
        (b"<34>Nov 27 2026 09:59:58 fw1 %ASA-6: x", "%ASA-6", b"fw1",
         at(2026, 11, 27, 9, 59, 58), b"x"),
        (b"<34>Dec 31 23:59:59 web1 app: last year", "app", b"web1",
         at(2025, 12, 31, 23, 59, 59), b"last year"),
        (b"<34>Nov 28 09:00:00 web1 app: clock ahead", "app", b"web1",
         at(2026, 11, 28, 9), b"clock ahead"),
        (b"<34>Feb 29 09:00:00 web1 app: leap", "app", b"web1", NOW, b""),
        (b"<34>app: no time", "app", b"10.0.0.1", NOW, b"no time"),
        (b"<34>just text", "syslog", b"10.0.0.1", NOW, b"just text"),
        (b"no priority at all: x", "syslog", b"10.0.0.1", NOW, b"no priority at all: x"),
        (b"<999>text", "syslog", b"10.0.0.1", NOW, b"<999>text"),
        (b"", "syslog", b"10.0.0.1", NOW, b""),
        (b"<34>1 broken", "syslog", b"10.0.0.1", NOW, b"1 broken"),
        (b"<34>Nov 27 09:59:58 ::1 app: v6", "app", b"::1", at(2026, 11, 27, 9, 59, 58), b"v6"),
    ],
)  # fmt: skip
def test_rfc_3164_and_its_kin(
    text: bytes, service: str, host: bytes, t_ns: int, message: bytes
) -> None:
    record = decode_syslog(text, NOW, "10.0.0.1")
    if b"leap" in text:  # no year near has that day: all of it is the message
        assert record.t_ns == NOW
        assert record.message.endswith(b"leap")
        return
    found = (record.service, record.fields["host.name"], record.t_ns, record.message)
    assert found == (service, host, t_ns, message)


def test_a_time_without_a_zone_is_of_the_one_that_is_configured() -> None:
    record = decode_syslog(b"<34>Nov 27 18:59:58 web1 su: x", NOW, "", SEOUL)
    assert record.t_ns == at(2026, 11, 27, 9, 59, 58)


def test_bytes_that_are_no_text_are_kept() -> None:
    assert decode_syslog(b"<34>app: \xff\xfe", NOW, "h").message == b"\xff\xfe"


LEVELS = (
    Level.FATAL, Level.FATAL, Level.FATAL, Level.ERROR,
    Level.WARN, Level.INFO, Level.INFO, Level.DEBUG,
)  # fmt: skip


@pytest.mark.parametrize(("severity", "level"), list(enumerate(LEVELS)))
def test_levels_are_those_of_the_severity(severity: int, level: Level) -> None:
    assert decode_syslog(b"<%d>x: y" % (16 * 8 + severity), NOW, "h").level is level
