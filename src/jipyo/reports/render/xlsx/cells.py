"""Inline parts as cells of a workbook: numbers with their units as formats, native dates."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.i18n.numbers import choose_unit, format_digits
from jipyo.model.calendar import local_time
from jipyo.model.figure import Figure
from jipyo.reports.document import (
    Badge,
    Blank,
    Code,
    Day,
    ExactTime,
    Inline,
    Joined,
    Moment,
    Quantity,
    Share,
)

if TYPE_CHECKING:
    from datetime import date, datetime

    from jipyo.analysis.thresholds import State
    from jipyo.reports.wording import Localizer

_DATE, _MINUTE, _SECOND = "yyyy-mm-dd", "yyyy-mm-dd hh:mm", "yyyy-mm-dd hh:mm:ss"
_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class CellValue:
    """What a cell holds; `text` is what it reads like, for the width of its column."""

    value: float | int | str | date | datetime | None
    text: str
    number_format: str = ""
    state: State | None = None
    is_code: bool = False
    is_blank: bool = False
    """For a person to fill in."""

    @property
    def number(self) -> float | None:
        """The value where it is a number."""
        return float(self.value) if isinstance(self.value, int | float) else None


def build_cell(  # noqa: C901, PLR0911, PLR0912 - one case per type
    part: Inline, localizer: Localizer
) -> CellValue:
    """The part as a value of its own kind; what has words in it is text."""
    text = localizer.format(part)
    match part:
        case None:
            return CellValue(None, "")
        case bool() | int():
            return CellValue(part, text, "#,##0")
        case Figure(value=value, unit=unit) if value is not None and part.proportion is None:
            return build_number(value, unit, localizer)
        case Quantity(value, "count", int(decimals)):
            return CellValue(value, text, "#,##0" + ("." + "0" * decimals if decimals else ""))
        case Quantity(value, unit):
            return build_number(value, unit, localizer)
        case Share(value):
            shown = 1.0 if value >= 1 else math.floor(value * 1000) / 1000
            return CellValue(shown, text, "0.0%")
        case ExactTime(ms):
            return build_minutes(ms, localizer)
        case Day(day):
            return CellValue(day, day.isoformat(), _DATE)
        case Moment(t_ms):
            return build_moment(t_ms, localizer, to_the_second=part.to_the_second)
        case Badge(state):
            return CellValue(text, text, state=state)
        case Blank():
            return CellValue(text, text, is_blank=True)
        case Code() | Joined(parts=(Code(), *_)):
            return CellValue(text, text, is_code=True)
        case _:
            return CellValue(text, text)


def build_number(value: float, unit: str, localizer: Localizer) -> CellValue:
    """A number in the unit in which it is printed, with the decimals that are printed."""
    text = localizer.texts.number(value, unit)
    if unit == "ratio" or not math.isfinite(value):
        return CellValue(text, text)
    scaled = choose_unit(value, unit)
    digits = format_digits(scaled.value)
    if "<" in digits or ">" in digits or "e" in digits:
        return CellValue(scaled.value, text, "0.00E+00")
    decimals = len(digits.partition(".")[2])
    number = "#,##0" + ("." + "0" * decimals if decimals else "")
    label = localizer.texts.join("", localizer.texts.unit(scaled.unit, scaled.value))
    return CellValue(scaled.value, text, f'{number}"{label}"' if label.strip() else number)


def build_minutes(ms: int, localizer: Localizer) -> CellValue:
    """A length of time in minutes, from which others are added up."""
    whole = ms % _MINUTE_MS == 0
    label = localizer.texts.join("", localizer.texts.unit("minute"))
    number = "#,##0" if whole else "#,##0.00"
    text = localizer.format_exact_time(ms)
    return CellValue(ms / _MINUTE_MS, text, f'{number}"{label}"')


def build_moment(t_ms: int, localizer: Localizer, *, to_the_second: bool = False) -> CellValue:
    """Date and time of day in the report's zone, as a date that can be sorted."""
    moment = local_time(t_ms, localizer.zone).replace(tzinfo=None, microsecond=0)
    number_format = _SECOND if to_the_second else _MINUTE
    return CellValue(moment, number_format, number_format)


def name_column(column: int) -> str:
    """The letters of a column: A for 0."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
