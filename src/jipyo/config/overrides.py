"""What the command line sets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.i18n import Lang


@dataclass(frozen=True, slots=True, kw_only=True)
class CliOverrides:
    """What options of the command line set; None where they set nothing."""

    file: Path | None = None
    data: Path | None = None
    lang: Lang | None = None
    listen: str | None = None
    insecure: bool = False
