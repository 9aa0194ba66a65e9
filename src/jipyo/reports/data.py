"""All that a report speaks of, read once: the period, and those that it is compared with."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from jipyo.analysis.comparison import Comparison, compare
from jipyo.analysis.completeness import TargetCompleteness, measure_completeness, total_share
from jipyo.analysis.outage_history import find_past_outages
from jipyo.analysis.outages import identify_target
from jipyo.analysis.outlook import HISTORY_HOURS, build_outlook, split_histories
from jipyo.analysis.summary import MetricSummary, SeriesSummary, summarise_earlier, summarise_metric
from jipyo.analysis.thresholds import Severity, State, find_threshold, list_levels
from jipyo.analysis.window import DAY_MS, STEP_MS, Window
from jipyo.analysis.window_reader import WindowReader
from jipyo.model.calendar import PeriodKind, name_period, range_between
from jipyo.model.errors import ReportError
from jipyo.model.progress import Progress, ignore_progress
from jipyo.reports.document import Quantity, Subject
from jipyo.source.divide import map_reading
from jipyo.source.embedded import is_read_from_afar
from jipyo.source.hourly import HOUR_MS, read_hourly
from jipyo.source.inventory import take_inventory
from jipyo.source.recording import ask_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from jipyo.analysis.outage_history import PastOutage
    from jipyo.analysis.outlook import Outlook
    from jipyo.catalogue import Catalogue, Metric
    from jipyo.model.calendar import Period
    from jipyo.model.errors import JipyoError
    from jipyo.model.labels import Labels
    from jipyo.model.sample import Values
    from jipyo.source import Source
    from jipyo.source.inventory import HostKey, Inventory

ENOUGH = 0.5
"""Below this share of the expected samples a period without breaches is not called good."""
TILES = 8
"""Most key metrics on the first page."""
FILLING = frozenset(
    (
        *("system.disk.utilization", "system.disk.inodes", "system.memory.utilization"),
        *("system.memory.swap", "system.gpu.memory.utilization", "ai.gpu_memory"),
        *("app.jvm.heap", "app.pool.connections", "app.pool.threads", "db.connections"),
    )
)
"""Metrics of what fills up: the date on which it is full is worth a line in a report."""
COMPARED = frozenset(
    (
        *("system.cpu.utilization", "system.memory.utilization", "system.disk.utilization"),
        *("system.gpu.utilization", "system.gpu.memory.utilization", "system.gpu.temperature"),
        *("system.network.transmit", "system.network.receive", "system.network.utilization"),
        *("system.network.retransmit", "app.response_time", "app.response_time.within_objective"),
        *("app.throughput", "app.error_rate", "app.sessions.active", "app.sessions.started"),
        *("ai.model.accuracy", "ai.inference.time", "ai.inference.first_token"),
        *("ai.inference.inter_token", "ai.queue.length"),
        *("db.query.time", "db.connections", "db.cache_hit_ratio"),
    )
)
"""The metrics that the chapters of a longer period always show beside the one before."""
OUTLOOK_SERIES = 5
"""Of one metric only so many series are looked ahead at."""
_BEYOND = (State.WARNING, State.CRITICAL)
_WEEK = 7
_HOURS_FROM_DAYS = 3
"""From so many days on the hours of a period are drawn, no minutes."""
_DAYS_FROM_DAYS = 63
"""From so many on its days."""


@dataclass(frozen=True, slots=True)
class ReportMetric:
    """A metric that has data in the period, and how it compares with earlier ones."""

    now: MetricSummary
    before: Comparison | None
    """With the period of the calendar before this one; of a day with the same weekday a week
    before. Of a period that still runs both are compared as far as this one has come."""
    yesterday: Comparison | None = None
    """Of a day, and there of required and of key metrics, with the day before."""
    ghost: Mapping[Labels, Values] = field(default_factory=dict)
    """The drawn values of drawn series some whole weeks before, so that weekdays fall together,
    by their labels, the total without any: as `SeriesSummary.values`. See `count_ghost_days`."""

    @property
    def metric(self) -> Metric:
        """The catalogue's metric."""
        return self.now.metric

    @property
    def is_judged(self) -> bool:
        """Whether thresholds were applied to it."""
        return self.now.thresholds is not None

    def subject(self, series: SeriesSummary) -> Subject:
        """The metric, and which of its series."""
        return Subject(self.metric.name, series.name)

    def threshold(self, severity: Severity | None = None) -> Quantity:
        """The threshold of a level; without one the first that a value would reach."""
        thresholds = self.now.thresholds
        assert thresholds is not None, f"BUG: {self.metric.id} is not judged"
        value = None if severity is None else find_threshold(thresholds, severity)
        if value is None:
            value = next(list_levels(thresholds)).threshold
        return Quantity(value, self.metric.unit.value)


