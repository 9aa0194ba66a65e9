"""Streams of lines: what comes out is what a plain reading of each line gives."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jipyo.logs.formats.parser import LineParser, Options
from jipyo.logs.formats.redact import Redactor
from jipyo.logs.formats.times import TimeContext
from jipyo.logs.record import Level
from support.log_line_reference import list_fitting, list_records, parse_lines
from support.log_lines import ACCESS, CRI, JSON, LOOSE, TEXT, make_block

SECOND = 1_000_000_000
NOW_NS = 1_795_000_000 * SECOND
ZONE = ZoneInfo("Asia/Seoul")
CONTEXT = TimeContext(ZONE, NOW_NS)


def make_parser(**options: Any) -> LineParser:
    return LineParser(Options(service="x", zone=ZONE, **options))


def parse(block: bytes, **options: Any):
    return list_records(make_parser(**options).feed(block, NOW_NS, end=True))


def parse_one(line: bytes) -> tuple:
    (record,) = parse(line + b"\n")
    return record


@pytest.mark.parametrize("line", [*ACCESS, *JSON, *TEXT, *LOOSE], ids=lambda line: line[:40])
def test_a_line_alone_is_read_as_plainly(line: bytes) -> None:
    assert parse(line + b"\n") == parse_lines(line + b"\n", "x", CONTEXT)


@pytest.mark.parametrize("line", [*ACCESS, *JSON, *TEXT, *LOOSE], ids=lambda line: line[:40])
def test_no_line_fits_two_formats(line: bytes) -> None:
    assert len(list_fitting(line)) <= 1


@pytest.mark.parametrize("seed", range(60))
def test_mixed_lines_are_read_as_plainly_as_one_by_one(seed: int) -> None:
    random = Random(seed)
    block = make_block(random, random.choice((3, 20, 100)))
    assert parse(block) == parse_lines(block, "x", CONTEXT)


@pytest.mark.parametrize("seed", range(25))
def test_chunks_of_any_size_give_the_same_records(seed: int) -> None:
    random = Random(seed)
    block = make_block(random, 40)
    parser = make_parser()
    batches = []
    place = 0
    while place < len(block):
        size = random.choice((1, 7, 50, 400))
        batches += parser.feed(block[place : place + size], NOW_NS)
        place += size
        assert parser.consumed <= place
    batches += parser.feed(b"", NOW_NS, end=True)
    assert list_records(batches) == parse(block)
    assert parser.consumed == len(block)


@pytest.mark.parametrize("seed", range(15))
def test_reading_again_from_what_was_consumed_loses_nothing_and_repeats_nothing(seed: int) -> None:
    random = Random(seed)
    block = make_block(random, 30)
    stop = random.randrange(len(block))
    first = make_parser()
    batches = first.feed(block[:stop], NOW_NS)
    second = make_parser()
    batches += second.feed(block[first.consumed :], NOW_NS, end=True)
    before, whole = list_records(batches), parse(block)
    assert Counter(key[3] for key in before.elements()) == Counter(
        key[3] for key in whole.elements()
    )


@pytest.mark.parametrize(
    ("line", "name", "level", "message", "t"),
    [
        (TEXT[0], b"python", Level.INFO, b"task embed_document", 1794754800_332),
        (TEXT[2], b"spring", Level.INFO, "한".encode(), 1794754847_792),
        (TEXT[4], b"logback", Level.INFO, b"hi", 1794754847_792),
        (TEXT[6], b"python-dashes", Level.WARN, b"hi", 1794754847_792),
        (TEXT[8], b"postgresql", Level.ERROR, b"checkpoint", 1794754847_792),
        (TEXT[12], b"sglang", Level.UNKNOWN, b"Decode batch. #running-req: 1", 1794754847_000),
        (TEXT[23], b"vllm", Level.INFO, b"Engine 000: Avg prompt", 1794754802_000),
        (TEXT[25], b"glog", Level.INFO, b"Triton started", 1794754801_123),
        (TEXT[31], b"uvicorn", Level.INFO, TEXT[31][10:], 1795000000_000),
        (JSON[0], b"json", Level.INFO, b"request completed in 433 ms", 1794754810_151),
        (JSON[5], b"json", Level.INFO, b"pino", 1763222400_123),
        (TEXT[37], b"logfmt", Level.WARN, b'a "b" c', 1794787247_000),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_line_has_its_parts(line: bytes, name: bytes, level: Level, message: bytes, t) -> None:
    _, t_ns, found, text, fields = parse_one(line)
    assert (dict(fields)["log.format"], found, text) == (name, level, message)
    assert t_ns // 1_000_000 == t


def test_an_access_line_is_fields_and_is_written_again_to_the_byte() -> None:
    (batch,) = make_parser().feed(ACCESS[0] + b"\n", NOW_NS, end=True)
    assert batch.messages is None
    _, t_ns, level, message, fields = parse_one(ACCESS[0])
    assert message == ACCESS[0]
    assert (t_ns, level) == (1_794_754_803 * SECOND, Level.INFO)
    assert dict(fields) == {
        "log.format": b"access",
        "client.ip": b"1.2.3.4",
        "user.name": b"u1",
        "http.request.method": b"GET",
        "url.original": b"/api/v1/users/12?q=1",
        "url.route": b"/api/v1/users/{n}",
        "http.version": b"1.1",
        "http.response.status_code": b"200",
        "http.response.body.bytes": b"1601",
        "http.request.referrer": b"https://a.kr/",
        "user_agent.original": b"Mozilla/5.0 (X11)",
        "nginx.request_time": b"0.001",
        "event.duration": b"1000000",
        "http.request.id": b"63e9a77f84f17c35d3e0d830ef6ef680",
    }


def test_a_traceback_belongs_to_the_line_before_it() -> None:
    block = (
        b"2026-11-16 00:00:00,332 ERROR app: failed\nTraceback (most recent call last):\n"
        b'  File "a.py", line 1\nValueError: x\n\n2026-11-16 00:00:01,332 INFO app: next\n'
    )
    first, second = sorted(parse(block), key=lambda record: record[1])
    assert first[3].endswith(b'  File "a.py", line 1\nValueError: x')
    assert second[3] == b"next"


def test_a_record_waits_for_its_last_line() -> None:
    parser = make_parser()
    head = b"2026-11-16 00:00:00,332 ERROR app: failed\n"
    assert parser.feed(head, NOW_NS) == []
    assert parser.consumed == 0
    assert parser.feed(b"  more\n", NOW_NS) == []
    (batch,) = parser.feed(b"2026-11-16 00:00:01,332 INFO app: next\n", NOW_NS)
    assert list(batch.messages or ()) == [b"failed\n  more"]
    assert parser.consumed == len(head) + len(b"  more\n")


def test_pieces_of_a_container_line_are_joined_and_its_format_found() -> None:
    text = JSON[0]
    block = (
        b"2026-11-15T15:01:13.000000001Z stdout P " + text[:50] + b"\n"
        b"2026-11-15T15:01:13.000000002Z stderr F oops\n"
        b"2026-11-15T15:01:13.000000003Z stdout F " + text[50:] + b"\n"
    )
    records = {record[3]: record for record in parse(block)}
    assert set(records) == {b"request completed in 433 ms", b"oops"}
    assert records[b"oops"][1] % SECOND == 2
    fields = dict(records[b"request completed in 433 ms"][4])
    assert (fields["log.format"], fields["log.iostream"]) == (b"json", b"stdout")


def test_a_piece_without_its_end_is_held() -> None:
    parser = make_parser()
    first = b"2026-11-15T15:01:13.000000001Z stdout P abc\n"
    assert parser.feed(first, NOW_NS) == []
    assert parser.consumed == 0
    (batch,) = parser.feed(b"2026-11-15T15:01:13.000000003Z stdout F def\n", NOW_NS, end=True)
    assert list(batch.messages or ()) == [b"abcdef"]


def test_docker_lines_are_unwrapped() -> None:
    line = (
        b'{"log":"INFO:     Started \\"x\\"\\n","stream":"stderr","time":"2026-11-16T00:00:01.5Z"}'
    )
    _, t_ns, level, message, fields = parse_one(line)
    assert (t_ns, level, message) == (1_794_787_201_500_000_000, Level.INFO, b'Started "x"')
    assert dict(fields) == {"log.format": b"uvicorn", "log.iostream": b"stderr"}


def test_an_object_in_a_line_of_syslog_is_read_with_what_the_line_says_around_it() -> None:
    head = b"<11>Nov 16 00:00:47 node-1 shop[12]: "
    service, _, level, text, fields = parse_one(head + b'{"level":"warn","msg":"slow","ms":12}')
    assert (service, level, text) == ("shop", Level.WARN, b"slow")
    assert dict(fields) == {
        "log.format": b"json",
        "ms": b"12",
        "host.name": b"node-1",
        "process.pid": b"12",
        "log.time.assumed": b"year zone",
    }
    _, t_ns, level, text, fields = parse_one(
        head + b'{"time":"2026-11-16T00:00:48.5Z","msg":"x","app":"cart"}'
    )
    assert (t_ns, level, text) == (1794787248_500_000_000, Level.ERROR, b"x")
    assert "log.time.assumed" not in dict(fields)


@pytest.mark.parametrize("prefix", CRI)
def test_lines_inside_lines_take_the_better_time(prefix: bytes) -> None:
    _, t_ns, _, _, fields = parse_one(prefix + TEXT[0])
    assert t_ns % SECOND == 814_314_342, "the runtime's time has a zone"
    assert "log.time.assumed" not in dict(fields)
    assert parse_one(prefix + JSON[3])[1] == 1_794_787_211 * SECOND


def test_lines_without_a_time_follow_the_line_before_as_they_arrive() -> None:
    parser = make_parser()
    head = JSON[3] + b"\n"
    parser.feed(head, NOW_NS)
    (batch,) = parser.feed(b"plain\n", NOW_NS + 5 * SECOND, end=True)
    assert batch.t_ns.tolist() == [1_794_787_216 * SECOND]


def test_euc_kr_is_recognised_and_marked() -> None:
    text = "2026-11-16 00:00:00,332 INFO app: 로그인 실패"
    _, _, _, message, fields = parse_one(text.encode("cp949"))
    assert message == "로그인 실패".encode()
    assert dict(fields)["log.encoding"] == b"euc-kr"


def test_other_bytes_are_kept_as_they_are() -> None:
    assert parse_one(b"x\xe9 \xff\xfe")[3] == b"x\xe9 \xff\xfe"


def test_line_ends_marks_and_zeroes_around_lines_are_not_of_them() -> None:
    block = b"\xef\xbb\xbf" + JSON[3] + b"\r\n\0\0\0" + JSON[4] + b"\r\n"
    parser = make_parser()
    assert {key[3] for key in list_records(parser.feed(block, NOW_NS, end=True))} == {
        b"hello",
        b"bye",
    }
    assert parser.consumed == len(block)


def test_a_line_that_is_too_long_is_cut_and_nothing_is_lost() -> None:
    text = "긴 줄 ".encode() * 2000
    block = b"before\n" + text + b"\nafter\n"
    for size in (len(block), 999):
        parser = make_parser(max_line_bytes=1000)
        batches = []
        for place in range(0, len(block), size):
            batches += parser.feed(block[place : place + size], NOW_NS)
            assert len(parser._unparsed) <= 2100
        batches += parser.feed(b"", NOW_NS, end=True)
        messages = [message for batch in batches for message in batch.messages or ()]
        assert messages[0] == b"before"
        assert messages[-1] == b"after"
        assert b"".join(messages[1:-1]) == text
        assert all(message.decode() for message in messages)
        assert parser.counts.split == len(messages) - 2


def test_ten_megabytes_without_a_line_end_stay_bounded() -> None:
    parser = make_parser()
    for _ in range(40):
        parser.feed(b"x" * (1 << 18), NOW_NS)
        assert len(parser._unparsed) <= (1 << 20) + (1 << 18)
    parser.feed(b"", NOW_NS, end=True)
    assert parser.consumed == 40 << 18


def test_a_record_of_too_many_lines_is_cut() -> None:
    block = b"2026-11-16 00:00:00,332 ERROR app: failed\n" + b"  more\n" * 25
    records = parse(block, max_record_lines=10)
    assert sum(key[3].count(b"\n") + 1 for key in records.elements()) == 26
    assert max(key[3].count(b"\n") for key in records) == 9


def test_times_far_away_are_counted() -> None:
    parser = make_parser()
    lines = (b"2036-11-16T00:00:00Z app start", b"1999-11-16T00:00:00Z app start")
    parser.feed(b"\n".join(lines), NOW_NS, end=True)
    assert (parser.counts.future, parser.counts.past, parser.counts.records) == (1, 1, 2)


def test_redaction_comes_before_everything_and_is_counted_once() -> None:
    parser = LineParser(Options(service="x", zone=ZONE), Redactor())
    line = b"2026-11-16 00:00:00,332 INFO app: login password=hunter2 mail a@b.co.kr\n"
    assert parser.feed(line, NOW_NS) == []
    assert not parser.counts.redacted
    (batch,) = parser.feed(b"", NOW_NS, end=True)
    assert list(batch.messages or ()) == [b"login password=[password] mail [email]"]
    assert parser.counts.redacted == {"password": 1, "email": 1}


@given(st.binary(max_size=300), st.lists(st.integers(1, 60), max_size=12))
@settings(max_examples=200, deadline=None)
def test_whatever_bytes_come_every_letter_of_them_is_in_a_record(data: bytes, sizes) -> None:
    parser = make_parser()
    batches, place = [], 0
    for size in sizes:
        batches += parser.feed(data[place : place + size], NOW_NS)
        place += size
    batches += parser.feed(data[place:], NOW_NS, end=True)
    assert parser.consumed == len(data)
    assert parser.counts.records == sum(len(batch) for batch in batches)
    assert parser.counts.lines >= parser.counts.records
