"""The tables of GPUs, servers and databases: every series now, with its day."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - the OpenAPI document reads the schemas
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from jipyo.analysis.series_names import name_host, name_series
from jipyo.reports.wording import format_change
from jipyo.source.inventory import identify_host
from jipyo.web.api.day.context import (
    GRAVITY,
    DayContext,
    Numbers,
    StateWord,
    find_gravest,
    list_few_numbers,
    name_series_state,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from jipyo.analysis.day.now import SeriesNow
    from jipyo.catalogue import Metric
    from jipyo.model.labels import Labels

UTILISATION, MEMORY = "system.gpu.utilization", "system.gpu.memory.utilization"
TEMPERATURE, POWER = "system.gpu.temperature", "system.gpu.power"
PROCESSES = "system.gpu.process.memory"
GPUS = (UTILISATION, MEMORY, TEMPERATURE, POWER, PROCESSES)
SERVERS = ("system.cpu.utilization", "system.memory.utilization", "system.disk.utilization")
DATABASES = ("db.query.time", "db.connections", "db.cache_hit_ratio")
DRAWN = (MEMORY, *SERVERS, *DATABASES)
"""Metrics whose course a table shows."""
SHOWN = (*GPUS, *SERVERS, *DATABASES)
"""Metrics of which tables show every series."""
MOST_GPUS = 16
OPEN_GROUPS = 6
"""Groups beyond these are folded, and come without the course of their rows."""
MOST_GROUPS = 60
MOST_ROWS = 6
"""Of a metric in a group, such as the disks of a server."""

Gpu = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """A share, as a bar with its thresholds."""

    value: float | None
    text: str
    state: StateWord


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuRow:
    """One GPU."""

    name: str
    host: str
    """Where there is more than one host; else empty."""
    process: str
    """The model or process with the most memory on it; empty where that is not known."""
    state: StateWord
    reason: str
    """Why there are no values; empty where there are some."""
    utilisation: Gauge
    memory: Gauge
    memory_values: Numbers
    temperature_text: str
    power_text: str
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuTable:
    """The GPUs, the worst first where there are more than are shown."""

    model: str
    """`NVIDIA H100 × 4`; empty where they differ or it is not known."""
    levels_text: str
    """The thresholds of memory in words."""
    warning: float | None
    critical: float | None
    """Of memory; those of the utilisation are the marks of its own bar."""
    utilisation_warning: float | None
    utilisation_critical: float | None
    rows: tuple[GpuRow, ...]
    more: int
    """How many are not shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostMetric:
    """One series of a server or database."""

    metric: str
    name: str
    subject: str
    """Which one, such as a disk; empty where there is one alone."""
    state: StateWord
    value: float | None
    text: str
    levels_text: str
    """`주의 85% / 위험 95%`, without words; empty without thresholds."""
    warning: float | None
    unit: str
    change_text: str
    values: Numbers
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowGroup:
    """One server or database."""

    kind: Literal["server", "database"]
    name: str
    state: StateWord
    folded: bool
    """Whether only its name is shown until somebody asks."""
    rows: tuple[HostMetric, ...]


# ------------------------------------------------------------------------------------------ GPUs


def build_gpus(context: DayContext) -> GpuTable | None:
    """The table; None where there is no GPU."""
    by_metric = {metric_id: _index_gpus(context.series.get(metric_id, ())) for metric_id in GPUS}
    found: dict[Gpu, None] = {}
    for metric_id in (MEMORY, UTILISATION, TEMPERATURE):
        found |= dict.fromkeys(by_metric[metric_id])
    if not found:
        return None
    has_hosts = len({gpu[:2] for gpu in found}) > 1
    processes = _find_processes(context.series.get(PROCESSES, ()))
    rows = [
        _build_gpu(gpu, by_metric, processes.get(gpu, ""), has_hosts=has_hosts, context=context)
        for gpu in sorted(found, key=_order_gpu)
    ]
    if len(rows) > MOST_GPUS:
        rows.sort(key=lambda row: GRAVITY.index(row.state))
    memory, utilisation = _find_levels(MEMORY, context), _find_levels(UTILISATION, context)
    return GpuTable(
        model=_name_model(by_metric[MEMORY].values(), len(found), context),
        levels_text=describe_levels(context.catalogue.get(MEMORY), context),
        warning=memory[0],
        critical=memory[1],
        utilisation_warning=utilisation[0],
        utilisation_critical=utilisation[1],
        rows=tuple(rows[:MOST_GPUS]),
        more=max(len(rows) - MOST_GPUS, 0),
    )


def _identify_gpu(labels: Labels) -> Gpu:
    return (*identify_host(labels), labels.get("gpu", ""))


def _order_gpu(gpu: Gpu) -> tuple[str, str, int, str]:
    number = int(gpu[2]) if gpu[2].isascii() and gpu[2].isdigit() else 1 << 30
    return gpu[0], gpu[1], number, gpu[2]


def _index_gpus(series: Iterable[SeriesNow]) -> dict[Gpu, SeriesNow]:
    return {_identify_gpu(one.labels): one for one in series}


def _find_processes(series: Iterable[SeriesNow]) -> dict[Gpu, str]:
    """The model, or the name of the process, that has the most memory of each GPU."""
    found: dict[Gpu, tuple[float, str]] = {}
    for one in series:
        gpu, size = _identify_gpu(one.labels), one.value or 0.0
        name = one.labels.get("model") or one.labels.get("process_name", "")
        if one.value is not None and size >= found.get(gpu, (0.0, ""))[0]:
            found[gpu] = size, name
    return {gpu: name for gpu, (_, name) in found.items()}


