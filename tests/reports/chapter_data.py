"""A period's data for the chapters from values a minute, of metrics as the catalogue has them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from analysis.plain_stats import average_hours, compute_stats
from jipyo.alerts.alert import AlertKey, AlertState
from jipyo.alerts.incident.grouping import IncidentGrouping
from jipyo.alerts.incident.incident import Incident, IncidentAlert
from jipyo.alerts.incident.origin import rank_alerts
from jipyo.analysis.breach_fold import BeyondDays
from jipyo.analysis.comparison import compare
from jipyo.analysis.proportion import SCALES, estimate_proportion
from jipyo.analysis.summary import DRAWN, DayFigures, MetricSummary, SeriesSummary
from jipyo.analysis.thresholds import Breach, Severity, State, find_breaches, judge_history
from jipyo.analysis.window import Window
from jipyo.catalogue import Across, Direction, Metric, Summary, load
from jipyo.model.figure import Figure, Fold
from jipyo.model.labels import EMPTY, Labels
from jipyo.reports.data import ReportData, ReportMetric
from jipyo.reports.inputs import ReportInputs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jipyo.analysis.series_stats import SeriesStats
    from jipyo.model.calendar import Period
    from jipyo.model.sample import Values
    from jipyo.reports.inputs import RankedIncident

CATALOGUE = load()
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
CASES = 12_614
_FOLDS = {
    Summary.AVG: (Fold.AVERAGE, "average"),
    Summary.P95: (Fold.P95, "p95"),
    Summary.MAX: (Fold.MAXIMUM, "maximum"),
    Summary.MIN: (Fold.MINIMUM, "minimum"),
    Summary.LAST: (Fold.LAST, "last"),
    Summary.RATIO_OF_SUMS: (Fold.RATIO, "average"),
    Summary.TOTAL: (Fold.TOTAL, "average"),
    Summary.SUM: (Fold.TOTAL, "average"),
    Summary.PART: (Fold.TOTAL, "average"),
}


@dataclass(frozen=True)
class Month:
    """A period, and what is built over it."""

    period: Period
    step_ms: int = MINUTE

    @property
    def window(self) -> Window:
        """The whole of it, drawn by the hour from three days on and by the day from nine weeks."""
        ends = tuple(day.end_ms for day in self.period.days())
        drawn = self.step_ms if len(ends) < 3 else HOUR if len(ends) < 63 else DAY
        return Window(
            self.period.start_ms,
            self.period.end_ms,
            self.step_ms,
            drawn,
            ends if len(ends) > 1 else (),
        )

    @property
    def hours(self) -> Values:
        """The local hour of each step, shape (steps,)."""
        zone = ZoneInfo(self.period.zone)
        offset = self.period.days().__next__().start_ms
        assert zone.key == "Asia/Seoul", "BUG: hours are counted where no clock is set"
        return ((self.window.t_ms - 1 - offset) / HOUR) % 24

    def rhythm(self, low: float, high: float, noise: float = 0.0, seed: int = 1) -> Values:
        """Quiet nights and busy afternoons."""
        curve = np.clip(np.sin((self.hours - 7) / 24 * 2 * np.pi), 0, 1)
        random = np.random.default_rng(seed)
        return low + (high - low) * curve + random.normal(0, noise or 1e-9, len(curve))

    def line(self, first: float, last: float) -> Values:
        """From one value to another."""
        return np.linspace(first, last, self.window.steps)

    def with_outage(self, values: Values, value: float, day: int = 13, minutes: int = 40) -> Values:
        """Another value for some minutes of the afternoon of a day."""
        start = (day * DAY + 14 * HOUR) // self.step_ms
        changed = values.copy()
        changed[start : start + minutes * MINUTE // self.step_ms] = value
        return changed


def summarise_series(of: Metric, name: str, values: Values, window: Window) -> SeriesSummary:
    """One series; its figures from the values alone, whatever their queries are."""
    stats = compute_stats(window.t_ms, values)
    breaches: tuple[Breach, ...] = ()
    if of.thresholds is not None:
        present = ~np.isnan(values)[None]
        history = judge_history(window.t_ms, values[None], present, of.thresholds, of.direction)
        breaches = find_breaches(history, 0, window.step_ms)
    figures = {
        summary: _build_figure(of, summary, stats, window)
        for summary in of.report.summaries
        if summary in _FOLDS
    }
    is_low = of.direction is Direction.LOWER_IS_WORSE
    firing = [breach.severity.state for breach in breaches if not breach.is_pending]
    state = max(firing, key=lambda one: one.severity, default=State.OK)
    worst = _build_figure(of, Summary.MIN if is_low else Summary.MAX, stats, window)
    return SeriesSummary(
        labels=Labels.of(dict.fromkeys(of.labels[:1], name) | dict.fromkeys(of.labels[1:], name)),
        name=name,
        exporter="node_exporter",
        statistic=of.queries[0].statistic,
        values=_draw(values, window, is_low),
        stats=stats,
        coverage=stats.steps / window.steps,
        state=state if of.thresholds is not None else State.UNKNOWN,
        breaches=breaches,
        figures=figures,
        figure=next(iter(figures.values()), None),
        worst=worst,
        worst_ms=stats.minimum_ms if is_low else stats.maximum_ms,
        hours=average_hours(values, window.step_ms) if window.drawn_ms <= HOUR else None,
        days=_divide(values, window, is_low) if window.day_ends_ms else None,
    )


def _build_figure(of: Metric, summary: Summary, stats: SeriesStats, window: Window) -> Figure:
    fold, name = _FOLDS[summary]
    value = getattr(stats, name)
    is_share = summary is Summary.RATIO_OF_SUMS and of.has_total
    unit = of.unit.value
    if summary is Summary.PART:
        value, unit = float(round(value / SCALES[of.unit] * CASES)), "count"
    return Figure(
        metric=of.id, value=value, unit=unit, fold=fold, expr="x", series="{}",
        exporter="node_exporter", start_ms=window.start_ms, end_ms=window.end_ms,
        step_ms=window.step_ms, samples=stats.steps, coverage=stats.steps / window.steps,
        proportion=estimate_proportion(value, CASES, of.unit) if is_share else None,
    )  # fmt: skip


def _draw(values: Values, window: Window, is_low: bool) -> Values:
    """The worst of each drawn step."""
    ends = (window.drawn_t_ms - window.start_ms) // window.step_ms
    fold = np.fmin if is_low else np.fmax
    return np.array([fold.reduce(one) for one in np.split(values, ends[:-1])])


def _divide(values: Values, window: Window, is_low: bool) -> DayFigures:
    ends = (np.array(window.day_ends_ms) - window.start_ms) // window.step_ms
    parts = np.split(values, ends[:-1])
    fold = np.fmin if is_low else np.fmax
    mean = np.array(
        [one[~np.isnan(one)].mean() if (~np.isnan(one)).any() else np.nan for one in parts]
    )
    return DayFigures(
        figures={},
        figure=mean,
        worst=np.array([fold.reduce(one) for one in parts]),
        mean=mean,
        coverage=np.array([(~np.isnan(one)).mean() for one in parts]),
        beyond=BeyondDays.make(len(parts)),
    )


def summarise(of: Metric, series: Mapping[str, Values], window: Window) -> MetricSummary:
    """A metric; its series the gravest first, those beyond the drawn ones without values."""
    found = [summarise_series(of, name, values, window) for name, values in series.items()]
    whole = sorted(
        (one for one in found if one.stats.steps),
        key=lambda one: (-one.state.severity, -one.critical_ms, -one.warning_ms),
    )
    lines = DRAWN if len(whole) > DRAWN + 1 else len(whole)
    others = [one.values for one in whole[lines:] if one.values is not None]
    total: SeriesSummary | None = None
    if Across.SUM in of.report.across and len(whole) > 1:
        added = np.nansum(list(series.values()), axis=0)
        total = replace(
            summarise_series(replace(of, thresholds=None), "", added, window), labels=Labels.of({})
        )
    return MetricSummary(
        of,
        window,
        thresholds=of.thresholds,
        series=(
            *whole[:lines],
            *(replace(one, values=None, days=None, hours=None) for one in whole[lines:]),
        ),
        total=total,
        band=(np.fmin.reduce(others), np.fmax.reduce(others)) if others else None,
        coverage=1.0,
        expressions=(("node_exporter", "x"),),
    )


def build_entry(
    month: Month,
    metric_id: str,
    series: Mapping[str, Values] | Values,
    before: Mapping[str, Values] | Values | None = None,
) -> ReportMetric:
    """A metric of the catalogue over the period, and over the one before."""
    of = CATALOGUE.get(metric_id)
    assert of is not None, metric_id
    now = summarise(of, _name(series), month.window)
    if before is None:
        return ReportMetric(now, None)
    earlier = summarise(of, _name(before), month.window)
    drawn = (*earlier.series, *((earlier.total,) if earlier.total else ()))
    ghost = {one.labels: one.values for one in drawn if one.values is not None}
    return ReportMetric(now, compare(now, earlier), ghost=ghost)


def _name(series: Mapping[str, Values] | Values) -> Mapping[str, Values]:
    return {"": series} if isinstance(series, np.ndarray) else series


def build_inputs(month: Month, *entries: ReportMetric, **more: object) -> ReportInputs:
    """The inputs of a report with these metrics; the catalogue's others have no data."""
    with_data = {entry.metric.id for entry in entries if entry.now.series}
    missing = (
        MetricSummary(metric, month.window)
        for metric in CATALOGUE.metrics
        if metric.id not in with_data
    )
    data = ReportData(
        period=month.period,
        window=month.window,
        entries=tuple(entry for entry in entries if entry.now.series),
        missing=tuple(missing),
        targets=(),
        outages=(),
        share=1.0,
    )
    days_off = tuple(day.first_day for day in month.period.days() if day.first_day.weekday() > 4)
    inputs = ReportInputs(
        data=data,
        catalogue=CATALOGUE,
        made_ms=month.period.end_ms,
        objectives=(),
        days_off=days_off,
    )
    return replace(inputs, **more)  # type: ignore[arg-type]


def build_incident(
    number: int,
    metric_ids: Sequence[str],
    start_ms: int,
    end_ms: int | None,
    severity: Severity = Severity.CRITICAL,
    labels: Labels = EMPTY,
) -> RankedIncident:
    """An incident with an alert for each of these metrics, the likely origin first."""
    alerts = tuple(
        IncidentAlert(
            key=AlertKey(metric_id, labels),
            state=AlertState.FIRING if end_ms is None else AlertState.INACTIVE,
            severity=severity,
            noticed_ms=start_ms,
            stretches=((start_ms, end_ms),),
            recovered_ms=end_ms,
        )
        for metric_id in metric_ids
    )
    incident = Incident(
        number=number, alerts=alerts, entries=(), noticed_ms=start_ms, recovered_ms=end_ms
    )
    return incident, rank_alerts(incident, IncidentGrouping())
