"""What people write about the work of a month: done, came of the last plan, planned, remarked.

One file a month, `YYYY-MM.yaml`. Whatever is not filled in stays empty (None or ""), and is
printed as such: nothing is taken for done because nobody wrote about it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING

from jipyo.model.calendar import PeriodKind, period_containing
from jipyo.model.errors import ConfigError
from jipyo.schema import (
    DATE,
    NUMBER,
    TEXT,
    Key,
    Node,
    choice,
    drop_nulls,
    gather,
    list_of,
    parse_yaml,
    read_text,
    record,
)

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from jipyo.i18n import Texts
    from jipyo.model.calendar import Period


class ActionResult(Enum):
    """What came of something that was planned."""

    DONE = "done"
    ONGOING = "ongoing"
    POSTPONED = "postponed"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkItem:
    """Something that was done: a change, a deployment, maintenance."""

    title: str
    day: date | None = None
    by: str = ""
    result: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedAction:
    """Something that is to be done."""

    title: str
    by: str = ""
    due: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedAction:
    """Something that was to be done, and what came of it."""

    title: str
    by: str = ""
    due: date | None = None
    result: ActionResult | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedIndicator:
    """A figure that no metric has, as people measured it."""

    name: str
    value: float | None = None
    unit: str = ""
    target: float | None = None
    note: str = ""
    """Where it comes from."""
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkLog:
    """What people wrote about a period."""

    done: tuple[WorkItem, ...] = ()
    actions: tuple[FollowedAction, ...] = ()
    """Of the plan of the period before."""
    plan: tuple[PlannedAction, ...] = ()
    """For the period after."""
    remarks: tuple[str, ...] = ()
    indicators: tuple[TypedIndicator, ...] = ()


_DONE = record(
    WorkItem,
    (
        Key("title", TEXT, required=True),
        Key("day", DATE),
        Key("by", TEXT),
        Key("result", TEXT),
    ),
)
_ACTION = record(
    FollowedAction,
    (
        Key("title", TEXT, required=True),
        Key("by", TEXT),
        Key("due", DATE),
        Key("result", choice(ActionResult)),
        Key("note", TEXT),
    ),
)
_PLAN = record(
    PlannedAction,
    (Key("title", TEXT, required=True), Key("by", TEXT), Key("due", DATE)),
)
_INDICATOR = record(
    TypedIndicator,
    (
        Key("name", TEXT, required=True),
        Key("value", NUMBER),
        Key("unit", TEXT),
        Key("target", NUMBER),
        Key("note", TEXT),
        Key("by", TEXT),
    ),
)
_WORK_LOG = record(
    WorkLog,
    (
        Key("done", list_of(_DONE)),
        Key("actions", list_of(_ACTION)),
        Key("plan", list_of(_PLAN)),
        Key("remarks", list_of(TEXT)),
        Key("indicators", list_of(_INDICATOR)),
    ),
)


def parse_work_log(text: str, file: str, month: Period) -> WorkLog:
    """The file of a month; what was done is in the order of its days.

    Raises:
        ConfigError: with every mistake in it, such as a day of another month.
    """
    tree = drop_nulls(parse_yaml(text, file))
    if tree.value is None:
        return WorkLog()
    log = _WORK_LOG.read(tree)
    nodes = tree.find("done").value
    gather(
        partial(_check_day, item, node, month)
        for item, node in zip(log.done, nodes if isinstance(nodes, tuple) else (), strict=True)
    )
    return replace(log, done=tuple(sorted(log.done, key=_find_order)))


def _check_day(item: WorkItem, node: Node, month: Period) -> None:
    if item.day is not None and not month.first_day <= item.day < month.next_day:
        raise ConfigError(
            "work.other_month",
            where=node.find("day").at,
            day=item.day.isoformat(),
            month=name_month(month),
        )


def _find_order(item: WorkItem) -> tuple[bool, str]:
    return item.day is None, item.day.isoformat() if item.day else ""


def name_month(month: Period) -> str:
    """`2027-01`, as its file is called."""
    return f"{month.first_day:%Y-%m}"


def find_work_file(folder: Path, month: Period) -> Path:
    """Where people write about a month."""
    return folder / f"{name_month(month)}.yaml"


def read_work_log(folder: Path, period: Period, zone: ZoneInfo) -> WorkLog | None:
    """What people wrote about a period; None where they wrote and planned nothing.

    Of a period shorter than a month it is what was done on its days. Of a longer one the actions
    are those of each month, and the plan is that of the last.

    Raises:
        ConfigError: with every mistake in a file.
    """
    months = list_months(period, zone)
    logs = [_read_month(folder, month) for month in months]
    plan = read_plan(folder, months[0])
    if not any(logs) and not plan:
        return None
    found = [log or WorkLog() for log in logs]
    plans = (plan, *(log.plan for log in found))
    actions = [
        action
        for plan, log in zip(plans, found, strict=False)
        for action in follow_plan(plan, log.actions)
    ]
    done = [item for log in found for item in log.done if _is_in(item.day, period)]
    if period.kind in (PeriodKind.DAY, PeriodKind.WEEK):
        return WorkLog(done=tuple(done))
    return WorkLog(
        done=tuple(done),
        actions=tuple(actions),
        plan=found[-1].plan,
        remarks=tuple(text for log in found for text in log.remarks),
        indicators=tuple(one for log in found for one in log.indicators),
    )


def _is_in(day: date | None, period: Period) -> bool:
    if day is None:
        return period.kind not in (PeriodKind.DAY, PeriodKind.WEEK)
    return period.first_day <= day < period.next_day


def list_months(period: Period, zone: ZoneInfo) -> tuple[Period, ...]:
    """The months that a period touches."""
    months = [period_containing(PeriodKind.MONTH, period.first_day, zone)]
    while months[-1].end_ms < period.end_ms:
        months.append(period_containing(PeriodKind.MONTH, months[-1].next_day, zone))
    return tuple(months)


def read_plan(folder: Path, month: Period) -> tuple[PlannedAction, ...]:
    """What was planned for a month in the one before.

    Raises:
        ConfigError: with every mistake in the file of the month before.
    """
    before = _read_month(folder, month.previous())
    return () if before is None else before.plan


def _read_month(folder: Path, month: Period) -> WorkLog | None:
    path = find_work_file(folder, month)
    return parse_work_log(read_text(path), str(path), month) if path.exists() else None


def follow_plan(
    plan: tuple[PlannedAction, ...], actions: tuple[FollowedAction, ...]
) -> tuple[FollowedAction, ...]:
    """What came of each planned action, by its title, and then what was followed beside the plan.

    An action that nobody wrote about is there without a result.
    """
    written = {action.title: action for action in actions}
    followed = []
    for planned in plan:
        own = written.pop(planned.title, FollowedAction(title=planned.title))
        followed.append(replace(own, by=own.by or planned.by, due=own.due or planned.due))
    return (*followed, *(action for action in actions if action.title in written))


def write_work_template(month: Period, planned: tuple[PlannedAction, ...], t: Texts) -> str:
    """A file to fill in for a month; `planned` is what the month before planned."""
    day, following = month.first_day, month.next_day
    results = ", ".join(result.value for result in ActionResult)
    actions = [
        f"  - {{title: {_quote(one.title)}, by: {_quote(one.by)}, due: {one.due or ''}, result: ,"
        " note: }"
        for one in planned
    ]
    example = f"  # - {{title: , by: , due: {day}, result: done, note: }}"
    return "\n".join(
        [
            t("work.template.head", month=name_month(month)),
            t("work.template.done"),
            "done:",
            f"  # - {{day: {day}, title: , by: , result: }}",
            "",
            t("work.template.actions", results=results),
            "actions:",
            *(actions or [example]),
            "",
            t("work.template.plan"),
            "plan:",
            f"  # - {{title: , by: , due: {following}}}",
            "",
            t("work.template.remarks"),
            "remarks:",
            "  # - ",
            "",
            t("work.template.indicators"),
            "indicators:",
            "  # - {name: , value: , unit: , target: , note: , by: }",
            "",
        ]
    )


def _quote(text: str) -> str:
    """A text as YAML between quotes, so that nothing in it is syntax."""
    return "'" + text.replace("'", "''") + "'" if text else ""
