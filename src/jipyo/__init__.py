"""Operations metrics of an AI service: collect, store, evaluate, show and report.

import asyncio
import jipyo

with jipyo.open() as workspace:
    metrics = asyncio.run(jipyo.MetricsCollector(workspace).collect_metrics())
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jipyo.api import DailyReportGenerator, MetricsCollector, PerformanceAnalyzer
    from jipyo.app import open_workspace as open  # noqa: A004 - `jipyo.open()`

__all__ = ["DailyReportGenerator", "MetricsCollector", "PerformanceAnalyzer", "open"]

# Looked up when first used: `import jipyo.model` must not load the web server.
_HOMES = {
    "DailyReportGenerator": ("jipyo.api", "DailyReportGenerator"),
    "MetricsCollector": ("jipyo.api", "MetricsCollector"),
    "PerformanceAnalyzer": ("jipyo.api", "PerformanceAnalyzer"),
    "open": ("jipyo.app", "open_workspace"),
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _HOMES[name]
    return getattr(import_module(module), attribute)
