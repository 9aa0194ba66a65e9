"""The catalogue and its keys in words, for the terminal and the documentation."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from jipyo.catalogue.metric import (
    Catalogue,
    Metric,
    MetricQuery,
    Objective,
    ReportShape,
    Statistic,
    Thresholds,
)
from jipyo.catalogue.schema import FILE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.schema.readers import Key

_MINUTE_MS = 60_000


class Speaker(Protocol):
    """Says texts, numbers and times in one language; `i18n.Texts` is one."""

    @property
    def lang(self) -> str:
        """The language."""
        ...

    def __call__(self, key: str, /, **values: object) -> str:
        """The text of a key."""
        ...

    def unit(self, unit: str) -> str:
        """The label of a unit."""
        ...

    def number(self, value: float | None, unit: str = "count") -> str:
        """A value with its unit."""
        ...

    def span(self, ms: int) -> str:
        """A length of time."""
        ...


@dataclass(frozen=True, slots=True)
class Row:
    """One metric in a list."""

    id: str
    name: str
    unit: str
    limits: str
    exporters: tuple[str, ...]
    required: bool


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of all that is known of a metric."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One key of a catalogue file."""

    path: str
    kind: str
    required: bool
    default: str
    """Empty where there is none."""
    choices: tuple[str, ...]
    meaning: str


def rows(catalogue: Catalogue, t: Speaker) -> tuple[Row, ...]:
    """Every metric in a line, for `jipyo catalogue list`."""
    return tuple(
        Row(
            id=metric.id,
            name=metric.name(t.lang),
            unit=t.unit(metric.unit.value),
            limits=limits(metric, t),
            exporters=tuple(dict.fromkeys(one.exporter for one in metric.queries)),
            required=metric.required,
        )
        for metric in catalogue.metrics
    )


def limits(metric: Metric, t: Speaker) -> str:
    """The thresholds, else the objective, in a few words; empty where there is neither."""
    if metric.thresholds is not None:
        return _levels(metric.thresholds, metric.unit.value, t)
    return _objective(metric.objective, metric.unit.value, t) if metric.objective else ""


def _levels(thresholds: Thresholds, unit: str, t: Speaker) -> str:
    levels = {"warning": thresholds.warning, "critical": thresholds.critical}
    said = [
        t(f"catalogue.level.{name}", value=t.number(value, unit))
        for name, value in levels.items()
        if value is not None
    ]
    return " · ".join(said)


def _objective(objective: Objective, unit: str, t: Speaker) -> str:
    key = f"catalogue.objective.{objective.compare.name.lower()}"
    return t(key, value=t.number(objective.value, unit))


def facts(metric: Metric, catalogue: Catalogue, t: Speaker) -> tuple[Fact, ...]:
    """All that is known of one metric, for `jipyo catalogue show`."""
    told = {name: text for name, text in _facts(metric, catalogue, t) if text}
    return (
        *(Fact(t(f"catalogue.fact.{name}"), text) for name, text in told.items()),
        *(_query(query, t) for query in metric.queries),
    )


def _facts(metric: Metric, catalogue: Catalogue, t: Speaker) -> Iterator[tuple[str, str]]:
    unit = metric.unit.value
    yield "name", metric.name(t.lang)
    yield "description", metric.description(t.lang)
    yield "topic", catalogue.topic_name(metric.topic, t.lang)
    yield "unit", f"{unit} ({t.unit(unit)})" if t.unit(unit) else unit
    yield "direction", t(f"catalogue.direction.{metric.direction.value}")
    yield "labels", ", ".join(metric.labels)
    yield "required", t("catalogue.yes") if metric.required else ""
    yield "idle_without_data", t("catalogue.yes") if metric.idle_without_data else ""
    yield "window", t.span(metric.window_ms)
    if metric.thresholds is not None:
        yield "thresholds", _thresholds(metric.thresholds, unit, t)
    if metric.objective is not None:
        promised = _objective(metric.objective, unit, t)
        yield "objective", _noted(promised, metric.objective, t)
    yield "report", _report(metric.report)
    yield "remedy", metric.remedy(t.lang) if metric.remedy else ""
    yield "where", metric.where


def _thresholds(thresholds: Thresholds, unit: str, t: Speaker) -> str:
    said = _levels(thresholds, unit, t)
    if thresholds.for_ms:
        said = t("catalogue.for", levels=said, span=t.span(thresholds.for_ms))
    recovery = [
        t(f"catalogue.recover.{level}", value=t.number(value, unit))
        for level, value in (
            ("warning", thresholds.recover_warning),
            ("critical", thresholds.recover_critical),
        )
        if value is not None
    ]
    return _noted("; ".join([said, *recovery]), thresholds, t)


def _noted(said: str, limit: Thresholds | Objective, t: Speaker) -> str:
    whose = t(f"catalogue.origin.{limit.origin.value}")
    note = f"; {limit.note(t.lang)}" if limit.note else ""
    return f"{said} ({whose}){note}"


def _report(report: ReportShape) -> str:
    time, across = (
        ", ".join(one.value for one in part) for part in (report.summaries, report.across)
    )
    return f"{time} / {across}"


def _query(query: MetricQuery, t: Speaker) -> Fact:
    asides = [
        t("catalogue.mean") if query.statistic is Statistic.MEAN else "",
        t("catalogue.fallback") if query.fallback else "",
        t("catalogue.total", promql=query.total_promql) if query.total_promql else "",
        query.note(t.lang) if query.note else "",
    ]
    aside = "; ".join(filter(None, asides))
    return Fact(query.exporter, f"{query.promql}  # {aside}" if aside else query.promql)


def checked(file: str, catalogue: Catalogue, t: Speaker) -> str:
    """What a file without mistakes holds, for `jipyo catalogue check`."""
    return t(
        "catalogue.checked",
        file=file,
        metrics=len(catalogue.metrics),
        expressions=sum(len(metric.queries) for metric in catalogue.metrics),
    )


def keys(t: Speaker) -> tuple[KeyRow, ...]:
    """Every key that a catalogue file may have, in order."""
    return tuple(_keys(FILE, "", t))


def _keys(inside: tuple[Key, ...], path: str, t: Speaker) -> Iterator[KeyRow]:
    for key in inside:
        here = f"{path}.{key.name}" if path else key.name
        yield KeyRow(
            path=here,
            kind=t(f"catalogue.kind.{key.kind}"),
            required=key.required,
            default=_default(key),
            choices=key.choices,
            meaning=t(f"catalogue.key.{here}"),
        )
        yield from _keys(key.inside, here, t)


def _default(key: Key) -> str:
    value = key.default
    if key.kind == "duration" and isinstance(value, int):
        return f"{value // _MINUTE_MS}m"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, tuple) and value and isinstance(value[0], Enum):
        return f"[{', '.join(str(one.value) for one in value)}]"
    return str(value).lower() if isinstance(value, bool) else ""
