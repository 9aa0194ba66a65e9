"""Reports of the metrics of a source alone, with all details, as `app.reports` builds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jipyo.model.calendar import PeriodKind, period_containing
from jipyo.model.progress import ignore_progress
from jipyo.reports import periodic
from jipyo.reports.data import gather
from jipyo.reports.inputs import ReportInputs
from jipyo.reports.outline import find_outline
from jipyo.reports.sections.objectives import evaluate_objectives

if TYPE_CHECKING:
    from datetime import date
    from zoneinfo import ZoneInfo

    from jipyo.catalogue import Catalogue
    from jipyo.model.calendar import Period
    from jipyo.model.progress import Progress
    from jipyo.reports.document import Report
    from jipyo.source import Source


def build_daily(
    source: Source,
    catalogue: Catalogue,
    day: date,
    zone: ZoneInfo,
    now_ms: int,
    progress: Progress = ignore_progress,
) -> Report:
    """The report of a day."""
    period = period_containing(PeriodKind.DAY, day, zone)
    return build_periodic(source, catalogue, period, now_ms, progress)


def build_periodic(
    source: Source,
    catalogue: Catalogue,
    period: Period,
    now_ms: int,
    progress: Progress = ignore_progress,
    **more: Any,
) -> Report:
    """The report of any period; `more` are further inputs."""
    data = gather(source, catalogue, period, now_ms, progress)
    objectives = evaluate_objectives(data, catalogue)
    inputs = ReportInputs(
        data=data, catalogue=catalogue, made_ms=now_ms, objectives=objectives, **more
    )
    return periodic.build(inputs, find_outline(period.kind, details=True))
