"""`inspection:` what the inspection sheet is made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.schema import DATE, PATH, TEXT, Key, convert, record
from jipyo.sla.holidays import find_public_holidays

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from jipyo.schema import Node


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionOptions:
    """The site's own files, and which days are off."""

    items: Path | None = None
    """What is inspected; None: the built-in items."""
    entries: Path | None = None
    """The folder of what people write, a file `YYYY-MM.yaml` a month; None: in the data folder."""
    since: date | None = None
    """The first day that is inspected."""
    holidays: str = ""
    """The country whose public holidays are shaded, beside weekends."""


def _check_country(name: str, node: Node) -> str:
    find_public_holidays(name, _ANY_YEAR)
    return name


_ANY_YEAR = 2027
INSPECTION = record(
    InspectionOptions,
    (
        Key("items", PATH),
        Key("entries", PATH),
        Key("since", DATE),
        Key("holidays", convert(TEXT, _check_country)),
    ),
)
