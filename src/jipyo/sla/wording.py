"""What a contract's month reads like, the same on the terminal and in every document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.sla.month import Instant, Length, Percentage
from jipyo.sla.profile import Better, RoundingRule
from jipyo.sla.rounding import round_exact, to_exact

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from jipyo.i18n import Texts
    from jipyo.sla.month import RemarkValue, SheetRemark
    from jipyo.sla.profile import Indicator

_UNITS = ((3_600_000, "hour"), (60_000, "minute"), (1000, "second"))


def describe_remark(remark: SheetRemark, t: Texts, zone: ZoneInfo) -> str:
    """A remark as a reader of the sheet reads it."""
    return t(remark.key, **{name: _write(value, t, zone) for name, value in remark.values})


def _write(value: RemarkValue, t: Texts, zone: ZoneInfo) -> object:
    match value:
        case Instant():
            return t.moment(value.t_ms, zone, to_the_second=True)
        case Length():
            return write_length(value.ms, t)
        case Percentage():
            return write_share(value.share)
        case float():
            return write_plain(value)
        case _:
            return value


def write_length(ms: int, t: Texts) -> str:
    """A length of time to the second, as hours, minutes and seconds: `26시간 3분 5초`."""
    parts: list[str] = []
    for size, unit in _UNITS:
        n, ms = divmod(ms, size)
        if n:
            parts.append(t.join(f"{n:,}", t.unit(unit, n)))
    return " ".join(parts) or t.join("0", t.unit("second", 0))


def write_share(share: float) -> str:
    """A share as a percentage with two decimals, of which none is rounded up: `99.99%`."""
    hundredths = round_exact(to_exact(share) * 100, 2, RoundingRule.WORSE, Better.HIGH)
    return f"{float(hundredths):.2f}%"


def write_plain(value: float) -> str:
    """A number with the decimals that it has: `99.95`, `3`."""
    return f"{value:,.10g}"


def write_value(value: float, indicator: Indicator, t: Texts) -> str:
    """A value of an indicator with its decimals and its unit."""
    number = f"{value:,.{indicator.decimals}f}"
    return t.join(number, name_unit(indicator.unit, t, value))


def name_unit(unit: str, t: Texts, value: float = 0) -> str:
    """The label of an indicator's unit after a value; of one that is not known the unit itself."""
    key = f"sla.unit.{unit}"
    return t(key, n=value) if key in t else unit
