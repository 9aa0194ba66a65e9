"""What is new, surges or has vanished in a window, against a baseline.

Rates of a template are compared by the likelihood ratio (G) of two Poisson counts with
different exposures, divided by the dispersion that most templates show, for records come in
bursts (quasi-Poisson; McCullagh, Nelder: Generalized Linear Models, 1989, 9.2). Of many
templates some always change by chance: p values are adjusted for a false discovery rate
(Benjamini, Hochberg, JRSS B 57, 1995).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from statistics import median
from typing import TYPE_CHECKING

from jipyo.logs.templates.miner import OTHER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.logs.answer import LogTemplate, LogTemplates
    from jipyo.model.errors import JipyoError

_MEDIAN_OF_CHI_SQUARED = 0.4549
_FEWEST_TO_ESTIMATE = 8
"""Templates in both windows, from which dispersion is estimated."""


class TemplateChangeKind(Enum):
    """How a template differs from the baseline."""

    NEW = "new"
    SURGING = "surging"
    RECEDING = "receding"
    VANISHED = "vanished"


@dataclass(frozen=True, slots=True)
class ChangeLimits:
    """What counts as a change; every new template does."""

    false_discovery_rate: float = 0.01
    ratio: float = 2.0
    """At least so many times as many records a second, or as few."""


@dataclass(frozen=True, slots=True)
class TemplateChange:
    """A template that differs, with its records in the window and in the baseline."""

    kind: TemplateChangeKind
    template: LogTemplate
    """In the window; one that vanished, in the baseline: services, first and last time."""
    n: int
    baseline_n: int
    expected: float
    """Records that the window would have at the baseline's rate."""
    g: float
    """The test statistic, after dispersion: chi squared with one degree of freedom."""
    p: float
    """Adjusted for the number of templates compared."""


@dataclass(frozen=True, slots=True)
class TemplateComparison:
    """All changes, the surest first in each kind, and what they rest on."""

    changes: tuple[TemplateChange, ...]
    compared: int
    """Templates in either window."""
    dispersion: float
    total: int
    baseline_total: int
    missing: tuple[JipyoError, ...] = ()
    """Where there is any, new and vanished templates may be neither."""


def compare_templates(
    window: LogTemplates,
    baseline: LogTemplates,
    share: float,
    limits: ChangeLimits | None = None,
) -> TemplateComparison:
    """Compare a window that is `share` times as long as the baseline."""
    assert share > 0, f"BUG: a window of {share} baselines"
    now, then = index_templates(window), index_templates(baseline)
    ids = sorted(now.keys() | then.keys())
    counts = [(count_records(now, name), count_records(then, name)) for name in ids]
    scores = [compute_g(n, before, share) for n, before in counts]
    dispersion = estimate_dispersion(scores, counts)
    scores = [score / dispersion for score in scores]
    adjusted = adjust_p_values([math.erfc(math.sqrt(score / 2)) for score in scores])
    changes = []
    for name, (n, before), g, p in zip(ids, counts, scores, adjusted, strict=True):
        change = classify(n, before * share, p, limits or ChangeLimits())
        if change is not None:
            shown = now.get(name) or then[name]
            changes.append(TemplateChange(change, shown, n, before, before * share, g, p))
    changes.sort(
        key=lambda one: (list(TemplateChangeKind).index(one.kind), -one.g, one.template.id)
    )
    missing = (*window.missing, *baseline.missing)
    return TemplateComparison(
        tuple(changes), len(ids), dispersion, window.total, baseline.total, missing
    )


def index_templates(answer: LogTemplates) -> dict[str, LogTemplate]:
    """Templates with records by id, without those that are no template."""
    return {one.id: one for one in answer.templates if one.id != OTHER and one.n}


def count_records(templates: dict[str, LogTemplate], name: str) -> int:
    """A template's records; 0 where it has none."""
    return templates[name].n if name in templates else 0


def compute_g(n: int, before: int, share: float) -> float:
    """Twice the log likelihood ratio of two rates against one."""
    expected = (n + before) * share / (1 + share)
    expected_before = (n + before) / (1 + share)
    pairs = ((n, expected), (before, expected_before))
    return max(0.0, 2 * sum(seen * math.log(seen / mean) for seen, mean in pairs if seen))


def estimate_dispersion(scores: Sequence[float], counts: Sequence[tuple[int, int]]) -> float:
    """How many times more than Poisson counts most templates vary; at least 1."""
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


def classify(n: int, expected: float, p: float, limits: ChangeLimits) -> TemplateChangeKind | None:
    """What kind of change it is, if any."""
    if not expected:
        return TemplateChangeKind.NEW
    if p > limits.false_discovery_rate:
        return None
    if not n:
        return TemplateChangeKind.VANISHED
    if n >= expected * limits.ratio:
        return TemplateChangeKind.SURGING
    return TemplateChangeKind.RECEDING if n * limits.ratio <= expected else None
