"""What was received of what should have been: the samples of `up`, target by target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.figure import Figure, Fold
from jipyo.model.result import RawMatrix

if TYPE_CHECKING:
    from jipyo.analysis.summary import Window
    from jipyo.model.labels import Labels
    from jipyo.model.sample import Times, Values
    from jipyo.source import Source

_MISSED = 2.5
"""A pause longer than so many intervals is a gap; one late scrape is not."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch without samples."""

    start_ms: int
    end_ms: int

    @property
    def lasted_ms(self) -> int:
        """How long it was."""
        return self.end_ms - self.start_ms


@dataclass(frozen=True, slots=True)
class Target:
    """One target over the window."""

    labels: Labels
    interval_ms: int
    """The usual pause between two scrapes."""
    received: int
    expected: int
    down: int
    """Scrapes that got no answer (`up` 0)."""
    gaps: tuple[Gap, ...]
    share: Figure
    """Received over expected; never above 1."""

    @property
    def longest(self) -> Gap | None:
        """The longest gap."""
        return max(self.gaps, key=lambda gap: gap.lasted_ms, default=None)

    @property
    def down_ms(self) -> int:
        """About how long it did not answer."""
        return self.down * self.interval_ms


def collected(source: Source, window: Window) -> tuple[Target, ...]:
    """Every target that was asked in the window, sorted by its labels.

    Raises:
        SourceError: whoever answers failed.
    """
    expr = f"up[{(window.end_ms - window.start_ms) // 1000}s]"
    value = source.instant(expr, window.end_ms).value
    assert isinstance(value, RawMatrix), f"BUG: {expr} gave {type(value).__name__}"
    found = [
        _target(labels, block.t_ms, block.values[row], window, expr)
        for block in value.blocks
        for row, labels in enumerate(block.series)
    ]
    return tuple(sorted(found, key=lambda target: target.labels))


def share(targets: tuple[Target, ...]) -> float | None:
    """Of all samples that should have been, the part that was received; None without targets."""
    expected = sum(target.expected for target in targets)
    received = sum(min(target.received, target.expected) for target in targets)
    return received / expected if expected else None


def _target(labels: Labels, t_ms: Times, values: Values, window: Window, expr: str) -> Target:
    interval = int(np.median(np.diff(t_ms))) if t_ms.size > 1 else window.step_ms
    expected = max((window.end_ms - window.start_ms) // interval, 1)
    received = int(t_ms.size)
    part = min(received / expected, 1.0)
    return Target(
        labels=labels,
        interval_ms=interval,
        received=received,
        expected=expected,
        down=int((values == 0).sum()),
        gaps=_gaps(t_ms, interval, window),
        share=Figure(
            metric="",
            value=part,
            unit="ratio",
            fold=Fold.SHARE,
            expr=expr,
            series=str(labels),
            exporter="",
            start_ms=window.start_ms,
            end_ms=window.end_ms,
            step_ms=0,
            samples=received,
            coverage=part,
        ),
    )


def _gaps(t_ms: Times, interval_ms: int, window: Window) -> tuple[Gap, ...]:
    edges = np.concatenate(([window.start_ms], t_ms, [window.end_ms]))
    late = np.flatnonzero(np.diff(edges) > _MISSED * interval_ms)
    return tuple(Gap(int(edges[i]), int(edges[i + 1])) for i in late)
