"""OpenTelemetry's names in Prometheus' words, as its own OTLP endpoint writes them.

The translation `UnderscoreEscapingWithSuffixes`, the default of Prometheus 3.16 (module
prometheus/otlptranslator, metric_namer.go and label_namer.go).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.model.sample import MetricType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_UNITS: Mapping[str, str] = {
    "d": "days",
    "h": "hours",
    "min": "minutes",
    "s": "seconds",
    "ms": "milliseconds",
    "us": "microseconds",
    "ns": "nanoseconds",
    "By": "bytes",
    "KiBy": "kibibytes",
    "MiBy": "mebibytes",
    "GiBy": "gibibytes",
    "TiBy": "tibibytes",
    "KBy": "kilobytes",
    "MBy": "megabytes",
    "GBy": "gigabytes",
    "TBy": "terabytes",
    "m": "meters",
    "V": "volts",
    "A": "amperes",
    "J": "joules",
    "W": "watts",
    "g": "grams",
    "Cel": "celsius",
    "Hz": "hertz",
    "1": "",
    "%": "percent",
}
_PER: Mapping[str, str] = {
    "s": "second",
    "m": "minute",
    "h": "hour",
    "d": "day",
    "w": "week",
    "mo": "month",
    "y": "year",
}
_ODD = re.compile(r"[^a-zA-Z0-9:]+")
_ODD_IN_LABELS = re.compile(r"[^a-zA-Z0-9_]")
_TYPES = {
    "gauge": MetricType.GAUGE,
    "histogram": MetricType.HISTOGRAM,
    "summary": MetricType.SUMMARY,
}


@dataclass(frozen=True, slots=True)
class Shape:
    """How a metric is called, what it is, and in what unit it counts."""

    name: str
    type: MetricType
    unit: str


@dataclass(frozen=True, slots=True)
class Target:
    """Who measured: `job` and `instance`, and what else is known of it for `target_info`."""

    labels: Mapping[str, str]
    info: Mapping[str, str]


def shape(name: str, unit: str, kind: str, *, monotonic: bool) -> Shape | None:
    """A metric's name with its unit, and `_total` where it is a counter; None without a name."""
    words = [word for word in _ODD.split(name) if word]
    main, per = _unit_words(unit)
    told = {*words, ""}
    words += [word for word in (main.removesuffix("_") if per else main, per) if word not in told]
    if monotonic:
        words = [*(word for word in words if word != "total"), "total"]
    if kind == "gauge" and unit == "1":
        words = [*(word for word in words if word != "ratio"), "ratio"]
    full = "_".join(words)
    if not full:
        return None
    if full[0].isdigit():
        full = f"_{full}"
    counted = MetricType.COUNTER if monotonic else MetricType.GAUGE
    said = "_".join(filter(None, (main, per))).strip("_")
    return Shape(full, _TYPES.get(kind, counted), said)


def _unit_words(unit: str) -> tuple[str, str]:
    """`By/s` is `bytes` and `per_second`; a part with braces says nothing."""
    main, _, per = unit.partition("/")
    of = _unit_word(per, _PER).removesuffix("_")
    return _unit_word(main, _UNITS), f"per_{of}" if of else ""


def _unit_word(part: str, words: Mapping[str, str]) -> str:
    part = part.strip()
    if "{" in part or "}" in part:
        return ""
    return _ODD.sub("_", words.get(part, part)).removeprefix("_")


def labels(attributes: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Attributes as labels; those that would be called the same are joined by `;`."""
    found: dict[str, str] = {}
    for key, value in sorted(attributes):
        name = label(key)
        found[name] = f"{found[name]};{value}" if name in found else value
    return found


def label(key: str) -> str:
    """The name of a label for an attribute."""
    name = _ODD_IN_LABELS.sub("_", key)
    if name[:1].isdigit():
        return f"key_{name}"
    if name.startswith("_") and not name.startswith("__"):
        return f"key{name}"
    return name or "_"


def target(attributes: Iterable[tuple[str, str]]) -> Target:
    """Job and instance from a resource's attributes."""
    said = dict(attributes)
    service, space = said.pop("service.name", ""), said.pop("service.namespace", "")
    instance = said.pop("service.instance.id", "")
    job = f"{space}/{service}" if space and service else service
    found = {name: value for name, value in (("job", job), ("instance", instance)) if value}
    return Target(found, labels(said.items()))
