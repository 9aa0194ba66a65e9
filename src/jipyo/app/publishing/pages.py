"""What the pages of reports show of schedules and of what people asked for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from jipyo.app.offline import find_archive
from jipyo.app.publishing.job import ReportJob, VerificationJob
from jipyo.app.publishing.schedule import find_overrides
from jipyo.app.publishing.status import describe_problem, read_status
from jipyo.model.calendar import PeriodKind, local_day, name_period, parse_period, period_containing
from jipyo.model.cron import list_moments
from jipyo.model.errors import ConfigError, ReportError
from jipyo.reports.archive.names import name_document
from jipyo.reports.options import KINDS
from jipyo.web.api.reports import (
    NewReport,
    ReportBuild,
    ReportParts,
    ReportScheduleInfo,
    ReportVerification,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.alerts.store import AlertStore
    from jipyo.app.publishing.requests import ReportRequests
    from jipyo.app.report_request_records import ReportRequest
    from jipyo.app.verification_records import VerificationRequest, VerifiedIssue
    from jipyo.config.load import Config
    from jipyo.i18n import Texts
    from jipyo.model.calendar import Period
    from jipyo.model.clock import Clock

_LOOK_AHEAD_MS = 366 * 86_400_000
_PERIODS = {name: kind for kind, name in KINDS.items()}


def build_report_parts(
    config: Config, store: AlertStore, requests: ReportRequests, clock: Clock
) -> ReportParts:
    """The parts of the pages by a configuration."""

    def list_builds(t: Texts) -> tuple[ReportBuild, ...]:
        return tuple(describe_request(one, t) for one in requests.list_all())

    def order(wanted: NewReport, t: Texts) -> ReportBuild:
        job = build_job(config, wanted, clock.now_ms())
        return describe_request(requests.add(job), t)

    def verify(number: str, issue: int, t: Texts) -> ReportVerification:
        job = VerificationJob(overrides=find_overrides(config), number=number, issue=issue)
        return describe_verification(requests.verifications.add(job), t)

    def find_verification(number: str, issue: int, t: Texts) -> ReportVerification | None:
        found = requests.verifications.find(number, issue)
        return None if found is None else describe_verification(found, t)

    return ReportParts(
        root=find_archive(config),
        list_schedules=partial(_list_schedules, config, store, clock),
        list_builds=list_builds,
        order=order,
        verify=verify,
        find_verification=find_verification,
        zone=config.zone,
        now_ms=clock.now_ms,
        lang=config.lang,
    )


def build_job(config: Config, wanted: NewReport, now_ms: int) -> ReportJob:
    """The job of what somebody asked for.

    Raises:
        ConfigError: there is no such period.
        ReportError: it is not over.
    """
    period = _find_period(config, wanted, now_ms)
    if period.end_ms > now_ms:
        name = name_period(period)
        raise ReportError("archive.not_over", hint="archive.not_over.hint", number=name)
    return ReportJob(
        overrides=find_overrides(config),
        period=period,
        formats=tuple(dict.fromkeys(wanted.formats)),
        languages=tuple(dict.fromkeys(wanted.languages)) or (config.lang,),
    )


def _find_period(config: Config, wanted: NewReport, now_ms: int) -> Period:
    kind: PeriodKind = _PERIODS[wanted.kind]
    if not wanted.period:
        today = local_day(now_ms, config.zone)
        return period_containing(kind, today, config.zone).previous()
    try:
        return parse_period(kind, wanted.period, config.zone)
    except ValueError as error:
        raise ConfigError(f"cli.report.not_a.{kind.value}", value=wanted.period) from error


def describe_request(request: ReportRequest, t: Texts) -> ReportBuild:
    """A request as the API shows it."""
    period = request.period
    return ReportBuild(
        id=request.id,
        kind=KINDS[period.kind],  # type: ignore[arg-type]  # a range cannot be asked for
        period=name_period(period),
        requested=request.asked_ms / 1000,
        state=request.state,
        done=request.done,
        total=request.total,
        report=name_document(request.number) if request.number else "",
        issue=request.issue,
        error="" if request.error is None else request.error(t.lang),
    )


def describe_verification(request: VerificationRequest, t: Texts) -> ReportVerification:
    """A verification as the API shows it, with what came of it in a line."""
    found = request.result
    if found is None:
        error = request.error
        text = t(f"months.verify.{request.state}") if error is None else error(t.lang)
        is_equal = None
    else:
        is_equal = not (found.different or found.is_damaged or found.unverified or found.reason)
        text = "\n".join(_explain_verified(found, t))
    return ReportVerification(
        issue=request.issue,
        state=request.state,
        t=request.t_ms / 1000,
        done=request.done,
        total=request.total,
        is_equal=is_equal,
        text=text,
    )


def _explain_verified(found: VerifiedIssue, t: Texts) -> Iterator[str]:
    if found.is_damaged:
        yield t("months.verify.damaged")
    if found.different:
        yield t("months.verify.different", n=found.checked, different=found.different)
    if found.unverified or found.reason is not None:
        n = found.unverified or found.checked
        yield t("months.verify.unverified", n=n)
        if found.reason is not None:
            yield found.reason(t.lang)
    elif not found.different and not found.is_damaged:
        yield t("months.verify.equal", n=found.checked)


def _list_schedules(
    config: Config, store: AlertStore, clock: Clock, t: Texts
) -> tuple[ReportScheduleInfo, ...]:
    return tuple(_describe_schedules(config, store, clock.now_ms(), t))


def _describe_schedules(
    config: Config, store: AlertStore, now_ms: int, t: Texts
) -> Iterator[ReportScheduleInfo]:
    for schedule in config.settings.reports.schedule:
        with store.reading() as db:
            status = read_status(db, schedule)
        moments = list_moments(schedule.schedule, config.zone, now_ms, now_ms + _LOOK_AHEAD_MS)
        next_ms, last = next(moments, None), status.last
        yield ReportScheduleInfo(
            name=schedule.name,
            kind=KINDS[schedule.kind],  # type: ignore[arg-type]  # a range has no schedule
            next=None if next_ms is None else next_ms / 1000,
            last=None if last is None or last.done_ms is None else last.done_ms / 1000,
            problem="" if status.problem is None else t.error(describe_problem(status, config, t)),
        )
