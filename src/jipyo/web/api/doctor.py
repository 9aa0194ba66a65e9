"""`/api/jipyo/doctor`: which metrics have data, and how to get the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from jipyo.analysis.remedies import describe_remedy, list_collected_exporters
from jipyo.web.api.operation import Operation, json_route

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from jipyo.analysis.coverage import MetricCoverage
    from jipyo.catalogue import Catalogue
    from jipyo.i18n import Lang, Texts
    from jipyo.web.http.endpoint import Route
    from jipyo.web.http.message import WebRequest


@dataclass(frozen=True, slots=True)
class MetricAvailability:
    """Whether a metric has data here, or how to get it."""

    id: str
    name: str
    state: Literal["found", "missing"]
    exporter: str | None
    series: int
    remedy: str | None


@dataclass(frozen=True, slots=True)
class Doctor:
    """Every metric of the catalogue."""

    t: float
    metrics: tuple[MetricAvailability, ...]


OPERATION = Operation("/doctor", Doctor, "Which metrics have data, and how to get the others.")


def routes(
    catalogue: Catalogue,
    coverage: Callable[[], tuple[int, tuple[MetricCoverage, ...]]],
    lang: Lang,
) -> list[Route]:
    """The route; `coverage` gives the time of the examination and one entry a metric."""

    def build(_request: WebRequest, t: Texts) -> Doctor:
        t_ms, entries = coverage()
        collected = list_collected_exporters(entries)
        metrics = tuple(build_availability(entry, catalogue, t, collected) for entry in entries)
        return Doctor(t_ms / 1000, metrics)

    return [json_route(OPERATION, build, lang)]


def build_availability(
    coverage: MetricCoverage, catalogue: Catalogue, t: Texts, collected: Collection[str] = ()
) -> MetricAvailability:
    """Which exporters a metric comes from, or what to do; `collected` exporters need nothing."""
    metric = coverage.metric
    exporters = dict.fromkeys(provider.exporter for provider in coverage.providers)
    remedy = None
    if not coverage.has_data:
        remedy = coverage.problem or describe_remedy(metric, catalogue, t, collected)
    return MetricAvailability(
        id=metric.id,
        name=metric.name(t.lang),
        state="found" if coverage.has_data else "missing",
        exporter=", ".join(exporters) or None,
        series=coverage.series,
        remedy=remedy,
    )
