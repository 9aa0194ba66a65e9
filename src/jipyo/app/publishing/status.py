"""How it goes with scheduled reports, beside the running server or without one."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.alerts.store import FILE_NAME, AlertStore
from jipyo.app.alerts.schema import STEPS
from jipyo.app.report_runs import read_last_runs
from jipyo.model.errors import ReportError, StoreError

if TYPE_CHECKING:
    import sqlite3

    from jipyo.app.report_runs import ReportRun
    from jipyo.config.load import Config
    from jipyo.i18n import Texts
    from jipyo.model.errors import JipyoError
    from jipyo.reports.options import ReportSchedule

_LOST = ("failed", "missed")
_LOOKED_AT = 50
"""Runs back from the newest, in which the last report that was made is looked for."""


@dataclass(frozen=True, slots=True)
class ScheduleStatus:
    """How it goes with one schedule."""

    name: str
    last: ReportRun | None
    """The last report that was made."""
    problem: ReportRun | None
    """The newest run, where it fails, was given up, or was missed."""


def read_status(db: sqlite3.Connection, schedule: ReportSchedule) -> ScheduleStatus:
    """How it goes with a schedule."""
    runs = read_last_runs(db, schedule.name, _LOOKED_AT)
    last = next((run for run in runs if run.state == "done"), None)
    newest = runs[0] if runs else None
    fails = newest is not None and (newest.state in _LOST or bool(newest.error))
    return ScheduleStatus(schedule.name, last, newest if fails else None)


def check_reports(config: Config, t: Texts) -> tuple[JipyoError, ...]:
    """The schedules whose reports cannot be made, with the reason of each."""
    schedules = config.settings.reports.schedule
    if not schedules or not (config.data / FILE_NAME).exists():
        return ()
    try:
        with (
            contextlib.closing(AlertStore.open(config.data, STEPS)) as store,
            store.reading() as db,
        ):
            found = [read_status(db, one) for one in schedules]
    except StoreError as error:
        return (error,)
    return tuple(describe_problem(one, config, t) for one in found if one.problem is not None)


def describe_problem(status: ScheduleStatus, config: Config, t: Texts) -> ReportError:
    """Why the newest report of a schedule could not be made, for people."""
    problem = status.problem
    assert problem is not None, "BUG: nothing is wrong"
    moment = t.moment(problem.due_ms, config.zone)
    if problem.state == "missed":
        key = "publish.missed"
        return ReportError(key, hint=f"{key}.hint", name=status.name, moment=moment)
    key = "publish.given_up" if problem.state == "failed" else "publish.failing"
    hint = "publish.failing.hint"
    return ReportError(key, hint=hint, name=status.name, moment=moment, error=problem.error)
