"""Lines of container runtimes (CRI, Docker's json-file) around the lines of a program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.logs.formats.mapped import unescape
from jipyo.logs.formats.parts import take_times
from jipyo.logs.formats.pattern import QUOTED, LinePattern, compile_line
from jipyo.logs.formats.table import Continuation
from jipyo.logs.formats.times import Times, parse_times

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from jipyo.logs.formats.columns import FormatRows
    from jipyo.logs.formats.parts import RowContext
    from jipyo.logs.formats.times import TimeContext


@dataclass(frozen=True, slots=True)
class WrappedFormat:
    """A runtime's way of writing lines."""

    name: str
    pattern: LinePattern
    continuation: Continuation = Continuation.NONE


DOCKER = WrappedFormat(
    "docker",
    compile_line(
        rb'\{"log":"(?P<message>' + QUOTED + rb')","stream":"(?P<stream>stdout|stderr)"'
        rb'(?:,"attrs":\{[^{}\n]*\})?,"time":"(?P<t>[^"\n]+)"\}',
        "t",
    ),
)


@dataclass(slots=True)
class WrappedPart:
    """Lines of programs, with the time and stream that the runtime wrote."""

    format: WrappedFormat
    lines: NDArray[np.int64]
    texts: Sequence[bytes]
    streams: Sequence[bytes]
    partial: NDArray[np.bool_]
    """Lines that go on in the next one of the stream."""
    times: Times | None
    continuation: Continuation = Continuation.NONE

    @property
    def name(self) -> str:
        """Of the format."""
        return self.format.name

    def take(self, rows: NDArray[np.intp]) -> WrappedPart:
        """Only these rows."""
        numbers = rows.tolist()
        return WrappedPart(
            self.format,
            self.lines[rows],
            [self.texts[row] for row in numbers],
            [self.streams[row] for row in numbers],
            self.partial[rows],
            take_times(self.times, rows),
        )

    def build(self, context: RowContext) -> list[FormatRows]:
        """Nothing: the lines inside are parsed by themselves."""
        del context
        return []


def read_wrapped_part(
    wrapped_format: WrappedFormat,
    lines: NDArray[np.int64],
    columns: Sequence[Sequence[bytes]],
    context: TimeContext,
) -> WrappedPart:
    """A part of the columns of a pattern."""
    named = dict(zip(wrapped_format.pattern.groups, columns, strict=False))
    texts = named["message"]
    if "flag" in named:
        partial = np.fromiter(map(b"P".__eq__, named["flag"]), np.bool_, len(texts))
    else:
        texts = [_unescape_line(text) for text in texts]
        partial = np.fromiter((not text.endswith(b"\n") for text in texts), np.bool_, len(texts))
        texts = [text.rstrip(b"\n").replace(b"\n", b"\r") for text in texts]
    times = parse_times(named["t"], context)
    return WrappedPart(wrapped_format, lines, texts, named["stream"], partial, times)


def _unescape_line(text: bytes) -> bytes:
    if text.endswith(b"\\n") and b"\\" not in text[:-2]:
        return text[:-2] + b"\n"
    return unescape(b'"' + text + b'"')


@dataclass(slots=True)
class InnerLines:
    """Lines of programs, whole again."""

    texts: list[bytes]
    rows: list[int]
    """The row of the part in which each begins."""
    open_row: int
    """The row from which lines are not whole yet; the number of rows if all are."""


def join_partial_lines(part: WrappedPart, *, end: bool) -> InnerLines:
    """Join the pieces of lines, stream by stream; at the end those that go on are whole too."""
    n = len(part.texts)
    if not part.partial.any():
        return InnerLines(list(part.texts), list(range(n)), n)
    begun: dict[bytes, tuple[int, list[bytes]]] = {}
    whole: list[tuple[int, bytes]] = []
    for row, (text, stream, partial) in enumerate(
        zip(part.texts, part.streams, part.partial.tolist(), strict=True)
    ):
        first, pieces = begun.pop(stream, (row, []))
        pieces.append(text)
        if partial:
            begun[stream] = (first, pieces)
        else:
            whole.append((first, b"".join(pieces)))
    open_row = n
    if end:
        whole += [(first, b"".join(pieces)) for first, pieces in begun.values()]
    else:
        open_row = min((first for first, _ in begun.values()), default=n)
    whole = sorted(each for each in whole if each[0] < open_row)
    return InnerLines([text for _, text in whole], [row for row, _ in whole], open_row)