@dataclass(frozen=True, slots=True)
class ReportOutlook:
    """What is expected of one series after the period."""

    entry: ReportMetric
    name: str
    """What the series is called."""
    outlook: Outlook


@dataclass(frozen=True, slots=True)
class ReportData:
    """What a report is made of."""

    period: Period
    window: Window
    """The part of the period that the data can reach: all of it once it is over."""
    entries: tuple[ReportMetric, ...]
    missing: tuple[MetricSummary, ...]
    """The metrics without data."""
    targets: tuple[TargetCompleteness, ...]
    outages: tuple[PastOutage, ...]
    """What did not answer, in order of time."""
    share: float
    """The received part of the samples expected."""
    hosts: Mapping[HostKey, HostKey] = field(default_factory=dict)
    """Hosts that are seen twice, and counted as the one that they stand beside."""
    unread: tuple[JipyoError, ...] = ()
    """Why targets or outages may be missing."""
    outlooks: tuple[ReportOutlook, ...] = ()
    """Of what fills up: the gravest series of each metric."""

    @property
    def judged(self) -> list[ReportMetric]:
        """The entries whose metric is judged."""
        return [entry for entry in self.entries if entry.is_judged]

    def count(self, state: State) -> int:
        """How many judged entries are in this state."""
        return sum(entry.now.state is state for entry in self.judged)

    def has_outage(self, series: Labels) -> bool:
        """Whether the target of a series is among those that did not answer."""
        target = identify_target(series)
        return any((one.target.job, one.target.instance) == target for one in self.outages)

    @property
    def summaries(self) -> tuple[MetricSummary, ...]:
        """Of all metrics: those with data, and those without."""
        return (*(entry.now for entry in self.entries), *self.missing)

    @property
    def incomplete(self) -> Mapping[JipyoError, int]:
        """Why data of the period could not be read, and of how many metrics.

        Of none where targets and outages alone want it.
        """
        errors = (dict.fromkeys(summary.missing) for summary in self.summaries)
        counts = Counter(chain.from_iterable(errors))
        return {**counts, **{error: counts[error] for error in self.unread}}

    @property
    def is_running(self) -> bool:
        """Whether the period is not over yet."""
        return self.window.end_ms < self.period.end_ms

    @property
    def drawn_ms(self) -> int:
        """How far apart the drawn values are: a minute, an hour, or a local day."""
        return self.window.drawn_ms

    @property
    def coarse_steps(self) -> Mapping[int, int]:
        """How many metrics were read in steps longer than a minute, by their milliseconds."""
        steps_ms = (entry.now.window.step_ms for entry in self.entries)
        return Counter(step_ms for step_ms in steps_ms if step_ms > self.window.step_ms)

    @property
    def is_enough(self) -> bool:
        """Whether there is enough data to call a period without breaches good."""
        return self.share >= ENOUGH


