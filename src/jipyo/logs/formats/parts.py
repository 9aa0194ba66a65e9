"""Lines of one format, found together: their columns, times and levels -> rows."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from jipyo.logs.coded import code_repetitive
from jipyo.logs.formats.columns import FormatRows, build_constant, build_numbers
from jipyo.logs.formats.levels import (
    LevelTable,
    guess_level,
    read_levels,
    read_syslog_levels,
)
from jipyo.logs.formats.routes import RouteTable
from jipyo.logs.formats.table import Continuation, TextFormat
from jipyo.logs.formats.times import Times, parse_times
from jipyo.logs.record import NumberColumn, RowChoice, TextColumn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from jipyo.logs.formats.times import TimeContext
    from jipyo.logs.record import Column

FORMAT = "log.format"
"""The field that names the format of a line."""
_URL = "url.original"
_UVICORN_ACCESS = re.compile(
    rb'([^ "]+):(?:[0-9]{1,5}) - "([^ "]+) ([^ "]+) HTTP/([0-9.]+)" ([1-9][0-9]{2})(?: [^"\n]*)?'
)
_UVICORN_FIELDS = (
    "client.ip", "http.request.method", _URL, "http.version", "http.response.status_code",
)  # fmt: skip
_NUMBERS = frozenset(
    {"process.pid", "process.thread.id", "log.origin.file.line", "http.response.status_code"}
)
_NO_FIELDS = frozenset({"t", "level", "message", "service", "priority"})
_MAX_SERVICES = 256
_NO_TIME = b"-"


@dataclass(frozen=True, slots=True)
class RowContext:
    """What rows need beside their lines."""

    service: str
    """Of records that name none."""
    t_ns: NDArray[np.int64]
    """Of every row."""
    first_line: int
    """The number of the block's first line among all that were read."""
    continued: Mapping[int, Sequence[bytes]]
    """By the number of a head within the block, the lines that belong to it."""
    levels: LevelTable = field(default_factory=LevelTable)
    routes: RouteTable = field(default_factory=RouteTable)


class Part(Protocol):
    """Lines of a block that have one format."""

    @property
    def name(self) -> str:
        """Of the format."""
        ...

    @property
    def continuation(self) -> Continuation:
        """Of the format."""
        ...

    @property
    def lines(self) -> NDArray[np.int64]:
        """Within the block, ascending."""
        ...

    @property
    def times(self) -> Times | None:
        """None where the format has no time."""
        ...

    def take(self, rows: NDArray[np.intp]) -> Part:
        """Only these rows."""
        ...

    def build(self, context: RowContext) -> list[FormatRows]:
        """The rows, by service."""
        ...


@dataclass(slots=True)
class TextPart:
    """Lines with a head and a message."""

    format: TextFormat
    lines: NDArray[np.int64]
    columns: dict[str, Sequence[bytes]]
    times: Times | None

    @property
    def name(self) -> str:
        """Of the format."""
        return self.format.name

    @property
    def continuation(self) -> Continuation:
        """Of the format."""
        return self.format.continuation

    def take(self, rows: NDArray[np.intp]) -> TextPart:
        """Only these rows."""
        return TextPart(
            self.format,
            self.lines[rows],
            take_texts(self.columns, rows),
            take_times(self.times, rows),
        )

    def build(self, context: RowContext) -> list[FormatRows]:
        """The rows, by service."""
        n = len(self.lines)
        messages = join_continued(self.columns["message"], self.lines, context.continued)
        fields: dict[str, Column] = {FORMAT: build_constant(self.name.encode(), n)}
        for name, texts in self.columns.items():
            if name not in _NO_FIELDS:
                add_field(fields, name.replace("__", "."), texts)
        if self.name == "uvicorn":
            add_uvicorn_fields(fields, messages, context.routes)
        rows = FormatRows(
            service=context.service,
            lines=self.lines + context.first_line,
            t_ns=context.t_ns,
            level=self._read_levels(messages, context.levels),
            fields=fields,
            messages=messages,
        )
        services = self.columns.get("service")
        return [rows] if services is None else split_services(rows, services)

    def _read_levels(self, messages: Sequence[bytes], table: LevelTable) -> NDArray[np.uint8]:
        if "level" in self.columns:
            return read_levels(self.columns["level"], table)
        if "priority" in self.columns:
            texts = self.columns["priority"]
            known = [text or b"0" for text in texts]
            levels = read_syslog_levels(build_numbers(known))
            for row in [row for row, text in enumerate(texts) if not text]:
                levels[row] = guess_level(messages[row])
            return levels
        return np.fromiter(map(guess_level, messages), np.uint8, len(messages))


