"""`jipyo report`: reports of days, months and other periods as files."""

from jipyo.cli.report.commands import register

__all__ = ["register"]
