"""OpenTelemetry's names as Prometheus' own OTLP endpoint translates them.

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
class TranslatedMetric:
    """The name, type and unit of a metric in Prometheus."""

    name: str
    type: MetricType
    unit: str


@dataclass(frozen=True, slots=True)
class ResourceLabels:
    """`job` and `instance` of a resource, and its other attributes for `target_info`."""

    labels: Mapping[str, str]
    info: Mapping[str, str]


def translate_metric(
    name: str, unit: str, kind: str, *, monotonic: bool
) -> TranslatedMetric | None:
    """A metric's name with its unit, and `_total` where it is a counter; None without a name."""
    words = [word for word in _ODD.split(name) if word]
    main, per = _translate_unit(unit)
    present = {*words, ""}
    words += [
        word for word in (main.removesuffix("_") if per else main, per) if word not in present
    ]
    if monotonic:
        words = [*(word for word in words if word != "total"), "total"]
    if kind == "gauge" and unit == "1":
        words = [*(word for word in words if word != "ratio"), "ratio"]
    full = "_".join(words)
    if not full:
        return None
    if full[0].isdigit():
        full = f"_{full}"
    number_type = MetricType.COUNTER if monotonic else MetricType.GAUGE
    unit_name = "_".join(filter(None, (main, per))).strip("_")
    return TranslatedMetric(full, _TYPES.get(kind, number_type), unit_name)


def _translate_unit(unit: str) -> tuple[str, str]:
    """`By/s` is `bytes` and `per_second`; a part in braces is a comment."""
    main, _, per = unit.partition("/")
    of = _translate_unit_part(per, _PER).removesuffix("_")
    return _translate_unit_part(main, _UNITS), f"per_{of}" if of else ""


def _translate_unit_part(part: str, words: Mapping[str, str]) -> str:
    part = part.strip()
    if "{" in part or "}" in part:
        return ""
    return _ODD.sub("_", words.get(part, part)).removeprefix("_")


def translate_labels(attributes: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Attributes as labels; values of equal names are joined by `;`."""
    # Joined once at the end: a sender may give one name a hundred thousand values.
    labels: dict[str, list[str]] = {}
    for key, value in sorted(attributes):
        labels.setdefault(translate_label_name(key), []).append(value)
    return {name: ";".join(values) for name, values in labels.items()}


def translate_label_name(key: str) -> str:
    """The name of a label for an attribute."""
    name = _ODD_IN_LABELS.sub("_", key)
    if name[:1].isdigit():
        return f"key_{name}"
    if name.startswith("_") and not name.startswith("__"):
        return f"key{name}"
    return name or "_"


def split_resource(attributes: Iterable[tuple[str, str]]) -> ResourceLabels:
    """Job and instance from a resource's attributes."""
    rest = dict(attributes)
    service, space = rest.pop("service.name", ""), rest.pop("service.namespace", "")
    instance = rest.pop("service.instance.id", "")
    job = f"{space}/{service}" if space and service else service
    labels = {name: value for name, value in (("job", job), ("instance", instance)) if value}
    return ResourceLabels(labels, translate_labels(rest.items()))
