"""A block of whole lines -> rows: formats, records of several lines, times, lines inside lines."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from jipyo.logs.formats.assembly import RecordLimits, assemble, cut_parts
from jipyo.logs.formats.classify import LineClassifier
from jipyo.logs.formats.columns import build_constant, put_fields
from jipyo.logs.formats.levels import LevelTable
from jipyo.logs.formats.parts import FORMAT, RowContext
from jipyo.logs.formats.routes import RouteTable
from jipyo.logs.formats.times import Assumed, TimeContext, write_assumed
from jipyo.logs.formats.wrapped import WrappedPart, join_partial_lines
from jipyo.logs.record import Level, TextColumn

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from jipyo.logs.formats.columns import FormatRows
    from jipyo.logs.formats.log_format import LogFormat
    from jipyo.logs.formats.parts import Part

ASSUMED = "log.time.assumed"
"""What a time was completed with: `zone`, `year zone`, `date zone`, `time`."""
STREAM = "log.iostream"
"""Of a container: `stdout` or `stderr`."""
_MOST_WRAPPERS = 4


@dataclass(frozen=True, slots=True)
class StageContext:
    """What a block of lines comes with."""

    service: str
    time: TimeContext
    damaged: Collection[int] = ()
    """Lines that are not UTF-8."""
    outer_ns: NDArray[np.int64] | None = None
    """Of every line, the time that its runtime wrote."""
    streams: Sequence[bytes] = ()


@dataclass(slots=True)
class StageResult:
    """The rows of a block; their lines are numbered within it."""

    rows: list[FormatRows] = field(default_factory=list)
    open_line: int = 0
    """From here on lines are not used yet: more of the last record may follow."""
    blank: int = 0


class LineStage:
    """Parses lines, and what is inside lines of a container runtime by another stage."""

    def __init__(
        self, limits: RecordLimits, own_formats: Sequence[LogFormat] = (), depth: int = 0
    ) -> None:
        """Keeps formats, levels and routes that were met."""
        self._limits = limits
        self._own_formats = own_formats
        self._classifier = LineClassifier(own_formats)
        self._levels, self._routes = LevelTable(), RouteTable()
        self._last_ns: int | None = None
        self._last_arrival_ns = 0
        self._inner: LineStage | None = None
        self._depth = depth

    def parse(self, block: bytes, n: int, context: StageContext, *, end: bool) -> StageResult:
        """The rows of all records that are complete; at the `end` the last one is."""
        classified = self._classifier.classify(block, n, context.time, context.damaged)
        assembled = assemble(classified.parts, classified.loose, n, self._limits)
        result = StageResult([], n if end else assembled.open_line, assembled.blank)
        parts = assembled.parts
        for wrapped in [part for part in parts if isinstance(part, WrappedPart)]:
            self._parse_inside(wrapped, context, result, end=end)
        parts = cut_parts(parts, result.open_line)
        own = [part for part in parts if not isinstance(part, WrappedPart)]
        t_ns, assumed = self._resolve_times(parts, n, context)
        for part in own:
            row_context = RowContext(
                context.service,
                t_ns[part.lines],
                0,
                assembled.continued,
                self._levels,
                self._routes,
            )
            for rows in part.build(row_context):
                _add_shared_fields(rows, assumed, context.streams)
                is_syslog = part.name.startswith("syslog")
                result.rows += self._read_objects(rows, context) if is_syslog else [rows]
        return result

    def _parse_inside(
        self, part: WrappedPart, context: StageContext, result: StageResult, *, end: bool
    ) -> None:
        """The rows of the lines inside; lowers the open line of the result."""
        cut = cut_parts([part], result.open_line)
        if not cut or not isinstance(cut[0], WrappedPart):
            return
        part = cut[0]
        assert part.times is not None, "BUG: a runtime's line without a time"
        inner = join_partial_lines(part, end=end)
        heads = np.array(inner.rows, np.int64)
        inner_context = StageContext(
            context.service,
            context.time,
            outer_ns=part.times.t_ns[heads] if len(heads) else np.zeros(0, np.int64),
            streams=[part.streams[row] for row in inner.rows],
        )
        parsed = self._parse_texts(inner.texts, inner_context, end=end)
        opened = inner.open_row
        if parsed.open_line < len(inner.texts):
            opened = inner.rows[parsed.open_line]
        if opened < len(part.lines):
            result.open_line = min(result.open_line, int(part.lines[opened]))
        result.blank += parsed.blank
        for rows in parsed.rows:
            rows.lines = part.lines[heads[rows.lines]]
            result.rows.append(rows)

    def _parse_texts(
        self, texts: Sequence[bytes], context: StageContext, *, end: bool
    ) -> StageResult:
        """Lines that were inside others, by a stage of their own."""
        if self._inner is None:
            own = () if self._depth >= _MOST_WRAPPERS else self._own_formats
            self._inner = LineStage(self._limits, own, self._depth + 1)
        block = b"\n".join((*texts, b""))
        if not _is_utf8(block):
            damaged = [row for row, text in enumerate(texts) if not _is_utf8(text)]
            context = replace(context, damaged=damaged)
        return self._inner.parse(block, len(texts), context, end=end)

    def _read_objects(self, rows: FormatRows, context: StageContext) -> list[FormatRows]:
        """The same rows, those whose message is an object of JSON with what that says."""
        messages = rows.messages or ()
        found = [row for row, text in enumerate(messages) if text[:1] == b"{" and b"\n" not in text]
        if not found:
            return [rows]
        outer = rows.take(found)
        inner_context = StageContext(rows.service, context.time, outer_ns=outer.t_ns)
        parsed = self._parse_texts(outer.messages or (), inner_context, end=True)
        objects = [each for each in parsed.rows if _is_json(each)]
        if sum(map(len, parsed.rows)) < len(found) or not objects:
            return [rows]
        read = {found[row] for each in objects for row in each.lines.tolist()}
        for each in objects:
            _put_around(each, outer.take(each.lines))
        left = [row for row in range(len(rows)) if row not in read]
        return [rows.take(left), *objects] if left else objects

    def _resolve_times(
        self, parts: Sequence[Part], n: int, context: StageContext
    ) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        """Times of all lines: their own, the runtime's, or that of the line before them."""
        t_ns, assumed = np.zeros(n, np.int64), np.zeros(n, np.uint8)
        known = np.zeros(n, np.bool_)
        for part in parts:
            if part.times is not None:
                t_ns[part.lines], assumed[part.lines] = part.times.t_ns, part.times.assumed
                known[part.lines] = part.times.assumed != Assumed.TIME
        if context.outer_ns is not None:
            other = ~known | (assumed != 0)
            t_ns[other], assumed[other] = context.outer_ns[other], 0
            return t_ns, assumed
        arrival_ns = context.time.arrival_ns
        if not known.all():
            before = np.maximum.accumulate(np.where(known, np.arange(n), -1))
            first_ns = self._estimate_now(arrival_ns)
            filled = np.where(before >= 0, t_ns[before], first_ns)
            t_ns = np.where(known, t_ns, filled)
            assumed[~known] = Assumed.TIME
        timed = np.flatnonzero(known)
        if len(timed):
            self._last_ns, self._last_arrival_ns = int(t_ns[timed[-1]]), arrival_ns
        return t_ns, assumed

    def _estimate_now(self, arrival_ns: int) -> int:
        """The time of a line without one: as long after the last known one as it arrived."""
        if self._last_ns is None:
            return arrival_ns
        return self._last_ns + max(arrival_ns - self._last_arrival_ns, 0)


