"""The protocols of a sample store; only `app` and `config` know which store it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from jipyo.model.matcher import Matcher
from jipyo.model.sample import EVERY_FIGURE, HourStatistic

if TYPE_CHECKING:
    from jipyo.model.labels import Labels
    from jipyo.model.sample import Appended, HourBlock, MetricMetadata, Scrape, SeriesBlock

Selector = Sequence[Matcher]
"""Matchers that must all hold."""


@dataclass(frozen=True, slots=True)
class StoreExtent:
    """How many series a store has, and from when to when; None where it has no samples."""

    series: int
    first_ms: int | None
    """To the day, for samples that are compressed already."""
    last_ms: int | None


class Appender(Protocol):
    """Stores samples; what it has acknowledged survives kill -9."""

    def append(self, scrapes: Sequence[Scrape]) -> Appended:
        """Store the scrapes in one durable transaction before returning.

        Raises:
            StoreFull: nothing of the batch was kept.
        """
        ...

    def describe(self, metadata: Sequence[MetricMetadata]) -> None:
        """Store the metadata of metrics; the newest wins."""
        ...


class Queryable(Protocol):
    """Returns samples. All times are milliseconds UTC, both ends included."""

    def select(self, selector: Selector, start_ms: int, end_ms: int) -> Iterator[SeriesBlock]:
        """The samples of the matching series; each series' samples in ascending time.

        Every series with samples in the range is in exactly one block, whole; one without
        any is in none. Blocks come one by one, each of bounded size, so that a reader that
        aggregates them as they come needs little memory.
        """
        ...

    def hours(
        self,
        selector: Selector,
        start_ms: int,
        end_ms: int,
        figures: AbstractSet[HourStatistic] = EVERY_FIGURE,
    ) -> Iterator[HourBlock]:
        """Statistics of the hours that lie wholly within (start, end].

        Each series with samples in any of them is in exactly one block. Fewer figures cost
        less: each is stored separately.
        """
        ...

    def series(
        self, selectors: Sequence[Selector], start_ms: int, end_ms: int, limit: int | None = None
    ) -> Iterator[Labels]:
        """The series with samples in the range that match any selector, each once.

        Where few match, they are sorted, and the first `limit` are returned. Of more than
        a thousand they come one by one, in the order in which they were first stored, and no more
        than needed are looked at: so a long list needs little memory, and a short one little time.
        """
        ...

    def label_names(
        self, selectors: Sequence[Selector], start_ms: int, end_ms: int, limit: int | None = None
    ) -> list[str]:
        """The label names of those series (of all series where no selector is given), sorted.

        Of these and of the values the first `limit` ones.
        """
        ...

    def label_values(
        self,
        name: str,
        selectors: Sequence[Selector],
        start_ms: int,
        end_ms: int,
        limit: int | None = None,
    ) -> list[str]:
        """The values of one label among those series, sorted."""
        ...

    def metadata(self, metric: str | None = None) -> list[MetricMetadata]:
        """The metadata of one metric, or of all."""
        ...
