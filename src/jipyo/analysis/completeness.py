"""What was received of what was expected: the samples of `up`, target by target.

The source counts them. Only of targets whose count is not the one that their interval gives
are the samples themselves read, to find the gaps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.medians import find_interval
from jipyo.model.figure import Figure, Fold
from jipyo.model.labels import METRIC_NAME
from jipyo.source.narrow import list_values, narrow

if TYPE_CHECKING:
    from jipyo.analysis.window import Window
    from jipyo.analysis.window_reader import WindowReader
    from jipyo.model.labels import Labels
    from jipyo.model.sample import Times, Values

_GAP_INTERVALS = 2.5
"""A pause longer than so many intervals is a gap; one late scrape is not."""
_RECENT_MS = 600_000
_ENOUGH_SAMPLES = 4
"""So many of the last minutes show the interval of a target."""


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


def measure_completeness(reader: WindowReader) -> tuple[TargetCompleteness, ...]:
    """Every target that was scraped in the window, sorted by its labels.

    Raises:
        SourceError: the source failed.
    """
    window, expr = reader.window, f"up[{reader.range}]"
    received = reader.read_numbers(f"count_over_time({expr})")
    succeeded = reader.read_numbers(f"sum_over_time({expr})")
    recent_s = min(_RECENT_MS, window.duration_ms) // 1000
    intervals = {
        labels: _find_interval(t_ms, window)
        for labels, t_ms, _ in reader.read_samples(f"up[{recent_s}s]")
        if t_ms.size >= _ENOUGH_SAMPLES and labels in received and labels in succeeded
    }
    targets = [
        _describe_target(labels, window, interval_ms, n, n - int(succeeded[labels]), ())
        for labels, interval_ms in intervals.items()
        # Two must be missing for a gap, and one more than expected fits into the window.
        if (n := int(received[labels])) - max(window.duration_ms // interval_ms, 1) in (0, 1)
    ]
    rest = received.keys() - {target.labels.drop((METRIC_NAME,)) for target in targets}
    if rest:
        targets += (
            _measure_target(labels, t_ms, values, window)
            for labels, t_ms, values in reader.read_samples(narrow(expr, list_values(rest)))
            if labels in rest
        )
    return tuple(sorted(targets, key=lambda target: target.labels))


def total_share(targets: tuple[TargetCompleteness, ...]) -> float | None:
    """The part received of all samples expected; None without targets."""
    expected = sum(target.expected for target in targets)
    received = sum(min(target.received, target.expected) for target in targets)
    return received / expected if expected else None


def _find_interval(t_ms: Times, window: Window) -> int:
    """The usual pause between samples; that of a single one is taken for a step."""
    return find_interval(t_ms) if t_ms.size > 1 else window.step_ms


def _measure_target(
    labels: Labels, t_ms: Times, values: Values, window: Window
) -> TargetCompleteness:
    interval_ms, down = _find_interval(t_ms, window), int((values == 0).sum())
    edges = np.concatenate(([window.start_ms], t_ms, [window.end_ms]))
    late = np.flatnonzero(np.diff(edges) > _GAP_INTERVALS * interval_ms)
    gaps = tuple(Gap(int(edges[i]), int(edges[i + 1])) for i in late)
    return _describe_target(labels, window, interval_ms, t_ms.size, down, gaps)


def _describe_target(
    labels: Labels,
    window: Window,
    interval_ms: int,
    received: int,
    down: int,
    gaps: tuple[Gap, ...],
) -> TargetCompleteness:
    labels = labels.put({METRIC_NAME: "up"})
    expected = max(window.duration_ms // interval_ms, 1)
    share = min(received / expected, 1.0)
    return TargetCompleteness(
        labels=labels,
        interval_ms=interval_ms,
        received=received,
        expected=expected,
        down=down,
        gaps=gaps,
        share=Figure(
            metric="",
            value=share,
            unit="ratio",
            fold=Fold.SHARE,
            expr=f"up[{window.duration_ms // 1000}s]",
            series=str(labels),
            exporter="",
            start_ms=window.start_ms,
            end_ms=window.end_ms,
            step_ms=0,
            samples=received,
            coverage=share,
        ),
    )
