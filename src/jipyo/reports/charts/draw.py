"""The charts of a document as SVG in the reader's language, for every format that shows them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from jipyo.i18n.numbers import choose_unit, format_digits
from jipyo.model.calendar import PeriodKind, local_time, start_of_day
from jipyo.reports.charts.bars import DayPlot, PlotBar, write_day_bars, write_named_bars
from jipyo.reports.charts.gutter import PlotThreshold
from jipyo.reports.charts.load import LoadPlot, write_load_curve
from jipyo.reports.charts.rows import (
    HeatPlot,
    TimelineMark,
    TimelineTrack,
    TimeRange,
    write_heat_map,
    write_numbered_heat_map,
    write_timeline,
)
from jipyo.reports.charts.svg import Size, estimate_text_width
from jipyo.reports.charts.time_series import (
    Axes,
    Plot,
    PlotBand,
    PlotForecast,
    PlotLine,
    PlotMark,
    write_sparkline,
    write_time_series,
)
from jipyo.reports.document import Chart, DayBars, LoadCurve, NamedBars

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from jipyo.model.sample import Values
    from jipyo.reports.document import (
        AnyChart,
        Charts,
        HeatMap,
        Inline,
        ThresholdLine,
        Tile,
        Timeline,
        WeekHeatMap,
    )
    from jipyo.reports.wording import Localizer

HALF_SCREEN = Size(405, 163)
"""Two charts side by side on a screen."""
SPARKLINE_SIZE = Size(160, 30)
_LEAST_GUTTER = {"ko": 63.0, "en": 77.0}
"""Room for the names of thresholds, so that the plots of a page end at one edge."""
_NEAR = 3.0
"""Thresholds up to this many times the data count where a unit is chosen."""
_MANY, _MANY_IN_A_CELL, _MILLIONS_FROM = 1e6, 1e3, 1e6
"""From where on thousands are counted on an axis and in a cell, and from where on millions."""
_POINT = 0.7
"""Points of the page to a unit of a drawing: its letters of 10 units are of 7 points."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What charts are drawn on; widths in units of the drawing, whose letters have 10."""

    width: int
    gap: int
    stretch: float
    """How much taller than on paper charts are."""

    def size(self, charts: Charts) -> Size:
        """Of each of these charts."""
        width = (self.width - (charts.columns - 1) * self.gap) // charts.columns
        height_pt = charts.height or (80 if charts.columns == 1 else 68)
        return Size(width, int(height_pt / _POINT * self.stretch))


PAPER = Sheet(689, 33, 1.0)
SCREEN = Sheet(840, 30, 1.4)


@dataclass(frozen=True, slots=True)
class ChartScale:
    """The unit of a chart's axis: values are divided by `factor`; empty label for counts."""

    factor: float
    label: str


def draw_charts(charts: Charts, localizer: Localizer, sheet: Sheet) -> list[str]:
    """Each chart of the block, on one scale where the block asks for it."""
    extent = _find_shared_extent(charts) if charts.one_scale else None
    size = sheet.size(charts)
    return [draw_chart(chart, localizer, size, extent) for chart in charts.items]


def draw_chart(
    chart: AnyChart,
    localizer: Localizer,
    size: Size = HALF_SCREEN,
    extent: tuple[float, float] | None = None,
) -> str:
    """A chart of any kind; `extent` are the least and the greatest value of its axis at least."""
    match chart:
        case DayBars():
            return _draw_day_bars(chart, localizer, size)
        case NamedBars():
            bars = [
                PlotBar(
                    localizer.format(bar.name),
                    bar.value,
                    localizer.format(bar.text),
                    "bar idle" if bar.idle else "bar",
                )
                for bar in chart.bars
            ]
            return write_named_bars(*_describe(chart, localizer), bars, size.width)
        case LoadCurve():
            return _draw_load_curve(chart, localizer, size)
        case Chart():
            return _draw_time_series(chart, localizer, size, extent)


def format_title(chart: AnyChart, localizer: Localizer) -> str:
    """What a chart shows, in which unit, and which value of each step: `CPU (%, hourly peak)`."""
    name = localizer.format(chart.title)
    how = localizer.format(chart.how) if chart.how is not None else ""
    inner = ", ".join(filter(None, (choose_scale(chart, localizer).label, how)))
    return localizer.texts("reports.chart.title", name=name, about=inner) if inner else name