def gather(
    source: Source,
    catalogue: Catalogue,
    period: Period,
    now_ms: int,
    progress: Progress = ignore_progress,
) -> ReportData:
    """Read every metric of the catalogue; earlier days only of those that have data.

    Raises:
        ReportError: the period has not begun.
        SourceError: the source failed.
    """
    window = find_window(period, now_ms)
    if is_read_from_afar(source) and window.day_ends_ms and window.end_ms < period.end_ms:
        window = find_window(period, window.end_ms - window.duration_ms % HOUR_MS)
    inventory = take_inventory(ask_for(source, "inventory"), window.end_ms)
    found = _read_metrics(source, catalogue, period, window, inventory, progress)
    entries = tuple(entry for entry in found if entry.now.series)
    up, failures = (
        WindowReader(ask_for(source, purpose), window) for purpose in ("completeness", "outages")
    )
    targets, outages = measure_completeness(up), find_past_outages(failures, catalogue)
    share = total_share(targets)
    if share is None:
        share = max((entry.now.coverage for entry in entries), default=0.0)
    return ReportData(
        period=period,
        window=window,
        entries=entries,
        missing=tuple(entry.now for entry in found if not entry.now.series),
        targets=targets,
        outages=outages,
        share=share,
        hosts=inventory.hosts,
        unread=tuple({**up.missing, **failures.missing}),
        outlooks=tuple(_read_outlooks(source, entries, window.end_ms, period, inventory)),
    )


def _read_outlooks(
    source: Source,
    entries: Sequence[ReportMetric],
    end_ms: int,
    period: Period,
    inventory: Inventory,
) -> Iterator[ReportOutlook]:
    """Of each metric that fills up the outlook of its gravest series, as known at the end."""
    zone = ZoneInfo(period.zone)

    def read(now: MetricSummary) -> list[Outlook]:
        only = [series.labels for series in now.series[:OUTLOOK_SERIES]]
        data = read_hourly(source, now.metric, end_ms, HISTORY_HOURS, inventory, only)
        return [build_outlook(history) for history in split_histories(data, zone)]

    filling = [entry for entry in entries if entry.metric.id in FILLING]
    found = map_reading(source, read, [entry.now for entry in filling])
    for entry, outlooks in zip(filling, found, strict=True):
        names = {series.labels: series.name for series in entry.now.series}
        for outlook in outlooks:
            yield ReportOutlook(entry, names[outlook.history.labels], outlook)


def _read_metrics(
    source: Source,
    catalogue: Catalogue,
    period: Period,
    window: Window,
    inventory: Inventory,
    progress: Progress,
) -> list[ReportMetric]:
    """Every metric, those without data too, beside the periods that it is compared with."""
    reader = _MetricReader(source, inventory, period, window)
    found = map_reading(source, reader.read, catalogue.metrics, progress)
    shown = reader.list_shown([entry for entry in found if entry.now.series])
    compared = map_reading(source, reader.compare_shown, shown)
    by_id = {entry.metric.id: entry for entry in compared}
    return [by_id.get(entry.metric.id, entry) for entry in found]


