"""Parts of calendar dates in UTC, of whole arrays of seconds."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jipyo.model.sample import Values

_Moments = npt.NDArray[np.datetime64]

_INT64_SECONDS = 2.0**63
"""Seconds beyond this, and NaN, do not fit into the integer that Prometheus makes of them."""

_OVERFLOW_PARTS: Mapping[str, float] = MappingProxyType(
    {
        "day_of_month": 4.0,
        "day_of_week": 0.0,
        "day_of_year": 339.0,
        "days_in_month": 31.0,
        "hour": 15.0,
        "minute": 30.0,
        "month": 12.0,
        "year": 292277026596.0,
    }
)
"""What Prometheus then answers (on amd64): the parts of Go's time.Unix(math.MinInt64, 0)."""


def _count_since(moments: _Moments, unit: str, part: str) -> Values:
    """How many `part`s have passed since the `unit` began."""
    start = moments.astype(f"datetime64[{unit}]")
    passed = moments.astype(f"datetime64[{part}]") - start.astype(f"datetime64[{part}]")
    count: Values = passed.astype(np.float64)
    return count


def _count_days_in_month(moments: _Moments) -> Values:
    month = moments.astype("datetime64[M]")
    next_month = month + np.timedelta64(1, "M")
    days: Values = (next_month.astype("datetime64[D]") - month.astype("datetime64[D]")).astype(
        np.float64
    )
    return days


_PARTS: Mapping[str, Callable[[_Moments], Values]] = MappingProxyType(
    {
        "day_of_month": lambda moments: _count_since(moments, "M", "D") + 1,
        # 1970-01-01 was a Thursday; Sunday is 0.
        "day_of_week": lambda moments: np.mod(
            moments.astype("datetime64[D]").astype(np.float64) + 4, 7
        ),
        "day_of_year": lambda moments: _count_since(moments, "Y", "D") + 1,
        "days_in_month": _count_days_in_month,
        "hour": lambda moments: _count_since(moments, "D", "h"),
        "minute": lambda moments: _count_since(moments, "h", "m"),
        "month": lambda moments: _count_since(moments, "Y", "M") + 1,
        "year": lambda moments: moments.astype("datetime64[Y]").astype(np.float64) + 1970,
    }
)

DATE_FUNCTIONS = frozenset(_PARTS)
"""The names of the functions in this file."""


def extract_part(name: str, seconds: Values) -> Values:
    """The part of the date that a function names, of seconds since 1970; any shape."""
    fits = np.abs(seconds) < _INT64_SECONDS
    moments = np.trunc(np.where(fits, seconds, 0.0)).astype(np.int64).astype("datetime64[s]")
    values = _PARTS[name](moments)
    return values if fits.all() else np.where(fits, values, _OVERFLOW_PARTS[name])
