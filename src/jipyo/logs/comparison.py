"""Counts of a window against a baseline: what is new, surges, recedes or has vanished.

Rates are compared by the likelihood ratio (G) of two Poisson counts with different exposures.
Traffic as a whole changes too, by day and by night: what most values have in common is found as
the median of their ratios (Anders, Huber: Genome Biology 11, 2010, size factors), and records
come in bursts, so that G is divided by the dispersion that most values show (quasi-Poisson;
McCullagh, Nelder: Generalized Linear Models, 1989, 9.2). Of many values some always change by
chance: p values are adjusted for a false discovery rate (Benjamini, Hochberg, JRSS B 57, 1995).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MEDIAN_OF_CHI_SQUARED = 0.4549
_FEWEST_TO_ESTIMATE = 8
"""Values in both windows, from which traffic and dispersion are estimated."""


class ChangeKind(Enum):
    """How a value differs from the baseline, in the order of a list."""

    NEW = "new"
    SURGING = "surging"
    RECEDING = "receding"
    VANISHED = "vanished"


@dataclass(frozen=True, slots=True)
class ChangeLimits:
    """What counts as a change; every new value does."""

    false_discovery_rate: float = 0.01
    ratio: float = 2.0
    """At least so many times as many records a second, or as few."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountChange:
    """A value whose records a second differ."""

    kind: ChangeKind
    value: str
    n: int
    baseline_n: int
    expected: float
    """Records that the window would have at the baseline's rate."""
    g: float
    """The test statistic, after dispersion: chi squared with one degree of freedom."""
    p: float
    """Adjusted for the number of values compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountComparison:
    """All changes, by kind and the surest first, and what they rest on."""

    changes: tuple[CountChange, ...]
    compared: int
    """Values in either window."""
    traffic: float
    """How many times as many records a second most values have; 1 where there are few."""
    dispersion: float


def compare_counts(
    now: Mapping[str, int],
    before: Mapping[str, int],
    share: float,
    limits: ChangeLimits | None = None,
) -> CountComparison:
    """Compare the counts of a window that is `share` times as long as the baseline."""
    assert share > 0, f"BUG: a window of {share} baselines"
    limits = limits or ChangeLimits()
    counts = {value: (now.get(value, 0), before.get(value, 0)) for value in sorted({*now, *before})}
    counts = {value: pair for value, pair in counts.items() if any(pair)}
    traffic = estimate_traffic(list(counts.values()), share)
    scores = [compute_g(n, old, share * traffic) for n, old in counts.values()]
    dispersion = estimate_dispersion(scores, list(counts.values()))
    scores = [score / dispersion for score in scores]
    adjusted = adjust_p_values([math.erfc(math.sqrt(score / 2)) for score in scores])
    changes = []
    for (value, (n, old)), g, p in zip(counts.items(), scores, adjusted, strict=True):
        expected = old * share
        kind = classify(n, expected, traffic, p, limits)
        if kind is not None:
            changes.append(
                CountChange(
                    kind=kind, value=value, n=n, baseline_n=old, expected=expected, g=g, p=p
                )
            )
    changes.sort(key=lambda each: (list(ChangeKind).index(each.kind), -each.g, each.value))
    return CountComparison(
        changes=tuple(changes), compared=len(counts), traffic=traffic, dispersion=dispersion
    )


def estimate_traffic(counts: Sequence[tuple[int, int]], share: float) -> float:
    """How many times as many records a second most values have."""
    ratios = [n / (old * share) for n, old in counts if n and old]
    return median(ratios) if len(ratios) >= _FEWEST_TO_ESTIMATE else 1.0


def compute_g(n: int, before: int, share: float) -> float:
    """Twice the log likelihood ratio of two rates against one."""
    expected = (n + before) * share / (1 + share)
    expected_before = (n + before) / (1 + share)
    pairs = ((n, expected), (before, expected_before))
    return max(0.0, 2 * sum(seen * math.log(seen / mean) for seen, mean in pairs if seen))


def estimate_dispersion(scores: Sequence[float], counts: Sequence[tuple[int, int]]) -> float:
    """How many times more than Poisson counts most values vary; at least 1."""
    steady = [score for score, (n, before) in zip(scores, counts, strict=True) if n and before]
    if len(steady) < _FEWEST_TO_ESTIMATE:
        return 1.0
    return max(1.0, median(steady) / _MEDIAN_OF_CHI_SQUARED)


def adjust_p_values(p_values: Sequence[float]) -> list[float]:
    """The false discovery rate at which each would just be reported."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__, reverse=True)
    adjusted, least = [1.0] * len(p_values), 1.0
    for rank, at in zip(range(len(p_values), 0, -1), order, strict=True):
        least = min(least, p_values[at] * len(p_values) / rank)
        adjusted[at] = least
    return adjusted


def classify(
    n: int, expected: float, traffic: float, p: float, limits: ChangeLimits
) -> ChangeKind | None:
    """What kind of change it is, if any: one in itself, and beside what most values do."""
    if not expected:
        return ChangeKind.NEW
    if p > limits.false_discovery_rate:
        return None
    if not n:
        return ChangeKind.VANISHED
    low, high = sorted((expected, expected * traffic))
    if n >= high * limits.ratio:
        return ChangeKind.SURGING
    return ChangeKind.RECEDING if n * limits.ratio <= low else None
