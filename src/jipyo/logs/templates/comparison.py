"""What is new, surges or has vanished among templates; see `logs/comparison`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.logs.comparison import ChangeLimits, CountChange, CountComparison, compare_counts
from jipyo.logs.templates.miner import OTHER

if TYPE_CHECKING:
    from jipyo.logs.answer import LogTemplate, LogTemplates
    from jipyo.model.errors import JipyoError


@dataclass(frozen=True, slots=True)
class TemplateChange:
    """A template that differs."""

    change: CountChange
    template: LogTemplate
    """In the window; one that vanished, in the baseline: services, first and last time."""


@dataclass(frozen=True, slots=True)
class TemplateComparison:
    """All changes, by kind and the surest first, and what they rest on."""

    changes: tuple[TemplateChange, ...]
    comparison: CountComparison
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
    now, then = index_templates(window), index_templates(baseline)
    compared = compare_counts(
        {name: one.n for name, one in now.items()},
        {name: one.n for name, one in then.items()},
        share,
        limits,
    )
    changes = tuple(
        TemplateChange(each, now.get(each.value) or then[each.value]) for each in compared.changes
    )
    missing = tuple(dict.fromkeys((*window.missing, *baseline.missing)))
    return TemplateComparison(changes, compared, window.total, baseline.total, missing)


def index_templates(answer: LogTemplates) -> dict[str, LogTemplate]:
    """Templates with records by id, without those that are no template."""
    return {one.id: one for one in answer.templates if one.id != OTHER and one.n}
