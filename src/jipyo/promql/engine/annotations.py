"""What has to be said about an answer: warnings and infos, with the place in the query.

The texts are Prometheus' own (util/annotations/annotations.go), so that people find them
where they look; those that Prometheus does not have stand under "ours".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from jipyo.promql.syntax.number_format import rounded, short
from jipyo.promql.syntax.quoting import quote
from jipyo.promql.syntax.typecheck import position

if TYPE_CHECKING:
    from jipyo.promql.syntax.ast import Span

_WARNING = "PromQL warning: "
_INFO = "PromQL info: "


@dataclass(frozen=True, slots=True)
class Flattened:
    """Where and by how much buckets had to be flattened, over so many samples."""

    from_le: float
    to_le: float
    most: float
    samples: int
    first_ms: int
    last_ms: int

    def joined(self, other: Flattened) -> Flattened:
        """Both together."""
        return Flattened(
            min(self.from_le, other.from_le),
            max(self.to_le, other.to_le),
            max(self.most, other.most),
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
            f", from buckets {short(self.from_le)} to {short(self.to_le)}, with a max diff of "
            f"{rounded(self.most, 2)}, over {self.samples} samples from {first} to {last}"
        )


class Annotations:
    """Warnings and infos of one query, each text once."""

    def __init__(self) -> None:
        """Begin without any."""
        self._places: dict[str, Span] = {}
        self._flattened: dict[str, Flattened] = {}

    def _warn(self, text: str, pos: Span) -> None:
        self._places[_WARNING + text] = pos

    def _inform(self, text: str, pos: Span) -> None:
        self._places[_INFO + text] = pos

    def invalid_quantile(self, q: float, pos: Span) -> None:
        """A quantile beyond 0 and 1."""
        self._warn(f"quantile value should be between 0 and 1, got {short(q)}", pos)

    def invalid_ratio(self, ratio: float, to: float, pos: Span) -> None:
        """A ratio beyond -1 and 1."""
        text = f"ratio value should be between -1 and 1, got {short(ratio)}, capping to {short(to)}"
        self._warn(text, pos)

    def invalid_strategy(self, strategy: float, pos: Span) -> None:
        """An unknown rule of `integral`."""
        text = f"strategy should be 0, 1, or 2 (default), using 2, got {short(strategy)}"
        self._warn(text, pos)

    def bad_bucket(self, le: str, metric: str, pos: Span) -> None:
        """A bucket whose `le` is no number."""
        text = f'bucket label "le" is missing or has a malformed value of {quote(le)}'
        self._warn(text + _for_metric(metric), pos)

    def sort_in_range(self, pos: Span) -> None:
        """Sorting where the answer is ordered by labels anyway."""
        self._warn(
            "sort is ineffective for range queries since results are always ordered by labels", pos
        )

    def not_a_counter(self, metric: str, pos: Span) -> None:
        """The rate of what does not look like a counter."""
        self._inform(
            "metric might not be a counter, name does not end in "
            f'_total/_sum/_count/_bucket: "{metric}"',
            pos,
        )

    def not_for_floats(self, operator: str, pos: Span) -> None:
        """An operator that acts on native histograms only."""
        self._inform(
            "incompatible sample types encountered for binary operator "
            f'"{operator}": float {operator} float',
            pos,
        )

    def flattened(self, metric: str, how: Flattened, pos: Span) -> None:
        """Buckets that decreased."""
        text = (
            _INFO + "input to histogram_quantile needed to be fixed for monotonicity (see "
            "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)"
            + _for_metric(metric)
        )
        before = self._flattened.get(text)
        self._flattened[text] = before.joined(how) if before else how
        self._places[text] = pos

    def first_bucket(self, pos: Span) -> None:
        """Ours: below the first edge nothing is known, so the value is a guess."""
        self._warn(
            "the quantile falls into the first bucket, its value is interpolated from zero; "
            "add smaller buckets",
            pos,
        )

    def no_edge(self, bound: float, pos: Span) -> None:
        """Ours: between edges the share is a guess."""
        self._warn(
            f"{short(bound)} is no bucket boundary, the fraction is interpolated; "
            "add a bucket there",
            pos,
        )

    def texts(self, query: str, at_most: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Warnings and infos with their places in the query."""
        said = {_WARNING: list[str](), _INFO: list[str]()}
        for text, pos in self._places.items():
            kind = _INFO if text.startswith(_INFO) else _WARNING
            said[kind].append(
                f"{text}{self._flattened.get(text, '')} ({position(query, pos.start)})"
            )
        return _cut(said[_WARNING], at_most, "warning"), _cut(said[_INFO], at_most, "info")


def _cut(texts: list[str], at_most: int, kind: str) -> tuple[str, ...]:
    rest = len(texts) - at_most
    more = [f"{rest} more {kind} annotations omitted"] if rest > 0 else []
    return (*texts[:at_most], *more)


def _for_metric(metric: str) -> str:
    return f' for metric name "{metric}"' if metric else ""
