"""Samples on disk: one SQLite file, a head of rows and days of compressed chunks."""

from jipyo.tsdb.admin import Stats, compact, create_backup, read_stats, restore
from jipyo.tsdb.check import Check, check
from jipyo.tsdb.import_export import (
    ImportResult,
    ParseOpenMetrics,
    TimedSamples,
    export_openmetrics,
    export_parquet,
    import_openmetrics,
)
from jipyo.tsdb.options import Options
from jipyo.tsdb.reader import Reader, has_store
from jipyo.tsdb.salvage import Loss, Salvaged, salvage
from jipyo.tsdb.store import Store

__all__ = [
    "Check",
    "ImportResult",
    "Loss",
    "Options",
    "ParseOpenMetrics",
    "Reader",
    "Salvaged",
    "Stats",
    "Store",
    "TimedSamples",
    "check",
    "compact",
    "create_backup",
    "export_openmetrics",
    "export_parquet",
    "has_store",
    "import_openmetrics",
    "read_stats",
    "restore",
    "salvage",
]
