"""The only room that wires the others together: the server, and what works on its data."""

from jipyo.app.offline import (
    back_up,
    catalogue_of,
    check_catalogue,
    check_store,
    compact_store,
    daily_report,
    delete,
    explain,
    export,
    import_openmetrics,
    now_ms,
    open_workspace,
    restore,
    store_stats,
    workspace,
)
from jipyo.app.server import is_loopback, serve

__all__ = [
    "back_up",
    "catalogue_of",
    "check_catalogue",
    "check_store",
    "compact_store",
    "daily_report",
    "delete",
    "explain",
    "export",
    "import_openmetrics",
    "is_loopback",
    "now_ms",
    "open_workspace",
    "restore",
    "serve",
    "store_stats",
    "workspace",
]
