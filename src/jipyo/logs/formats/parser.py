"""The bytes of one stream of lines -> batches, chunk by chunk."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING

import numpy as np

from jipyo.logs.coded import CodedTexts, code_texts
from jipyo.logs.formats.assembly import RecordLimits
from jipyo.logs.formats.columns import RowCollector, build_constant
from jipyo.logs.formats.encoding import clean_block
from jipyo.logs.formats.parts import FORMAT
from jipyo.logs.formats.stage import LineStage, StageContext
from jipyo.logs.formats.times import NS, TimeContext
from jipyo.logs.record import TextColumn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.logs.formats.columns import FormatRows
    from jipyo.logs.formats.log_format import LogFormat
    from jipyo.logs.formats.redact import Redactor
    from jipyo.logs.record import LogBatch

ENCODING = "log.encoding"
"""`euc-kr`, where a line was that."""
SPLIT = "log.split"
"""`true` for records that are pieces of a line longer than allowed."""
_BOM = b"\xef\xbb\xbf"
_DAY_S = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How one stream of lines is read."""

    service: str
    """Of records that name none."""
    zone: tzinfo = UTC
    """Of times that name none."""
    formats: tuple[LogFormat, ...] = ()
    """The operator's own, which come before the known ones."""
    max_line_bytes: int = 1 << 20
    """Longer lines are cut into several records."""
    max_record_lines: int = 1000
    future_s: int = _DAY_S
    """Times that are further ahead of their arrival are counted."""
    past_s: int = 3653 * _DAY_S
    """Times that are longer before their arrival are counted."""


@dataclass(slots=True)
class LineCounts:
    """What became of the lines of a stream."""

    lines: int = 0
    records: int = 0
    blank: int = 0
    """Empty lines that belong to no record."""
    split: int = 0
    """Pieces of lines that were longer than allowed."""
    recoded: int = 0
    """Lines that were EUC-KR."""
    damaged: int = 0
    """Lines that are neither UTF-8 nor EUC-KR."""
    future: int = 0
    past: int = 0
    formats: Counter[str] = field(default_factory=Counter)
    """Records by format."""
    redacted: Counter[str] = field(default_factory=Counter)
    """Redacted texts by kind."""


