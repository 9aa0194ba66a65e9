"""The face that everything above sees: questions in PromQL, answers as values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.model.labels import Labels
    from jipyo.model.result import QueryResult
    from jipyo.model.sample import MetricMetadata


class Source(Protocol):
    """Answers PromQL. Times are milliseconds UTC; selectors are PromQL text (`match[]`).

    Every method raises `QueryError` where the question is refused and `SourceError`
    where whoever answers failed.
    """

    def instant(self, expr: str, t_ms: int) -> QueryResult:
        """The value at one moment: a Scalar, String, Vector or RawMatrix."""
        ...

    def range(self, expr: str, start_ms: int, end_ms: int, step_ms: int) -> QueryResult:
        """The values at `start + i * step` up to and including `end`: a Matrix."""
        ...

    def series(self, match: Sequence[str], start_ms: int, end_ms: int) -> list[Labels]:
        """The series that any of the selectors means, sorted."""
        ...

    def label_names(self, match: Sequence[str], start_ms: int, end_ms: int) -> list[str]:
        """The label names of those series, sorted."""
        ...

    def label_values(
        self, name: str, match: Sequence[str], start_ms: int, end_ms: int
    ) -> list[str]:
        """The values of one label among those series, sorted."""
        ...

    def metadata(self, metric: str | None = None) -> list[MetricMetadata]:
        """Type, help and unit of one metric, or of all."""
        ...
