"""What log sources answer: records, counts, and what is missing from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from jipyo.logs.record import LogRecord
    from jipyo.model.errors import JipyoError


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPage:
    """Some records in the order asked for, and where the next page begins."""

    records: tuple[LogRecord, ...]
    next: str | None = None
    """For `LogSource.search`; None at the end."""
    missing: tuple[JipyoError, ...] = ()
    """What could not be read, so that there may be more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogCount:
    """A number of records."""

    n: int
    missing: tuple[JipyoError, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LogHistogram:
    """Numbers of records by interval and group."""

    starts_ns: NDArray[np.int64]
    """Of every interval of the range, also those without records; shape (intervals,)."""
    counts: Mapping[str, NDArray[np.int64]]
    """By the group's value (`""` where nothing is grouped); each of shape (intervals,)."""
    missing: tuple[JipyoError, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LogTerms:
    """The most frequent values of a field."""

    counts: tuple[tuple[str, int], ...]
    """The most frequent first; equally frequent ones by value."""
    others: int
    """Records with another value of the field."""
    absent: int
    """Records without the field."""
    missing: tuple[JipyoError, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPercentiles:
    """Percentiles of a number field, by the value of another."""

    rows: tuple[tuple[str, int, tuple[float, ...]], ...]
    """Group, records with the number, and the percentiles; the most records first."""
    estimated: bool
    """The source estimates them (t-digest)."""
    missing: tuple[JipyoError, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LogTemplate:
    """A template with its records in the range."""

    id: str
    text: str
    """With `<*>` for what varies."""
    n: int
    by_service: Mapping[str, int]
    first_ns: int
    """Of its records in the range, to the hour at least (see `LogTemplates.resolution_ns`)."""
    last_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LogTemplates:
    """Every record of the range under exactly one template; the most frequent first."""

    templates: tuple[LogTemplate, ...]
    total: int
    """Records in the range: the sum of all templates' `n`."""
    resolution_ns: int = 1
    missing: tuple[JipyoError, ...] = ()
