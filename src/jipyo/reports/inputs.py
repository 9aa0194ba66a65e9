"""All that a report of a period is made of, read beforehand; each part may be absent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from jipyo.reports.document import Issuer
from jipyo.reports.options import ReportsOptions
from jipyo.reports.site_template import SiteTemplate

if TYPE_CHECKING:
    from datetime import date

    from jipyo.alerts.events.event import Event
    from jipyo.alerts.incident.incident import Incident
    from jipyo.alerts.incident.origin import RankedAlert
    from jipyo.alerts.silence import MaintenanceWindow
    from jipyo.analysis.objectives import ObjectiveResult
    from jipyo.analysis.slo.result import SloResult
    from jipyo.catalogue import Catalogue
    from jipyo.model.calendar import Period
    from jipyo.model.errors import JipyoError
    from jipyo.reports.capacity_data import ServiceCapacity
    from jipyo.reports.data import ReportData
    from jipyo.reports.efficiency_data import EfficiencyData
    from jipyo.reports.incident_courses import IncidentCourse
    from jipyo.reports.incident_facts import IncidentFacts
    from jipyo.reports.log_data import PeriodLogs
    from jipyo.reports.work_log import WorkLog
    from jipyo.sla.inspection import InspectionSheet
    from jipyo.sla.month import ContractMonth

RankedIncident = tuple["Incident", tuple["RankedAlert", ...]]
"""An incident with its alerts, the likely origin first."""


@dataclass(frozen=True, slots=True)
class FailedReading:
    """What could not be read for a report: the section that lacks it, and why."""

    section: str
    error: JipyoError


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportInputs:
    """What the sections of a report are built from.

    A part that does not exist is empty; one that exists and could not be read is in `failed`.
    """

    data: ReportData
    catalogue: Catalogue
    made_ms: int
    objectives: tuple[ObjectiveResult, ...]
    """The specification's objectives over the period."""
    levels: tuple[SloResult, ...] = ()
    """The service level objectives as of the end of the period."""
    contracts: tuple[ContractMonth, ...] = ()
    """Of a month, a sheet of each system."""
    contract_months: tuple[ContractMonth, ...] = ()
    """Of a longer period, each of its months that are under contract, by system."""
    inspection: InspectionSheet | None = None
    incidents: tuple[RankedIncident, ...] = ()
    """Those that went on within the period, in the order of time."""
    logs: PeriodLogs | JipyoError | None = None
    """The error where none of them could be read."""
    efficiency: EfficiencyData | None = None
    """What models and tenants used of the accelerators; None without a meter of energy."""
    work: WorkLog | None = None
    """What people wrote about the period; None where they wrote nothing."""
    windows: tuple[MaintenanceWindow, ...] = ()
    """Planned work of the period."""
    options: ReportsOptions = field(default_factory=ReportsOptions)
    """What the site sets about its reports."""
    template: SiteTemplate = field(default_factory=SiteTemplate)
    days_off: tuple[date, ...] = ()
    """Weekends and holidays of the period."""
    events: tuple[Event, ...] = ()
    """Deployments, restarts and changed models of the period, in the order of time."""
    courses: tuple[IncidentCourse, ...] = ()
    """How the metrics of the longest incidents moved around them."""
    incident_pages: tuple[IncidentFacts, ...] = ()
    """The gravest incidents of a month, each with a page of its own."""
    capacities: tuple[ServiceCapacity, ...] = ()
    """At which load each service breaks its objective."""
    issuer: Issuer = field(default_factory=Issuer)
    failed: tuple[FailedReading, ...] = ()

    @property
    def zone(self) -> ZoneInfo:
        """The zone that the period's days are of."""
        return ZoneInfo(self.period.zone)

    @property
    def period(self) -> Period:
        """What is reported on."""
        return self.data.period

    def find_failure(self, section: str) -> JipyoError | None:
        """Why the input of a section could not be read; None where it could."""
        return next((one.error for one in self.failed if one.section == section), None)
