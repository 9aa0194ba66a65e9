"""The GPUs over the period: how busy, how full and how warm each was."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jipyo.analysis.thresholds import State
from jipyo.catalogue import Summary
from jipyo.reports.charts.build import find_ghost
from jipyo.reports.document import (
    Badge,
    Block,
    Chart,
    Charts,
    Heading,
    Inline,
    Quantity,
    Table,
    phrase,
)
from jipyo.reports.sections.levels import say
from jipyo.reports.sections.metric_charts import build_period_chart
from jipyo.reports.sections.metric_findings import build_metric_finding
from jipyo.reports.sections.metric_rows import (
    build_metric_table,
    drop_empty_columns,
    find_entries,
    show_plain,
)
from jipyo.reports.sections.metric_section import (
    MetricSection,
    build_missing_note,
    describe_left,
    keep_together,
    list_section_rows,
)
from jipyo.reports.tables import TableColumn, build_heads, build_row

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from jipyo.analysis.summary import SeriesSummary
    from jipyo.reports.data import ReportData, ReportMetric
    from jipyo.reports.inputs import ReportInputs

MOST_GPUS = 8
"""GPUs with a row of their own; of more the gravest, and the rest are counted."""
SMALL_CHARTS = 4
_USE, _MEMORY = "system.gpu.utilization", "system.gpu.memory.utilization"
_TEMPERATURE, _POWER, _ENERGY = (
    *("system.gpu.temperature", "system.gpu.power", "system.gpu.energy"),
)
_GPU = MetricSection(
    id="gpu",
    metrics=(_USE, _MEMORY, _TEMPERATURE),
    drawn=(_USE,),
    topics=("system.gpu",),
    most=1,
)
_OF_A_GPU = (_USE, _MEMORY, _TEMPERATURE, _POWER, _ENERGY)
_Identity = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReportGpu:
    """One GPU, and its series by the id of their metric."""

    name: str
    series: Mapping[str, SeriesSummary]

    @property
    def state(self) -> State:
        """The gravest state of what is judged of it; unknown where nothing is."""
        states = (one.state for name, one in self.series.items() if name in _GPU.metrics)
        return max(states, key=lambda state: state.severity, default=State.UNKNOWN)

    def figure(self, metric_id: str, summary: Summary) -> Inline:
        """A figure of one of its metrics; None where there is none."""
        series = self.series.get(metric_id)
        figure = None if series is None else series.figures.get(summary)
        return None if figure is None else show_plain(figure)


def build_gpu(inputs: ReportInputs) -> Iterator[Block]:
    """A small chart for each of four GPUs, the gravest of each metric, and a row a GPU."""
    yield Heading(_GPU.id, phrase(f"reports.section.{_GPU.id}"))
    rows = list_section_rows(inputs.data, _GPU)
    missing = tuple(build_missing_note(inputs, _GPU.metrics))
    if not rows:
        yield from missing
        return
    gpus, kind = list_gpus(inputs.data), inputs.period.kind
    tables = [build_metric_table(_GPU.id, rows, kind, counts_others=len(gpus) < 2)]
    if len(gpus) > 1:
        tables.append(build_gpu_table(gpus))
    finding = build_metric_finding(rows, kind, describe_left(inputs.data, _GPU))
    yield from keep_together(finding, draw_gpus(inputs), tables, missing)


def list_gpus(data: ReportData) -> tuple[ReportGpu, ...]:
    """All GPUs that have any series, the gravest first."""
    found: dict[_Identity, dict[str, SeriesSummary]] = {}
    names: dict[_Identity, str] = {}
    for entry in find_entries(data, _OF_A_GPU):
        for series in entry.now.series:
            identity = tuple(series.labels.get(name, "") for name in entry.metric.labels)
            found.setdefault(identity, {})[entry.metric.id] = series
            names.setdefault(identity, series.name or identity[-1])
    gpus = [ReportGpu(names[identity], series) for identity, series in found.items()]
    return tuple(sorted(gpus, key=lambda gpu: -gpu.state.severity))


def draw_gpus(inputs: ReportInputs) -> Iterator[Charts]:
    """A chart for each GPU on one scale; of more than four the four gravest."""
    for entry in find_entries(inputs.data, _GPU.drawn):
        whole = build_period_chart(entry, inputs)
        drawn = sorted(entry.now.drawn[:SMALL_CHARTS], key=lambda series: series.name)
        charts = tuple(_draw_gpu(whole, entry, series) for series in drawn)
        if any(chart.ghost is None for chart in charts):
            charts = tuple(replace(chart, ghost=None) for chart in charts)
        if charts:
            yield Charts(charts, columns=min(2, len(charts)), one_scale=True, height=60)


def _draw_gpu(whole: Chart, entry: ReportMetric, series: SeriesSummary) -> Chart:
    name = series.name
    return replace(
        whole,
        id=f"{whole.id}-{name.replace(' ', '-') or 'only'}",
        title=say(lambda t: t("chapters.gpu.use", name=name)) if name else entry.metric.name,
        ghost=find_ghost(entry, series),
        lines=tuple(replace(line, name="") for line in whole.lines if line.name == name),
        others=None,
        others_count=0,
    )


GPU_COLUMNS: tuple[TableColumn[ReportGpu], ...] = (
    TableColumn("gpu", lambda gpu: gpu.name, numeric=False),
    TableColumn("gpu_use", lambda gpu: gpu.figure(_USE, Summary.AVG)),
    TableColumn("gpu_most_use", lambda gpu: gpu.figure(_USE, Summary.MAX)),
    TableColumn("gpu_memory", lambda gpu: gpu.figure(_MEMORY, Summary.MAX)),
    TableColumn("gpu_temperature", lambda gpu: gpu.figure(_TEMPERATURE, Summary.MAX)),
    TableColumn("gpu_power", lambda gpu: gpu.figure(_POWER, Summary.AVG)),
    TableColumn("gpu_energy", lambda gpu: gpu.figure(_ENERGY, Summary.SUM)),
    TableColumn("state", lambda gpu: Badge(gpu.state), numeric=False),
)


def build_gpu_table(gpus: Sequence[ReportGpu]) -> Table:
    """A row a GPU in the order of their names, and how many there are besides."""
    listed = sorted(gpus[:MOST_GPUS], key=lambda gpu: gpu.name)
    rows = [build_row(GPU_COLUMNS, gpu) for gpu in listed]
    if left := len(gpus) - len(listed):
        rows.append((phrase("chapters.gpu.more", n=left), *(None,) * (len(GPU_COLUMNS) - 1)))
    return drop_empty_columns(
        Table(
            id="gpus",
            caption=phrase("chapters.caption.gpus", n=len(gpus)),
            columns=build_heads(GPU_COLUMNS),
            rows=tuple(rows),
            totals=_sum_up(gpus),
            wide=True,
        )
    )


def _sum_up(gpus: Sequence[ReportGpu]) -> tuple[Inline, ...]:
    """The mean use of all GPUs, and their power and energy together."""
    use = _collect(gpus, _USE, Summary.AVG)
    power, energy = _collect(gpus, _POWER, Summary.AVG), _collect(gpus, _ENERGY, Summary.SUM)
    return (
        phrase("chapters.gpu.all"),
        Quantity(sum(use) / len(use), "percent") if use else None,
        *(None,) * 3,
        Quantity(sum(power), "watt") if power else None,
        Quantity(sum(energy), "kilowatt_hours") if energy else None,
        None,
    )


def _collect(gpus: Sequence[ReportGpu], metric_id: str, summary: Summary) -> list[float]:
    figures = (
        gpu.series[metric_id].figures.get(summary) for gpu in gpus if metric_id in gpu.series
    )
    return [one.value for one in figures if one is not None and one.value is not None]
