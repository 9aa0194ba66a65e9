"""Families -> exposition: text format 0.0.4 and OpenMetrics 1.0.0."""

from __future__ import annotations

import math
import re
from enum import Enum
from typing import TYPE_CHECKING

from jipyo.model.labels import METRIC_NAME, Labels
from jipyo.model.sample import MetricType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jipyo.model.family import Family


class Format(Enum):
    """The format of an exposition; the value is its Content-Type."""

    TEXT = "text/plain; version=0.0.4; charset=utf-8"
    OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_VALUE_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})
_HELP_ESCAPES = {
    Format.TEXT: str.maketrans({"\\": "\\\\", "\n": "\\n"}),
    Format.OPENMETRICS: _VALUE_ESCAPES,
}
_ONLY_OPENMETRICS = {MetricType.INFO, MetricType.STATESET}


def choose_format(accept: str) -> Format:
    """The best format among those that an Accept header lists."""
    weights = {Format.TEXT: 0.0, Format.OPENMETRICS: 0.0}
    for part in accept.split(","):
        media, _, parameters = part.partition(";")
        for form in Format:
            if media.strip() == form.value.partition(";")[0]:
                weights[form] = max(weights[form], _parse_weight(parameters))
    better = weights[Format.OPENMETRICS] > weights[Format.TEXT]
    return Format.OPENMETRICS if better else Format.TEXT


def _parse_weight(parameters: str) -> float:
    match = re.search(r"(?:^|;)\s*q\s*=\s*([0-9.]+)\s*(?:;|$)", parameters)
    try:
        return float(match[1]) if match else 1.0
    except ValueError:
        return 0.0


def write(families: Iterable[Family], form: Format = Format.TEXT) -> bytes:
    """A whole exposition; families of one name are put together, as both formats demand."""
    by_name: dict[str, list[Family]] = {}
    for family in families:
        by_name.setdefault(family.name, []).append(family)
    lines = [line for same in by_name.values() for line in _write_family(same, form)]
    if form is Format.OPENMETRICS:
        lines.append("# EOF\n")
    return "".join(lines).encode("utf-8", "replace")


def _write_family(same: list[Family], form: Format) -> Iterator[str]:
    first = same[0]
    name, kind = _declare(first, form)
    shown = name if _METRIC.fullmatch(name) else f'"{name.translate(_VALUE_ESCAPES)}"'
    if first.help:
        yield f"# HELP {shown} {first.help.translate(_HELP_ESCAPES[form])}\n"
    yield f"# TYPE {shown} {kind}\n"
    if form is Format.OPENMETRICS and first.unit and name.endswith(f"_{first.unit}"):
        yield f"# UNIT {shown} {first.unit}\n"
    for family in same:
        for sample in family.samples:
            text = f"{format_series(sample.labels)} {format_value(sample.value)}"
            if sample.t_ms is not None:
                is_text = form is Format.TEXT
                text += f" {sample.t_ms}" if is_text else f" {format_value(sample.t_ms / 1000)}"
            yield text + "\n"


def _declare(family: Family, form: Format) -> tuple[str, str]:
    """The name and type that the format has for a family."""
    if form is Format.TEXT:
        kind = "untyped" if family.type is MetricType.UNKNOWN else family.type.value
        return family.name, "gauge" if family.type in _ONLY_OPENMETRICS else kind
    if family.type is MetricType.COUNTER:
        # A counter whose name lacks _total would have to change its name: it stays unknown.
        bare = family.name.removesuffix("_total")
        return bare, "unknown" if bare == family.name else "counter"
    if family.type is MetricType.INFO:
        return family.name.removesuffix("_info"), "info"
    return family.name, family.type.value


def format_series(labels: Labels) -> str:
    """A series as an exposition names it; names beyond ASCII letters are quoted (text 1.0.0)."""
    parts = [
        f'{name if _LABEL.fullmatch(name) else _quote(name)}="{value.translate(_VALUE_ESCAPES)}"'
        for name, value in labels.pairs
        if name != METRIC_NAME
    ]
    metric = labels.metric
    if _METRIC.fullmatch(metric):
        return f"{metric}{{{','.join(parts)}}}" if parts else metric
    return f"{{{','.join([_quote(metric), *parts])}}}"


def _quote(name: str) -> str:
    return f'"{name.translate(_VALUE_ESCAPES)}"'


def format_value(value: float) -> str:
    """The shortest text that reads back as the same float."""
    if math.isnan(value):
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "+Inf" if value > 0 else "-Inf"
    return repr(float(value)).removesuffix(".0")
