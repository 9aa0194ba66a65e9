"""What a slot reads like: as the report prints it, or as the form asks, `{{name|2|no unit}}`."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jipyo.i18n import LANGS, texts
from jipyo.i18n.numbers import Scaled, choose_unit, format_digits
from jipyo.model.errors import ReportError
from jipyo.model.figure import Delta, Figure
from jipyo.reports.document import (
    Day,
    Duration,
    ExactTime,
    Inline,
    Quantity,
    Share,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jipyo.reports.wording import Localizer

_UNITS: Mapping[str, Mapping[str, float]] = {
    "bytes": {
        name: 1024.0**power
        for power, name in enumerate(("byte", "kibibyte", "mebibyte", "gibibyte", "tebibyte"))
    },
    "seconds": {
        "millisecond": 1e-3, "second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86400.0,
    },
}  # fmt: skip
"""The units that a form can ask for: of each kind, how much one of them is."""
_MAX_DECIMALS = 9
_DECIMALS = re.compile(r"(?:소수|decimals)?\s*(\d)(?:자리)?")
_SEPARATORS = re.compile(r"[\s_\-·ㆍ]+")


@dataclass(frozen=True, slots=True)
class FixedNumber:
    """A number that is printed with so many decimals, and without a unit of its own."""

    value: float
    decimals: int | None


SlotValue = Inline | FixedNumber


@dataclass(frozen=True, slots=True)
class SlotFormat:
    """How a form wants a value to be written; the default is as the report prints it."""

    decimals: int | None = None
    unit: str = ""
    """Converted to this unit."""
    part: str = ""
    """`number` for the number alone, `unit` for the unit alone, `iso` for a day as 2026-10-01."""


def normalise(name: str) -> str:
    """A name as it is compared: without case, spaces, hyphens, underscores and a dot at its end."""
    return _SEPARATORS.sub("", unicodedata.normalize("NFC", name)).casefold().rstrip(".")


def parse_format(options: Sequence[str], slot: str) -> SlotFormat:
    """The options behind a slot's name.

    Raises:
        ReportError: there is no such option.
    """
    made = SlotFormat()
    for option in options:
        word = normalise(option)
        decimals = _DECIMALS.fullmatch(option.strip())
        if decimals:
            made = replace(made, decimals=min(int(decimals[1]), _MAX_DECIMALS))
        elif word in _PARTS:
            made = replace(made, part=_PARTS[word])
        elif unit := _find_unit(word):
            made = replace(made, unit=unit)
        else:
            hint = "forms.unknown_option.hint"
            raise ReportError("forms.unknown_option", hint=hint, slot=slot, option=option.strip())
    return made


_PARTS: Mapping[str, str] = {
    **dict.fromkeys(("숫자만", "단위없이", "number", "nounit"), "number"),
    **dict.fromkeys(("단위만", "단위", "unit"), "unit"),
    "iso": "iso",
}


def _find_unit(word: str) -> str:
    for units in _UNITS.values():
        for unit in units:
            labels = (unit, *(texts(lang).unit(unit, n) for lang in LANGS for n in (1, 2)))
            if word in map(normalise, labels):
                return unit
    return ""


def find_number(value: SlotValue) -> tuple[float, str] | None:
    """The number and its unit where a value is one."""
    found: tuple[float | None, str] | None = None
    match value:
        case FixedNumber(number):
            found = number, "count"
        case Figure(value=number, unit=unit) | Quantity(number, unit) | Delta(number, unit):
            found = number, unit
        case Share(share):
            found = (100.0 if share >= 1 else math.floor(share * 1000) / 10), "percent"
        case Duration(ms) | ExactTime(ms):
            found = ms / 1000, "seconds"
        case bool():
            pass
        case int():
            found = float(value), "count"
        case _:
            pass
    return None if found is None or found[0] is None else (found[0], found[1])


def find_cell_number(value: SlotValue, wanted: SlotFormat) -> tuple[float, str] | None:
    """The number for a cell of a workbook, not rounded but as asked for, and its unit.

    In the unit of the metric where none is asked for: it must not change from month to month.
    """
    found = find_number(value)
    if found is None or wanted.part in {"unit", "iso"} or not math.isfinite(found[0]):
        return None
    number, unit = found
    if wanted.unit:
        scaled = _convert(number, unit, wanted.unit)
        number, unit = scaled or (number, unit)
    if isinstance(value, FixedNumber) and wanted.decimals is None:
        return number, unit
    return (number if wanted.decimals is None else round(number, wanted.decimals)), unit


def write_value(value: SlotValue, wanted: SlotFormat, localizer: Localizer, slot: str = "") -> str:
    """A value as text.

    Raises:
        ReportError: the form asks for decimals or a unit of what is no number, or for a unit
            that it cannot be converted to.
    """
    if wanted == SlotFormat():
        return _write_plainly(value, localizer)
    if wanted.part == "iso" and isinstance(value, Day):
        return value.day.isoformat()
    found = find_number(value)
    if found is None or wanted.part == "iso":
        if value is None or _is_without_value(value):
            return localizer.format(None)
        raise ReportError("forms.no_number", hint="forms.no_number.hint", slot=slot)
    number, unit = found
    scaled = _convert(number, unit, wanted.unit) if wanted.unit else choose_unit(number, unit)
    if scaled is None:
        name = localizer.texts.unit(wanted.unit)
        raise ReportError("forms.other_unit", hint="forms.other_unit.hint", slot=slot, unit=name)
    digits = _write_digits(value, scaled.value, wanted.decimals)
    label = _name_unit(value, scaled, localizer)
    if wanted.part:
        return digits if wanted.part == "number" else label
    return localizer.texts.join(digits, label)


def _is_without_value(value: SlotValue) -> bool:
    return isinstance(value, Figure) and value.value is None


def _write_plainly(value: SlotValue, localizer: Localizer) -> str:
    if isinstance(value, FixedNumber):
        return _write_digits(value, value.value, value.decimals)
    return localizer.format(value)


def _write_digits(value: SlotValue, number: float, decimals: int | None) -> str:
    if decimals is None and isinstance(value, FixedNumber):
        decimals = value.decimals
        if decimals is None:
            return f"{number:,.10g}"
    if decimals is None:
        return format_digits(number)
    text = f"{number:,.{decimals}f}"
    return text.removeprefix("-") if float(text.replace(",", "")) == 0 else text


def _name_unit(value: SlotValue, scaled: Scaled, localizer: Localizer) -> str:
    if isinstance(value, Delta) and scaled.unit == "point":
        return localizer.texts("reports.point")
    if scaled.unit in {"ratio", "factor"}:
        return ""
    return localizer.texts.unit(scaled.unit, scaled.value)


def _convert(number: float, unit: str, wanted: str) -> Scaled | None:
    factors = _UNITS.get(unit, {})
    return Scaled(number / factors[wanted], wanted) if wanted in factors else None
