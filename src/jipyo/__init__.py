"""Operations metrics of an AI service: collect, store, evaluate, show and report.

import asyncio
import jipyo

with jipyo.MetricsCollector() as collector:
metrics = asyncio.run(collector.collect_metrics())
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jipyo.api import (
        Contracts,
        DailyReportGenerator,
        ElasticsearchClient,
        LogCollector,
        LogParser,
        MetricsCollector,
        MonthlyReportGenerator,
        PerformanceAnalyzer,
        PrometheusClient,
        ReportTemplate,
        ServiceLevels,
        StatisticalAnalyzer,
        ThresholdConfig,
        TimeSeriesDB,
        TrendAnalyzer,
    )
    from jipyo.app.offline import open_workspace as open  # noqa: A004 - `jipyo.open()`

__all__ = [
    "Contracts",
    "DailyReportGenerator",
    "ElasticsearchClient",
    "LogCollector",
    "LogParser",
    "MetricsCollector",
    "MonthlyReportGenerator",
    "PerformanceAnalyzer",
    "PrometheusClient",
    "ReportTemplate",
    "ServiceLevels",
    "StatisticalAnalyzer",
    "ThresholdConfig",
    "TimeSeriesDB",
    "TrendAnalyzer",
    "open",
]


def __getattr__(name: str) -> object:
    # Looked up when first used: `import jipyo.model` must not load the web server.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "open":
        return import_module("jipyo.app.offline").open_workspace
    return getattr(import_module("jipyo.api"), name)
