"""What people did and plan, as far as they wrote it; the rest is left to be filled in by hand."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypeVar

from jipyo.model.calendar import PeriodKind
from jipyo.reports.document import (
    Blank,
    Block,
    Day,
    Heading,
    Inline,
    Joined,
    Note,
    Quantity,
    Table,
    phrase,
)
from jipyo.reports.tables import TableColumn, build_heads, build_row
from jipyo.reports.work_log import (
    ActionResult,
    FollowedAction,
    PlannedAction,
    TypedIndicator,
    WorkItem,
    WorkLog,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from jipyo.model.calendar import Period

_Entry = TypeVar("_Entry")
_SHORT = frozenset({PeriodKind.DAY, PeriodKind.WEEK, PeriodKind.RANGE})
"""Periods of which only what was done is reported."""
_EMPTY_ROWS = 3
"""Rows to write into by hand where nobody typed any."""


def _show_day(day: date | None) -> Inline:
    return Blank() if day is None else Day(day, short=True)


def _show_text(text: str) -> Inline:
    return text or Blank()


def _show_result(action: FollowedAction) -> Inline:
    return Blank() if action.result is None else phrase(f"work.result.{action.result.value}")


def _show_number(value: float | None, entry: TypedIndicator) -> Inline:
    if value is None:
        return Blank()
    # As elsewhere: `92.5점` and `99.9%`, but `12.5 points`.
    space = " " if entry.unit[:1].isascii() and entry.unit[:1].isalpha() else ""
    return Joined((Quantity(value, "count"), entry.unit), space)


_DONE: tuple[TableColumn[WorkItem], ...] = (
    TableColumn("work_title", lambda one: one.title, numeric=False),
    TableColumn("work_day", lambda one: _show_day(one.day), numeric=False),
    TableColumn("work_by", lambda one: _show_text(one.by), numeric=False),
    TableColumn("work_result", lambda one: _show_text(one.result), numeric=False),
)
_ACTIONS: tuple[TableColumn[FollowedAction], ...] = (
    TableColumn("work_title", lambda one: one.title, numeric=False),
    TableColumn("work_by", lambda one: _show_text(one.by), numeric=False),
    TableColumn("work_due", lambda one: _show_day(one.due), numeric=False),
    TableColumn("work_result", _show_result, numeric=False),
    TableColumn("work_note", lambda one: one.note or None, numeric=False),
)
_PLAN: tuple[TableColumn[PlannedAction], ...] = (
    TableColumn("work_title", lambda one: one.title, numeric=False),
    TableColumn("work_by", lambda one: _show_text(one.by), numeric=False),
    TableColumn("work_due", lambda one: _show_day(one.due), numeric=False),
)
_INDICATORS: tuple[TableColumn[TypedIndicator], ...] = (
    TableColumn("work_indicator", lambda one: one.name, numeric=False),
    TableColumn("work_value", lambda one: _show_number(one.value, one)),
    TableColumn(
        "work_target", lambda one: None if one.target is None else _show_number(one.target, one)
    ),
    TableColumn("work_source", lambda one: _show_text(one.note), numeric=False),
    TableColumn("work_by", lambda one: _show_text(one.by), numeric=False),
)


def build_work(work: WorkLog | None, period: Period) -> Iterator[Block]:
    """What was done, what came of the plan, what is planned, remarks, and typed indicators.

    Of a day, a week or a range only what was done, and nothing where nobody wrote any.
    """
    log = work or WorkLog()
    if period.kind in _SHORT and not log.done:
        return
    yield from _build_table("done", log.done, _DONE)
    if period.kind in _SHORT:
        return
    yield from _build_table("actions", log.actions, _ACTIONS, _count_results(log.actions))
    yield from _build_table("plan", log.plan, _PLAN)
    if log.indicators:
        yield from _build_table("indicators", log.indicators, _INDICATORS)
    yield Heading("work-remarks", phrase("work.section.remarks"))
    if log.remarks:
        yield from map(Note, log.remarks)
    else:
        yield Note(Blank(lines=_EMPTY_ROWS))


def _build_table(
    part: str,
    entries: Sequence[_Entry],
    columns: tuple[TableColumn[_Entry], ...],
    caption: Inline = None,
) -> Iterator[Block]:
    """A table with a heading; rows to fill in where nothing was typed."""
    empty = ((Blank(),) * len(columns),) * _EMPTY_ROWS
    rows = tuple(build_row(columns, entry) for entry in entries)
    yield Heading(f"work-{part}", phrase(f"work.section.{part}"))
    yield Table(f"work-{part}-table", caption, build_heads(columns), rows or empty, wide=True)


def _count_results(actions: Sequence[FollowedAction]) -> Inline:
    """`5 planned: 3 done, 1 ongoing, 1 to fill in`; nothing where nothing was planned."""
    if not actions:
        return None
    counts = Counter(action.result for action in actions)
    parts = [
        phrase("work.count", n=counts[result], what=phrase(f"work.result.{name}"))
        for result, name in [*((one, one.value) for one in ActionResult), (None, "missing")]
        if counts[result]
    ]
    return phrase("work.counts", n=len(actions), parts=Joined(tuple(parts), ", "))
