"""The daily report: one local day from the stored samples, as data."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from jipyo.analysis.slo.evaluate import evaluate_levels
from jipyo.analysis.slo.read import CountReader
from jipyo.model.calendar import PeriodKind, period_containing
from jipyo.model.progress import ignore_progress
from jipyo.reports.data import ReportData, gather
from jipyo.reports.document import Heading, Report, phrase
from jipyo.reports.log_data import gather_logs
from jipyo.reports.sections.appendix import build_appendix, hash_catalogue
from jipyo.reports.sections.breaches import build_breaches
from jipyo.reports.sections.completeness import build_completeness
from jipyo.reports.sections.findings import build_findings
from jipyo.reports.sections.incidents import add_incident_blocks
from jipyo.reports.sections.levels import build_levels, select_levels
from jipyo.reports.sections.logs import build_logs, list_missing
from jipyo.reports.sections.metrics import build_charts, build_metrics
from jipyo.reports.sections.missing import describe_error, list_incomplete
from jipyo.reports.sections.objectives import build_objectives, evaluate_objectives
from jipyo.reports.sections.outages import build_outages
from jipyo.reports.sections.outlook import build_outlook
from jipyo.reports.sections.summary import build_tiles, build_verdict, find_state
from jipyo.source.recording import ask_for

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from zoneinfo import ZoneInfo

    from jipyo.alerts.incident.incident import Incident
    from jipyo.alerts.incident.origin import RankedAlert
    from jipyo.analysis.slo.objective import ServiceLevelObjective
    from jipyo.catalogue import Catalogue
    from jipyo.logs.base import LogSource
    from jipyo.model.progress import Progress
    from jipyo.source import Source


def build(
    source: Source,
    catalogue: Catalogue,
    day: date,
    zone: ZoneInfo,
    now_ms: int,
    progress: Progress = ignore_progress,
) -> Report:
    """The report of a local day; of a day that still runs, as far as it has come.

    `progress` is called with how many of how many metrics are read.

    Raises:
        ReportError: the day has not begun.
        SourceError: the source failed.
    """
    period = period_containing(PeriodKind.DAY, day, zone)
    data = gather(source, catalogue, period, now_ms, progress)
    results = evaluate_objectives(data, catalogue)
    state = find_state(data, results)
    first_page = (
        build_verdict(data, results, state),
        *build_findings(data, results),
        *build_tiles(data),
        *build_objectives(results),
    )
    return Report(
        kind="daily",
        number=f"JIPYO-D-{day:%Y%m%d}",
        title=phrase("reports.daily.title"),
        period=period,
        cut_ms=data.window.end_ms,
        step_ms=data.window.step_ms,
        made_ms=now_ms,
        instances=_list_instances(data),
        catalogue=hash_catalogue(catalogue),
        state=state,
        incomplete=list_incomplete(data),
        blocks=(
            *first_page,
            *build_outages(data),
            *build_breaches(data),
            *build_outlook(data),
            *build_metrics(data),
            *build_charts(data),
            *build_completeness(data),
            *build_appendix(data, first_page, catalogue),
        ),
    )


def add_levels(
    report: Report, source: Source, objectives: Sequence[ServiceLevelObjective], zone: ZoneInfo
) -> Report:
    """The report with the objectives at its end, after the day's results of the specification's.

    Raises:
        SourceError: the source failed.
    """
    reader = CountReader(ask_for(source, "slo"))
    found = evaluate_levels(reader, objectives, report.cut_ms, zone, closing=True)
    blocks = list(build_levels(select_levels(found), zone))
    ids = [getattr(block, "id", "") for block in report.blocks]
    place = ids.index("objectives" if "objectives" in ids else "completeness")
    if "objectives" in ids:
        place = next(
            at
            for at, block in enumerate(report.blocks[place + 1 :], place + 1)
            if isinstance(block, Heading)
        )
    missing = dict.fromkeys(error for result in found for error in result.missing)
    incomplete = (phrase("reports.incomplete_slo", text=describe_error(one)) for one in missing)
    return replace(
        report,
        blocks=(*report.blocks[:place], *blocks, *report.blocks[place:]),
        incomplete=(*report.incomplete, *incomplete),
    )


def add_incidents(
    report: Report,
    ranked: Sequence[tuple[Incident, Sequence[RankedAlert]]],
    catalogue: Catalogue,
) -> Report:
    """The report with the incidents of its period, each with its alerts as they are ranked."""
    blocks = add_incident_blocks(report.blocks, ranked, catalogue, report.cut_ms)
    return replace(report, blocks=blocks)


def add_logs(report: Report, logs: LogSource, zone: ZoneInfo) -> Report:
    """The report with a section on the logs of its period, before that on completeness."""
    found = gather_logs(logs, report.period, report.cut_ms, zone)
    place = next(
        at
        for at, block in enumerate(report.blocks)
        if isinstance(block, Heading) and block.id == "completeness"
    )
    blocks = (*report.blocks[:place], *build_logs(found), *report.blocks[place:])
    return replace(report, blocks=blocks, incomplete=(*report.incomplete, *list_missing(found)))


def _list_instances(data: ReportData) -> tuple[str, ...]:
    """The instances that the data are from: those scraped, else those of the series."""
    labels = [target.labels for target in data.targets]
    if not labels:
        labels = [series.labels for entry in data.entries for series in entry.now.series]
    return tuple(sorted({one.get("instance", "") for one in labels} - {""}))
