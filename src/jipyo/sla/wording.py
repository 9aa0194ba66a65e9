"""Lengths and numbers of a contract's month, where its issues are compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jipyo.i18n import Texts

_UNITS = ((3_600_000, "hour"), (60_000, "minute"), (1000, "second"))


def write_length(ms: int, t: Texts) -> str:
    """A length of time to the second, as hours, minutes and seconds: `26시간 3분 5초`."""
    parts: list[str] = []
    for size, unit in _UNITS:
        n, ms = divmod(ms, size)
        if n:
            parts.append(t.join(f"{n:,}", t.unit(unit, n)))
    return " ".join(parts) or t.join("0", t.unit("second", 0))


def write_plain(value: float) -> str:
    """A number with the decimals that it has: `99.95`, `3`."""
    return f"{value:,.10g}"


def name_unit(unit: str, t: Texts, value: float = 0) -> str:
    """The label of an indicator's unit after a value; of one that is not known the unit itself."""
    key = f"sla.unit.{unit}"
    return t(key, n=value) if key in t else unit
