"""How many elements a body has, counted before any of them is built.

A few bytes of a body can become a hundred of memory and a microsecond of work, so a limit of
its size alone bounds neither. What holds others (a series, a sample, a line) weighs one; a
plain field, a label or an attribute weighs a quarter, and what a label holds as much again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Event
from typing import Final, Union

from jipyo.model.errors import BodyError, TooLarge
from jipyo.wire.protobuf import malformed_message, read_varint

MAX_ELEMENTS = 1_000_000
"""The default limit, which the largest exporters do not reach."""
_QUARTERS = 4
_VARINT, _FIXED64, _LEN, _FIXED32 = 0, 1, 2, 5
_SIZES = {_FIXED64: 8, _FIXED32: 4}
PACKED: Final = None
"""In a `Schema`: numbers without keys, of at least one byte each."""
Schema = Mapping[int, Union["Schema", None]]
"""The fields of a message that are messages themselves, by number, or `PACKED`."""


class LightSchema(dict[int, Schema | None]):
    """The schema of messages that weigh as little as a field: series have many of them."""


@dataclass(frozen=True, slots=True)
class WorkLimit:
    """What a body may cost: its elements, and only as long as its sender waits."""

    elements: int = MAX_ELEMENTS
    cancelled: Event = field(default_factory=Event)
    """Set once no one waits for the result."""

    def check_waiting(self) -> None:
        """Stop where no one waits any more.

        Raises:
            BodyError: the sender hung up.
        """
        if self.cancelled.is_set():
            raise BodyError("wire.cancelled")

    def check_text(self, text: str | bytes) -> None:
        """Count the lines and labels of an exposition.

        Raises:
            TooLarge: they are more than allowed.
        """
        lines, quotes = (
            (text.count("\n"), text.count('"'))
            if isinstance(text, str)
            else (text.count(b"\n"), text.count(b'"'))
        )
        self._check_quarters(_QUARTERS * lines + quotes // 2)

    def check_json(self, body: bytes) -> None:
        """Count the objects, lists and commas of a JSON text.

        Raises:
            TooLarge: they are more than allowed.
        """
        self._check_quarters(_QUARTERS * sum(body.count(sign) for sign in (b"{", b"[", b",")))

    def check_protobuf(self, body: bytes, schema: Schema) -> None:
        """Count the messages and fields of a protobuf message.

        Raises:
            TooLarge: they are more than allowed.
            MalformedBody: the bytes are no message.
        """
        # The smallest message takes two bytes, so most bodies need not be walked.
        if len(body) > 2 * self.elements:
            self._walk(body, schema)

    def _walk(self, body: bytes, schema: Schema) -> None:
        quarters, most = 0, _QUARTERS * self.elements
        at, end, fields = 0, len(body), schema
        outer: list[tuple[int, int, Schema]] = []
        while True:
            if at >= end:
                if not outer:
                    return
                at, end, fields = outer.pop()
                continue
            key, at = (body[at], at + 1) if body[at] < 0x80 else read_varint(body, at)
            size, at = _read_size(body, at, key & 7)
            behind = at + size
            if behind > end:
                raise malformed_message(f"a field ends behind its message (byte {at})")
            inner = fields.get(key >> 3, _PLAIN) if key & 7 == _LEN else _PLAIN
            if inner is PACKED:
                quarters += 2 * size
            elif inner is _PLAIN:
                quarters += 1
            else:
                quarters += 1 if type(inner) is LightSchema else _QUARTERS
                if size:
                    outer.append((behind, end, fields))
                    end, fields, behind = behind, inner, at
            if quarters > most:
                self._check_quarters(quarters)
            at = behind

    def _check_quarters(self, quarters: int) -> None:
        if quarters > _QUARTERS * self.elements:
            raise TooLarge(
                "wire.too_many_elements",
                hint="wire.too_many_elements.hint",
                limit=f"{self.elements:,}",
            )


_PLAIN: Schema = {}


def _read_size(body: bytes, at: int, kind: int) -> tuple[int, int]:
    """The size of a field's value and where it begins."""
    if kind in (_LEN, _VARINT):
        # Nearly every number takes one byte: it is read in place.
        short = at < len(body) and body[at] < 0x80
        number, at = (body[at], at + 1) if short else read_varint(body, at)
        return (number if kind == _LEN else 0), at
    if kind not in _SIZES:
        raise malformed_message(f"a field of wire type {kind} (byte {at})")
    return _SIZES[kind], at
