"""What a person types, and what the terminal shows."""

from jipyo.cli.entry import main

__all__ = ["main"]
