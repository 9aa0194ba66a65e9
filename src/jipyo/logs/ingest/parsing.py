"""The parser of lines as ingest uses it: by origin, and for messages that were received."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from jipyo.logs.formats.assembly import RecordLimits
from jipyo.logs.formats.columns import RowCollector, put_fields
from jipyo.logs.formats.encoding import clean_block
from jipyo.logs.formats.log_format import parse_log_format
from jipyo.logs.formats.parser import LineParser, Options
from jipyo.logs.formats.parts import FORMAT
from jipyo.logs.formats.stage import LineStage, StageContext
from jipyo.logs.formats.times import TimeContext
from jipyo.logs.ingest.decode.received import (
    FieldValue,
    ReceivedRecord,
    build_batches,
    build_column,
    split_by_fields,
)
from jipyo.logs.record import Level, TextColumn
from jipyo.model.family import counter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import tzinfo

    from jipyo.logs.formats.columns import FormatRows
    from jipyo.logs.formats.redact import Redactor
    from jipyo.logs.ingest.lines import LineOrigin
    from jipyo.logs.record import Column, LogBatch
    from jipyo.model.family import Family

_MAX_LINE_BYTES = 1 << 20
_LIMITS = RecordLimits(1000, _MAX_LINE_BYTES)
_MAX_STAGES = 256
_FACILITY = "log.syslog.facility.name"
_COUNTS = ("lines", "blank", "split", "recoded", "damaged", "future", "past")


class FormatStream:
    """One stream of lines; see `LineStream`."""

    def __init__(self, parser: LineParser) -> None:
        """Feed a parser that has not been fed."""
        self.parser = parser
        self._fed = 0
        """Bytes at the front of the next ones that the parser has already."""

    def feed(
        self, data: bytes, now_ns: int, *, is_last: bool = False
    ) -> tuple[Sequence[LogBatch], int]:
        """See `LineStream.feed`."""
        before = self.parser.consumed
        batches = self.parser.feed(data[self._fed :], now_ns, end=is_last)
        used = self.parser.consumed - before
        self._fed = len(data) - used
        return batches, used


class FormatParsing:
    """Opens streams, and parses what is received; see `LineParsing`. Any thread may call."""

    def __init__(self, zone: tzinfo, redactor: Redactor | None) -> None:
        """`zone` is that of times without one."""
        self._zone = zone
        self._redactor = redactor
        self._streams: list[LineParser] = []
        self._lock = threading.Lock()
        self._local = threading.local()
        self._counts: Counter[tuple[str, str]] = Counter()

    def open(self, origin: LineOrigin) -> FormatStream:
        """See `LineParsing.open`."""
        zone = ZoneInfo(origin.zone) if origin.zone else self._zone
        options = Options(
            service=origin.service,
            zone=zone,
            formats=(parse_log_format(origin.log_format),) if origin.log_format else (),
            max_line_bytes=_MAX_LINE_BYTES,
        )
        parser = LineParser(options, self._redactor)
        with self._lock:
            self._streams.append(parser)
            if len(self._streams) > _MAX_STAGES:
                self._counts.update(_count(self._streams.pop(0)))
        return FormatStream(parser)

    def refine(self, records: Sequence[ReceivedRecord], now_ns: int) -> Sequence[LogBatch]:
        """See `LineParsing.refine`.

        Only messages of a single line whose sender names no level are looked into, and objects
        of JSON in messages of syslog, which always have one.
        """
        records = self._redact(records)
        plain = [record for record in records if not _may_be_line(record)]
        groups: defaultdict[tuple[str, int], list[ReceivedRecord]] = defaultdict(list)
        for record in records:
            if _may_be_line(record):
                groups[record.service, id(record.fields)].append(record)
        collected = build_batches(plain)
        for (service, _), group in _join_single(groups):
            for piece in split_by_fields(group):
                collected += self._parse_lines(service, piece, now_ns)
        return collected

    def _parse_lines(
        self, service: str, records: Sequence[ReceivedRecord], now_ns: int
    ) -> list[LogBatch]:
        """Parse the messages of a stream; those of several senders one by one if they join."""
        collector = RowCollector()
        rows = self._parse_block(service, records, now_ns)
        shares_fields = all(record.fields is records[0].fields for record in records)
        if sum(map(len, rows)) < len(records) and not shares_fields:
            rows = [
                _shift(each, number)
                for number, record in enumerate(records)
                for each in self._parse_block(service, [record], now_ns)
            ]
        for each in rows:
            chosen = each.lines.tolist()
            put_fields(each.fields, _take_fields(records, chosen))
            sent = np.array([records[row].level for row in chosen], np.uint8)
            keeps_sent = (sent != Level.UNKNOWN) & (_is_plain(each) | (each.level == Level.UNKNOWN))
            each.level = np.where(keeps_sent, sent, each.level)
            collector.add(each)
        return collector.build_batches()

    def _parse_block(
        self, service: str, records: Sequence[ReceivedRecord], now_ns: int
    ) -> list[FormatRows]:
        clean = clean_block(b"".join([record.message + b"\n" for record in records]))
        context = StageContext(
            service,
            TimeContext(self._zone, now_ns),
            clean.damaged,
            np.array([record.t_ns for record in records], np.int64),
        )
        stage = self._find_stage(service)
        return stage.parse(clean.block, len(records), context, end=True).rows

    def _find_stage(self, service: str) -> LineStage:
        """The stage of a service, one for each thread."""
        stages: dict[str, LineStage] = self._local.__dict__.setdefault("stages", {})
        if service not in stages:
            if len(stages) >= _MAX_STAGES:
                stages.clear()
            stages[service] = LineStage(_LIMITS)
        return stages[service]

    def _redact(self, records: Sequence[ReceivedRecord]) -> Sequence[ReceivedRecord]:
        """The records without what must not be stored, in messages and fields."""
        if self._redactor is None or not records:
            return records
        texts = [text for record in records for text in _list_texts(record)]
        redacted, hits = self._redactor.redact(b"\n".join(texts))
        if not hits:
            return records
        with self._lock:
            self._counts.update(Counter(("redacted", kind) for _, kind in hits))
        lines = iter(redacted.split(b"\n"))
        clean = iter(
            [b"\n".join([next(lines) for _ in range(text.count(b"\n") + 1)]) for text in texts]
        )
        return [_put_texts(record, clean) for record in records]

    def families(self) -> Iterator[Family]:
        """`jipyo_log_parse_*`: what became of lines, by kind, format and redaction."""
        with self._lock:
            total = Counter(self._counts)
            for parser in self._streams:
                total.update(_count(parser))
        for kind, label, text in (
            ("lines", "outcome", "Lines that were parsed, and what was odd about some."),
            ("format", "format", "Records by the format of their lines."),
            ("redacted", "kind", "Texts that were redacted before they were stored."),
        ):
            counts = total.items()
            rows = [((value,), float(n)) for (each, value), n in counts if each == kind and n]
            yield counter(f"jipyo_log_parse_{kind}_total", text, (label,), rows)


def _count(parser: LineParser) -> dict[tuple[str, str], int]:
    counts = parser.counts
    return {
        **{("lines", name): int(getattr(counts, name)) for name in _COUNTS},
        **{("redacted", kind): n for kind, n in counts.redacted.items()},
        **{("format", name): n for name, n in counts.formats.items()},
    }


def _may_be_line(record: ReceivedRecord) -> bool:
    message = record.message
    is_syslog_object = message[:1] == b"{" and _FACILITY in record.fields
    return (
        (record.level is Level.UNKNOWN or is_syslog_object)
        and b"\n" not in message
        and 0 < len(message) < _MAX_LINE_BYTES
        and not message.startswith(b"\0")
    )


def _is_plain(rows: FormatRows) -> bool:
    formats = rows.fields.get(FORMAT)
    return isinstance(formats, TextColumn) and b"plain" in formats.values[:1]


def _join_single(
    groups: Mapping[tuple[str, int], list[ReceivedRecord]],
) -> Iterator[tuple[tuple[str, int], list[ReceivedRecord]]]:
    """Groups of records that share their fields; those of one record by service."""
    singles: defaultdict[tuple[str, int], list[ReceivedRecord]] = defaultdict(list)
    for key, group in groups.items():
        if len(group) > 1:
            yield key, group
        else:
            singles[key[0], 0] += group
    yield from singles.items()


def _shift(rows: FormatRows, number: int) -> FormatRows:
    return replace(rows, lines=rows.lines + number)


def _take_fields(records: Sequence[ReceivedRecord], chosen: Sequence[int]) -> dict[str, Column]:
    names = dict.fromkeys(name for row in chosen for name in records[row].fields)
    return {name: build_column([records[row].fields.get(name) for row in chosen]) for name in names}


def _list_texts(record: ReceivedRecord) -> Iterator[bytes]:
    yield record.message
    yield from (value for value in record.fields.values() if isinstance(value, bytes))


def _put_texts(record: ReceivedRecord, texts: Iterator[bytes]) -> ReceivedRecord:
    message = next(texts)
    fields: dict[str, FieldValue] = {
        name: next(texts) if isinstance(value, bytes) else value
        for name, value in record.fields.items()
    }
    return replace(
        record, message=message, fields=record.fields if fields == record.fields else fields
    )