def describe_chart(chart: AnyChart, localizer: Localizer) -> str:
    """What a chart shows, for those who cannot see it: its title and the finding."""
    finding = chart.alt if chart.alt is not None else chart.caption
    title = format_title(chart, localizer)
    return title if finding is None else f"{title}. {localizer.format(finding)}"


def choose_scale(chart: AnyChart, localizer: Localizer) -> ChartScale:
    """The unit in which the greatest value of the axis has few digits."""
    size = max((abs(value) for value in _find_extent(chart)), default=0.0)
    return _choose_scale(size, chart.unit, _MANY, localizer)


def _choose_scale(size: float, unit: str, many: float, localizer: Localizer) -> ChartScale:
    """The unit for values up to `size`; from `many` on, thousands or millions of it."""
    scaled = choose_unit(size, unit)
    factor = size / scaled.value if scaled.value and math.isfinite(size) else 1.0
    label = localizer.texts.unit(scaled.unit, 2)
    if scaled.value < many or not math.isfinite(size):
        return ChartScale(factor or 1.0, label)
    power, name = (1e6, "million") if scaled.value >= _MILLIONS_FROM else (1e3, "thousand")
    words = localizer.texts(f"reports.scale.{name}", unit=label).strip()
    return ChartScale((factor or 1.0) * power, words)


def _list_values(chart: AnyChart) -> list[Values]:
    match chart:
        case DayBars():
            return [chart.values, *([] if chart.before is None else [chart.before])]
        case NamedBars():
            return [np.array([bar.value for bar in chart.bars], np.float64)]
        case LoadCurve():
            return [chart.values]
        case Chart():
            ghost = [] if chart.ghost is None else [chart.ghost]
            return [line.values for line in (*chart.lines, *(chart.others or ()), *ghost)]


def _find_extent(chart: AnyChart) -> tuple[float, ...]:
    """Least and greatest value of the chart and of thresholds nearby; empty where it has none."""
    arrays = [values[np.isfinite(values)] for values in _list_values(chart)]
    known = np.concatenate(arrays) if arrays else np.empty(0)
    limits = [] if isinstance(chart, NamedBars) else [one.value for one in chart.thresholds]
    size = float(np.abs(known).max()) if known.size else math.inf
    near = [value for value in limits if abs(value) <= _NEAR * size]
    edges = [float(known.min()), float(known.max())] if known.size else []
    return (min([*edges, *near]), max([*edges, *near])) if edges or near else ()


def _find_shared_extent(charts: Charts) -> tuple[float, float] | None:
    extents = [extent for chart in charts.items if (extent := _find_extent(chart))]
    if not extents:
        return None
    return min(low for low, _ in extents), max(high for _, high in extents)


def _format_tick(value: float) -> str:
    return f"{value + 0.0:,.10g}"


def _name_day(localizer: Localizer, day: date) -> str:
    """As an axis names it: `10/5`, `5 Oct`."""
    month = localizer.texts(f"i18n.short_month.{day.month}")
    return localizer.texts("reports.tick.day", month=month, day=day.day)


def _describe(chart: AnyChart, localizer: Localizer) -> tuple[str, str]:
    """The title of a drawing, and what it shows."""
    finding = chart.alt if chart.alt is not None else chart.caption
    description = "" if finding is None else localizer.format(finding)
    return format_title(chart, localizer), description


