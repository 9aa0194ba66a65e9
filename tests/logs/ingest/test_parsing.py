"""Lines by origin, and messages that were received, come out parsed and redacted."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from jipyo.logs.formats.redact import Redactor
from jipyo.logs.ingest.decode.received import ReceivedRecord
from jipyo.logs.ingest.lines import LineOrigin
from jipyo.logs.ingest.parsing import FormatParsing
from jipyo.logs.record import Level, TextColumn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.logs.record import LogBatch

NOW = 1_795_741_200_000_000_000
ACCESS = b'10.0.0.1 - - [27/Nov/2026:10:00:00 +0900] "GET /a HTTP/1.1" 200 5 "-" "curl/8"'


def parsing() -> FormatParsing:
    return FormatParsing(UTC, Redactor())


def record(
    message: bytes, level: Level = Level.UNKNOWN, fields: dict[str, bytes] | None = None
) -> ReceivedRecord:
    return ReceivedRecord("shop", NOW, level, message, dict(fields or {}))


def rows(batches: Sequence[LogBatch]) -> list[tuple[int, int, bytes | None]]:
    return sorted(
        (int(t_ns), int(level), batch.messages[row] if batch.messages else None)
        for batch in batches
        for row, (t_ns, level) in enumerate(zip(batch.t_ns, batch.level, strict=True))
    )


def read_text(batch: LogBatch, name: str) -> list[bytes]:
    column = batch.fields[name]
    assert isinstance(column, TextColumn)
    return list(column.values)


def test_a_stream_uses_the_bytes_of_whole_records_only() -> None:
    stream = parsing().open(LineOrigin("shop"))
    line = b"2026-11-27 10:00:00,123 INFO shop: "
    batches, used = stream.feed(line + b"one\n" + line + b"two\n", NOW)
    assert (sum(map(len, batches)), used) == (1, len(line) + 4)
    batches, used = stream.feed(line + b"two\n" + b"  more\n", NOW)
    assert (batches, used) == ([], 0)
    batches, used = stream.feed(line + b"two\n" + b"  more\n", NOW, is_last=True)
    assert used == len(line) + 11
    assert rows(batches)[0][1] == Level.INFO


def test_a_received_line_of_a_known_format_is_parsed_and_keeps_its_own_fields() -> None:
    (batch,) = parsing().refine([record(ACCESS, fields={"host.name": b"web1"})], NOW)
    assert batch.layout is not None
    assert read_text(batch, "host.name") == [b"web1"]
    assert int(batch.t_ns[0]) == 1795741200_000_000_000
    assert "http.response.status_code" in batch.fields


def test_what_the_sender_knows_is_not_guessed_again() -> None:
    given = [record(b"ERROR failed", Level.INFO), record(b"two\nlines"), record(b"")]
    assert rows(parsing().refine(given, NOW)) == [
        (NOW, Level.UNKNOWN, b""),
        (NOW, Level.UNKNOWN, b"two\nlines"),
        (NOW, Level.INFO, b"ERROR failed"),
    ]


def test_records_of_several_senders_are_never_joined() -> None:
    head = b"2026-11-27 10:00:00,123 ERROR shop: failed"
    given = [record(head), record(b"  File x"), record(b"  File y")]
    batches = parsing().refine(given, NOW)
    assert sum(map(len, batches)) == 3


def test_lines_of_one_stream_are_joined() -> None:
    shared = {"a": b"1"}
    head = b"2026-11-27 10:00:00,123 ERROR shop: failed"
    given = [
        ReceivedRecord("shop", NOW, Level.UNKNOWN, message, shared)
        for message in (head, b"  File x", b"  File y")
    ]
    batches = parsing().refine(given, NOW)
    assert sum(map(len, batches)) == 1
    assert read_text(batches[0], "a") == [b"1"]


def test_what_must_not_be_stored_is_redacted_in_messages_and_fields() -> None:
    one = parsing()
    given = [
        record(
            b"password=hunter22 ok\nsecond line", fields={"url.query": b"api_key=abcdef0123456789"}
        ),
        record(b"mail to kim@example.com"),
    ]
    batches = one.refine(given, NOW)
    stored = b"|".join(
        [*(m for batch in batches for m in batch.messages or ()),
         *(text for batch in batches for name in batch.fields
           if isinstance(batch.fields[name], TextColumn) for text in read_text(batch, name))]
    )  # fmt: skip
    for secret in (b"hunter22", b"abcdef0123456789", b"kim@example.com"):
        assert secret not in stored
    assert b"second line" in stored
    families = {family.name: family for family in one.families()}
    redacted = families["jipyo_log_parse_redacted_total"].samples
    assert sum(sample.value for sample in redacted) == 3


def test_counts_are_those_of_all_streams() -> None:
    one = parsing()
    for _ in range(300):
        one.open(LineOrigin("x")).feed(b"a line\n", NOW, is_last=True)
    families = {family.name: family for family in one.families()}
    lines = {
        s.labels.get("outcome", ""): s.value
        for s in families["jipyo_log_parse_lines_total"].samples
    }
    assert lines["lines"] == 300


def test_an_object_in_a_message_of_syslog_is_read_and_its_level_counts() -> None:
    facility = {"log.syslog.facility.name": b"user"}
    given = [
        record(b'{"level":"error","msg":"failed","trace_id":"ab"}', Level.INFO, facility),
        record(b'{"msg":"no level of its own"}', Level.WARN, facility),
        record(b'{"broken": ERROR', Level.INFO, facility),
        record(b'{"level":"error","msg":"as it was sent"}', Level.INFO),
    ]
    batches = parsing().refine(given, NOW)
    assert rows(batches) == sorted([
        (NOW, Level.ERROR, b"failed"),
        (NOW, Level.WARN, b"no level of its own"),
        (NOW, Level.INFO, b'{"broken": ERROR'),
        (NOW, Level.INFO, b'{"level":"error","msg":"as it was sent"}'),
    ])  # fmt: skip
    traces = [read_text(batch, "trace.id") for batch in batches if "trace.id" in batch.fields]
    assert b"ab" in traces[0]
