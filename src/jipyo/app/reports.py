"""The report of a period from a workspace: what each section needs, read; then built."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from jipyo.alerts.incident.origin import EVENT_BEFORE_MS
from jipyo.alerts.maintenance_calendar import expand_maintenance
from jipyo.alerts.silence_records import read_windows
from jipyo.analysis.slo.evaluate import evaluate_levels
from jipyo.analysis.slo.read import CountReader
from jipyo.app.alerts.summary import read_events, read_ranked_incident, read_ranked_incidents
from jipyo.app.contract import build_contract_months, find_systems, open_alerts
from jipyo.app.inspection import build_sheet, list_days_off
from jipyo.model.calendar import PeriodKind, list_months, local_day, period_containing
from jipyo.model.errors import JipyoError
from jipyo.model.progress import ignore_progress
from jipyo.model.result import Vector
from jipyo.reports import periodic
from jipyo.reports.capacity_data import gather_capacities
from jipyo.reports.data import gather
from jipyo.reports.efficiency_data import EfficiencyData, gather_efficiency
from jipyo.reports.incident_courses import gather_courses
from jipyo.reports.incident_facts import IncidentFacts, choose_pages, gather_facts
from jipyo.reports.incident_report import build_incident_report
from jipyo.reports.inputs import FailedReading, ReportInputs
from jipyo.reports.log_data import gather_logs
from jipyo.reports.options import ReportsOptions
from jipyo.reports.outline import choose_sections, find_outline, list_sections
from jipyo.reports.sections.objectives import evaluate_objectives
from jipyo.reports.site_template_file import read_site_template
from jipyo.reports.work_log import read_work_log
from jipyo.sla.evaluate import find_window
from jipyo.source.recording import ask_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from jipyo.alerts.events.event import Event
    from jipyo.alerts.options import AlertsOptions
    from jipyo.alerts.silence import MaintenanceWindow
    from jipyo.analysis.slo.result import SloResult
    from jipyo.app.workspace import Workspace
    from jipyo.model.calendar import Period
    from jipyo.model.progress import Progress
    from jipyo.reports.capacity_data import ServiceCapacity
    from jipyo.reports.document import Report
    from jipyo.reports.incident_courses import IncidentCourse
    from jipyo.reports.inputs import RankedIncident
    from jipyo.reports.log_data import PeriodLogs
    from jipyo.reports.site_template import SiteTemplate
    from jipyo.reports.work_log import WorkLog
    from jipyo.sla.inspection import InspectionSheet
    from jipyo.sla.month import ContractMonth
    from jipyo.source import Source

_T = TypeVar("_T")


def find_last_period(workspace: Workspace, kind: PeriodKind) -> Period:
    """The last period of a kind that is over; the one that runs where that has no samples."""
    today = local_day(workspace.now_ms(), workspace.zone)
    running = period_containing(kind, today, workspace.zone)
    return running if _is_first(workspace, running) else running.previous()


def _is_first(workspace: Workspace, running: Period) -> bool:
    """Whether the period before this one has no samples at all."""
    source, last = workspace.source, running.previous()
    if not source.label_values("job", (), last.start_ms, last.end_ms - 1):
        return True
    # VictoriaMetrics knows labels by days of UTC: in the morning in Seoul, today's are yesterday's.
    seen = f"count(last_over_time(up[{last.duration_ms}ms]))"
    return not _has_series(source, seen, last.end_ms - 1) and _has_series(
        source, seen, workspace.now_ms()
    )


def _has_series(source: Source, expr: str, t_ms: int) -> bool:
    answer = source.instant(expr, t_ms).value
    return isinstance(answer, Vector) and bool(answer.series)


def build_report(
    workspace: Workspace,
    period: Period,
    progress: Progress = ignore_progress,
    *,
    details: bool = False,
) -> Report:
    """The report of a period as data, with `details` with every metric; see `gather_inputs`.

    Raises:
        ReportError: the period has not begun.
        SourceError: the source failed.
    """
    outline = find_outline(period.kind, details=details)
    return periodic.build(gather_inputs(workspace, period, progress), outline)


def gather_inputs(
    workspace: Workspace, period: Period, progress: Progress = ignore_progress
) -> ReportInputs:
    """Read what the sections of a period's report need.

    The metrics are what a report rests on. Where anything else cannot be read, the report is
    made without it, and says so.

    Args:
        workspace: has the samples, the logs, and the data folder with all else.
        period: what is reported on.
        progress: called with how many of how many metrics are read.

    Raises:
        ConfigError: the template has mistakes.
        ReportError: the period has not begun.
        SourceError: the source failed.
    """
    now_ms, template = workspace.now_ms(), read_site_template(workspace.template)
    data = gather(workspace.source, workspace.catalogue, period, now_ms, progress)
    reading = _Reading(workspace, period, data.window.end_ms, template)
    nothing: tuple[RankedIncident, ...] = ()
    incidents = reading.of("incidents", reading.read_incidents, nothing)
    return ReportInputs(
        data=data,
        catalogue=workspace.catalogue,
        made_ms=now_ms,
        objectives=evaluate_objectives(data, workspace.catalogue),
        levels=reading.of("slo", reading.read_levels, ()),
        contracts=reading.of("contract", reading.read_contracts, ()),
        contract_months=reading.of("contract", reading.read_contract_months, ()),
        inspection=reading.of("inspection", reading.read_inspection, None),
        incidents=incidents,
        logs=reading.of("logs", reading.read_logs, None),
        efficiency=reading.of("efficiency", reading.read_efficiency, None),
        work=reading.of("work", reading.read_work, None),
        windows=reading.of("findings", reading.read_windows, ()),
        options=_find_options(workspace),
        template=template,
        days_off=list_period_days_off(workspace, period),
        events=reading.of("courses", reading.read_events, ()),
        courses=reading.of("courses", lambda: reading.read_courses(incidents), ()),
        incident_pages=reading.of("incident_pages", lambda: reading.read_pages(incidents), ()),
        capacities=reading.of("capacity", reading.read_capacities, ()),
        issuer=workspace.issuer
        if template.system is None
        else replace(workspace.issuer, system=template.system),
        failed=tuple(reading.failed),
    )


def build_incident_document(workspace: Workspace, number: int) -> Report:
    """The report of one incident, from the data folder of a workspace.

    Raises:
        IncidentError: there is no incident of this number.
        StoreError: the incidents cannot be read.
        SourceError: the source failed.
    """
    now_ms, catalogue = workspace.now_ms(), workspace.catalogue
    options = _find_alerts(workspace)
    ranked = read_ranked_incident(workspace.data, catalogue, number, now_ms, options)
    facts = read_incident_facts(workspace, ranked, now_ms)
    return build_incident_report(facts, catalogue, workspace.zone, now_ms, workspace.issuer)


def read_incident_facts(workspace: Workspace, ranked: RankedIncident, now_ms: int) -> IncidentFacts:
    """What the report of an incident says, with the events from shortly before it to its end."""
    incident, source = ranked[0], workspace.source
    start_ms = incident.began_ms - EVENT_BEFORE_MS
    end_ms = min(now_ms, incident.recovered_ms or now_ms) + 1
    data = workspace.data
    events = () if data is None else read_events(data, start_ms, end_ms)
    return gather_facts(source, workspace.catalogue, ranked, events, now_ms)


def list_period_days_off(workspace: Workspace, period: Period) -> tuple[date, ...]:
    """Weekends, and the public holidays of the country that the configuration names."""
    config = workspace.config
    country = "" if config is None else config.settings.inspection.holidays
    return tuple(list_days_off(period, country))


def _find_alerts(workspace: Workspace) -> AlertsOptions | None:
    config = workspace.config
    return None if config is None else config.settings.alerts


def _find_options(workspace: Workspace) -> ReportsOptions:
    config = workspace.config
    return ReportsOptions() if config is None else config.settings.reports


class _Reading:
    """Reads what sections need, and remembers what could not be read."""

    def __init__(
        self, workspace: Workspace, period: Period, end_ms: int, template: SiteTemplate
    ) -> None:
        self.workspace = workspace
        self.period = period
        self.end_ms = end_ms
        outline = choose_sections(find_outline(period.kind), template)
        self.wanted = {section.id for section in list_sections(outline)}
        self.failed: list[FailedReading] = []

    def of(self, section: str, read: Callable[[], _T], absent: _T) -> _T:
        """What a section needs; `absent` where it is not in the outline, or cannot be read."""
        if section not in self.wanted:
            return absent
        try:
            return read()
        except JipyoError as error:
            self.failed.append(FailedReading(section, error))
            return absent

    def read_levels(self) -> tuple[SloResult, ...]:
        reader = CountReader(ask_for(self.workspace.source, "slo"))
        objectives, zone = self.workspace.objectives, self.workspace.zone
        return tuple(evaluate_levels(reader, objectives, self.end_ms, zone, closing=True))

    def read_contracts(self) -> tuple[ContractMonth, ...]:
        """The sheet of a month for each system that the configuration names."""
        if self.period.kind is not PeriodKind.MONTH or not self.workspace.systems:
            return ()
        systems = find_systems(self.workspace, self.period)
        return build_contract_months(self.workspace, self.period, systems)

    def read_contract_months(self) -> tuple[ContractMonth, ...]:
        """The months of a quarter or a year that have begun, for each system under contract."""
        workspace, now_ms = self.workspace, self.workspace.now_ms()
        months: list[ContractMonth] = []
        for month in list_months(self.period):
            systems = [one for one in workspace.systems if find_window(one, month, now_ms)]
            months += build_contract_months(workspace, month, systems) if systems else ()
        return tuple(sorted(months, key=lambda one: one.system))

    def read_inspection(self) -> InspectionSheet | None:
        config = self.workspace.config
        if self.period.kind is not PeriodKind.MONTH or config is None:
            return None
        return build_sheet(config, self.workspace, self.period)

    def read_incidents(self) -> tuple[RankedIncident, ...]:
        data, catalogue = self.workspace.data, self.workspace.catalogue
        if data is None:
            return ()
        options = _find_alerts(self.workspace)
        return read_ranked_incidents(data, catalogue, self.period.start_ms, self.end_ms, options)

    def read_windows(self) -> tuple[MaintenanceWindow, ...]:
        start_ms, zone = self.period.start_ms, self.workspace.zone
        planned = expand_maintenance(self.workspace.maintenance, start_ms, self.end_ms, zone)
        with open_alerts(self.workspace.data) as alerts:
            if alerts is None:
                return planned
            with alerts.reading() as db:
                return (*read_windows(db, start_ms, self.end_ms), *planned)

    def read_efficiency(self) -> EfficiencyData | None:
        """What the accelerators were used for, of the whole hours of the period."""
        source, catalogue = self.workspace.source, self.workspace.catalogue
        tenants = _find_options(self.workspace).tenants
        return gather_efficiency(source, catalogue, self.period.start_ms, self.end_ms, tenants)

    def read_work(self) -> WorkLog | None:
        folder = self.workspace.work
        if folder is None:
            return None
        return read_work_log(folder, self.period, self.workspace.zone)

    def read_events(self) -> tuple[Event, ...]:
        """What was entered or found within the period, in the order of time."""
        data = self.workspace.data
        return () if data is None else read_events(data, self.period.start_ms, self.end_ms)

    def read_courses(self, incidents: tuple[RankedIncident, ...]) -> tuple[IncidentCourse, ...]:
        source, catalogue = self.workspace.source, self.workspace.catalogue
        return gather_courses(source, catalogue, incidents, self.end_ms)

    def read_pages(self, incidents: tuple[RankedIncident, ...]) -> tuple[IncidentFacts, ...]:
        """The incidents of a month that have a page of their own."""
        if self.period.kind is not PeriodKind.MONTH:
            return ()
        chosen = choose_pages(incidents, self.end_ms)
        return tuple(read_incident_facts(self.workspace, one, self.end_ms) for one in chosen)

    def read_capacities(self) -> tuple[ServiceCapacity, ...]:
        return gather_capacities(self.workspace.source, self.workspace.catalogue, self.end_ms)

    def read_logs(self) -> PeriodLogs | JipyoError | None:
        if self.workspace.logs is None:
            return None
        source, zone = self.workspace.logs.find(), self.workspace.zone
        return gather_logs(source, self.period, self.end_ms, zone)