def _build_gpu(
    gpu: Gpu,
    by_metric: Mapping[str, Mapping[Gpu, SeriesNow]],
    process: str,
    *,
    has_hosts: bool,
    context: DayContext,
) -> GpuRow:
    now = {metric_id: series.get(gpu) for metric_id, series in by_metric.items()}
    memory = now[MEMORY]
    judged = [name_series_state(now[one]) for one in (UTILISATION, MEMORY, TEMPERATURE) if now[one]]
    metric = context.catalogue.get(MEMORY)
    course = None if memory is None else context.find_course(MEMORY, memory.labels)
    named = context.t.number(None)
    return GpuRow(
        name=f"GPU {gpu[2]}" if gpu[2] else "GPU",
        host=name_host(gpu[0], gpu[1]) if has_hosts else "",
        process=process,
        state=find_gravest(judged),
        reason=_explain_absence([one for one in now.values() if one is not None], context),
        utilisation=_build_gauge(now[UTILISATION], "percent", context),
        memory=_build_gauge(memory, "percent", context),
        memory_values=() if metric is None else list_few_numbers(course, metric),
        temperature_text=_describe(now[TEMPERATURE], "celsius", context) or named,
        power_text=_describe(now[POWER], "watt", context),
        labels={"instance": gpu[1], "gpu": gpu[2]},
    )


def _explain_absence(series: Sequence[SeriesNow], context: DayContext) -> str:
    """Since when a GPU says nothing any more; empty where any value is there."""
    if any(one.value is not None for one in series):
        return ""
    last_ms = max((one.since_ms for one in series), default=context.now_ms)
    return context.t("overview.gone_since", moment=context.name_moment(last_ms))


def _build_gauge(one: SeriesNow | None, unit: str, context: DayContext) -> Gauge:
    value = None if one is None else one.value
    return Gauge(value=value, text=_describe(one, unit, context), state=name_series_state(one))


def _describe(one: SeriesNow | None, unit: str, context: DayContext) -> str:
    return "" if one is None or one.value is None else context.t.number(one.value, unit)


def _name_model(series: Iterable[SeriesNow], count: int, context: DayContext) -> str:
    models = {one.labels.get("modelName", "") for one in series} - {""}
    return context.t("overview.gpus", model=models.pop(), n=count) if len(models) == 1 else ""


def _find_levels(metric_id: str, context: DayContext) -> tuple[float | None, float | None]:
    metric = context.catalogue.get(metric_id)
    if metric is None or metric.thresholds is None:
        return None, None
    return metric.thresholds.warning, metric.thresholds.critical


def describe_levels(metric: Metric | None, context: DayContext) -> str:
    """`70% / 85%`: warning and critical; a level that there is not is a dash."""
    thresholds = None if metric is None else metric.thresholds
    if metric is None or thresholds is None:
        return ""
    levels = (thresholds.warning, thresholds.critical)
    warning, critical = (
        "–" if one is None else context.t.number(one, metric.unit.value) for one in levels
    )
    return context.t("overview.levels", warning=warning, critical=critical)


# ------------------------------------------------------------------------- servers and databases


def build_hosts(context: DayContext) -> tuple[RowGroup, ...]:
    """The groups, servers first and of each kind the worst first; what is ok is folded in time."""
    groups = [
        *_build_groups("server", SERVERS, context),
        *_build_groups("database", DATABASES, context),
    ]
    return tuple(groups)


def _build_groups(
    kind: Literal["server", "database"], metric_ids: Sequence[str], context: DayContext
) -> list[RowGroup]:
    members: dict[tuple[str, str], list[tuple[Metric, SeriesNow]]] = {}
    for metric_id in metric_ids:
        metric = context.catalogue.get(metric_id)
        for one in context.series.get(metric_id, ()):
            if metric is not None:
                members.setdefault(identify_host(one.labels), []).append((metric, one))
    states = {
        host: find_gravest([name_series_state(one) for _, one in found])
        for host, found in members.items()
    }
    ordered = sorted(members, key=lambda host: (GRAVITY.index(states[host]), host))
    return [
        RowGroup(
            kind=kind,
            name=name_host(*host),
            state=states[host],
            folded=place >= OPEN_GROUPS,
            rows=_build_rows(members[host], context, is_folded=place >= OPEN_GROUPS),
        )
        for place, host in enumerate(ordered[:MOST_GROUPS])
    ]


def _build_rows(
    members: Sequence[tuple[Metric, SeriesNow]], context: DayContext, *, is_folded: bool
) -> tuple[HostMetric, ...]:
    rows: list[HostMetric] = []
    for metric in {metric.id: metric for metric, _ in members}.values():
        own = [one for owner, one in members if owner is metric]
        worst_first = sorted(own, key=lambda one: GRAVITY.index(name_series_state(one)))
        rows += (
            _build_row(metric, one, context, is_alone=len(own) == 1, is_folded=is_folded)
            for one in worst_first[:MOST_ROWS]
        )
    return tuple(rows)


def _build_row(
    metric: Metric, one: SeriesNow, context: DayContext, *, is_alone: bool, is_folded: bool
) -> HostMetric:
    unit, course = metric.unit.value, context.find_course(metric.id, one.labels)
    gone = context.t("overview.gone_since", moment=context.name_moment(one.since_ms))
    return HostMetric(
        metric=metric.id,
        name=metric.name(context.t.lang),
        subject="" if is_alone else name_series(one.labels.drop(("instance", "job"))),
        state=name_series_state(one),
        value=one.value,
        text=gone if one.value is None else context.t.number(one.value, unit),
        levels_text=describe_levels(metric, context),
        warning=None if metric.thresholds is None else metric.thresholds.warning,
        unit=unit,
        change_text=format_change(
            one.value, None if course is None else course.week_ago, unit, context.t
        ),
        values=() if is_folded else list_few_numbers(course, metric),
        labels=dict(one.labels.pairs),
    )
