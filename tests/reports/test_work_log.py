"""What people write about the work of a month."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
import yaml

from jipyo.i18n import LANGS, Lang, texts
from jipyo.model.calendar import Period, PeriodKind, period_containing
from jipyo.model.errors import ConfigError
from jipyo.reports.work_log import (
    ActionResult,
    FollowedAction,
    PlannedAction,
    TypedIndicator,
    WorkItem,
    WorkLog,
    find_work_file,
    follow_plan,
    parse_work_log,
    read_work_log,
    write_work_template,
)

if TYPE_CHECKING:
    from pathlib import Path

ZONE = ZoneInfo("Asia/Seoul")


def find(kind: PeriodKind, day: str) -> Period:
    return period_containing(kind, date.fromisoformat(day), ZONE)


JANUARY, FEBRUARY = (find(PeriodKind.MONTH, day) for day in ("2027-01-01", "2027-02-01"))
TEXT = """
done:
  - {title: driver 580, day: 2027-01-20, by: 박준호, result: no errors}
  - {title: cleaned up}
  - {title: v2.4.1, day: 2027-01-04}
actions:
  - {title: add a disk, result: done, note: 2027-01-11}
plan:
  - {title: "replace GPU 3: fan", by: 김민수, due: 2027-02-10}
  - {title: it's a test}
remarks: [a visit by the auditors]
indicators: [{name: satisfaction, value: 92.5, unit: 점, target: 90}, {name: training}]
"""


def write(folder: Path, month: Period, text: str) -> None:
    find_work_file(folder, month).write_text(text, "utf-8")


def test_what_is_written_is_read_in_the_order_of_days() -> None:
    log = parse_work_log(TEXT, "2027-01.yaml", JANUARY)
    assert [item.title for item in log.done] == ["v2.4.1", "driver 580", "cleaned up"]
    assert log.actions == (
        FollowedAction(title="add a disk", result=ActionResult.DONE, note="2027-01-11"),
    )
    assert log.plan[1] == PlannedAction(title="it's a test")
    assert log.indicators[1] == TypedIndicator(name="training")


@pytest.mark.parametrize("text", ["", "done:\nplan:\n", "remarks: []\n"])
def test_an_empty_file_is_an_empty_log(text: str) -> None:
    assert parse_work_log(text, "", JANUARY) == WorkLog()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("done: [{day: 2027-02-01, title: x}]", "2027-02-01 is not in 2027-01"),
        ("done: [{day: 2027-01-01}]", "The key title is missing"),
        ("actions: [{title: x, result: ok}]", "Unknown value ok. Use one of: done, dropped"),
        ("plans: []", "Unknown key plans. Did you mean plan?"),
        ("indicators: [{name: x, value: many}]", "many"),
        ("[1]", "key"),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_work_log(text, "2027-01.yaml", JANUARY)
    words = texts("en").error(caught.value)
    assert message in words
    assert "2027-01.yaml:1" in words


def test_a_planned_action_that_nobody_wrote_about_has_no_result() -> None:
    plan = (
        PlannedAction(title="a", by="Kim", due=date(2027, 2, 10)),
        PlannedAction(title="b"),
    )
    written = (
        FollowedAction(title="c", result=ActionResult.DONE),
        FollowedAction(title="b", result=ActionResult.ONGOING, by="Lee"),
    )
    assert follow_plan(plan, written) == (
        FollowedAction(title="a", by="Kim", due=date(2027, 2, 10)),
        FollowedAction(title="b", result=ActionResult.ONGOING, by="Lee"),
        FollowedAction(title="c", result=ActionResult.DONE),
    )


def test_the_plan_of_a_month_is_followed_in_the_next(tmp_path: Path) -> None:
    write(tmp_path, JANUARY, TEXT)
    log = read_work_log(tmp_path, FEBRUARY, ZONE)
    assert log is not None
    assert [action.title for action in log.actions] == ["replace GPU 3: fan", "it's a test"]
    assert [action.result for action in log.actions] == [None, None]
    assert read_work_log(tmp_path, find(PeriodKind.MONTH, "2027-05-01"), ZONE) is None


def test_a_day_and_a_week_have_what_was_done_then_and_a_quarter_has_all(tmp_path: Path) -> None:
    write(tmp_path, JANUARY, TEXT)
    write(tmp_path, FEBRUARY, "plan: [{title: later}]\nactions: [{title: new, result: dropped}]")
    day = read_work_log(tmp_path, find(PeriodKind.DAY, "2027-01-04"), ZONE)
    week = read_work_log(tmp_path, find(PeriodKind.WEEK, "2027-01-30"), ZONE)
    quarter = read_work_log(tmp_path, find(PeriodKind.QUARTER, "2027-01-01"), ZONE)
    assert day == WorkLog(done=(WorkItem(title="v2.4.1", day=date(2027, 1, 4)),))
    assert week == WorkLog()
    assert quarter is not None
    assert len(quarter.done) == 3
    assert [one.title for one in quarter.actions] == [
        "add a disk",
        "replace GPU 3: fan",
        "it's a test",
        "new",
        "later",
    ]
    assert quarter.plan == ()


@pytest.mark.parametrize("lang", LANGS)
def test_a_template_can_be_read_as_it_is_and_with_its_examples(lang: Lang) -> None:
    text = write_work_template(JANUARY, (), texts(lang))
    assert parse_work_log(text, "", JANUARY) == WorkLog()
    filled = "\n".join(
        line.replace("  # - ", "  - ") if line.startswith("  #") else line
        for line in text.splitlines()
    )
    filled = filled.replace("value: , unit: , target: ,", "unit: ,").replace("- \n", "- x\n")
    log = parse_work_log(filled.replace(": ,", ": x,").replace(": }", ": x}"), "", JANUARY)
    assert [len(part) for part in (log.done, log.actions, log.plan, log.remarks)] == [1] * 4
    assert set(yaml.safe_load(text)) == {"done", "actions", "plan", "remarks", "indicators"}


def test_a_template_has_what_the_month_before_planned() -> None:
    planned = parse_work_log(TEXT, "", JANUARY).plan
    text = write_work_template(FEBRUARY, planned, texts("ko"))
    actions = parse_work_log(text, "", FEBRUARY).actions
    assert actions == follow_plan(planned, ())