def _is_utf8(text: bytes) -> bool:
    if text.isascii():
        return True
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_json(rows: FormatRows) -> bool:
    return b"json" in rows.fields[FORMAT].values[:1] if len(rows) else False


def _put_around(rows: FormatRows, outer: FormatRows) -> None:
    """What the line around says, where the one inside does not."""
    rows.lines = outer.lines
    rows.level = np.where(rows.level == Level.UNKNOWN, outer.level, rows.level)
    assumed = outer.fields.pop(ASSUMED, None)
    put_fields(rows.fields, outer.fields)
    if isinstance(assumed, TextColumn):
        present = rows.t_ns == outer.t_ns
        if assumed.present is not None:
            present &= assumed.present
        rows.fields[ASSUMED] = TextColumn(assumed.values, present)


def _add_shared_fields(
    rows: FormatRows, assumed: NDArray[np.uint8], streams: Sequence[bytes]
) -> None:
    """Fields that lines have whatever their format; rows are numbered within the block."""
    n = len(rows)
    if streams:
        rows.fields[STREAM] = TextColumn([streams[line] for line in rows.lines.tolist()])
    codes = assumed[rows.lines]
    if not codes.any():
        return
    if (codes == codes[0]).all():
        rows.fields[ASSUMED] = build_constant(write_assumed(int(codes[0])), n)
        return
    texts = [write_assumed(code) for code in codes.tolist()]
    rows.fields[ASSUMED] = TextColumn(texts, codes != 0)
