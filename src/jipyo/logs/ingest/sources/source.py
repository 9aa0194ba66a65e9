"""The protocol of everything that lines are read from, and what a reading gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jipyo.logs.record import LogBatch


@dataclass(frozen=True, slots=True)
class SourceRead:
    """Some records, and where their source is behind them."""

    batches: Sequence[LogBatch]
    positions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    size_bytes: int = 0
    """What was read for it."""


class LineSource(Protocol):
    """Read again and again by one thread; stored positions are handed in when it is built."""

    name: str
    """What its metrics are labelled with."""

    def read(self, now_ns: int) -> SourceRead | None:
        """The next records; None while there is nothing new. Returns without waiting."""
        ...

    def count_unread_bytes(self) -> int:
        """What is there and not yet read, as far as that is known."""
        ...

    def close(self) -> SourceRead | None:
        """End; records that wait for what belongs to them, unless they are read again next time."""
        ...
