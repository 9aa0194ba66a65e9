"""PromQL answered in this process, over a store of this process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.promql import Engine, parse_selector

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence

    from jipyo.model.labels import Labels
    from jipyo.model.result import QueryResult
    from jipyo.model.sample import MetricMetadata
    from jipyo.model.store import Queryable, Selector


@dataclass(frozen=True, slots=True)
class Embedded:
    """A store and the engine that reads it; `cancel` ends whatever is being asked."""

    store: Queryable
    engine: Engine
    cancel: threading.Event | None = None

    def instant(self, expr: str, t_ms: int) -> QueryResult:
        """The value at one moment."""
        return self.engine.instant(self.store, expr, t_ms, cancel=self.cancel)

    def range(self, expr: str, start_ms: int, end_ms: int, step_ms: int) -> QueryResult:
        """The values at `start + i * step` up to and including `end`."""
        return self.engine.range(self.store, expr, start_ms, end_ms, step_ms, cancel=self.cancel)

    def series(self, match: Sequence[str], start_ms: int, end_ms: int) -> list[Labels]:
        """The series that any of the selectors means, sorted."""
        return self.store.series(self._selectors(match), start_ms, end_ms)

    def label_names(self, match: Sequence[str], start_ms: int, end_ms: int) -> list[str]:
        """The label names of those series, sorted."""
        return self.store.label_names(self._selectors(match), start_ms, end_ms)

    def label_values(
        self, name: str, match: Sequence[str], start_ms: int, end_ms: int
    ) -> list[str]:
        """The values of one label among those series, sorted."""
        return self.store.label_values(name, self._selectors(match), start_ms, end_ms)

    def metadata(self, metric: str | None = None) -> list[MetricMetadata]:
        """Type, help and unit of one metric, or of all."""
        return self.store.metadata(metric)

    def _selectors(self, match: Sequence[str]) -> list[Selector]:
        return [parse_selector(text, self.engine.options.features) for text in match]
