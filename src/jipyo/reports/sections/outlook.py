"""What fills up: the dates on which thresholds will be reached, and what comes within a day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from jipyo.analysis.crossing import CrossingState, Motion
from jipyo.analysis.thresholds import State
from jipyo.model.calendar import local_day
from jipyo.model.figure import Figure, Fold
from jipyo.reports.document import (
    Badge,
    Block,
    Duration,
    Finding,
    Heading,
    Inline,
    Joined,
    Moment,
    Note,
    Phrase,
    Quantity,
    Share,
    Subject,
    Table,
    phrase,
)
from jipyo.reports.tables import TableColumn, build_heads, build_row
from jipyo.source.hourly import HOUR_MS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.analysis.crossing import Crossing, CrossingReason
    from jipyo.reports.data import ReportData, ReportOutlook

DAY_MS = 24 * HOUR_MS
_WITH_RATE = (Motion.STEADY, Motion.ACCELERATING, Motion.SATURATING, Motion.STEPS)
KNOWN = (CrossingState.EXPECTED, CrossingState.NOT_EXPECTED)
"""What a forecast says of a threshold that is not reached yet."""
_LEAST, _MOST = 0.01, 0.99


@dataclass(frozen=True, slots=True)
class OutlookCrossing:
    """A threshold of a series, and whether and when it is expected to be reached."""

    of: ReportOutlook
    level: str
    crossing: Crossing
    zone: str

    @property
    def subject(self) -> Subject:
        """The metric, and which of its series."""
        return Subject(self.of.entry.metric.name, self.of.name)

    @property
    def is_expected(self) -> bool:
        """Whether it is expected, so that it has a date."""
        return self.crossing.state is CrossingState.EXPECTED and self.crossing.t_ms is not None

    @property
    def t_ms(self) -> int:
        """The middle date."""
        assert self.crossing.t_ms is not None, "BUG: an expected crossing has a date"
        return self.crossing.t_ms

    @property
    def first_ms(self) -> int:
        """The earliest date of the 80% interval."""
        return self.crossing.earliest_ms or self.t_ms

    @property
    def state(self) -> State:
        """What the series will be then."""
        return State.CRITICAL if self.level == "critical" else State.WARNING

    @property
    def threshold(self) -> Quantity:
        """The threshold with its unit."""
        return Quantity(self.crossing.threshold, self.of.entry.metric.unit.value)

    @property
    def now(self) -> Figure:
        """The newest hourly mean, and where it is from."""
        history = self.of.outlook.history
        known = np.isfinite(history.values)
        last = int(np.flatnonzero(known)[-1])
        return Figure(
            metric=history.metric_id,
            value=float(history.values[last]),
            unit=self.of.entry.metric.unit.value,
            fold=Fold.LAST,
            expr=history.expression,
            series=str(history.labels),
            exporter=history.exporter,
            start_ms=int(history.t_ms[0]) - HOUR_MS,
            end_ms=int(history.t_ms[last]),
            step_ms=HOUR_MS,
            samples=int(known.sum()),
            coverage=float(known.mean()),
        )


def list_expected(data: ReportData) -> list[OutlookCrossing]:
    """What is expected to reach a threshold, the earliest first."""
    found = (one for one in list_crossings(data) if one.is_expected)
    return sorted(found, key=lambda one: one.t_ms)


def list_crossings(data: ReportData) -> Iterator[OutlookCrossing]:
    """Every threshold of what is looked ahead at, reached, expected or not."""
    for of in data.outlooks:
        forecast, levels = of.outlook.crossing, of.outlook.history.thresholds
        if forecast is not None:
            for (level, _), crossing in zip(levels, forecast.crossings, strict=True):
                yield OutlookCrossing(of, level, crossing, data.period.zone)


def build_risks(data: ReportData) -> Iterator[Block]:
    """What may reach a threshold within a day; else what will be the first to."""
    expected = list_expected(data)
    if not any(is_known(one) for one in data.outlooks):
        return
    yield Heading("risks", phrase("reports.section.risks"))
    near = [one for one in expected if one.first_ms - data.window.end_ms <= DAY_MS]
    if near:
        yield build_outlook_table(near)
        return
    n = sum(is_known(one) for one in data.outlooks)
    yield Note(phrase("reports.risks.none", n=n))
    if expected:
        first = expected[0]
        yield Note(
            phrase(
                "reports.risks.first",
                subject=first.subject,
                threshold=first.threshold,
                date=show_date(first),
                interval=show_interval(first),
                now=first.now,
            )
        )


def build_outlook(data: ReportData) -> Iterator[Block]:
    """The table of dates; a sentence where none is expected, nothing where nothing is known."""
    known = [one.outlook.crossing for one in data.outlooks if is_known(one)]
    if not known:
        return
    yield Heading("outlook", phrase("reports.section.outlook"))
    expected = list_expected(data)
    horizon = Duration(max(one.horizon_ms for one in known if one is not None))
    if expected:
        yield build_outlook_table(expected)
        yield Note(phrase("reports.outlook.note", n=len(known), horizon=horizon))
    else:
        yield Note(phrase("reports.outlook.none", n=len(known), horizon=horizon))


def is_known(one: ReportOutlook) -> bool:
    """Whether its forecast says anything of a threshold."""
    forecast = one.outlook.crossing
    return forecast is not None and any(each.state in KNOWN for each in forecast.crossings)


def describe_date(t_ms: int, zone: str, near_ms: int) -> Inline:
    """A day of the year; within two days of `near_ms` with its time."""
    day = local_day(t_ms, ZoneInfo(zone))
    name = phrase("i18n.day_of_year", month=phrase(f"i18n.month.{day.month}"), day=day.day)
    return Joined((name, Moment(t_ms, of_day=day))) if t_ms - near_ms < 2 * DAY_MS else name


def show_date(one: OutlookCrossing) -> Inline:
    """The middle date of an expected crossing."""
    return describe_date(one.t_ms, one.zone, one.now.end_ms)


def show_interval(one: OutlookCrossing) -> Inline:
    """The 80% interval of the date of an expected crossing, which may have no end."""
    near_ms, latest_ms = one.now.end_ms, one.crossing.latest_ms
    first = describe_date(one.first_ms, one.zone, near_ms)
    if latest_ms is None:
        return phrase("reports.outlook.from", first=first)
    return phrase(
        "reports.outlook.interval", first=first, last=describe_date(latest_ms, one.zone, near_ms)
    )


def describe_probability(probability: float) -> Inline:
    """In per cent; never 0 or 100, which a simulation cannot know."""
    if probability < _LEAST:
        return phrase("crossing.probability.least")
    return phrase("crossing.probability.most") if probability > _MOST else Share(probability)


def show_reason(one: OutlookCrossing) -> Inline:
    """How the series moves; None where too little is known."""
    forecast = one.of.outlook.crossing
    if forecast is None or forecast.reason is None:
        return None
    return describe_reason(forecast.reason, one.threshold.unit, one.zone)


def describe_reason(reason: CrossingReason, unit: str, zone: str) -> Phrase:
    """Why, as a part of a sentence; as `analysis.crossing.wording` has it."""
    key = f"crossing.reason.{reason.motion.value}"
    if reason.motion in _WITH_RATE:
        key += ".up" if reason.per_day > 0 else ".down"
    far_ms = reason.since_ms - 10 * DAY_MS
    last_ms = reason.since_ms if reason.last_ms is None else reason.last_ms
    rate: Inline = Quantity(abs(reason.per_day), unit)
    if unit == "percent":
        rate = phrase("crossing.points", n=Quantity(abs(reason.per_day), "count"))
    return phrase(
        key,
        rate=rate,
        since=describe_date(reason.since_ms, zone, far_ms),
        period=Duration(reason.period_ms or 0),
        last=describe_date(last_ms, zone, far_ms - last_ms),
    )


OUTLOOK_COLUMNS: tuple[TableColumn[OutlookCrossing], ...] = (
    TableColumn("metric", lambda one: one.subject, numeric=False),
    TableColumn("threshold", lambda one: one.threshold),
    TableColumn("severity", lambda one: Badge(one.state), numeric=False),
    TableColumn("now", lambda one: one.now),
    TableColumn("date", show_date),
    TableColumn("interval_80", show_interval, numeric=False),
    TableColumn("probability", lambda one: describe_probability(one.crossing.probability)),
    TableColumn("reason", show_reason, numeric=False),
)


def build_outlook_table(expected: list[OutlookCrossing]) -> Table:
    """A row for each threshold that is expected to be reached."""
    return Table(
        id="outlook",
        caption=phrase("reports.outlook.caption"),
        columns=build_heads(OUTLOOK_COLUMNS),
        rows=tuple(build_row(OUTLOOK_COLUMNS, one) for one in expected),
        wide=True,
    )


def build_crossing_finding(one: OutlookCrossing) -> Finding:
    """When a threshold will be reached, as a finding of the first page."""
    text = phrase(
        f"reports.finding.crossing.{one.level}",
        subject=one.subject,
        threshold=one.threshold,
        date=show_date(one),
        interval=show_interval(one),
        now=one.now,
    )
    basis = phrase(
        "reports.basis",
        exporter=one.now.exporter,
        step=Duration(HOUR_MS),
        samples=one.now.samples,
        coverage=Share(one.now.coverage),
    )
    reason = phrase("reports.finding.crossing.reason", reason=show_reason(one))
    return Finding(one.state, text, (reason,), basis)