def read_text_part(
    text_format: TextFormat,
    lines: NDArray[np.int64],
    columns: Sequence[Sequence[bytes]],
    context: TimeContext,
) -> TextPart:
    """A part of the columns of a pattern; a nil time of RFC 5424 is none."""
    named = dict(zip(text_format.pattern.groups, columns, strict=False))
    texts = named.get("t")
    if texts is None:
        return TextPart(text_format, lines, named, None)
    times = parse_times(texts, context)
    if text_format.name == "syslog-rfc5424":
        nil = np.fromiter((text == _NO_TIME for text in texts), np.bool_, len(texts))
        times.t_ns[nil], times.valid[nil] = context.arrival_ns, True
    return TextPart(text_format, lines, named, times)


@dataclass(slots=True)
class PlainPart:
    """Lines that no format fits, whole."""

    lines: NDArray[np.int64]
    texts: Sequence[bytes]
    name: str = "plain"
    continuation: Continuation = Continuation.INDENTED
    times: Times | None = None

    def take(self, rows: NDArray[np.intp]) -> PlainPart:
        """Only these rows."""
        return PlainPart(self.lines[rows], [self.texts[row] for row in rows.tolist()])

    def build(self, context: RowContext) -> list[FormatRows]:
        """The rows, with levels as their texts show them."""
        messages = join_continued(self.texts, self.lines, context.continued)
        n = len(messages)
        level = np.fromiter(map(guess_level, messages), np.uint8, n)
        fields: dict[str, Column] = {FORMAT: build_constant(b"plain", n)}
        lines = self.lines + context.first_line
        return [FormatRows(context.service, lines, context.t_ns, level, fields, messages)]


def take_texts(
    columns: Mapping[str, Sequence[bytes]], rows: NDArray[np.intp]
) -> dict[str, Sequence[bytes]]:
    """Some rows of columns."""
    chosen = RowChoice(rows)
    return {name: chosen.texts(texts) for name, texts in columns.items()}


def take_times(times: Times | None, rows: NDArray[np.intp]) -> Times | None:
    """Some rows of times."""
    if times is None:
        return None
    return Times(times.t_ns[rows], times.assumed[rows], times.valid[rows])


def join_continued(
    messages: Sequence[bytes], lines: NDArray[np.int64], continued: Mapping[int, Sequence[bytes]]
) -> Sequence[bytes]:
    """Messages with the lines that belong to them."""
    if not continued or not len(lines):
        return messages
    heads = lines.tolist()
    joined = list(messages)
    for head, texts in continued.items():
        row = bisect_left(heads, head)
        if row < len(heads) and heads[row] == head:
            joined[row] = b"\n".join((joined[row], *texts)).rstrip(b"\n")
    return joined


def add_field(fields: dict[str, Column], name: str, texts: Sequence[bytes]) -> None:
    """A column of the texts; an empty one is an absent field."""
    present = None
    if not all(texts):
        present = np.fromiter(map(bool, texts), np.bool_, len(texts))
        if not present.any():
            return
    if name in _NUMBERS:
        known = texts if present is None else [text or b"0" for text in texts]
        fields[name] = NumberColumn(build_numbers(known), 0, present)
    else:
        fields[name] = TextColumn(code_repetitive(texts), present)


def add_uvicorn_fields(
    fields: dict[str, Column], messages: Sequence[bytes], routes: RouteTable
) -> None:
    """What uvicorn's access lines say (`uvicorn.logging.AccessFormatter`); others have none."""
    rows = [_UVICORN_ACCESS.fullmatch(message) for message in messages]
    for place, name in enumerate(_UVICORN_FIELDS, 1):
        add_field(fields, name, [found[place] if found else b"" for found in rows])
    if _URL in fields:
        targets = [found[3] if found else b"" for found in rows]
        add_field(
            fields,
            "url.route",
            [
                route if url else b""
                for url, route in zip(targets, routes.fold(targets), strict=True)
            ],
        )


def split_services(rows: FormatRows, services: Sequence[bytes]) -> list[FormatRows]:
    """FormatRows by the service that each names; those of too many services stay together."""
    places: dict[bytes, list[int]] = {}
    for row, name in enumerate(services):
        places.setdefault(name, []).append(row)
    if len(places) == 1:
        rows.service = name_service(services[0], rows.service)
        return [rows]
    others: list[int] = []
    for name in list(places)[_MAX_SERVICES:]:
        others += places.pop(name)
    chosen = [(name_service(name, rows.service), numbers) for name, numbers in places.items()]
    if others:
        chosen.append((rows.service, sorted(others)))
    return [replace(rows.take(numbers), service=service) for service, numbers in chosen]


def name_service(name: bytes, default: str) -> str:
    """The name of a service as a text."""
    return name.decode("utf-8", "backslashreplace") if name not in {b"", b"-"} else default
