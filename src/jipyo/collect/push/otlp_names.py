"""OpenTelemetry's names in Prometheus' words ("Prometheus and OpenMetrics Compatibility")."""

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
    "min": "minute",
    "h": "hour",
    "d": "day",
    "w": "week",
    "mo": "month",
    "y": "year",
}
_ODD = re.compile(r"[^a-zA-Z0-9_:]+")
_ODD_IN_LABELS = re.compile(r"[^a-zA-Z0-9_]")
_BRACES = re.compile(r"\{[^}]*\}")
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


def shape(name: str, unit: str, kind: str, *, monotonic: bool) -> Shape:
    """A metric's name with its unit, and `_total` where it is a counter."""
    words = [word for word in _ODD.sub("_", name).split("_") if word]
    main, per = _unit_words(unit)
    if kind == "gauge" and unit == "1":
        main = "ratio"
    for word in (main, per):
        if word and not _ends_in(words, word):
            words += word.split("_")
    if monotonic:
        words = [word for word in words if word != "total"] + ["total"]
    full = "_".join(words)
    if full[:1].isdigit():
        full = f"_{full}"
    counted = MetricType.COUNTER if monotonic else MetricType.GAUGE
    return Shape(full, _TYPES.get(kind, counted), main)


def _unit_words(unit: str) -> tuple[str, str]:
    """`By/s` is `bytes` and `per_second`; what stands in braces says nothing."""
    main, slash, per = _BRACES.sub("", unit).strip().partition("/")
    said = _UNITS.get(main, _ODD.sub("_", main).strip("_"))
    of = _PER.get(per, _ODD.sub("_", per).strip("_")) if slash else ""
    return said, f"per_{of}" if of else ""


def _ends_in(words: list[str], wanted: str) -> bool:
    """Whether the name says it already, `_total` apart."""
    parts = wanted.split("_")
    told = [word for word in words if word != "total"]
    return told[-len(parts) :] == parts


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
    return name or "_"


def target(attributes: Iterable[tuple[str, str]]) -> Target:
    """Job and instance from a resource's attributes."""
    said = dict(attributes)
    service, space = said.pop("service.name", ""), said.pop("service.namespace", "")
    instance = said.pop("service.instance.id", "")
    job = f"{space}/{service}" if space and service else service
    found = {name: value for name, value in (("job", job), ("instance", instance)) if value}
    return Target(found, labels(said.items()))
