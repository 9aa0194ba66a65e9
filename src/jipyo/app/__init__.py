"""The only room that knows all others: the server, and commands on its data without it."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jipyo.app.agent import run_agent
    from jipyo.app.build_collect import list_site_targets
    from jipyo.app.commands import ServerCommand
    from jipyo.app.offline import (
        build_site_workspace,
        load_catalogue,
        open_workspace,
        read_catalogue,
        read_workspace,
    )
    from jipyo.app.own_jobs import list_own_jobs
    from jipyo.app.server import check_config, serve
    from jipyo.app.workspace import Workspace

__all__ = [
    "ServerCommand",
    "Workspace",
    "build_site_workspace",
    "check_config",
    "list_own_jobs",
    "list_site_targets",
    "load_catalogue",
    "open_workspace",
    "read_catalogue",
    "read_workspace",
    "run_agent",
    "serve",
]

# Looked up when first used: an agent must not load the store, the engine and the web server.
_HOMES = {
    "ServerCommand": "commands",
    "Workspace": "workspace",
    "build_site_workspace": "offline",
    "check_config": "server",
    "list_own_jobs": "own_jobs",
    "list_site_targets": "build_collect",
    "load_catalogue": "offline",
    "open_workspace": "offline",
    "read_catalogue": "offline",
    "read_workspace": "offline",
    "run_agent": "agent",
    "serve": "server",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
