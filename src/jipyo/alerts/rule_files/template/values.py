"""The values of templates: what they are in Go, whether they are true, and how they print."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from jipyo.promql.syntax.number_format import format_short

if TYPE_CHECKING:
    from collections.abc import Mapping

Value = Any
"""`str`, `bool`, `int`, `float`, a mapping, or one of the classes below; None for no value."""


class Arguments(dict[str, Value]):
    """What `args` gives: `arg0`, `arg1` and so on."""

    def count_values(self) -> int:
        """How many there are, with those within."""
        inner = (one.count_values() for one in self.values() if isinstance(one, Arguments))
        return len(self) + sum(inner)


class TemplateQueryResult(tuple["Sample", ...]):
    """What `query` gives."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """A series and its value."""

    Labels: Mapping[str, str]
    Value: float


@dataclass(frozen=True, slots=True)
class AlertData:
    """What the template of an alert is about."""

    Labels: Mapping[str, str]
    ExternalLabels: Mapping[str, str]
    ExternalURL: str
    Value: float


@dataclass(frozen=True, slots=True)
class TemplateTime:
    """What `toTime` gives."""

    t_ms: int

    @property
    def utc(self) -> datetime:
        """The moment in UTC; nanoseconds of 64 bits are within the calendar."""
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=self.t_ms)

    def __str__(self) -> str:
        """As Go prints a time: with as many decimals as it needs."""
        utc = self.utc
        fraction = f".{utc.microsecond:06}".rstrip("0") if utc.microsecond else ""
        return f"{utc:%Y-%m-%d %H:%M:%S}{fraction} +0000 UTC"


@dataclass(frozen=True, slots=True)
class TemplateDuration:
    """What `toDuration` gives."""

    ns: int

    def __str__(self) -> str:
        """As Go prints a duration: `1h2m3.5s`."""
        ns = abs(self.ns)
        sign = "-" if self.ns < 0 else ""
        if ns < 1_000_000_000:
            for unit, name in ((1_000_000, "ms"), (1_000, "µs"), (1, "ns")):
                if ns >= unit:
                    return f"{sign}{_write_decimal(ns, unit)}{name}"
            return "0s"
        minutes, rest = divmod(ns, 60_000_000_000)
        hours, minutes = divmod(minutes, 60)
        long = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
        return f"{sign}{long}{_write_decimal(rest, 1_000_000_000)}s"


def _write_decimal(amount: int, unit: int) -> str:
    whole, rest = divmod(amount, unit)
    digits = f"{rest:0{len(str(unit)) - 1}}".rstrip("0") if rest else ""
    return f"{whole}.{digits}" if digits else str(whole)


_TYPES: tuple[tuple[type, str], ...] = (
    (bool, "bool"),
    (int, "int"),
    (float, "float64"),
    (str, "string"),
    (Arguments, "map[string]interface {}"),
    (dict, "map[string]string"),
    (TemplateQueryResult, "template.queryResult"),
    (Sample, "*template.sample"),
    (TemplateTime, "*time.Time"),
    (TemplateDuration, "*time.Duration"),
    (
        AlertData,
        "struct { Labels map[string]string; ExternalLabels map[string]string;"
        " ExternalURL string; Value interface {} }",
    ),
)


def name_type(value: Value) -> str:
    """The type of a value, as Go's `%T` writes it."""
    return next((name for kind, name in _TYPES if isinstance(value, kind)), "<nil>")


def is_true(value: Value) -> bool:
    """Whether `if` takes a value for true: what is neither zero nor empty."""
    if isinstance(value, float):
        return value != 0
    if isinstance(value, Sample | AlertData | TemplateTime | TemplateDuration):
        return True
    return bool(value)


def print_value(value: Value) -> str:  # noqa: PLR0911 - a case for each type
    """A value as Go's `%v` writes it."""
    match value:
        case None:
            return "<no value>"
        case bool():
            return "true" if value else "false"
        case float():
            return print_float(value)
        case dict():
            pairs = (f"{name}:{_print_inner(inner)}" for name, inner in sorted(value.items()))
            return f"map[{' '.join(pairs)}]"
        case TemplateQueryResult():  # Go prints where they are in memory
            return f"[{' '.join(map(print_value, value))}]"
        case Sample():
            return f"{{{print_value(dict(value.Labels))} {print_value(value.Value)}}}"
        case AlertData():
            parts = (dict(value.Labels), dict(value.ExternalLabels), value.ExternalURL, value.Value)
            return f"{{{' '.join(map(print_value, parts))}}}"
        case _:
            return str(value)


def _print_inner(value: Value) -> str:
    return "<nil>" if value is None else print_value(value)


def print_float(value: float) -> str:
    """A number as Go's `%v` writes it: the infinite ones have a sign."""
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return "-0" if value == 0 and math.copysign(1, value) < 0 else format_short(value)
