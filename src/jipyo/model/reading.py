"""One reading of a scrape target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jipyo.model.labels import Labels
    from jipyo.model.sample import MetricMetadata, Times, Values


NO_TIME = -(2**63)
"""The timestamp of a sample that has none of its own."""


@dataclass(frozen=True, slots=True)
class TargetReading:
    """The result of one scrape.

    `series` and `metadata` are the same objects as long as they do not change, so that
    the store can recognise them by identity.
    """

    series: tuple[Labels, ...]
    values: Values
    """Shape (series,)."""
    t_ms: Times | None = None
    """Shape (series,), NO_TIME where a sample has none; None where no sample has one."""
    metadata: tuple[MetricMetadata, ...] = ()
    scraped: int = 0
    """Samples before anything was dropped."""
    notes: tuple[ReadingNote, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadingNote:
    """Something to show although it is no error: a text key and its values."""

    key: str
    values: tuple[tuple[str, object], ...] = ()
