"""What was received of what was expected: the samples of `up`, target by target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.figure import Figure, Fold
from jipyo.model.result import RawMatrix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.analysis.summary import Window
    from jipyo.model.labels import Labels
    from jipyo.model.sample import Times, Values
    from jipyo.source import Source

_GAP_INTERVALS = 2.5
"""A pause longer than so many intervals is a gap; one late scrape is not."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch without samples."""

    start_ms: int
    end_ms: int

    @property
    def duration_ms(self) -> int:
        """How long it was."""
        return self.end_ms - self.start_ms


@dataclass(frozen=True, slots=True)
class TargetCompleteness:
    """The samples of one target over a window."""

    labels: Labels
    interval_ms: int
    """The usual pause between two scrapes."""
    received: int
    expected: int
    down: int
    """Scrapes that failed (`up` 0)."""
    gaps: tuple[Gap, ...]
    share: Figure
    """Received over expected; never above 1."""

    @property
    def longest_gap(self) -> Gap | None:
        """The longest gap; of equal ones the first."""
        return max(self.gaps, key=lambda gap: gap.duration_ms, default=None)

    @property
    def down_ms(self) -> int:
        """About how long it could not be scraped."""
        return self.down * self.interval_ms


def measure_completeness(source: Source, window: Window) -> tuple[TargetCompleteness, ...]:
    """Every target that was scraped in the window, sorted by its labels.

    Raises:
        SourceError: the source failed.
    """
    expr = f"up[{window.duration_ms // 1000}s]"
    targets = [
        _measure_target(labels, t_ms, values, window, expr)
        for labels, t_ms, values in _read_samples(source, expr, window)
    ]
    return tuple(sorted(targets, key=lambda target: target.labels))


def total_share(targets: tuple[TargetCompleteness, ...]) -> float | None:
    """The part received of all samples expected; None without targets."""
    expected = sum(target.expected for target in targets)
    received = sum(min(target.received, target.expected) for target in targets)
    return received / expected if expected else None


def _read_samples(
    source: Source, expr: str, window: Window
) -> Iterator[tuple[Labels, Times, Values]]:
    """The raw samples of each series of a range selector, up to the end of the window."""
    value = source.instant(expr, window.end_ms).value
    assert isinstance(value, RawMatrix), f"BUG: {expr} gave {type(value).__name__}"
    for block in value.blocks:
        for row, labels in enumerate(block.series):
            yield labels, block.t_ms, block.values[row]


def _measure_target(
    labels: Labels, t_ms: Times, values: Values, window: Window, expr: str
) -> TargetCompleteness:
    interval_ms = int(np.median(np.diff(t_ms))) if t_ms.size > 1 else window.step_ms
    expected = max(window.duration_ms // interval_ms, 1)
    share = min(t_ms.size / expected, 1.0)
    return TargetCompleteness(
        labels=labels,
        interval_ms=interval_ms,
        received=int(t_ms.size),
        expected=expected,
        down=int((values == 0).sum()),
        gaps=_find_gaps(t_ms, interval_ms, window),
        share=Figure(
            metric="",
            value=share,
            unit="ratio",
            fold=Fold.SHARE,
            expr=expr,
            series=str(labels),
            exporter="",
            start_ms=window.start_ms,
            end_ms=window.end_ms,
            step_ms=0,
            samples=int(t_ms.size),
            coverage=share,
        ),
    )


def _find_gaps(t_ms: Times, interval_ms: int, window: Window) -> tuple[Gap, ...]:
    edges = np.concatenate(([window.start_ms], t_ms, [window.end_ms]))
    late = np.flatnonzero(np.diff(edges) > _GAP_INTERVALS * interval_ms)
    return tuple(Gap(int(edges[i]), int(edges[i + 1])) for i in late)
