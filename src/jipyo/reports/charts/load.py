"""A figure by load as a drawing: measured up to the greatest load seen, estimated beyond."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from jipyo.reports.charts.axis import choose_value_ticks
from jipyo.reports.charts.gutter import PlotThreshold, write_thresholds
from jipyo.reports.charts.svg import (
    Frame,
    Size,
    estimate_text_width,
    format_coordinate,
    write_line,
    write_svg,
    write_text,
    write_value_axis,
)
from jipyo.reports.charts.time_series import (
    LEFT,
    LEGEND_HEIGHT,
    PlotBand,
    PlotMark,
    keep_drawable,
    set_legend_rows,
    write_band,
    write_legend,
    write_marks,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from jipyo.model.sample import Values

_PARTS = 1_000_000
"""A load is drawn as a whole number of parts of the greatest one, as times are of milliseconds."""
_REACH = 2.0
"""An estimate so many times the threshold is cut: it would flatten what was measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadPlot:
    """The figure and its estimate; loads ascend, values have the shape of their loads."""

    title: str
    description: str
    loads: Values
    values: Values
    beyond_loads: Values
    beyond: Values
    low: Values
    high: Values
    peak: float | None
    peak_label: str
    legend: tuple[str, str]
    thresholds: Sequence[PlotThreshold]
    format_value: Callable[[float], str]
    format_load: Callable[[float], str]
    gutter: float


def write_load_curve(plot: LoadPlot, size: Size) -> str:
    """Solid where it was measured, dashed within a band where it is estimated."""
    plot = _keep_known_loads(plot)
    load_ticks, _, most = choose_value_ticks(0.0, _find_most(plot.loads, plot.beyond_loads))
    ticks, low, high = _choose_axis(plot)
    labels = [plot.format_value(tick) for tick in ticks]
    legend = [("s0", plot.legend[0]), ("s0 ahead", plot.legend[1])]
    rows = set_legend_rows([name for _, name in legend], size.width)
    frame = Frame(
        left=max(LEFT, 8 + max(map(estimate_text_width, labels), default=0.0)),
        top=8 + LEGEND_HEIGHT * len(rows) + 11,
        right=size.width - max(plot.gutter, 8),
        bottom=size.height - 20,
        start_ms=0,
        end_ms=_PARTS,
        low=low,
        high=high,
    )

    def place(loads: Values) -> Values:
        return np.asarray(loads / most * _PARTS)

    beyond = place(plot.beyond_loads).astype(np.int64)
    share = 0.0 if plot.peak is None else min(max(plot.peak / most, 0.0), 1.0)
    peak = PlotMark("deployment", int(share * _PARTS), plot.peak_label)
    elements = [
        *write_value_axis(frame, ticks, labels),
        *_write_load_ticks(frame, plot, load_ticks, most),
        *write_band(frame, beyond, PlotBand("", plot.low, plot.high), "band ahead"),
        write_line(frame, beyond, plot.beyond, "line s0 ahead"),
        write_line(frame, place(plot.loads).astype(np.int64), plot.values, "line s0"),
        *write_thresholds(frame, plot.thresholds, plot.gutter),
        *write_marks(frame, [] if plot.peak is None else [peak]),
        *write_legend(rows, legend),
    ]
    return write_svg(plot.title, plot.description, size, elements)


def _keep_known_loads(plot: LoadPlot) -> LoadPlot:
    """The plot without points whose load is not a number, or no number at all."""
    measured, ahead = np.isfinite(plot.loads), np.isfinite(plot.beyond_loads)
    return replace(
        plot,
        loads=plot.loads[measured],
        values=plot.values[measured],
        beyond_loads=plot.beyond_loads[ahead],
        beyond=plot.beyond[ahead],
        low=plot.low[ahead],
        high=plot.high[ahead],
    )


def _find_most(*loads: Values) -> float:
    known = np.concatenate([keep_drawable(array) for array in loads])
    most = float(known.max()) if known.size else 0.0
    return most if most > 0 else 1.0


def _choose_axis(plot: LoadPlot) -> tuple[Sequence[float], float, float]:
    limits = [one.value for one in plot.thresholds]
    measured = keep_drawable(plot.values)
    top = max([*limits, *measured.tolist()], default=0.0)
    ahead = keep_drawable(plot.beyond)
    reach = min(float(ahead.max()), _REACH * top) if ahead.size and top > 0 else top
    low = min([0.0, *measured.tolist()])
    return choose_value_ticks(low, max(top, reach) or 1.0)


def _write_load_ticks(
    frame: Frame, plot: LoadPlot, ticks: Sequence[float], most: float
) -> Iterator[str]:
    bottom = frame.bottom
    for tick in ticks:
        x = frame.left + tick / most * (frame.right - frame.left)
        at = format_coordinate(x)
        yield f'<path class="tick" d="M{at} {format_coordinate(bottom)}v3"/>'
        yield write_text(plot.format_load(tick), x, bottom + 14, anchor="middle")
