"""What came of verifying a report: what is damaged, what differs, and what could not be checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.reports.archive.changes import compare_reports, list_values
from jipyo.reports.document import find_figures, phrase

if TYPE_CHECKING:
    from jipyo.model.errors import JipyoError
    from jipyo.reports.archive.changes import ReportChange
    from jipyo.reports.document import Phrase, Report
    from jipyo.reports.verify.targets import VerificationTarget

NO_SAMPLES = phrase("verify.no_samples")
"""Why nothing can be computed again, where the store has lost the period."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recomputation:
    """A report against the one that the same samples give now."""

    checked: int = 0
    """How many values were compared."""
    differences: tuple[ReportChange, ...] = ()
    """`before` is as it is printed, `after` as it is computed again."""
    unverified: tuple[ReportChange, ...] = ()
    """Values that cannot be computed again, since what they are from cannot be read any more."""
    reasons: tuple[Phrase | JipyoError, ...] = ()
    """Why anything could not be computed again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What came of verifying one report."""

    target: VerificationTarget
    recomputation: Recomputation
    notes: tuple[JipyoError, ...] = ()
    """What a reader should know of the way in which it was verified."""

    @property
    def exit_code(self) -> int:
        """0: all is equal; 1: something differs; 2: nothing differs, but not all was checked."""
        if self.target.damage or self.target.rewritten or self.recomputation.differences:
            return 1
        return 2 if self.recomputation.reasons else 0


def compare_with_recomputed(printed: Report, recomputed: Report) -> Recomputation:
    """A report against the one that was computed again.

    What the recomputed one lacks, because a source could not be read or has no samples of the
    period any more, is not a difference: it cannot be verified.
    """
    changes = compare_reports(printed, recomputed)
    reasons = tuple(one for one in recomputed.incomplete if one not in printed.incomplete)
    is_gone = not _has_values(recomputed) and _has_values(printed)
    if is_gone:
        reasons = (*reasons, NO_SAMPLES)
    unverified = tuple(one for one in changes if reasons and one.after is None)
    if is_gone:
        unverified = changes
    return Recomputation(
        checked=len(list_values(printed)),
        differences=tuple(one for one in changes if one not in unverified),
        unverified=unverified,
        reasons=reasons,
    )


def _has_values(report: Report) -> bool:
    return any(figure.value is not None for figure in find_figures(report.blocks))
