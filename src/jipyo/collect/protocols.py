"""The protocols of this room: a collector on this machine, and a reader of one target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jipyo.model.family import Family
    from jipyo.model.reading import ReadingNote, TargetReading


class Collector(Protocol):
    """Something on this machine that can be measured.

    Labels carry the metric name but neither job nor instance: the loop adds those.
    """

    def collect(self, t_ms: int) -> Iterable[Family] | None:
        """Its metrics at `t_ms` (wall clock); None where there is nothing of this kind here.

        Raises:
            CollectError: it was there, or should be, and cannot be read.
        """
        ...


class NotingCollector(Collector, Protocol):
    """A collector that also reports what its last reading left out."""

    def notes(self) -> tuple[ReadingNote, ...]:
        """What the last reading left out, and why."""
        ...


class TargetReader(Protocol):
    """Reads one target."""

    def read(self, t_ms: int) -> TargetReading | None:
        """Read it now; None where there is nothing of this kind here.

        Raises:
            CollectError: it could not be read; the key says what was tried and what came back.
        """
        ...

    def families(self) -> tuple[Family, ...]:
        """The last result, for our own `/metrics`; empty where the target is not ours."""
        ...
