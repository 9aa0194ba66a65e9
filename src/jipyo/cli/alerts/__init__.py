"""`jipyo alerts`: rules in the terminal: checked, tried on the past, and their channels."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from jipyo.cli.localized import Group

if TYPE_CHECKING:
    import click

    from jipyo.i18n import Texts

_PARTS = ("list", "check", "replay", "tune", "test")
"""The files of the commands, in the order of the help."""


def register(group: click.Group, t: Texts) -> None:
    """Add the commands."""
    alerts = Group("alerts", help=t("cli.alerts.help"))
    group.add_command(alerts)
    for part in _PARTS:
        import_module(f"jipyo.cli.alerts.{part}").register(alerts, t)
