"""The faces of this room: what gives samples, and what one reading of it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jipyo.model.family import Family
    from jipyo.model.labels import Labels
    from jipyo.model.sample import MetricMetadata, Times, Values

NO_TIME = -(2**63)
"""Stands for the time of a sample whose page gives none."""


class Collector(Protocol):
    """Something on this machine that can be measured.

    Labels carry the metric name but neither job nor instance: the loop adds those.
    """

    def collect(self, t_ms: int) -> Iterable[Family] | None:
        """What it is at `t_ms` (wall clock); None where there is nothing of this kind here.

        Raises:
            CollectError: it was there, or should be, and cannot be read.
        """
        ...


@dataclass(frozen=True, slots=True)
class Reading:
    """What a target said at one moment.

    `series` and `metadata` are the same objects as long as they do not change, so that
    whoever comes next can know them again by identity.
    """

    series: tuple[Labels, ...]
    values: Values
    """Shape (series,)."""
    t_ms: Times | None = None
    """Shape (series,), NO_TIME where the target gave none; None where it gave none at all."""
    metadata: tuple[MetricMetadata, ...] = ()
    scraped: int = 0
    """Samples before anything was dropped."""
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """Something that is not an error but must be seen: a text key and its values."""

    key: str
    values: tuple[tuple[str, object], ...] = ()


class Reader(Protocol):
    """Reads one target."""

    def read(self, t_ms: int) -> Reading | None:
        """Read it now; None where there is nothing of this kind here.

        Raises:
            CollectError: it could not be read; the key says what was tried and what came.
        """
        ...

    def families(self) -> tuple[Family, ...]:
        """What it last said, to be shown on our own `/metrics`; empty for others' pages."""
        ...
