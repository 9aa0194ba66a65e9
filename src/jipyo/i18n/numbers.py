"""Numbers as people read them: three significant digits and a unit that fits the size."""

from __future__ import annotations

import math
from typing import NamedTuple


class Scaled(NamedTuple):
    """A number of a readable size, and the key of its unit."""

    value: float
    unit: str


_SIGNIFICANT = 3
_MAX_DECIMALS = 4
_SMALLEST = 10.0**-_MAX_DECIMALS
_LARGEST = 1e15

_KIBI = 1024.0
_BYTE_UNITS = ("byte", "kibibyte", "mebibyte", "gibibyte", "tebibyte", "pebibyte")
_SECOND_UNITS = (
    ("microsecond", 1e-6, 1e-3),
    ("millisecond", 1e-3, 1.0),
    ("second", 1.0, 120.0),
    ("minute", 60.0, 7200.0),
    ("hour", 3600.0, 172800.0),
    ("day", 86400.0, math.inf),
)


def choose_unit(value: float, unit: str) -> Scaled:
    """Convert bytes and seconds to the unit in which they have few digits; others stay.

    >>> choose_unit(1_610_612_736, "bytes"), choose_unit(90, "percent")
    (Scaled(value=1.5, unit='gibibyte'), Scaled(value=90, unit='percent'))
    """
    if unit == "bytes":
        return _scale_bytes(value, "")
    if unit == "bytes_per_second":
        return _scale_bytes(value, "_per_second")
    if unit == "seconds":
        return _scale_seconds(value)
    return Scaled(value, unit)


def _scale_bytes(value: float, suffix: str) -> Scaled:
    if not math.isfinite(value):
        return Scaled(value, _BYTE_UNITS[0] + suffix)
    power = 0
    # 1023.96 KiB would be printed as "1,024 KiB", so the step comes a little before 1024.
    while abs(value) >= _KIBI - 0.5 and power < len(_BYTE_UNITS) - 1:
        value /= _KIBI
        power += 1
    return Scaled(value, _BYTE_UNITS[power] + suffix)


def _scale_seconds(value: float) -> Scaled:
    if value == 0 or not math.isfinite(value):
        return Scaled(value, "second")
    # Rounded first, so that 0.9999 s is "1 s" and not "1,000 ms"; it may become infinite.
    size = float(f"{abs(value):.{_SIGNIFICANT}g}")
    name, seconds, _ = next((u for u in _SECOND_UNITS if size < u[2]), _SECOND_UNITS[-1])
    return Scaled(value / seconds, name)


def format_digits(value: float) -> str:
    """Three significant digits, or fewer where fewer are exact.

    >>> [format_digits(x) for x in (70, 70.04, 0.1, 0.05432, 1234567, 0.00001)]
    ['70', '70.0', '0.1', '0.0543', '1,234,567', '<0.0001']
    """
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if value == 0:
        return "0"
    if abs(value) >= _LARGEST:
        return f"{value:.{_SIGNIFICANT}g}"
    if abs(value) < _SMALLEST:
        return f"<{_SMALLEST}" if value > 0 else f">-{_SMALLEST}"
    rounded = float(f"{value:.{_SIGNIFICANT}g}")
    decimals = _SIGNIFICANT - 1 - math.floor(math.log10(abs(rounded)))
    text = f"{value:,.{min(max(decimals, 0), _MAX_DECIMALS)}f}"
    shorter = text.rstrip("0").rstrip(".") if "." in text else text
    return shorter if float(shorter.replace(",", "")) == value else text
