"""When what fills up reaches its thresholds, with the interval of each date."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.crossing import CrossingState
from jipyo.analysis.thresholds import State
from jipyo.reports.charts.build import list_threshold_lines
from jipyo.reports.document import (
    Badge,
    Block,
    Chart,
    ChartLine,
    Charts,
    Duration,
    Finding,
    ForecastBand,
    Heading,
    Inline,
    Note,
    Share,
    Table,
    phrase,
)
from jipyo.reports.sections.metric_rows import drop_empty_columns
from jipyo.reports.sections.metric_section import keep_together
from jipyo.reports.sections.outlook import (
    DAY_MS,
    KNOWN,
    OutlookCrossing,
    build_crossing_finding,
    describe_probability,
    is_known,
    list_crossings,
    list_expected,
    show_date,
    show_interval,
    show_reason,
)
from jipyo.reports.tables import TableColumn, build_heads, build_row
from jipyo.source.hourly import HOUR_MS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jipyo.reports.inputs import ReportInputs

MOST = 8
"""Thresholds that are reached or expected with a row; the rest are counted."""
MOST_QUIET = 3
"""Series with a row that reach nothing, the likeliest first."""
_DRAWN_DAYS = 31
_BEYOND_DAYS = 3
"""So far a forecast is drawn beyond the latest date of its interval."""


def build_forecasts(inputs: ReportInputs) -> Iterator[Block]:
    """The date that comes first with its chart, and a row for each threshold ahead."""
    data = inputs.data
    known = [one.outlook.crossing for one in data.outlooks if is_known(one)]
    ahead = sort_by_urgency(list_crossings(data))
    if not known and not ahead:
        yield Heading("forecasts", phrase("reports.section.forecasts"))
        yield Note(phrase("chapters.forecasts.none", n=len(data.outlooks)), State.UNKNOWN)
        return
    horizon = Duration(max((one.horizon_ms for one in known if one is not None), default=0))
    expected = list_expected(data)
    finding = build_crossing_finding(expected[0]) if expected else None
    yield Heading("forecasts", phrase("reports.section.forecasts"))
    drawn = draw_forecast(expected[0] if expected else ahead[0], inputs)
    yield from keep_together(
        finding or build_quiet_finding(ahead, horizon),
        [Charts((drawn,), columns=1)],
        [build_forecast_table(ahead, horizon)],
        [Note(phrase("chapters.forecasts.note", n=len(data.outlooks), horizon=horizon))],
    )


def sort_by_urgency(crossings: Iterator[OutlookCrossing]) -> list[OutlookCrossing]:
    """Expected ones by their date, then reached ones, then the likeliest; unknown ones left out."""
    order = (CrossingState.EXPECTED, CrossingState.REACHED, CrossingState.NOT_EXPECTED)

    def rank(one: OutlookCrossing) -> tuple[int, float]:
        date = one.t_ms if one.is_expected else -one.crossing.probability
        return order.index(one.crossing.state), date

    return sorted((one for one in crossings if one.crossing.state in order), key=rank)


def select_listed(ahead: Sequence[OutlookCrossing]) -> list[OutlookCrossing]:
    """Those with a row: all that is near, and of some quiet series the first threshold."""
    near = [one for one in ahead if one.crossing.state is not CrossingState.NOT_EXPECTED]
    quiet: dict[object, OutlookCrossing] = {}
    for one in ahead:
        if one.crossing.state is CrossingState.NOT_EXPECTED:
            quiet.setdefault((one.of.entry.metric.id, one.of.name), one)
    return [*near[:MOST], *list(quiet.values())[:MOST_QUIET]]


def build_quiet_finding(ahead: Sequence[OutlookCrossing], horizon: Duration) -> Finding:
    """That no threshold is expected to be reached, and which one is the nearest to it."""
    quiet = [one for one in ahead if one.crossing.state in KNOWN]
    one = (quiet or ahead)[0]
    key = "quiet" if quiet else "reached"
    return Finding(
        State.OK if quiet else one.state,
        phrase(
            f"chapters.forecasts.{key}",
            horizon=horizon,
            subject=one.subject,
            now=one.now,
            threshold=one.threshold,
        ),
        (),
        phrase(
            "reports.basis",
            exporter=one.now.exporter,
            step=Duration(HOUR_MS),
            samples=one.now.samples,
            coverage=Share(one.now.coverage),
        ),
    )


def draw_forecast(one: OutlookCrossing, inputs: ReportInputs) -> Chart:
    """The last month by the hour and, where a date is expected, the way to it."""
    history, metric = one.of.outlook.history, one.of.entry.metric
    shown = history.t_ms > history.t_ms[-1] - _DRAWN_DAYS * DAY_MS
    return Chart(
        id=f"forecast-{metric.id.replace('.', '-')}",
        title=metric.name,
        unit=metric.unit.value,
        start_ms=int(history.t_ms[shown][0]) - HOUR_MS,
        step_ms=HOUR_MS,
        lines=(ChartLine(one.of.name, history.values[shown]),),
        others=None,
        others_count=0,
        ghost=None,
        thresholds=tuple(list_threshold_lines(metric)),
        worse=metric.direction.sign,
        caption=None,
        how=phrase("chapters.drawn.hour.mean"),
        days_off=inputs.days_off,
        forecast=build_band(one) if one.is_expected else None,
    )


def build_band(one: OutlookCrossing) -> ForecastBand:
    """Straight from the newest value to the threshold: at its date, and at the interval's ends.

    So the chart shows what the table says. The way between may be another one.
    """
    now, threshold = one.now, one.crossing.threshold
    assert now.value is not None, "BUG: an expected crossing without a newest value"
    start_ms, latest_ms = now.end_ms, one.crossing.latest_ms
    last_ms = (latest_ms or one.t_ms) + _BEYOND_DAYS * DAY_MS
    t_ms = np.arange(start_ms + DAY_MS, last_ms + DAY_MS, DAY_MS, dtype=np.int64) - start_ms
    rise = threshold - now.value
    middle = now.value + rise * t_ms / max(one.t_ms - start_ms, HOUR_MS)
    early = now.value + rise * t_ms / max(one.first_ms - start_ms, HOUR_MS)
    late = np.full(len(t_ms), now.value)
    if latest_ms is not None:
        late = now.value + rise * t_ms / max(latest_ms - start_ms, HOUR_MS)
    bounds = one.of.outlook.history.bounds
    low, high = (
        np.clip(values, bounds.low, bounds.high)
        for values in (np.minimum(early, late), np.maximum(early, late))
    )
    return ForecastBand(
        step_ms=DAY_MS,
        middle=np.clip(middle, bounds.low, bounds.high),
        low=low,
        high=high,
        name=phrase("chapters.forecasts.band"),
        crossing_ms=one.t_ms,
        earliest_ms=one.crossing.earliest_ms,
        latest_ms=latest_ms,
        text=show_date(one),
    )


def _show_date_or_state(one: OutlookCrossing, horizon: Duration) -> Inline:
    if one.is_expected:
        return show_date(one)
    if one.crossing.state is CrossingState.REACHED:
        return phrase("chapters.forecasts.is_reached")
    return phrase("chapters.forecasts.later", horizon=horizon)


def _show_state(one: OutlookCrossing) -> Badge:
    """What it is when reached; ok where nothing is expected."""
    is_near = one.crossing.state is not CrossingState.NOT_EXPECTED
    return Badge(one.state if is_near else State.OK)


def list_forecast_columns(horizon: Duration) -> tuple[TableColumn[OutlookCrossing], ...]:
    """The columns of the table."""
    return (
        TableColumn("metric", lambda one: one.subject, numeric=False),
        TableColumn("now", lambda one: one.now),
        TableColumn("course", show_reason, numeric=False),
        TableColumn("threshold", lambda one: one.threshold),
        TableColumn("date", lambda one: _show_date_or_state(one, horizon), numeric=False),
        TableColumn(
            "interval_80",
            lambda one: show_interval(one) if one.is_expected else None,
            numeric=False,
        ),
        TableColumn("probability", lambda one: describe_probability(one.crossing.probability)),
        TableColumn("state", _show_state, numeric=False),
    )


def build_forecast_table(ahead: Sequence[OutlookCrossing], horizon: Duration) -> Table:
    """A row for each threshold, the most urgent first; the rest are counted."""
    columns = list_forecast_columns(horizon)
    rows = [build_row(columns, one) for one in select_listed(ahead)]
    if left := len(ahead) - len(rows):
        rows.append((phrase("chapters.forecasts.more", n=left), *(None,) * (len(columns) - 1)))
    return drop_empty_columns(
        Table(
            id="forecasts",
            caption=phrase("reports.outlook.caption"),
            columns=build_heads(columns),
            rows=tuple(rows),
            wide=True,
        )
    )