def _draw_time_series(
    chart: Chart, localizer: Localizer, size: Size, extent: tuple[float, float] | None
) -> str:
    t = localizer.texts
    scale = choose_scale(chart, localizer)
    # A lone line is the reported period itself where another one lies behind it.
    has_other = chart.ghost is not None or chart.forecast is not None
    own_name = name_period(localizer) if has_other else ""
    band = ghost = None
    if chart.others is not None:
        name = t("reports.legend.others", n=chart.others_count)
        low, high = (line.values / scale.factor for line in chart.others)
        band = PlotBand(name, low, high)
    if chart.ghost is not None:
        name = _name_ghost(chart.ghost_name, localizer)
        ghost = PlotLine(name, chart.ghost.values / scale.factor)
    thresholds, gutter = _place_thresholds(chart.thresholds, chart.unit, scale, localizer)
    title, description = _describe(chart, localizer)
    steps = np.arange(1, (chart.lines[0].values.size if chart.lines else 0) + 1, dtype=np.int64)
    plot = Plot(
        title=title,
        description=description,
        axes=Axes(
            t_ms=chart.start_ms + chart.step_ms * steps,
            zone=localizer.zone,
            format_value=_format_tick,
            top=100.0 if chart.unit == "percent" else None,
            name_day=partial(_name_day, localizer),
            gutter=gutter,
            nothing=t("i18n.no_data"),
            extent=None if extent is None else (extent[0] / scale.factor, extent[1] / scale.factor),
        ),
        lines=[PlotLine(line.name or own_name, line.values / scale.factor) for line in chart.lines],
        thresholds=thresholds,
        band=band,
        ghost=ghost,
        shades=[
            (start_of_day(day, localizer.zone), start_of_day(day + timedelta(1), localizer.zone))
            for day in chart.days_off
        ],
        marks=[
            PlotMark(mark.kind.value, mark.t_ms, localizer.format(mark.text), mark.end_ms)
            for mark in chart.marks
        ],
        forecast=_plot_forecast(chart, scale, localizer),
    )
    return write_time_series(plot, size)


def name_period(localizer: Localizer) -> str:
    """The reported period in a legend."""
    t, period = localizer.texts, localizer.period
    if period.kind is PeriodKind.MONTH:
        return t(f"i18n.month.{period.first_day.month}")
    return t("reports.legend.today" if period.kind is PeriodKind.DAY else "reports.legend.period")


def _name_ghost(name: Inline, localizer: Localizer) -> str:
    return localizer.texts("reports.legend.last_week") if name is None else localizer.format(name)


def _plot_forecast(chart: Chart, scale: ChartScale, localizer: Localizer) -> PlotForecast | None:
    """The forecast from the last value on, so that its line goes on from it."""
    ahead = chart.forecast
    values = chart.lines[0].values if chart.lines else np.empty(0)
    if ahead is None or not values.size:
        return None
    end_ms = chart.start_ms + chart.step_ms * values.size
    steps = np.arange(0, ahead.middle.size + 1, dtype=np.int64)

    def go_on(line: Values) -> Values:
        return np.concatenate((values[-1:], line)) / scale.factor

    return PlotForecast(
        name=localizer.format(ahead.name),
        t_ms=end_ms + ahead.step_ms * steps,
        middle=go_on(ahead.middle),
        low=go_on(ahead.low),
        high=go_on(ahead.high),
        crossing_ms=ahead.crossing_ms,
        earliest_ms=ahead.earliest_ms,
        latest_ms=ahead.latest_ms,
        label="" if ahead.text is None else localizer.format(ahead.text),
    )


def _place_thresholds(
    lines: Sequence[ThresholdLine], unit: str, scale: ChartScale, localizer: Localizer
) -> tuple[list[PlotThreshold], float]:
    """The thresholds with their names, and the width of the gutter that these need."""
    found: list[PlotThreshold] = []
    for line in lines:
        value = localizer.texts.number(line.value, unit)
        label = localizer.texts(f"reports.threshold.{line.kind}", value=value)
        found.append(PlotThreshold(line.kind, line.value / scale.factor, label))
    widest = max((estimate_text_width(f"{one.label} ↑") for one in found), default=0.0)
    return found, max(_LEAST_GUTTER[localizer.texts.lang], min(widest + 8, 110.0))


