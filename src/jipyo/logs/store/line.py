"""Lines of a layout: the columns of their parts, and the lines written from them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from jipyo.logs.evaluate.values import ABSENT
from jipyo.logs.record import FieldPart, LineLayout, TimePart
from jipyo.logs.store.bloom import find_tokens
from jipyo.logs.store.slices import MARK, byte_set_of

_DIRECTIVE = re.compile(rb"%-?.", re.DOTALL)
_AT_MOST = b"000000000"
"""As many letters or digits in a row as a directive writes, and not a long token."""

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from jipyo.logs.store.literal import Literal, Selection
    from jipyo.logs.store.slices import Rows
    from jipyo.logs.store.values import StoredValues


def describe_layout(layout: LineLayout) -> list[Any]:
    """The layout as JSON: its name, texts, and a field's name or a time's format and offset."""
    parts = [
        part.name if isinstance(part, FieldPart) else [part.format, part.offset_s]
        for part in layout.parts
    ]
    return [layout.name, [text.decode("latin-1") for text in layout.texts], parts]


def restore_layout(described: list[Any]) -> LineLayout:
    """The layout that was described."""
    name, texts, parts = described
    return LineLayout(
        name,
        tuple(text.encode("latin-1") for text in texts),
        tuple(FieldPart(part) if isinstance(part, str) else TimePart(*part) for part in parts),
    )


def layout_skeleton(layout: LineLayout) -> bytes:
    """What all lines of a layout have in common, as a skeleton, which has neither byte itself."""
    return MARK.join(text.replace(MARK, b"?").replace(b"\0", b"?") for text in layout.texts)


def are_tokens_apart(layout: LineLayout) -> bool:
    """Whether every long token of a line is inside one of its fields.

    It is not where letters or digits stand next to a field, or where a time has that many of
    them in a row.
    """
    edges = [text[-1:] for text in layout.texts[:-1]] + [text[:1] for text in layout.texts[1:]]
    times = [
        _DIRECTIVE.sub(_AT_MOST, part.format.encode())
        for part in layout.parts
        if isinstance(part, TimePart)
    ]
    return (
        all(layout.texts[1:-1])
        and not any(edge.isalnum() for edge in edges)
        and not any(find_tokens(time) for time in (*times, *layout.texts))
    )


class DashedValues:
    """A column that some rows lack, with a dash there, as lines have it."""

    is_number_field = False

    def __init__(self, values: StoredValues, present: NDArray[np.bool_]) -> None:
        self._values = values
        self._present = present

    @property
    def longest_token(self) -> int:
        """As the column's."""
        return self._values.longest_token

    @property
    def longest_text(self) -> int:
        """As the column's."""
        return max(self._values.longest_text, len(ABSENT))

    @property
    def bytes_within(self) -> int:
        """As the column's, and the dash."""
        return self._values.bytes_within | byte_set_of([ABSENT])

    def texts(self, rows: Rows | None = None) -> list[bytes]:
        """The texts of all rows, or of some."""
        present = iter(self._values.texts())
        texts = [next(present) if there else ABSENT for there in self._present.tolist()]
        return texts if rows is None else [texts[row] for row in rows.tolist()]

    def group(self) -> tuple[list[bytes], NDArray[np.int64]]:
        """The different texts, the dash among them, and of each row which of them."""
        texts, codes = self._values.group()
        every = np.full(len(self._present), len(texts), np.int64)
        every[self._present] = codes
        return [*texts, ABSENT], every

    def may_have(self, literal: Literal) -> bool:
        """Whether any text can have the literal."""
        return literal.holds(ABSENT) or self._values.may_have(literal)

    def find(self, literal: Literal) -> Selection:
        """The rows whose text has the literal."""
        return spread(self._values.find(literal), self._present, absent=literal.holds(ABSENT))

    def match(self, holds: Callable[[bytes], bool]) -> Selection:
        """The rows of whose text something is true."""
        return spread(self._values.match(holds), self._present, absent=holds(ABSENT))

    def numbers(self, rows: Rows | None = None) -> None:
        """Not of all rows."""


def spread(rows: Selection, present: NDArray[np.bool_], *, absent: bool = False) -> Selection:
    """What was found in the rows that are present, as rows of the block."""
    if isinstance(rows, bool):
        if rows == absent:
            return rows
        return present if rows else ~present
    whole = np.full(len(present), absent)
    whole[present] = rows
    return whole


def write_lines(
    layout: LineLayout, columns: Sequence[StoredValues], rows: Rows | None
) -> list[bytes]:
    """The lines of all rows, or of some."""
    pattern = b"%b".join(text.replace(b"%", b"%%") for text in layout.texts)
    return list(map(pattern.__mod__, zip(*(each.texts(rows) for each in columns), strict=True)))
