"""The logs of the period: errors, templates that are new or surge, sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.analysis.thresholds import State
from jipyo.i18n import escape_controls
from jipyo.model.errors import JipyoError
from jipyo.reports.document import (
    Block,
    Code,
    Duration,
    Heading,
    Inline,
    Moment,
    Note,
    Phrase,
    Quantity,
    Table,
    phrase,
)
from jipyo.reports.log_data import BASELINE_DAYS, LISTED
from jipyo.reports.sections.missing import describe_error
from jipyo.reports.tables import TableColumn, build_heads, build_row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.logs.activity.errors import ServiceErrors
    from jipyo.logs.activity.visits import ServiceVisits
    from jipyo.logs.answer import LogTemplate
    from jipyo.logs.templates.comparison import TemplateChange
    from jipyo.reports.log_data import PeriodLogs

_NS_PER_MS = 1_000_000
_LONGEST_TEXT = 300
_MOST_NAMES = 3


def build_logs(logs: PeriodLogs | JipyoError | None) -> Iterator[Block]:
    """The section; none where there are no logs, a note where they cannot be read."""
    if logs is None:
        return
    yield Heading("logs", phrase("reports.section.logs"))
    for text in list_missing(logs):
        yield Note(text, State.UNKNOWN)
    if isinstance(logs, JipyoError):
        return
    errors = logs.errors
    if not errors.records:
        yield Note(phrase("reports.logs.nothing"), State.UNKNOWN)
        return
    values = {"records": errors.records, "errors": errors.errors}
    share = Quantity(100 * errors.share, "percent")
    yield Note(phrase("reports.logs.sum", **values, share=share))
    if errors.errors:
        yield build_service_table(logs)
        yield build_error_table(logs)
    if logs.changes:
        yield build_change_table(logs)
    elif logs.comparison.baseline_total:
        yield Note(phrase("reports.logs.no_changes", days=BASELINE_DAYS))
    if logs.visits.services:
        yield build_session_table(logs)
    yield Note(describe_basis(logs))


def list_missing(logs: PeriodLogs | JipyoError | None) -> tuple[Phrase, ...]:
    """A sentence for each reason why logs could not be read."""
    if logs is None:
        return ()
    if isinstance(logs, JipyoError):
        return (phrase("reports.logs.unreadable", problem=describe_error(logs)),)
    return tuple(
        phrase("reports.logs.incomplete", problem=describe_error(error)) for error in logs.missing
    )


def describe_basis(logs: PeriodLogs) -> Inline:
    """From which records, of which time, and how the figures were made."""
    return phrase(
        "reports.logs.basis",
        records=logs.errors.records,
        start=Moment(logs.query.start_ns // _NS_PER_MS, dated=True),
        end=Moment(logs.query.end_ns // _NS_PER_MS, dated=True),
        before=logs.comparison.baseline_total,
        days=BASELINE_DAYS,
        compared=logs.comparison.comparison.compared,
    )


def show_template(one: LogTemplate) -> Inline:
    """Its text, as short as a table needs it, and the services that have it."""
    text = escape_controls(one.text)
    shown = text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]} …"
    return Code(shown.replace("\n", " ") or "–")


def name_services(one: LogTemplate) -> Inline:
    """The services with most of its records."""
    services = sorted(one.by_service.items(), key=lambda item: (-item[1], item[0]))
    names = ", ".join(escape_controls(name) for name, _ in services[:_MOST_NAMES])
    left = len(services) - _MOST_NAMES
    return phrase("reports.and_more", names=names, n=left) if left > 0 else names


def _show_share(part: int, whole: int) -> Inline:
    return Quantity(100 * part / whole, "percent") if whole else None


def _at(t_ns: int) -> Moment:
    return Moment(t_ns // _NS_PER_MS, to_the_second=True)


SERVICE_COLUMNS: tuple[TableColumn[ServiceErrors], ...] = (
    TableColumn("service", lambda one: escape_controls(one.service), numeric=False),
    TableColumn("log_records", lambda one: one.records),
    TableColumn("log_errors", lambda one: one.errors),
    TableColumn("error_rate", lambda one: _show_share(one.errors, one.records)),
)


def build_service_table(logs: PeriodLogs) -> Table:
    """A row a service with errors, the most errors first."""
    failing = [one for one in logs.errors.services if one.errors][:LISTED]
    return Table(
        id="log-services",
        caption=phrase("reports.logs.services"),
        columns=build_heads(SERVICE_COLUMNS),
        rows=tuple(build_row(SERVICE_COLUMNS, one) for one in failing),
        wide=True,
    )


TEMPLATE_COLUMNS: tuple[TableColumn[LogTemplate], ...] = (
    TableColumn("log_template", show_template, numeric=False),
    TableColumn("service", name_services, numeric=False),
    TableColumn("log_records", lambda one: one.n),
    TableColumn("first_seen", lambda one: _at(one.first_ns)),
    TableColumn("last_seen", lambda one: _at(one.last_ns)),
)


def build_error_table(logs: PeriodLogs) -> Table:
    """A row a template of errors, the most frequent first."""
    errors = logs.errors
    return Table(
        id="log-errors",
        caption=phrase("reports.logs.templates", n=errors.template_count),
        columns=build_heads(TEMPLATE_COLUMNS),
        rows=tuple(build_row(TEMPLATE_COLUMNS, one) for one in errors.templates),
        wide=True,
    )


CHANGE_COLUMNS: tuple[TableColumn[TemplateChange], ...] = (
    TableColumn("log_template", lambda one: show_template(one.template), numeric=False),
    TableColumn("service", lambda one: name_services(one.template), numeric=False),
    TableColumn(
        "log_change", lambda one: phrase(f"reports.logs.{one.change.kind.value}"), numeric=False
    ),
    TableColumn("log_records", lambda one: one.change.n),
    TableColumn("log_expected", lambda one: Quantity(one.change.expected, "count")),
    TableColumn("log_g", lambda one: Quantity(one.change.g, "count")),
    TableColumn("first_seen", lambda one: _at(one.template.first_ns)),
)


def build_change_table(logs: PeriodLogs) -> Table:
    """A row a template that is new or surges, the surest first."""
    return Table(
        id="log-changes",
        caption=phrase("reports.logs.changes", days=BASELINE_DAYS),
        columns=build_heads(CHANGE_COLUMNS),
        rows=tuple(build_row(CHANGE_COLUMNS, one) for one in logs.changes),
        wide=True,
    )


def _show_duration(one: ServiceVisits) -> Inline:
    return Duration(round(1000 * one.summary.median_duration_s)) if one.summary.sessions else None


def _show_bounce(one: ServiceVisits) -> Inline:
    return Quantity(one.summary.bounce_percent, "percent") if one.summary.sessions else None


SESSION_COLUMNS: tuple[TableColumn[ServiceVisits], ...] = (
    TableColumn("service", lambda one: escape_controls(one.service), numeric=False),
    TableColumn("sessions", lambda one: one.summary.sessions),
    TableColumn("visitors", lambda one: one.summary.visitors),
    TableColumn("new_visitors", lambda one: one.summary.new_visitors),
    TableColumn("session_length", _show_duration),
    TableColumn("bounce", _show_bounce),
    TableColumn("bots", lambda one: one.summary.automatic_sessions),
)


def build_session_table(logs: PeriodLogs) -> Table:
    """A row a service, the most sessions first."""
    return Table(
        id="log-sessions",
        caption=phrase("reports.logs.sessions"),
        columns=build_heads(SESSION_COLUMNS),
        rows=tuple(build_row(SESSION_COLUMNS, one) for one in logs.visits.services[:LISTED]),
    )
