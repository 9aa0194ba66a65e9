"""The only room that knows all others: the server, and commands on its data without it."""

from jipyo.app.build_collect import list_own_jobs, list_site_targets
from jipyo.app.offline import load_catalogue, open_workspace, read_workspace
from jipyo.app.server import ServerCommand, check_config, serve
from jipyo.app.workspace import Workspace

__all__ = [
    "ServerCommand",
    "Workspace",
    "check_config",
    "list_own_jobs",
    "list_site_targets",
    "load_catalogue",
    "open_workspace",
    "read_workspace",
    "serve",
]
