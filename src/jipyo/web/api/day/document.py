"""The document, and the route that serves it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from jipyo.analysis.day.gone import mark_gone
from jipyo.analysis.day.reading import COLUMN_MS, DAY_MS
from jipyo.web.api.day.context import DayContext
from jipyo.web.api.day.lanes import GroupLane, build_lanes
from jipyo.web.api.day.objectives import ObjectiveCell, build_objectives
from jipyo.web.api.day.side import (
    CollectionDay,
    DocumentRow,
    ForecastRow,
    SlaBudget,
    build_budgets,
    build_collection,
    build_documents,
    build_forecasts,
)
from jipyo.web.api.day.tables import GpuTable, RowGroup, build_gpus, build_hosts
from jipyo.web.api.operation import Operation
from jipyo.web.api.prepared import prepared_route
from jipyo.web.api.targets import TargetCounts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from jipyo.alerts.incident.incident import Incident
    from jipyo.analysis.day.now import SeriesNow
    from jipyo.analysis.day.reading import CatalogueDay
    from jipyo.analysis.health import Health
    from jipyo.analysis.outlook import Outlook
    from jipyo.catalogue import Catalogue
    from jipyo.i18n import Texts
    from jipyo.reports.archive.archive import ArchivedReport
    from jipyo.sla.month import ContractMonth
    from jipyo.web.http.endpoint import Route
    from jipyo.web.server_info import ServerInfo

NO_TARGETS = TargetCounts(0, 0, 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewDay:
    """What the overview shows below its verdict; a part without data is null or empty."""

    t: float
    start: float | None
    """Where the first column begins; null until the day has been read."""
    end: float | None
    """Where the last column ends."""
    step: float
    """Seconds of a column of the objectives; of a column of the tables three times as many."""
    objectives: tuple[ObjectiveCell, ...]
    lanes: tuple[GroupLane, ...]
    gpus: GpuTable | None
    hosts: tuple[RowGroup, ...]
    """Servers, then databases, the worst of each first."""
    forecasts: tuple[ForecastRow, ...]
    """Thresholds that are reached within 30 days, the soonest first."""
    budgets: tuple[SlaBudget, ...]
    collection: CollectionDay
    documents: tuple[DocumentRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFacts:
    """What is computed every few minutes for all readers."""

    t_ms: int = 0
    """When; 0 before anything was."""
    day: CatalogueDay | None = None
    received: int = 0
    expected: int = 0
    """Samples of all targets in the day."""
    targets: TargetCounts = NO_TARGETS
    """As the samples show them, for a server that collects nothing itself."""
    months: tuple[ContractMonth, ...] = ()
    reports: tuple[ArchivedReport, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DayParts:
    """What the document is built from."""

    server: ServerInfo
    catalogue: Catalogue
    health: Callable[[], Health]
    facts: Callable[[], DayFacts]
    series: Callable[[], Mapping[str, Sequence[SeriesNow]]]
    """Of the metrics that tables show, now."""
    outlooks: Callable[[], Sequence[Outlook]]
    targets: Callable[[], TargetCounts]
    incidents: Callable[[int, int], Sequence[Incident]]


OPERATION = Operation(
    "/overview/day", OverviewDay, "The last 24 hours, as the overview shows them."
)


def routes(parts: DayParts) -> list[Route]:
    """The route; the document is built once a tick and language for all readers."""

    def find_version() -> object:
        return parts.health().t_ms, parts.facts().t_ms

    return [prepared_route(OPERATION, partial(build_day, parts), parts.server.lang, find_version)]


def build_day(parts: DayParts, t: Texts) -> OverviewDay:
    """The document of this moment."""
    health, facts, targets = parts.health(), parts.facts(), parts.targets()
    day, now_ms = facts.day, health.t_ms
    context = DayContext(
        t=t,
        zone=parts.server.zone,
        now_ms=now_ms,
        instance=parts.server.instance,
        catalogue=parts.catalogue,
        day=day,
        series=mark_gone(parts.series(), health),
    )
    shown = facts.targets if targets == NO_TARGETS else targets
    return OverviewDay(
        t=now_ms / 1000,
        start=None if day is None else day.start_ms / 1000,
        end=None if day is None else day.end_ms / 1000,
        step=COLUMN_MS / 1000,
        objectives=build_objectives(health.metrics, context),
        lanes=build_lanes(health, parts.incidents(now_ms - DAY_MS, now_ms + 1), context),
        gpus=build_gpus(context),
        hosts=build_hosts(context),
        forecasts=build_forecasts(parts.outlooks(), context),
        budgets=build_budgets(facts.months, t),
        collection=build_collection(shown, facts.received, facts.expected),
        documents=build_documents(facts.reports, t),
    )