def _draw_day_bars(chart: DayBars, localizer: Localizer, size: Size) -> str:
    scale = choose_scale(chart, localizer)
    thresholds, gutter = _place_thresholds(chart.thresholds, chart.unit, scale, localizer)
    title, description = _describe(chart, localizer)
    plot = DayPlot(
        title=title,
        description=description,
        days=chart.days,
        values=chart.values / scale.factor,
        before=None if chart.before is None else chart.before / scale.factor,
        legend=(name_period(localizer), _name_ghost(chart.before_name, localizer)),
        days_off=frozenset(chart.days_off),
        thresholds=thresholds,
        format_tick=_format_tick,
        format_value=lambda value: localizer.texts.number(value * scale.factor, chart.unit),
        name_day=partial(_name_day, localizer),
        gutter=gutter,
        nothing=localizer.texts("i18n.no_data"),
        top=100.0 if chart.unit == "percent" else None,
    )
    return write_day_bars(plot, size)


def _draw_load_curve(chart: LoadCurve, localizer: Localizer, size: Size) -> str:
    scale = choose_scale(chart, localizer)
    thresholds, gutter = _place_thresholds(chart.thresholds, chart.unit, scale, localizer)
    title, description = _describe(chart, localizer)
    t = localizer.texts
    plot = LoadPlot(
        title=title,
        description=description,
        loads=chart.loads,
        values=chart.values / scale.factor,
        beyond_loads=chart.beyond_loads,
        beyond=chart.beyond / scale.factor,
        low=chart.low / scale.factor,
        high=chart.high / scale.factor,
        peak=chart.peak,
        peak_label="" if chart.peak_text is None else localizer.format(chart.peak_text),
        legend=(t("reports.legend.measured"), t("reports.legend.estimated")),
        thresholds=thresholds,
        format_value=_format_tick,
        format_load=_format_tick,
        gutter=gutter,
    )
    return write_load_curve(plot, size)


def draw_week_heat_map(heat_map: WeekHeatMap, localizer: Localizer, width: int) -> str:
    """Weekdays by hours, the number in each cell, in the unit that its title names."""
    scale = _scale_heat(heat_map, localizer)
    t = localizer.texts
    plot = HeatPlot(
        title=describe_week_heat_map(heat_map, localizer),
        description="" if heat_map.alt is None else localizer.format(heat_map.alt),
        rows=[t(f"i18n.weekday.{day}") for day in range(7)],
        columns=[str(hour) for hour in range(24)],
        values=heat_map.values,
        low=heat_map.low,
        high=heat_map.high,
        format_value=lambda value: _format_cell(value / scale.factor),
    )
    return write_numbered_heat_map(plot, width)


def _format_cell(value: float) -> str:
    """At most three digits, as a cell has room for."""
    return f"{value + 0.0:,.0f}" if abs(value) >= 10 else format_digits(round(value, 1) + 0.0)


def _scale_heat(heat_map: WeekHeatMap, localizer: Localizer) -> ChartScale:
    known: Iterable[float] = np.abs(heat_map.values[np.isfinite(heat_map.values)]).tolist()
    return _choose_scale(max(known, default=0.0), heat_map.unit, _MANY_IN_A_CELL, localizer)


def describe_week_heat_map(heat_map: WeekHeatMap, localizer: Localizer) -> str:
    """The title of a heat map with the unit of its numbers."""
    name, label = localizer.format(heat_map.title), _scale_heat(heat_map, localizer).label
    return localizer.texts("reports.chart.title", name=name, about=label) if label else name


def draw_tile_shape(tile: Tile, localizer: Localizer) -> str:
    """The small line of a tile: how its metric moved over the period."""
    title = localizer.text("reports.tile.shape", name=localizer.format(tile.subject))
    return write_sparkline(title, tile.shape, SPARKLINE_SIZE)


def describe_heat_map(heat_map: HeatMap, localizer: Localizer) -> str:
    """The title of a heat map, with the values of its lightest and darkest shade."""
    return localizer.texts(
        "reports.heat.title",
        name=localizer.format(heat_map.title),
        low=localizer.texts.number(heat_map.low, heat_map.unit),
        high=localizer.texts.number(heat_map.high, heat_map.unit),
    )


def draw_heat_map(heat_map: HeatMap, localizer: Localizer, width: int = SCREEN.width) -> str:
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


def draw_timeline(timeline: Timeline, localizer: Localizer, width: int = SCREEN.width) -> str:
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
    times = TimeRange(period.start_ms, period.end_ms, localizer.zone, partial(_name_day, localizer))
    return write_timeline(localizer.format(timeline.title), tracks, times, width)
