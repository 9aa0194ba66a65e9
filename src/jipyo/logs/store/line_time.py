"""Times as lines of a layout have them: written, and searched mostly without being written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from jipyo.logs.store.literal import Literal, Place, Selection
from jipyo.logs.store.slices import byte_set_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from jipyo.logs.record import TimePart
    from jipyo.logs.store.integers import Integers
    from jipyo.logs.store.slices import Rows

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR_NS = 3600 * 10**9
_MOST_HOURS = 100
_TIME_BYTES = byte_set_of([bytes(range(ord("0"), ord("z") + 1)), b" +-./"])
"""What `strftime` writes: digits, letters, `:` and these."""
_SAME_ALL_HOUR = frozenset("aAbBdFHjmyYzZ%")
_ANY_DIGIT = "\1"
_WITHIN_HOUR = {"M": 2 * _ANY_DIGIT, "S": 2 * _ANY_DIGIT, "f": 6 * _ANY_DIGIT}


def write_times(t_ns: Integers, part: TimePart) -> list[bytes]:
    """The times as the layout writes them; each different microsecond is written once."""
    distinct, codes = np.unique(t_ns // 1000, return_inverse=True)
    texts = [_write_time(t_us, part.format, part.offset_s) for t_us in distinct.tolist()]
    return list(map(texts.__getitem__, codes.tolist()))


def _write_time(t_us: int, pattern: str, offset_s: int) -> bytes:
    moment = _EPOCH + timedelta(microseconds=t_us)
    return moment.astimezone(timezone(timedelta(seconds=offset_s))).strftime(pattern).encode()


class TimeValues:
    """The column of a time that is written into lines."""

    longest_token = 0
    is_number_field = False

    def __init__(
        self, part: TimePart, read_times: Callable[[], Integers], first_ns: int, last_ns: int
    ) -> None:
        """`read_times` gives the times in order, which are between the first and the last one."""
        self._part = part
        self._read_times = read_times
        self._first_ns = first_ns
        self._last_ns = last_ns

    @property
    def longest_text(self) -> int:
        """Whatever is in the format, no directive writes as much."""
        return 32 * len(self._part.format.encode())

    @property
    def bytes_within(self) -> int:
        """What is in the format, and what times are written with."""
        return _TIME_BYTES | byte_set_of([self._part.format.encode()])

    def texts(self, rows: Rows | None = None) -> list[bytes]:
        """The times of all rows, or of some."""
        times = self._read_times()
        return write_times(times if rows is None else times[rows], self._part)

    def group(self) -> tuple[list[bytes], NDArray[np.int64]]:
        """The different times, and of each row which of them."""
        distinct, codes = np.unique(self._read_times(), return_inverse=True)
        return write_times(distinct, self._part), codes.astype(np.int64)

    def may_have(self, literal: Literal) -> bool:
        """Whether any time of these hours can have the literal."""
        if byte_set_of([literal.text]) & ~self.bytes_within:
            return False
        return self._hours is None or any(_may_have(hour, literal) for hour in self._hours)

    def find(self, literal: Literal) -> Selection:
        """The rows whose time has the literal."""
        return self.match(literal.holds) if self.may_have(literal) else False

    def match(self, holds: Callable[[bytes], bool]) -> Selection:
        """The rows of whose time something is true; different times are written once."""
        times = self._read_times()
        changes = np.flatnonzero(np.diff(times)) + 1
        starts = np.concatenate([[0], changes])
        texts = write_times(times[starts], self._part)
        chosen = np.fromiter(map(holds, texts), bool, len(texts))
        return np.repeat(chosen, np.diff(np.append(starts, len(times))))

    def numbers(self, rows: Rows | None = None) -> None:
        """It has none."""

    @cached_property
    def _hours(self) -> list[bytes] | None:
        """The times of each hour with any digits for what varies within; None if unknown."""
        pattern = _blank_within_hour(self._part.format)
        offset_ns = self._part.offset_s * 10**9
        first, last = ((t_ns + offset_ns) // _HOUR_NS for t_ns in (self._first_ns, self._last_ns))
        if pattern is None or last - first >= _MOST_HOURS:
            return None
        starts = ((hour * _HOUR_NS - offset_ns) // 1000 for hour in range(first, last + 1))
        return [_write_time(t_us, pattern, self._part.offset_s) for t_us in starts]


def _blank_within_hour(pattern: str) -> str | None:
    """The format with `_ANY_DIGIT` for minutes and less; None if it has other directives."""
    parts = pattern.replace("%T", "%H:%M:%S").replace("%%", "%\0").split("%")
    blanked = [parts[0]]
    for part in parts[1:]:
        directive = part[:1].replace("\0", "%")
        if directive in _WITHIN_HOUR:
            blanked.append(_WITHIN_HOUR[directive] + part[1:])
        elif directive and directive in _SAME_ALL_HOUR:
            blanked.append("%" + directive + part[1:])
        else:
            return None
    return "".join(blanked)


def _may_have(blanked: bytes, literal: Literal) -> bool:
    """Whether a time can have the literal, where any digit can stand for some."""
    text = blanked.lower() if literal.folded else blanked
    last = len(text) - len(literal.text)
    places = {
        Place.ANYWHERE: range(last + 1),
        Place.START: range(min(1, last + 1)),
        Place.END: range(max(last, 0), last + 1),
        Place.WHOLE: range(last == 0),
    }[literal.place]
    return any(
        all(
            a == b or (a == 1 and 48 <= b <= 57)
            for a, b in zip(text[at:], literal.text, strict=False)
        )
        for at in places
    )
