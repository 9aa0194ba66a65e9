"""Samples on disk: one SQLite file, a head of rows and days of compressed chunks."""

from jipyo.tsdb.admin import Stats, backup, compact, restore, stats
from jipyo.tsdb.check import Check, check
from jipyo.tsdb.import_export import (
    Imported,
    Page,
    Parse,
    export_openmetrics,
    export_parquet,
    import_openmetrics,
)
from jipyo.tsdb.options import Options
from jipyo.tsdb.progress import Progress
from jipyo.tsdb.reader import Reader
from jipyo.tsdb.store import Store

__all__ = [
    "Check",
    "Imported",
    "Options",
    "Page",
    "Parse",
    "Progress",
    "Reader",
    "Stats",
    "Store",
    "backup",
    "check",
    "compact",
    "export_openmetrics",
    "export_parquet",
    "import_openmetrics",
    "restore",
    "stats",
]
