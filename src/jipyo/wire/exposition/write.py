"""Families -> a page that Prometheus reads: text format 0.0.4 and OpenMetrics 1.0.0."""

from __future__ import annotations

import math
import re
from enum import Enum
from typing import TYPE_CHECKING

from jipyo.model.labels import METRIC_NAME, Labels
from jipyo.model.sample import MetricType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jipyo.model.family import Family, FamilySample


class Format(Enum):
    """What a page is written in; the value is its Content-Type."""

    TEXT = "text/plain; version=0.0.4; charset=utf-8"
    OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


_METRIC = re.compile(r"^[a-zA-Z_:][a-zA-Z0-9_:]*$")
_LABEL = re.compile(r"^[a-zA-Z_][a-zA-Z0-9_]*$")
_VALUE_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})
_HELP_ESCAPES = {
    Format.TEXT: str.maketrans({"\\": "\\\\", "\n": "\\n"}),
    Format.OPENMETRICS: _VALUE_ESCAPES,
}
_ONLY_OPENMETRICS = {MetricType.INFO, MetricType.STATESET}


def negotiate(accept: str) -> Format:
    """The best format among those an Accept header takes."""
    weights = {Format.TEXT: 0.0, Format.OPENMETRICS: 0.0}
    for part in accept.split(","):
        media, _, parameters = part.partition(";")
        for form in Format:
            if media.strip() == form.value.partition(";")[0]:
                weights[form] = max(weights[form], _weight(parameters))
    better = weights[Format.OPENMETRICS] > weights[Format.TEXT]
    return Format.OPENMETRICS if better else Format.TEXT


def _weight(parameters: str) -> float:
    found = re.search(r"(?:^|;)\s*q\s*=\s*([0-9.]+)\s*(?:;|$)", parameters)
    try:
        return float(found[1]) if found else 1.0
    except ValueError:
        return 0.0


def write(families: Iterable[Family], form: Format = Format.TEXT) -> bytes:
    """A whole page; families of one name are put together, as both formats demand."""
    together: dict[str, list[Family]] = {}
    for family in families:
        together.setdefault(family.name, []).append(family)
    lines = [line for same in together.values() for line in _family(same, form)]
    if form is Format.OPENMETRICS:
        lines.append("# EOF\n")
    return "".join(lines).encode("utf-8", "replace")


def _family(same: list[Family], form: Format) -> Iterator[str]:
    first = same[0]
    name, kind = _declared(first, form)
    shown = name if _METRIC.match(name) else f'"{name.translate(_VALUE_ESCAPES)}"'
    if first.help:
        yield f"# HELP {shown} {first.help.translate(_HELP_ESCAPES[form])}\n"
    yield f"# TYPE {shown} {kind}\n"
    if form is Format.OPENMETRICS and first.unit and name.endswith(f"_{first.unit}"):
        yield f"# UNIT {shown} {first.unit}\n"
    for family in same:
        for sample in family.samples:
            yield _line(sample, form)


def _declared(family: Family, form: Format) -> tuple[str, str]:
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


def _line(sample: FamilySample, form: Format) -> str:
    text = f"{series_text(sample.labels)} {format_value(sample.value)}"
    if sample.t_ms is None:
        return text + "\n"
    moment = str(sample.t_ms) if form is Format.TEXT else format_value(sample.t_ms / 1000)
    return f"{text} {moment}\n"


def series_text(labels: Labels) -> str:
    """A series as a page names it; names beyond ASCII letters are quoted (text 1.0.0)."""
    parts = [
        f'{_label_name(name)}="{value.translate(_VALUE_ESCAPES)}"'
        for name, value in labels.pairs
        if name != METRIC_NAME
    ]
    metric = labels.metric
    if _METRIC.match(metric):
        return f"{metric}{{{','.join(parts)}}}" if parts else metric
    return f"{{{','.join([_quoted(metric), *parts])}}}"


def _label_name(name: str) -> str:
    return name if _LABEL.match(name) else _quoted(name)


def _quoted(name: str) -> str:
    return f'"{name.translate(_VALUE_ESCAPES)}"'


def format_value(value: float) -> str:
    """The shortest text that reads back as the same float."""
    if math.isnan(value):
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "+Inf" if value > 0 else "-Inf"
    return repr(float(value)).removesuffix(".0")
