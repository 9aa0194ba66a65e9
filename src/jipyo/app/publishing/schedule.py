"""The part of the server that makes reports: at set times, and when somebody asks for one."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.app.publishing.delivery import queue_report
from jipyo.app.publishing.job import ReportJob
from jipyo.app.publishing.jobs import ReportJobs
from jipyo.app.publishing.requests import ReportRequests
from jipyo.app.publishing.retention import remove_old_drafts
from jipyo.app.publishing.status import read_status
from jipyo.app.report_runs import (
    enter_due,
    find_next,
    find_next_attempt,
    forget_others,
    mark_done,
    mark_failed,
)
from jipyo.config.overrides import CliOverrides
from jipyo.i18n import texts
from jipyo.loops import Periodic
from jipyo.model.calendar import local_day, period_containing
from jipyo.model.cron import list_moments
from jipyo.model.errors import JipyoError
from jipyo.model.family import counter, gauge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.alerts.store import AlertStore
    from jipyo.app.publishing.job import JobProgress
    from jipyo.app.report_runs import ReportRun
    from jipyo.config.load import Config
    from jipyo.model.clock import Clock
    from jipyo.model.family import Family
    from jipyo.reports.options import ReportSchedule

_LOG = logging.getLogger(__name__)
POLL_MS = 30_000.0
"""So often the clock is looked at: it may have been set."""
_RETENTION_MS = 6 * 3_600_000.0
_LOOK_AHEAD_MS = 366 * 86_400_000


@dataclass(frozen=True, slots=True)
class _Setting:
    """What the configuration in force asks for."""

    config: Config
    schedules: dict[str, ReportSchedule]


class Publishing:
    """Makes one report after the other, each in a process of its own; see `ServerPart`."""

    def __init__(self, store: AlertStore, clock: Clock, jobs: ReportJobs | None = None) -> None:
        """Nothing is made before `start`; `store` has the runs and the outbox."""
        self._store, self._clock = store, clock
        self._jobs = ReportJobs() if jobs is None else jobs
        self._lock = threading.Lock()
        self._setting: _Setting | None = None
        self._look_ms = 0
        """When something is due that has no row yet."""
        self._outcomes: Counter[tuple[str, str]] = Counter()
        self.requests = ReportRequests(self._jobs, store, clock)
        """What people ask for."""
        self._loop = Periodic("reports", self.step, interval_ms=POLL_MS, clock=clock)
        self._retention_loop = Periodic(
            "report-retention", self.clean, interval_ms=_RETENTION_MS, clock=clock
        )

    def apply(self, config: Config) -> None:
        """Make reports by this configuration from now on."""
        schedules = {one.name: one for one in config.settings.reports.schedule}
        with self._lock:
            self._setting = _Setting(config, schedules)
            self._look_ms = 0
        with self._store.transaction() as db:
            forget_others(db, schedules)

    def start(self) -> None:
        """See `ServerPart.start`."""
        with self._lock:
            setting = self._setting
        if setting is not None:
            self.requests.resume(find_overrides(setting.config))
        self._loop.start()
        self._retention_loop.start()

    def stop(self) -> None:
        """See `ServerPart.stop`; the report in progress is made again after the next start."""
        self._loop.request_stop()
        self._jobs.stop()
        self.requests.stop()
        self._loop.stop()
        self._retention_loop.stop()

    def step(self) -> float | None:
        """Make what is due longest; milliseconds until the next step.

        Raises:
            StoreError: the runs cannot be read or written.
        """
        with self._lock:
            setting, look_ms = self._setting, self._look_ms
        if setting is None or not setting.schedules:
            return None
        now_ms = self._clock.now_ms()
        if now_ms >= look_ms:
            self._look(setting, now_ms)
        with self._store.reading() as db:
            run = find_next(db, now_ms)
            next_ms = find_next_attempt(db)
        if run is not None:
            self._make(setting, run)
            return 0.0
        due_ms = min(self._look_ms, self._look_ms if next_ms is None else next_ms)
        return max(min(due_ms - now_ms, POLL_MS), 0.0)

    def _look(self, setting: _Setting, now_ms: int) -> None:
        """Write down what has become due, and when something is due next."""
        zone = setting.config.zone
        with self._store.transaction() as db:
            enter_due(db, setting.schedules.values(), zone, now_ms)
        following = (
            next(list_moments(one.schedule, zone, now_ms, now_ms + _LOOK_AHEAD_MS), None)
            for one in setting.schedules.values()
        )
        with self._lock:
            if self._setting is setting:
                self._look_ms = min(filter(None, following), default=now_ms + _LOOK_AHEAD_MS)

    def _make(self, setting: _Setting, run: ReportRun) -> None:
        schedule, config = setting.schedules[run.schedule], setting.config
        job = build_job(config, schedule, run.due_ms)
        try:
            made = self._jobs.run(job, _ignore_progress)
        except JipyoError as error:
            if not self._loop.stopping.is_set():
                self._note_failure(config, schedule, run, error)
            return
        now_ms, key = self._clock.now_ms(), f"report/{run.schedule}/{run.due_ms}"
        with self._store.transaction() as db:
            queue_report(db, made, schedule.channels, key, now_ms)
            mark_done(db, run, made.number, made.issue, now_ms)
        self._outcomes[run.schedule, "made"] += 1
        _LOG.info("report %s: %s, issue %d", run.schedule, made.number, made.issue)

    def _note_failure(
        self, config: Config, schedule: ReportSchedule, run: ReportRun, error: JipyoError
    ) -> None:
        text = texts(config.lang).error(error)
        with self._store.transaction() as db:
            mark_failed(db, run, text, self._clock.now_ms(), schedule.catch_up_ms)
        self._outcomes[run.schedule, "failed"] += 1
        if not run.attempts:
            _LOG.warning("report %s fails, and is tried again: %s", run.schedule, error)

    def clean(self) -> None:
        """Remove drafts that are older than the configuration keeps them.

        Raises:
            ReportError: the archive cannot be read or written.
        """
        with self._lock:
            setting = self._setting
        if setting is not None:
            for number in remove_old_drafts(setting.config, self._clock.now_ms()):
                _LOG.info("report %s removed: a draft beyond its retention", number)

    def families(self) -> Iterator[Family]:
        """See `ServerPart.families`."""
        yield from self._loop.families()
        yield from self._retention_loop.families()
        with self._lock:
            setting = self._setting
        if setting is None or not setting.schedules:
            return
        with self._store.reading() as db:
            found = [read_status(db, one) for one in setting.schedules.values()]
        for name, text, values in (
            (
                "last_success_timestamp_seconds",
                "When a report of the schedule was made last; 0 for never.",
                [(one.last.done_ms or 0) / 1000 if one.last else 0.0 for one in found],
            ),
            (
                "failing",
                "Whether the last report of the schedule failed or was missed.",
                [float(one.problem is not None) for one in found],
            ),
        ):
            rows = [((one.name,), value) for one, value in zip(found, values, strict=True)]
            yield gauge(f"jipyo_report_{name}", text, ("schedule",), rows)
        attempts = [
            ((schedule, outcome), float(self._outcomes[schedule, outcome]))
            for schedule in setting.schedules
            for outcome in ("made", "failed")
        ]
        text = "Attempts to make the report, by outcome."
        yield counter("jipyo_report_attempts_total", text, ("schedule", "outcome"), attempts)


def build_job(config: Config, schedule: ReportSchedule, due_ms: int) -> ReportJob:
    """The report of a schedule about the last period that was over when it was due."""
    day = local_day(due_ms, config.zone)
    return ReportJob(
        overrides=find_overrides(config),
        period=period_containing(schedule.kind, day, config.zone).previous(),
        formats=schedule.formats,
        forms=schedule.forms,
        languages=schedule.languages or (config.lang,),
        system=schedule.system,
        template=schedule.template,
    )


def find_overrides(config: Config) -> CliOverrides:
    """What makes another process decide as this one did."""
    return CliOverrides(file=config.file, data=config.data, lang=config.lang)


def _ignore_progress(_progress: JobProgress) -> None:
    """Nobody watches a report that is made at its time."""
