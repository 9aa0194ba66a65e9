"""One reading of a scrape target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jipyo.model.labels import Labels
    from jipyo.model.sample import MetricMetadata, Times, Values


NO_TIME = -(2**63)
"""Stands for the time of a sample whose page gives none."""


@dataclass(frozen=True, slots=True)
class TargetReading:
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
    notes: tuple[ReadingNote, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadingNote:
    """Something that is not an error but must be seen: a text key and its values."""

    key: str
    values: tuple[tuple[str, object], ...] = ()