class LineParser:
    """Parses a stream; holds what is not complete yet, at most a line and a record."""

    def __init__(self, options: Options, redactor: Redactor | None = None) -> None:
        """Start at the beginning of a stream."""
        self.counts = LineCounts()
        self.consumed = 0
        """Bytes up to the end of the last record that was returned."""
        self._options = options
        self._redactor = redactor
        self._limits = RecordLimits(options.max_record_lines, options.max_line_bytes)
        self._stage = LineStage(self._limits, options.formats)
        self._unparsed = b""
        self._in_long_line = False
        self._first_line = 0

    def feed(self, data: bytes, arrival_ns: int, *, end: bool = False) -> list[LogBatch]:
        """The records that are complete with these bytes; `end` completes the last one.

        A stream can go on after an end, as where a writer paused.
        """
        collector = RowCollector()
        buffer = self._unparsed + data if self._unparsed else data
        if self.consumed == 0 and buffer.startswith(_BOM):
            buffer, self.consumed = buffer[len(_BOM) :], len(_BOM)
        unended = end and buffer != b"" and not buffer.endswith(b"\n")
        if unended:
            buffer += b"\n"
        place = 0
        while place < len(buffer):
            used = self._parse_next(buffer, place, arrival_ns, collector, end=end)
            if not used:
                break
            place += used
        self._unparsed = buffer[place:]
        self.consumed += place - unended
        return collector.build_batches()

    def _parse_next(
        self, buffer: bytes, place: int, arrival_ns: int, collector: RowCollector, *, end: bool
    ) -> int:
        """Parse one block from here on; how many bytes are used, 0 if more are needed."""
        limit = place + self._options.max_line_bytes + 1
        if self._in_long_line:
            stop = buffer.find(b"\n", place, limit) + 1
        else:
            stop = buffer.rfind(b"\n", place, limit) + 1
        if not stop:
            if len(buffer) < limit:
                return 0
            piece = _cut_text(buffer[place : limit - 1])
            self._in_long_line = True
            self._parse_block(piece + b"\n", arrival_ns, collector, end=True, split=True)
            return len(piece)
        block = buffer[place:stop]
        if self._in_long_line:
            self._in_long_line = False
            return self._parse_block(block, arrival_ns, collector, end=True, split=True)
        more = len(buffer) - stop >= self._options.max_line_bytes or buffer.find(b"\n", stop) >= 0
        used = self._parse_block(block, arrival_ns, collector, end=end and not more)
        if not used and more:
            used = self._parse_block(block, arrival_ns, collector, end=True)
        return used

    def _parse_block(
        self,
        block: bytes,
        arrival_ns: int,
        collector: RowCollector,
        *,
        end: bool,
        split: bool = False,
    ) -> int:
        """Parse whole lines; how many bytes belong to records that are complete."""
        clean = clean_block(block)
        text = clean.block
        hits: Sequence[tuple[int, str]] = ()
        if self._redactor is not None:
            text, hits = self._redactor.redact(text)
        n = text.count(b"\n")
        context = StageContext(
            self._options.service, TimeContext(self._options.zone, arrival_ns), clean.damaged
        )
        parsed = self._stage.parse(text, n, context, end=end)
        for rows in parsed.rows:
            self._add_marks(rows, clean.recoded, split=split)
            self._count_rows(rows, arrival_ns)
            rows.lines = rows.lines + self._first_line
            collector.add(rows)
        self._first_line += parsed.open_line
        used = _find_line(clean.block, n - parsed.open_line)
        self.counts.redacted.update(kind for place, kind in hits if place < used)
        self.counts.lines += parsed.open_line
        self.counts.split += split
        self.counts.blank += parsed.blank
        for name, lines in (("recoded", clean.recoded), ("damaged", clean.damaged)):
            count = sum(line < parsed.open_line for line in lines)
            setattr(self.counts, name, getattr(self.counts, name) + count)
        return _find_line(block, n - parsed.open_line)

    @staticmethod
    def _add_marks(rows: FormatRows, recoded: frozenset[int], *, split: bool) -> None:
        """Fields that say what was done to a line."""
        if split:
            rows.fields[SPLIT] = build_constant(b"true", len(rows))
        if recoded:
            marked = np.fromiter((line in recoded for line in rows.lines.tolist()), np.bool_)
            if marked.any():
                values = [b"euc-kr" if mark else b"" for mark in marked.tolist()]
                rows.fields[ENCODING] = TextColumn(values, marked)

    def _count_rows(self, rows: FormatRows, arrival_ns: int) -> None:
        counts = self.counts
        counts.records += len(rows)
        formats = rows.fields[FORMAT]
        assert isinstance(formats, TextColumn), "BUG: a format that is no text"
        coded = formats.values
        coded = coded if isinstance(coded, CodedTexts) else code_texts(coded)
        for name, n in zip(coded.distinct, np.bincount(coded.codes).tolist(), strict=False):
            counts.formats[name.decode()] += n
        latest_ns = arrival_ns + self._options.future_s * NS
        earliest_ns = arrival_ns - self._options.past_s * NS
        counts.future += int(np.count_nonzero(rows.t_ns > latest_ns))
        counts.past += int(np.count_nonzero(rows.t_ns < earliest_ns))


def _cut_text(text: bytes) -> bytes:
    """The text without a letter of UTF-8 that is not whole at its end."""
    for length in range(1, min(len(text), 4)):
        code = text[-length]
        if code >= _LEAD_BYTE:
            return text[:-length]
        if code < _CONTINUATION_BYTE:
            break
    return text


_CONTINUATION_BYTE, _LEAD_BYTE = 0x80, 0xC0


def _find_line(block: bytes, from_end: int) -> int:
    """Where the line begins that has so many lines from it to the end of the block."""
    place = len(block)
    for _ in range(from_end):
        place = block.rfind(b"\n", 0, place - 1) + 1
    return place
