"""Floats as Go writes them, for labels and messages."""

from __future__ import annotations

import math
from decimal import Decimal

from jipyo.promql.syntax.printer import format_number

_LONGEST_PLAIN = 6


def format_short(value: float) -> str:
    """The shortest decimal, with an exponent below 1e-4 and from 1e6 (Go's `%g`)."""
    if (
        not math.isfinite(value)
        or value == 0
        or -5 < Decimal(repr(value)).adjusted() < _LONGEST_PLAIN
    ):
        return format_number(value)
    mantissa, exponent = format(Decimal(repr(value)).normalize(), "e").split("e")
    return f"{mantissa}e{exponent[0]}{exponent[1:]:0>2}"


def format_rounded(value: float, digits: int) -> str:
    """So many significant digits (Go's `%.2g`)."""
    return format(value, f".{digits}g") if math.isfinite(value) else format_number(value)


def format_openmetrics(value: float) -> str:
    """As OpenMetrics writes `le` and `quantile`: always with a point or an exponent."""
    text = format_short(value)
    return text if not math.isfinite(value) or "." in text or "e" in text else text + ".0"
