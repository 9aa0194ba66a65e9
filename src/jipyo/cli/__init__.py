"""The commands, one file each, and what the terminal shows."""

from jipyo.cli.main import main

__all__ = ["main"]
