"""The specification's classes, for scripts and notebooks.

    import asyncio
    import jipyo

    with jipyo.PerformanceAnalyzer() as analyzer:
        analysis, alerts = asyncio.run(analyzer.analyze_performance())

Their methods are asynchronous where the specification has them so; the work runs in a thread.
"""

from jipyo.api.client import PrometheusClient
from jipyo.api.contracts import Contracts, ContractSheet
from jipyo.api.days import parse_day
from jipyo.api.json_object import JsonObject
from jipyo.api.log_collector import LogCollector, LogParser
from jipyo.api.log_values import LogAnalysis, LogSearch
from jipyo.api.logs import ElasticsearchClient
from jipyo.api.metrics import MetricsCollector
from jipyo.api.names import SPECIFICATION_NAMES
from jipyo.api.opening import SourceLike
from jipyo.api.performance import ActiveBreach, PartHealth, PerformanceAnalyzer
from jipyo.api.reports import (
    DailyReportGenerator,
    MonthlyReportGenerator,
    ReportGenerator,
    build_daily,
    find_last_day,
    write_daily,
)
from jipyo.api.slo import ServiceLevel, ServiceLevels
from jipyo.api.template import RenderedReport, ReportAnalysis, ReportTemplate
from jipyo.api.threshold import ThresholdConfig
from jipyo.api.trends import (
    HourlySeries,
    SeriesPrediction,
    SeriesTrend,
    StatisticalAnalyzer,
    TimeSeriesDB,
    TrendAnalyzer,
)
from jipyo.api.values import CurrentValue, CurrentValues, SeriesValue
from jipyo.app.workspace import Workspace

__all__ = [
    "SPECIFICATION_NAMES",
    "ActiveBreach",
    "ContractSheet",
    "Contracts",
    "CurrentValue",
    "CurrentValues",
    "DailyReportGenerator",
    "ElasticsearchClient",
    "HourlySeries",
    "JsonObject",
    "LogAnalysis",
    "LogCollector",
    "LogParser",
    "LogSearch",
    "MetricsCollector",
    "MonthlyReportGenerator",
    "PartHealth",
    "PerformanceAnalyzer",
    "PrometheusClient",
    "RenderedReport",
    "ReportAnalysis",
    "ReportGenerator",
    "ReportTemplate",
    "SeriesPrediction",
    "SeriesTrend",
    "SeriesValue",
    "ServiceLevel",
    "ServiceLevels",
    "SourceLike",
    "StatisticalAnalyzer",
    "ThresholdConfig",
    "TimeSeriesDB",
    "TrendAnalyzer",
    "Workspace",
    "build_daily",
    "find_last_day",
    "parse_day",
    "write_daily",
]
