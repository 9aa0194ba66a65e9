"""How fine the steps are in which a metric is read over a long window.

In this process they are those of the daily report, one a minute. A server by URL sends what it
computes as text: of a hundred hosts a month of minutes is four million values for each metric.
There the steps are as fine as an answer of bounded size allows, and the report says so.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from jipyo.source.embedded import is_read_from_afar
from jipyo.source.metric_data import read_series

if TYPE_CHECKING:
    from jipyo.analysis.window import Window
    from jipyo.catalogue import Metric
    from jipyo.source import Source
    from jipyo.source.inventory import Inventory

MOST_VALUES = 750_000
"""Values of a metric over a window from a server: a month of 16 series by the minute."""
HOUR_MS = 3_600_000
STEPS_MS = tuple(minutes * 60_000 for minutes in (1, 2, 5, 10, 15, 30, 60))


def choose_grid(
    source: Source, metric: Metric, window: Window, inventory: Inventory | None
) -> Window:
    """The window in the steps in which a metric is read.

    How many series there are is seen on its last day, from a value an hour.

    Raises:
        QueryError: an expression was rejected.
        SourceError: the source failed.
    """
    if not window.day_ends_ms or not is_read_from_afar(source):
        return window
    last = window.days[-1]
    first_ms = min(last.start_ms + HOUR_MS, last.end_ms)
    t_ms = np.arange(first_ms, last.end_ms + 1, HOUR_MS, dtype=np.int64)
    series = len(read_series(source, metric, t_ms, window.step_ms, inventory).queries)
    return fit_values(window, series, MOST_VALUES)


def fit_values(window: Window, series: int, most: int) -> Window:
    """The window in the finest steps in which so many series have no more values than `most`."""
    wanted_ms = series * window.duration_ms / most
    return coarsen(window, next((one for one in STEPS_MS if one >= wanted_ms), STEPS_MS[-1]))


def coarsen(window: Window, step_ms: int) -> Window:
    """The window in steps of this length, or of the longest below it that divides its days."""
    edges_ms = np.array(window.edges_ms) - window.start_ms
    fitting = [one for one in STEPS_MS if one <= step_ms and not (edges_ms % one).any()]
    return replace(window, step_ms=max(fitting, default=window.step_ms))
