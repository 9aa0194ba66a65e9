"""What a person types, and what the terminal shows."""

from jipyo.cli.main import main

__all__ = ["main"]
