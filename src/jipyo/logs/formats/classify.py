"""Which format each line of a block has: patterns first, then line by line what they leave."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, cast

import numpy as np

from jipyo.logs.formats.access import (
    AccessFormat,
    AccessPart,
    learn_access_format,
    read_access_part,
)
from jipyo.logs.formats.json_lines import (
    JsonPart,
    JsonShape,
    learn_json_shape,
    merge_shapes,
    read_json_part,
)
from jipyo.logs.formats.mapped import MappedPart, parse_json_line, parse_logfmt_line
from jipyo.logs.formats.parts import PlainPart, TextPart, read_text_part
from jipyo.logs.formats.pattern import fill_absent
from jipyo.logs.formats.table import CANDIDATES, HEAD, TextFormat, build_table
from jipyo.logs.formats.wrapped import DOCKER, WrappedFormat, WrappedPart, read_wrapped_part
from jipyo.logs.record import RowChoice

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from jipyo.logs.formats.log_format import LogFormat
    from jipyo.logs.formats.mapped import Record
    from jipyo.logs.formats.times import TimeContext

LineFormat: TypeAlias = "TextFormat | AccessFormat | JsonShape | WrappedFormat"
AnyPart: TypeAlias = "TextPart | AccessPart | JsonPart | WrappedPart | MappedPart | PlainPart"
_MAX_ACTIVE = 24
_MAX_KEPT = 16
_MAX_OWN = 8
_IDLE_BLOCKS = 64


@dataclass(slots=True)
class Classified:
    """The lines of a block by their formats."""

    parts: list[AnyPart]
    loose: dict[int, bytes]
    """Lines that fit none, in ascending order."""


@dataclass(slots=True)
class _Remaining:
    """Lines that wait for a format."""

    block: bytes
    numbers: NDArray[np.int64]
    clean: bool
    """No control characters and only UTF-8, as JSON must be."""

    def take(self, rows: Sequence[int], lines: Sequence[bytes | None]) -> _Remaining:
        chosen = RowChoice(rows)
        block = b"\n".join((*fill_absent(chosen.texts(lines)), b""))
        return _Remaining(block, self.numbers[chosen.index], self.clean)


class LineClassifier:
    """Keeps the formats that were met, the frequent ones first."""

    def __init__(self, own_formats: Sequence[LogFormat] = ()) -> None:
        """Formats of the operator's come before those of the table."""
        self._table = build_table()
        self._own_formats = own_formats
        self._own: list[LineFormat] = []
        """What was learnt by them."""
        self._active: list[LineFormat] = []
        self._idle_blocks: dict[int, int] = {}

    def classify(
        self, block: bytes, n: int, context: TimeContext, damaged: Collection[int] = ()
    ) -> Classified:
        """Find the format of every line; `damaged` are those that are not UTF-8."""
        codes = np.frombuffer(block, np.uint8)
        clean = not damaged and int(np.count_nonzero(codes < ord(" "))) == n
        remaining: _Remaining | None = _Remaining(block, np.arange(n), clean)
        parts: list[AnyPart] = []
        loose: dict[int, bytes] = {}
        for line_format in list(self._active):
            if remaining is None:
                break
            remaining = self._scan(line_format, remaining, context, parts, loose)
        if remaining is not None:
            self._classify_singly(remaining, context, parts, loose)
        self._order_active(parts)
        return Classified(parts, dict(sorted(loose.items())))

    def _scan(
        self,
        line_format: LineFormat,
        remaining: _Remaining,
        context: TimeContext,
        parts: list[AnyPart],
        loose: dict[int, bytes],
    ) -> _Remaining | None:
        """Take the lines of one format out; None when no line remains."""
        if isinstance(line_format, JsonShape) and not remaining.clean:
            return remaining
        n = len(remaining.numbers)
        found = line_format.pattern.find_columns(remaining.block, n)
        columns: list[Sequence[bytes | None]] = [*found[:-1]]
        rest = found[-1]
        unfit = line_format.pattern.find_unfit(columns)
        if len(unfit) == n:
            return remaining
        chosen = np.arange(n)
        if unfit:
            chosen = np.delete(chosen, unfit)
            fitting = RowChoice(chosen)
            columns = [fitting.texts(texts) for texts in columns]
        part = _read_part(line_format, remaining.numbers[chosen], columns, context)
        if isinstance(line_format, JsonShape) and part.times and not part.times.valid.all():
            lines = remaining.block.split(b"\n")
            for row in chosen[~part.times.valid].tolist():
                rest[row] = lines[row]
            unfit = sorted([*unfit, *chosen[~part.times.valid].tolist()])
            part = part.take(np.flatnonzero(part.times.valid))
        self._keep_timed(part, remaining, parts, loose)
        return remaining.take(unfit, rest) if unfit else None

    def _keep_timed(
        self, part: AnyPart, remaining: _Remaining, parts: list[AnyPart], loose: dict[int, bytes]
    ) -> None:
        """Keep a part; its lines without a real time fit no format."""
        if part.times is not None and not part.times.valid.all():
            wrong = np.searchsorted(remaining.numbers, part.lines[~part.times.valid])
            texts = remaining.block.split(b"\n")
            for row in wrong.tolist():
                loose[int(remaining.numbers[row])] = texts[row]
            part = part.take(np.flatnonzero(part.times.valid))
        if len(part.lines):
            parts.append(part)

    def _classify_singly(
        self,
        remaining: _Remaining,
        context: TimeContext,
        parts: list[AnyPart],
        loose: dict[int, bytes],
    ) -> None:
        """Recognise line by line; a format that is new takes all its lines at once."""
        records: dict[int, Record] = {}
        waiting = self._list_candidates(remaining, loose)
        while waiting:
            number, text, kind = waiting[0]
            line_format = self._recognise(text, kind, context, clean=remaining.clean)
            if line_format is None:
                record = _parse_record(text, kind, context)
                if record is None:
                    loose[number] = text
                else:
                    records[number] = record
                waiting.popleft()
                continue
            if line_format in self._own:
                self._active.insert(0, line_format)
            else:
                self._active.append(line_format)
            block = b"".join([each + b"\n" for _, each, _ in waiting])
            numbers = np.array([each for each, _, _ in waiting], np.int64)
            unread = _Remaining(block, numbers, remaining.clean)
            left = self._scan(line_format, unread, context, parts, loose)
            kept = set() if left is None else set(left.numbers.tolist())
            waiting = deque(each for each in waiting if each[0] in kept)
        if records:
            parts.append(MappedPart.read(records, context))

    def _list_candidates(
        self, remaining: _Remaining, loose: dict[int, bytes]
    ) -> deque[tuple[int, bytes, str]]:
        """Lines that begin as some format does, and as which; the others fit none."""
        waiting: deque[tuple[int, bytes, str]] = deque()
        lines = remaining.block.split(b"\n")
        for number, text in zip(remaining.numbers.tolist(), lines, strict=False):
            head = HEAD.match(text)
            if head is None and not self._own_formats:
                loose[number] = text
            else:
                waiting.append((number, text, (head.lastgroup if head else None) or ""))
        return waiting

    def _recognise(
        self, line: bytes, kind: str, context: TimeContext, *, clean: bool
    ) -> LineFormat | None:
        """A format of the line's that is not active yet."""
        if len(self._active) >= _MAX_ACTIVE:
            return None
        found: LineFormat | None = self._learn_own(line)
        if found is not None:
            return found
        if kind == "json" and DOCKER.pattern.fits(line):
            found = DOCKER
        elif kind == "json" and clean:
            found = self._widen(learn_json_shape(line, context))
        elif kind == "access":
            found = learn_access_format(line)
        elif kind in CANDIDATES:
            fitting = (self._table[name] for name in CANDIDATES[kind])
            found = next((each for each in fitting if each.pattern.fits(line)), None)
            if found is not None and found.name == "cri":
                found = WrappedFormat("cri", found.pattern)
        return None if found in self._active else found

    def _learn_own(self, line: bytes) -> AccessFormat | None:
        """The line's format by one of the operator's, if it is new."""
        for own in self._own_formats:
            found = own.learn(line)
            if found is not None and found not in self._own:
                self._own = [*self._own[1 - _MAX_OWN :], found]
                return found
        return None

    def _widen(self, shape: JsonShape | None) -> JsonShape | None:
        """The shape, merged with an active one that differs only in the keys that there are."""
        for known in self._active:
            if shape is not None and isinstance(known, JsonShape):
                merged = merge_shapes(known, shape)
                if merged is not None:
                    self._active.remove(known)
                    return merged
        return shape

    def _order_active(self, parts: Sequence[AnyPart]) -> None:
        """Frequent formats first; those that were not met for long are forgotten."""
        counts: Counter[int] = Counter()
        for part in parts:
            if not isinstance(part, MappedPart | PlainPart):
                counts[id(part.format)] += len(part.lines)
        idle = self._idle_blocks
        self._idle_blocks = {
            id(each): 0 if counts[id(each)] else idle.get(id(each), 0) + 1 for each in self._active
        }
        others = [each for each in self._active if each not in self._own]
        others = [each for each in others if self._idle_blocks[id(each)] < _IDLE_BLOCKS]
        others.sort(key=lambda each: -counts[id(each)])
        self._active = [*self._own, *others[:_MAX_KEPT]]


def _read_part(
    line_format: LineFormat,
    numbers: NDArray[np.int64],
    columns: Sequence[Sequence[bytes | None]],
    context: TimeContext,
) -> AnyPart:
    if isinstance(line_format, JsonShape):
        return read_json_part(line_format, numbers, columns, context)
    if isinstance(line_format, AccessFormat):  # all of its groups are in every line
        whole = cast("Sequence[Sequence[bytes]]", columns)
        return read_access_part(line_format, numbers, whole, context)
    filled = [fill_absent(column) for column in columns]
    match line_format:
        case WrappedFormat():
            return read_wrapped_part(line_format, numbers, filled, context)
        case TextFormat():
            return read_text_part(line_format, numbers, filled, context)


def _parse_record(line: bytes, kind: str, context: TimeContext) -> Record | None:
    if kind == "json":
        return parse_json_line(line, context)
    return parse_logfmt_line(line, context) if kind == "pairs" else None
