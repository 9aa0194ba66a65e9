"""The work log in a report: what was typed, and what is left to fill in."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from jipyo.i18n import LANGS, Lang
from jipyo.model.calendar import Period, PeriodKind, period_containing
from jipyo.reports.document import Blank, Block, Heading, Note, Table
from jipyo.reports.sections.work import build_work
from jipyo.reports.wording import Localizer
from jipyo.reports.work_log import (
    ActionResult,
    FollowedAction,
    PlannedAction,
    TypedIndicator,
    WorkItem,
    WorkLog,
)

ZONE = ZoneInfo("Asia/Seoul")
MONTH = period_containing(PeriodKind.MONTH, date(2027, 1, 1), ZONE)
DAY = period_containing(PeriodKind.DAY, date(2027, 1, 12), ZONE)
LOG = WorkLog(
    done=(WorkItem(title="driver 580", day=date(2027, 1, 12), by="Park"), WorkItem(title="x")),
    actions=(
        FollowedAction(title="a", result=ActionResult.DONE),
        FollowedAction(title="b", result=ActionResult.DONE, note="late"),
        FollowedAction(title="c", result=ActionResult.POSTPONED),
        FollowedAction(title="d"),
    ),
    plan=(PlannedAction(title="e", due=date(2027, 2, 1)),),
    remarks=("one", "two"),
    indicators=(TypedIndicator(name="satisfaction", value=92.5, unit="점", target=90),),
)


def show(blocks: list[Block], period: Period, lang: Lang = "en") -> list[str]:
    """Each block as a line, each row of a table as one."""
    localizer, lines = Localizer.for_period(period, lang), []
    for block in blocks:
        if isinstance(block, Heading):
            lines.append(f"# {localizer.format(block.text)}")
        elif isinstance(block, Table):
            lines += [localizer.format(block.caption)] if block.caption else []
            lines += [
                " | ".join(
                    "[]" if isinstance(cell, Blank) else localizer.format(cell) for cell in row
                )
                for row in block.rows
            ]
        elif isinstance(block, Note):
            lines.append("[]" if isinstance(block.text, Blank) else localizer.format(block.text))
    return lines


def test_what_was_typed_is_there_and_the_rest_is_to_be_filled_in() -> None:
    assert show(list(build_work(LOG, MONTH)), MONTH) == [
        "# Work done",
        "driver 580 | Tue 12 Jan | Park | []",
        "x | [] | [] | []",
        "# Results of last period's plan",
        "4 planned: 2 done, 1 postponed, 1 to fill in",
        "a | [] | [] | done | –",
        "b | [] | [] | done | late",
        "c | [] | [] | postponed | –",
        "d | [] | [] | [] | –",
        "# Plan for the next period",
        "e | [] | Mon 1 Feb",
        "# Figures entered by hand",
        "satisfaction | 92.5점 | 90점 | [] | []",
        "# Remarks",
        "one",
        "two",
    ]


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("log", [None, WorkLog()])
def test_a_month_without_a_work_log_has_room_to_write(log: WorkLog | None, lang: Lang) -> None:
    lines = show(list(build_work(log, MONTH)), MONTH, lang)
    assert len([line for line in lines if line.startswith("#")]) == 4
    assert lines.count("[] | [] | [] | []") == 3
    assert lines[-1] == "[]"


def test_a_day_has_what_was_done_and_is_silent_without() -> None:
    assert show(list(build_work(LOG, DAY)), DAY)[0] == "# Work done"
    assert len(show(list(build_work(LOG, DAY)), DAY)) == 3
    assert list(build_work(None, DAY)) == []
    assert list(build_work(WorkLog(remarks=("x",)), DAY)) == []
