"""What was received of what was expected, and which metrics have no data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.analysis.thresholds import State
from jipyo.reports.document import (
    Block,
    Duration,
    Heading,
    Inline,
    Listing,
    Moment,
    Note,
    Quantity,
    Table,
    phrase,
)
from jipyo.reports.sections.missing import build_missing_notes
from jipyo.reports.tables import TableColumn, build_heads, build_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from jipyo.analysis.completeness import TargetCompleteness
    from jipyo.reports.data import ReportData

LISTED_BRIEFLY = 5
"""Most targets of a brief section."""


def build_completeness(data: ReportData, *, brief: bool = False) -> Iterator[Block]:
    """The table of targets, warnings of the source, and the metrics without data.

    A `brief` one has only the targets that lack most, and counts all else.
    """
    # The page after the first begins here where no other section begins it.
    name = phrase("reports.section.completeness")
    yield Heading("completeness", name, page=not (data.judged or data.outages))
    if data.targets:
        shown = select_worst(data.targets) if brief else data.targets
        if shown:
            yield build_target_table(shown)
            yield Note(phrase("reports.completeness.note"))
        incomplete = sum(map(_is_incomplete, data.targets))
        if brief and (left := incomplete - len(shown)):
            yield Note(phrase("reports.completeness.more", n=left))
        if brief and (complete := len(data.targets) - incomplete):
            yield Note(phrase("reports.completeness.complete", n=complete))
    else:
        yield Note(phrase("reports.completeness.no_targets"), State.UNKNOWN)
    yield from build_missing_notes(data)
    for summary in data.summaries:
        for warning in summary.warnings:
            text = phrase("reports.warning", name=summary.metric.name, text=warning)
            yield Note(text, State.UNKNOWN)
    if data.missing and brief:
        yield Note(phrase("reports.missing.brief", n=len(data.missing)))
    elif data.missing:
        yield Heading("missing", phrase("reports.section.missing", n=len(data.missing)), level=2)
        yield Note(phrase("reports.missing.note"))
        yield Listing(
            tuple(
                (summary.metric.name, phrase(f"reports.group.{summary.metric.group.value}"))
                for summary in data.missing
            )
        )


def select_worst(targets: Sequence[TargetCompleteness]) -> Sequence[TargetCompleteness]:
    """Of those that are not complete the ones that lack most, the worst first."""
    incomplete = sorted(filter(_is_incomplete, targets), key=_rank)
    return tuple(incomplete[:LISTED_BRIEFLY])


def _rank(target: TargetCompleteness) -> float:
    return target.received / max(target.expected, 1)


def _is_incomplete(target: TargetCompleteness) -> bool:
    return target.received < target.expected or bool(target.gaps) or bool(target.down)


def _show_name(target: TargetCompleteness) -> Inline:
    return " ".join(filter(None, (target.labels.get("job", ""), target.labels.get("instance", ""))))


def _show_longest_gap(target: TargetCompleteness) -> Inline:
    gap = target.longest_gap
    if gap is None:
        return None
    return phrase(
        "reports.gap",
        span=Duration(gap.duration_ms),
        start=Moment(gap.start_ms),
        end=Moment(gap.end_ms),
    )


TARGET_COLUMNS: tuple[TableColumn[TargetCompleteness], ...] = (
    TableColumn("target", _show_name, numeric=False),
    TableColumn("interval", lambda target: Duration(target.interval_ms)),
    TableColumn("received", lambda target: Quantity(target.received, "count")),
    TableColumn("expected", lambda target: Quantity(target.expected, "count")),
    TableColumn("coverage", lambda target: target.share),
    TableColumn("longest_gap", _show_longest_gap),
    TableColumn("down_time", lambda target: Duration(target.down_ms)),
)


def build_target_table(targets: Iterable[TargetCompleteness]) -> Table:
    """A row per target."""
    return Table(
        id="completeness",
        caption=phrase("reports.completeness.caption"),
        columns=build_heads(TARGET_COLUMNS),
        rows=tuple(build_row(TARGET_COLUMNS, target) for target in targets),
        wide=True,
    )
