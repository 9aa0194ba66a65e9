"""Log records: one as a person reads it, and many of one service as columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from operator import itemgetter
from typing import TYPE_CHECKING, TypeAlias, TypeVar, cast

import numpy as np

from jipyo.logs.coded import CodedTexts
from jipyo.model.calendar import local_time

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

_NS_PER_MS = 1_000_000


class Level(IntEnum):
    """Severities, in the order of OpenTelemetry; eight fit into three bits of a stored key."""

    UNKNOWN = 0
    """The line names none."""
    TRACE = 1
    DEBUG = 2
    INFO = 3
    WARN = 4
    ERROR = 5
    FATAL = 6


@dataclass(frozen=True, slots=True)
class TextColumn:
    """Texts of one field, UTF-8 as received (other bytes are kept as they are)."""

    values: Sequence[bytes]
    present: NDArray[np.bool_] | None = None
    """Which rows have the field, whose values count; None for all. An empty text is a value."""


@dataclass(frozen=True, slots=True)
class NumberColumn:
    """Decimal numbers of one field, all written with the same number of decimals."""

    values: NDArray[np.int64]
    """The number times ``10 ** decimals``."""
    decimals: int = 0
    present: NDArray[np.bool_] | None = None


Column: TypeAlias = TextColumn | NumberColumn


_Text = TypeVar("_Text", bound="bytes | None")


class RowChoice:
    """Some rows in some order, to be taken out of many columns."""

    __slots__ = ("_pick", "index")

    def __init__(self, rows: Sequence[int] | NDArray[np.intp]) -> None:
        """Rows that follow one another are taken at once."""
        numbers = np.asarray(rows, np.intp)
        self.index: NDArray[np.intp] | slice = numbers
        if not len(numbers) or (np.diff(numbers) == 1).all():
            start = int(numbers[0]) if len(numbers) else 0
            self.index = slice(start, start + len(numbers))
            self._pick = itemgetter(self.index)
        else:
            self._pick = itemgetter(*numbers.tolist())

    def texts(self, values: Sequence[_Text]) -> Sequence[_Text]:
        """Their values."""
        if isinstance(values, CodedTexts):
            return cast("Sequence[_Text]", values.take(self.index))
        chosen: Sequence[_Text] = self._pick(values)
        return chosen

    def column(self, column: Column) -> Column:
        """Their part of a column."""
        present = None if column.present is None else column.present[self.index]
        if isinstance(column, NumberColumn):
            return NumberColumn(column.values[self.index], column.decimals, present)
        return TextColumn(self.texts(column.values), present)


@dataclass(frozen=True, slots=True)
class FieldPart:
    """Where a line layout has the text of a field; numbers are written with their decimals."""

    name: str


@dataclass(frozen=True, slots=True)
class TimePart:
    """Where a line layout has the time: a `strftime` format, and the zone's offset in it."""

    format: str
    offset_s: int = 0


@dataclass(frozen=True, slots=True)
class LineLayout:
    """How a line is written from fields, to the byte: fixed texts with fields between them.

    Lines of such a layout (access logs) are kept as fields only. A row that lacks a field of it
    has `-` in its place.
    """

    name: str
    """Of the format, as in `jipyo logs search 'log.format:nginx'`."""
    texts: tuple[bytes, ...]
    """One more than `parts`: the text before each part, and the last one."""
    parts: tuple[FieldPart | TimePart, ...]


@dataclass(frozen=True, slots=True)
class LogBatch:
    """Records of one service in order of arrival; all columns have the same length.

    Field names are those of ECS (`host.name`, `trace.id`, `url.path`, `event.duration`).
    """

    service: str
    t_ns: NDArray[np.int64]
    """UTC; equal times are kept in order of arrival."""
    level: NDArray[np.uint8]
    """`Level`."""
    fields: Mapping[str, Column] = field(default_factory=dict)
    messages: Sequence[bytes] | None = None
    """Without a line end, with those inside a record of several lines; None with a layout."""
    layout: LineLayout | None = None
    """How the message, which is the whole line, is written from the fields."""

    def __len__(self) -> int:
        return len(self.t_ns)


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One record as a person reads it."""

    t_ns: int
    service: str
    level: Level
    message: str
    """Bytes that are not UTF-8 are escaped (`\\xff`)."""
    fields: Mapping[str, str | int | float]
    id: str
    """Of this source: stable, and a place to read on from (`LogSource.around`)."""


def encode_text(text: str) -> bytes:
    """UTF-8; bytes that are not, and came by a command line, are as they were."""
    return text.encode("utf-8", "surrogateescape")


def decode_text(text: bytes) -> str:
    r"""As a person reads it: bytes that are not UTF-8 are escaped (`\xff`)."""
    return text.decode("utf-8", "backslashreplace")


def escape_surrogates(text: str) -> str:
    """A text that can be written anywhere: bytes that are not UTF-8 are escaped."""
    return text.encode("utf-8", "backslashreplace").decode()


def format_iso(t_ns: int, zone: ZoneInfo) -> str:
    """A record's time with all digits: `2026-11-27T13:00:00.123456789+09:00`."""
    moment = local_time(t_ns // _NS_PER_MS, zone)
    offset = moment.strftime("%z")
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{t_ns % 10**9:09d}{offset[:3]}:{offset[3:5]}"
