"""The charts of a document as SVG in the reader's language, for every format that shows them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.calendar import local_time
from jipyo.reports.charts.rows import (
    HeatPlot,
    TimelineMark,
    TimelineTrack,
    TimeRange,
    write_heat_map,
    write_timeline,
)
from jipyo.reports.charts.svg import Size
from jipyo.reports.charts.time_series import (
    Axes,
    Plot,
    PlotBand,
    PlotLine,
    PlotThreshold,
    write_sparkline,
    write_time_series,
)

if TYPE_CHECKING:
    from jipyo.reports.document import Chart, HeatMap, Tile, Timeline
    from jipyo.reports.wording import Localizer

CHART_SIZE = Size(400, 160)
"""Two charts side by side across the page."""
SPARKLINE_SIZE = Size(160, 30)
PAGE_WIDTH = 760
"""A drawing across the whole page."""


def draw_chart(chart: Chart, localizer: Localizer, size: Size = CHART_SIZE) -> str:
    """A metric over the period: its series, thresholds, further series and comparison."""
    t = localizer.texts
    # A lone line is the reported period itself where another one lies behind it.
    own_name = t("reports.legend.today") if chart.ghost else ""
    band = ghost = None
    if chart.others is not None:
        name = t("reports.legend.others", n=chart.others_count)
        band = PlotBand(name, chart.others[0].values, chart.others[1].values)
    if chart.ghost is not None:
        ghost = PlotLine(t("reports.legend.last_week"), chart.ghost.values)
    plot = Plot(
        title=localizer.format(chart.title),
        description=localizer.format(chart.caption),
        axes=_build_axes(chart, localizer),
        lines=[PlotLine(line.name or own_name, line.values) for line in chart.lines],
        thresholds=_label_thresholds(chart, localizer),
        band=band,
        ghost=ghost,
    )
    return write_time_series(plot, size)


def _build_axes(chart: Chart, localizer: Localizer) -> Axes:
    steps = np.arange(1, chart.lines[0].values.size + 1, dtype=np.int64)
    return Axes(
        t_ms=chart.start_ms + chart.step_ms * steps,
        zone=localizer.zone,
        format_value=lambda value: localizer.texts.number(value, chart.unit),
        step_base=1024 if chart.unit.startswith("bytes") else 10,
        worse=chart.worse,
        top=100.0 if chart.unit == "percent" else None,
    )


def _label_thresholds(chart: Chart, localizer: Localizer) -> list[PlotThreshold]:
    thresholds: list[PlotThreshold] = []
    for line in chart.thresholds:
        value = localizer.texts.number(line.value, chart.unit)
        label = localizer.texts(f"reports.threshold.{line.kind}", value=value)
        thresholds.append(PlotThreshold(line.kind, line.value, label))
    return thresholds


def draw_tile_shape(tile: Tile, localizer: Localizer) -> str:
    """The small line of a tile: how its metric moved over the period."""
    title = localizer.texts("reports.tile.shape", name=localizer.format(tile.subject))
    return write_sparkline(title, tile.shape, SPARKLINE_SIZE)


def describe_heat_map(heat_map: HeatMap, localizer: Localizer) -> str:
    """The title of a heat map, with the values of its lightest and darkest shade."""
    return localizer.texts(
        "reports.heat.title",
        name=localizer.format(heat_map.title),
        low=localizer.texts.number(heat_map.low, heat_map.unit),
        high=localizer.texts.number(heat_map.high, heat_map.unit),
    )


def draw_heat_map(heat_map: HeatMap, localizer: Localizer, width: int = PAGE_WIDTH) -> str:
    """Series by hours, one shade per hourly mean."""

    def format_value(value: float) -> str:
        return localizer.texts.number(None if math.isnan(value) else value, heat_map.unit)

    hours = (local_time(t_ms, localizer.zone) for t_ms in heat_map.hours_ms)
    plot = HeatPlot(
        title=describe_heat_map(heat_map, localizer),
        rows=heat_map.rows,
        columns=[f"{hour:%H}" for hour in hours],
        values=heat_map.values,
        low=heat_map.low,
        high=heat_map.high,
        format_value=format_value,
    )
    return write_heat_map(plot, width)


def draw_timeline(timeline: Timeline, localizer: Localizer, width: int = PAGE_WIDTH) -> str:
    """When which series was beyond its threshold, over the whole reported period."""
    tracks = [
        TimelineTrack(
            localizer.format(row.subject),
            [
                TimelineMark(
                    stretch.start_ms,
                    stretch.end_ms,
                    stretch.severity,
                    localizer.format(stretch.text),
                )
                for stretch in row.stretches
            ],
        )
        for row in timeline.rows
    ]
    period = localizer.period
    times = TimeRange(period.start_ms, period.end_ms, localizer.zone)
    return write_timeline(localizer.format(timeline.title), tracks, times, width)
