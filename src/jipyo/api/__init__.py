"""The specification's classes, for scripts and notebooks.

    import asyncio
    import jipyo

    with jipyo.open() as workspace:
        analysis, alerts = asyncio.run(
            jipyo.PerformanceAnalyzer(workspace).analyze_performance()
        )

Their methods are asynchronous, as the specification has them; the work runs in a thread.
"""

from jipyo.api.metrics import (
    SPECIFICATION_NAMES,
    CurrentValue,
    CurrentValues,
    GroupName,
    MetricsCollector,
    SeriesValue,
)
from jipyo.api.performance import ActiveBreach, AnalysisName, PerformanceAnalyzer
from jipyo.api.reports import DailyReportGenerator, find_last_day, write_daily
from jipyo.app import Workspace

__all__ = [
    "SPECIFICATION_NAMES",
    "ActiveBreach",
    "AnalysisName",
    "CurrentValue",
    "CurrentValues",
    "DailyReportGenerator",
    "GroupName",
    "MetricsCollector",
    "PerformanceAnalyzer",
    "SeriesValue",
    "Workspace",
    "find_last_day",
    "write_daily",
]
