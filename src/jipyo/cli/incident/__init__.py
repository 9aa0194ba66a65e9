"""`jipyo incident`: what happened, and what was done about it."""

from jipyo.cli.incident.commands import register

__all__ = ["register"]