@dataclass(frozen=True, slots=True)
class _MetricReader:
    """Reads metrics over a period, and over earlier ones where they are shown beside it.

    Of a day every metric is compared, and what is shown with the day before, too. Of a longer
    period only what is shown beside the one before is compared at all.
    """

    source: Source
    inventory: Inventory
    period: Period
    window: Window

    @property
    def is_day(self) -> bool:
        return self.period.kind is PeriodKind.DAY

    def read(self, metric: Metric) -> ReportMetric:
        """A metric, compared where that is known without the others."""
        now = summarise_metric(self.source, metric, self.window, self.inventory)
        is_shown = metric.required or metric.id in COMPARED or now.state in _BEYOND
        entry = ReportMetric(now, None)
        return self._compare(entry) if now.series and (self.is_day or is_shown) else entry

    def list_shown(self, entries: Sequence[ReportMetric]) -> list[ReportMetric]:
        """What is shown beside an earlier period with which it is not compared yet."""
        shown = {entry.metric.id for entry in select_key_metrics(entries)}
        if self.is_day:
            return [one for one in entries if one.metric.id in shown or one.metric.required]
        return [one for one in entries if one.metric.id in shown and not (one.ghost or one.before)]

    def compare_shown(self, entry: ReportMetric) -> ReportMetric:
        """One of these, compared with that period."""
        if not self.is_day:
            return self._compare(entry)
        yesterday = find_earlier_window(self.period, self.window, self.period.earlier(1))
        earlier = summarise_earlier(self.source, entry.now, yesterday, self.inventory)
        return replace(entry, yesterday=compare(entry.now, earlier.summary))

    def _compare(self, entry: ReportMetric) -> ReportMetric:
        then = self.period.earlier(_WEEK) if self.is_day else self.period.previous()
        before = find_earlier_window(self.period, self.window, then)
        ghost = find_ghost_window(self.period, self.window)
        earlier = summarise_earlier(self.source, entry.now, before, self.inventory, ghost)
        return replace(entry, before=compare(entry.now, earlier.summary), ghost=earlier.ghost)


def select_key_metrics(entries: Sequence[ReportMetric]) -> list[ReportMetric]:
    """Required metrics with a figure, the first of each topic before the second of any."""
    ranked: list[tuple[bool, int, int]] = []
    seen: Counter[str] = Counter()
    for place, entry in enumerate(entries):
        if entry.now.figure is not None:
            ranked.append((not entry.metric.required, seen[entry.metric.topic], place))
            seen[entry.metric.topic] += 1
    return [entries[place] for place in sorted(place for *_, place in sorted(ranked)[:TILES])]


def count_ghost_days(period: Period) -> int:
    """How many days before a period the one lies that is drawn behind it: whole weeks.

    As many as the period comes nearest to: 1 for a day and for a week, 4 for a month, 13 for a
    quarter, 52 for a year.
    """
    return _WEEK * max(1, round(period.duration_ms / DAY_MS / _WEEK))


def find_window(period: Period, now_ms: int) -> Window:
    """The whole steps of a period that lie in the past.

    Raises:
        ReportError: not a single one does.
    """
    steps_ms = (now_ms - period.start_ms) // STEP_MS * STEP_MS
    end_ms = min(period.end_ms, period.start_ms + steps_ms)
    if end_ms <= period.start_ms:
        raise ReportError(
            "reports.not_begun", hint="reports.not_begun.hint", period=name_period(period)
        )
    return _divide(period, end_ms, _choose_drawn_step(period))


def find_earlier_window(period: Period, window: Window, then: Period) -> Window:
    """The window of an earlier period: whole, or as far as this one has come."""
    end_ms = then.end_ms
    if window.end_ms < period.end_ms:
        end_ms = min(end_ms, then.start_ms + window.duration_ms)
    return _divide(then, end_ms, window.drawn_ms)


def find_ghost_window(period: Period, window: Window) -> Window:
    """The window that is drawn behind that of a period, on the same weekdays."""
    zone, days = ZoneInfo(period.zone), count_ghost_days(period)
    then = range_between(period.start_ms, period.end_ms, zone).earlier(days)
    return find_earlier_window(period, window, then)


def _choose_drawn_step(period: Period) -> int:
    days = period.duration_ms / DAY_MS
    if days < _HOURS_FROM_DAYS:
        return STEP_MS
    return HOUR_MS if days < _DAYS_FROM_DAYS else DAY_MS


def _divide(period: Period, end_ms: int, drawn_ms: int) -> Window:
    """The window of a period up to a moment, divided into its local days."""
    ends_ms = tuple(min(day.end_ms, end_ms) for day in period.days() if day.start_ms < end_ms)
    return Window(
        period.start_ms,
        end_ms,
        drawn_ms=drawn_ms,
        day_ends_ms=ends_ms if len(ends_ms) > 1 else (),
    )
