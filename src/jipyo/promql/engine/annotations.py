"""Warnings and infos of an answer, each with its place in the query.

The texts are Prometheus' own (util/annotations/annotations.go), so that a search finds their
explanation; those that Prometheus does not have are marked "ours".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from jipyo.promql.syntax.number_format import format_rounded, format_short
from jipyo.promql.syntax.quoting import quote
from jipyo.promql.syntax.typecheck import format_position

if TYPE_CHECKING:
    from jipyo.promql.syntax.ast import Span

_WARNING = "PromQL warning: "
_INFO = "PromQL info: "
_MONOTONICITY_DOCS = (
    "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile"
)


@dataclass(frozen=True, slots=True)
class Flattening:
    """Where and by how much buckets had to be flattened, over how many samples."""

    from_le: float
    to_le: float
    max_difference: float
    samples: int
    first_ms: int
    last_ms: int

    def merge(self, other: Flattening) -> Flattening:
        """Both together."""
        return Flattening(
            min(self.from_le, other.from_le),
            max(self.to_le, other.to_le),
            max(self.max_difference, other.max_difference),
            self.samples + other.samples,
            min(self.first_ms, other.first_ms),
            max(self.last_ms, other.last_ms),
        )

    def __str__(self) -> str:
        first, last = (
            datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            for ms in (self.first_ms, self.last_ms)
        )
        return (
            f", from buckets {format_short(self.from_le)} to {format_short(self.to_le)}, "
            f"with a max diff of {format_rounded(self.max_difference, 2)}, "
            f"over {self.samples} samples from {first} to {last}"
        )


class Annotations:
    """Warnings and infos of one query, each text once."""

    def __init__(self) -> None:
        """Begin without any."""
        self._places: dict[str, Span] = {}
        self._flattenings: dict[str, Flattening] = {}

    def warn_invalid_quantile(self, q: float, pos: Span) -> None:
        """A quantile outside 0 to 1."""
        text = f"quantile value should be between 0 and 1, got {format_short(q)}"
        self._places[_WARNING + text] = pos

    def warn_invalid_ratio(self, ratio: float, capped: float, pos: Span) -> None:
        """A ratio outside -1 to 1."""
        text = f"ratio value should be between -1 and 1, got {format_short(ratio)}"
        self._places[f"{_WARNING}{text}, capping to {format_short(capped)}"] = pos

    def warn_invalid_strategy(self, strategy: float, pos: Span) -> None:
        """An unknown rule of `integral`."""
        text = f"strategy should be 0, 1, or 2 (default), using 2, got {format_short(strategy)}"
        self._places[_WARNING + text] = pos

    def warn_bad_bucket(self, le: str, metric: str, pos: Span) -> None:
        """A bucket whose `le` is no number."""
        text = f'bucket label "le" is missing or has a malformed value of {quote(le)}'
        self._places[_WARNING + text + _name_metric(metric)] = pos

    def warn_sort_in_range(self, pos: Span) -> None:
        """Sorting in a range query, whose answer is ordered by labels anyway."""
        text = "sort is ineffective for range queries since results are always ordered by labels"
        self._places[_WARNING + text] = pos

    def note_not_a_counter(self, metric: str, pos: Span) -> None:
        """The rate of a metric that is not named like a counter."""
        text = "metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "
        self._places[f'{_INFO}{text}"{metric}"'] = pos

    def note_float_operands(self, operator: str, pos: Span) -> None:
        """An operator for native histograms between floats."""
        text = "incompatible sample types encountered for binary operator "
        self._places[f'{_INFO}{text}"{operator}": float {operator} float'] = pos

    def note_flattening(self, metric: str, flattening: Flattening, pos: Span) -> None:
        """Buckets that were not cumulative."""
        text = (
            f"{_INFO}input to histogram_quantile needed to be fixed for monotonicity "
            f"(see {_MONOTONICITY_DOCS}){_name_metric(metric)}"
        )
        before = self._flattenings.get(text)
        self._flattenings[text] = before.merge(flattening) if before else flattening
        self._places[text] = pos

    def note_first_bucket(self, pos: Span) -> None:
        """Ours: nothing is known below the first boundary, so the value is a guess."""
        text = (
            "the quantile falls into the first bucket, its value is interpolated from zero; "
            "add smaller buckets"
        )
        self._places[_INFO + text] = pos

    def note_no_boundary(self, value: float, pos: Span) -> None:
        """Ours: between boundaries the share is a guess."""
        text = f"{format_short(value)} is no bucket boundary, the fraction is interpolated; "
        self._places[f"{_INFO}{text}add a bucket there"] = pos

    def format_texts(self, query: str, at_most: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Warnings and infos with their positions in the query, `at_most` of each."""
        texts: dict[str, list[str]] = {_WARNING: [], _INFO: []}
        for text, pos in self._places.items():
            kind = _INFO if text.startswith(_INFO) else _WARNING
            flattening = self._flattenings.get(text, "")
            texts[kind].append(f"{text}{flattening} ({format_position(query, pos.start)})")
        return (
            _limit_texts(texts[_WARNING], at_most, "warning"),
            _limit_texts(texts[_INFO], at_most, "info"),
        )


def _limit_texts(texts: list[str], at_most: int, kind: str) -> tuple[str, ...]:
    rest = len(texts) - at_most
    more = [f"{rest} more {kind} annotations omitted"] if rest > 0 else []
    return (*texts[:at_most], *more)


def _name_metric(metric: str) -> str:
    return f' for metric name "{metric}"' if metric else ""
