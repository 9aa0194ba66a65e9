"""One value of the configuration in force."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Origin = Literal["file", "option", "default"]


@dataclass(frozen=True, slots=True)
class Setting:
    """A value and where it comes from: a line of a file, the command line, or a default."""

    key: str
    """Its keys from the top of the file: `collect.scrape[0].url`."""
    value: object
    """A scalar, or an empty list or mapping; secrets are masked."""
    origin: Origin
    place: str
    """File and line where it is written; empty if it is in no file."""
