"""`jipyo logs`: log records in the terminal."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from jipyo.cli.localized import Group

if TYPE_CHECKING:
    import click

    from jipyo.i18n import Texts

_PARTS = (
    "search",
    "tail",
    "errors",
    "patterns",
    "compare",
    "routes",
    "sessions",
    "access",
    "importing",
)
"""The files of the commands, in the order of the help."""


def register(group: click.Group, t: Texts) -> None:
    """Add the commands."""
    logs = Group("logs", help=t("cli.logs.help"))
    group.add_command(logs)
    for part in _PARTS:
        import_module(f"jipyo.cli.logs.{part}").register(logs, t)
