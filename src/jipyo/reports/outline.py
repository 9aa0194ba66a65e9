"""Which sections a report has, in which order, by the kind of its period."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jipyo.model.calendar import PeriodKind
from jipyo.reports.glossary import load_glossary
from jipyo.reports.sections.actions import build_actions
from jipyo.reports.sections.appendix import (
    build_definitions,
    build_method,
    build_series,
    build_sources,
)
from jipyo.reports.sections.breaches import build_breach_summary, build_breaches
from jipyo.reports.sections.capacity import build_capacity
from jipyo.reports.sections.completeness import build_completeness
from jipyo.reports.sections.contract import build_contract
from jipyo.reports.sections.contract_months import build_contract_months
from jipyo.reports.sections.cover import build_cover
from jipyo.reports.sections.database import build_database
from jipyo.reports.sections.day_states import build_day_states
from jipyo.reports.sections.efficiency import build_efficiency, build_efficiency_queries
from jipyo.reports.sections.findings import build_findings
from jipyo.reports.sections.forecasts import build_forecasts
from jipyo.reports.sections.glossary import build_glossary
from jipyo.reports.sections.gpu import build_gpu
from jipyo.reports.sections.incident_charts import build_incident_charts
from jipyo.reports.sections.incident_page import build_incident_page
from jipyo.reports.sections.incidents import build_incidents
from jipyo.reports.sections.inspection import build_inspection
from jipyo.reports.sections.levels import build_levels, select_levels
from jipyo.reports.sections.logs import build_logs
from jipyo.reports.sections.metrics import build_charts, build_metrics
from jipyo.reports.sections.models import build_accuracy, build_inference
from jipyo.reports.sections.network import build_network
from jipyo.reports.sections.objectives import build_objectives
from jipyo.reports.sections.outages import build_outages
from jipyo.reports.sections.outlook import build_outlook, build_risks
from jipyo.reports.sections.rhythm import build_rhythm
from jipyo.reports.sections.service import build_errors, build_response
from jipyo.reports.sections.sessions import build_sessions
from jipyo.reports.sections.summary import build_report_verdict, build_sla_summary, build_tiles
from jipyo.reports.sections.system import build_system
from jipyo.reports.sections.work import build_work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from jipyo.reports.document import Block
    from jipyo.reports.inputs import ReportInputs
    from jipyo.reports.site_template import SiteTemplate


@dataclass(frozen=True, slots=True)
class ReportSection:
    """A part of a report: `build` gives its blocks, none where there is nothing to say.

    `id` is what a template turns off, and by which a failed reading names the section.
    """

    id: str
    build: Callable[[ReportInputs], Iterable[Block]]
    begins_page: bool = False
    """Outside of chapters."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """Sections under a numbered heading that begins a page; its title is `reports.chapter.ID`.

    The headings of its sections stand below that of the chapter, whatever their level.
    """

    id: str
    sections: tuple[ReportSection, ...]
    is_numbered: bool = True
    numbers_sections: bool = True
    begins_page: bool = True


Outline = tuple[ReportSection | Chapter, ...]


def _build_contracts(inputs: ReportInputs) -> Iterator[Block]:
    for month in inputs.contracts:
        yield from build_contract(month)
    yield from build_contract_months(inputs.contract_months)


def _build_incidents(inputs: ReportInputs) -> Iterable[Block]:
    return build_incidents(
        inputs.incidents, inputs.catalogue, inputs.data.window.end_ms, inputs.zone
    )


def _build_incident_pages(inputs: ReportInputs) -> Iterator[Block]:
    for facts in inputs.incident_pages:
        yield from build_incident_page(facts, inputs.catalogue)


def _build_inspection(inputs: ReportInputs) -> Iterable[Block]:
    sheet = inputs.inspection
    return () if sheet is None else build_inspection(sheet, inputs.catalogue)


def _build_glossary(inputs: ReportInputs) -> Iterable[Block]:
    return build_glossary(load_glossary(), {entry.metric.id for entry in inputs.data.entries})


def _build_sources(inputs: ReportInputs) -> Iterable[Block]:
    is_day = inputs.period.kind is PeriodKind.DAY
    sections = FIRST_PAGE if is_day else SUMMARY.sections
    summary = [block for section in sections for block in section.build(inputs)]
    return build_sources(inputs.data, summary, inputs.catalogue)


FIRST_PAGE = (
    ReportSection("verdict", lambda one: (build_report_verdict(one),)),
    ReportSection("findings", build_findings),
    ReportSection("tiles", lambda one: build_tiles(one.data)),
    ReportSection("objectives", lambda one: build_objectives(one.objectives)),
)
"""What a reader who reads one page reads; the appendix lists the sources of its figures."""
COVER = ReportSection("cover", lambda one: (build_cover(one),))
SUMMARY = Chapter(
    "summary",
    (
        FIRST_PAGE[0],
        FIRST_PAGE[2],
        FIRST_PAGE[1],
        ReportSection("actions", build_actions),
        ReportSection("sla-summary", build_sla_summary),
        ReportSection("days", build_day_states),
    ),
    numbers_sections=False,
)
"""What an executive reads of a longer period: one page."""
LEVELS = ReportSection("slo", lambda one: build_levels(select_levels(one.levels), one.zone))
CONTRACT = ReportSection("contract", _build_contracts)
INCIDENTS = ReportSection("incidents", _build_incidents)
OUTAGES = ReportSection("outages", lambda one: build_outages(one.data))
BREACHES = ReportSection("breaches", lambda one: build_breaches(one.data))
BREACH_SUMMARY = ReportSection("breaches", lambda one: build_breach_summary(one.data))
INSPECTION = ReportSection("inspection", _build_inspection)
OUTLOOK = ReportSection("outlook", lambda one: build_outlook(one.data))
METRICS = ReportSection("metrics", lambda one: build_metrics(one.data), begins_page=True)
CHARTS = ReportSection("charts", lambda one: build_charts(one.data))
LOGS = ReportSection("logs", lambda one: build_logs(one.logs))
WORK = ReportSection("work", lambda one: build_work(one.work, one.period))
GLOSSARY = ReportSection("glossary", _build_glossary)
INCIDENT_PAGES = ReportSection("incident_pages", _build_incident_pages)
COURSES = ReportSection("courses", build_incident_charts)
SYSTEM = Chapter(
    "system",
    (
        ReportSection("system", build_system),
        ReportSection("gpu", build_gpu),
        ReportSection("network", build_network),
    ),
    begins_page=False,
)
SERVICE = Chapter(
    "service",
    (
        ReportSection("response", build_response),
        ReportSection("errors", build_errors),
        ReportSection("sessions", build_sessions),
    ),
    begins_page=False,
)
AI = Chapter(
    "ai",
    (
        ReportSection("accuracy", build_accuracy),
        ReportSection("inference", build_inference),
        ReportSection("efficiency", lambda one: build_efficiency(one.efficiency, one.options)),
    ),
    begins_page=False,
)
DATABASE = Chapter(
    "database",
    (ReportSection("database", build_database), ReportSection("rhythm", build_rhythm)),
    begins_page=False,
)
FORECASTS = Chapter(
    "forecasts",
    (ReportSection("forecasts", build_forecasts), ReportSection("capacity", build_capacity)),
    begins_page=False,
)
COMPLETENESS = ReportSection("completeness", lambda one: build_completeness(one.data))
COVERAGE = ReportSection("completeness", lambda one: build_completeness(one.data, brief=True))
EFFICIENCY_QUERIES = ReportSection(
    "efficiency_queries", lambda one: build_efficiency_queries(one.efficiency)
)
SERIES = ReportSection("series", lambda one: build_series(one.data))
SOURCES = ReportSection("sources", _build_sources)
DEFINITIONS = ReportSection("definitions", lambda one: build_definitions(one.data))
METHOD = ReportSection("method", lambda one: build_method(one.data))

DAILY: Outline = (
    *FIRST_PAGE,
    LEVELS,
    INCIDENTS,
    OUTAGES,
    ReportSection("breaches", lambda one: build_breaches(one.data, brief=True)),
    ReportSection("risks", lambda one: build_risks(one.data)),
    LOGS,
    WORK,
    COVERAGE,
)
"""One or two pages."""
DAILY_DETAILS: Outline = (
    *FIRST_PAGE,
    LEVELS,
    INCIDENTS,
    OUTAGES,
    BREACHES,
    OUTLOOK,
    LOGS,
    WORK,
    METRICS,
    CHARTS,
    COMPLETENESS,
)
"""The same with every metric, every breach, every date and every target."""
_CHAPTERS: Outline = (
    COVER,
    SUMMARY,
    Chapter("contract", (CONTRACT, LEVELS)),
    Chapter("incidents", (INCIDENTS, COURSES, OUTAGES, BREACH_SUMMARY), begins_page=False),
    Chapter("inspection", (INSPECTION,), begins_page=False),
    SYSTEM,
    SERVICE,
    AI,
    DATABASE,
    FORECASTS,
    Chapter("logs", (LOGS,), begins_page=False),
    Chapter("work", (WORK,), begins_page=False),
    Chapter("attachments", (INCIDENT_PAGES,), is_numbered=False, begins_page=False),
)
_APPENDIX = Chapter(
    "appendix", (GLOSSARY, COVERAGE, SOURCES, METHOD), is_numbered=False, begins_page=False
)
_WHOLE_APPENDIX = replace(
    _APPENDIX,
    sections=(GLOSSARY, COMPLETENESS, SOURCES, EFFICIENCY_QUERIES, DEFINITIONS, METHOD),
)
PERIODIC: Outline = (*_CHAPTERS, _APPENDIX)
"""8 to 15 pages of a month."""
OUTLINES: Mapping[PeriodKind, Outline] = {
    PeriodKind.DAY: DAILY,
    PeriodKind.WEEK: PERIODIC,
    PeriodKind.MONTH: PERIODIC,
    PeriodKind.QUARTER: PERIODIC,
    PeriodKind.YEAR: PERIODIC,
    PeriodKind.RANGE: PERIODIC,
}


DETAILS = "details"
"""The chapter that reports with every metric end with."""


def find_outline(kind: PeriodKind, *, details: bool = False) -> Outline:
    """The outline of a kind of period; with `details` every metric follows, and all its series."""
    if not details:
        return OUTLINES[kind]
    if kind is PeriodKind.DAY:
        sections = (SERIES, SOURCES, DEFINITIONS, METHOD)
        return (*DAILY_DETAILS, Chapter(DETAILS, sections, is_numbered=False))
    chapter = Chapter(DETAILS, (BREACHES, SERIES), is_numbered=False, begins_page=False)
    return (*_CHAPTERS, _WHOLE_APPENDIX, METRICS, CHARTS, chapter)


def choose_sections(outline: Outline, template: SiteTemplate) -> Outline:
    """The outline without the sections and chapters that a site turned off."""
    return tuple(
        replace(part, sections=tuple(one for one in part.sections if template.find(one.id).shown))
        if isinstance(part, Chapter)
        else part
        for part in outline
        if template.find(part.id).shown
    )


def list_sections(outline: Outline) -> Iterator[ReportSection]:
    """The sections of an outline, those of chapters too."""
    for part in outline:
        yield from part.sections if isinstance(part, Chapter) else (part,)
