"""A month from a real store beside its days, and beside plain loops over the samples."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from jipyo.analysis.summary import summarise_metric
from jipyo.catalogue import Metric, Summary, load
from jipyo.model.calendar import PeriodKind, find_moment, parse_month, period_containing
from jipyo.model.labels import Labels
from jipyo.model.sample import SeriesBlock
from jipyo.promql import Engine
from jipyo.reports.data import ReportData, find_window, gather
from jipyo.source import Embedded
from jipyo.tsdb import Options, Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jipyo.analysis.summary import MetricSummary, SeriesSummary
    from jipyo.model.sample import Mask, Times, Values

ZONE = ZoneInfo("America/New_York")
MONTH = parse_month("2025-11", ZONE)
"""Its second day has 25 hours."""
MINUTE_MS = 60_000
LOOKBACK_MS = 5 * MINUTE_MS
CATALOGUE = load()
GAUGE, COUNTED = (
    "system.memory.utilization",
    ("app.throughput", "ai.tokens", "ai.batch.preemptions"),
)
JUDGED = (GAUGE, "app.probe.down")


def at(day: int, minute: int = 0) -> int:
    return find_moment(date(2025, 11, day), minute, ZONE)


def metric(name: str) -> Metric:
    found = CATALOGUE.get(name)
    assert found is not None
    return found


class Samples:
    """What the store is filled with: one sample a minute, integers that only grow."""

    def __init__(self) -> None:
        self.random = np.random.default_rng(11)
        self.t_ms: Times = (
            np.arange(MONTH.start_ms - 86_400_000, MONTH.end_ms + 1, MINUTE_MS) + 7_000
        )
        self.series: list[tuple[Labels, Times, Values]] = []
        self._fill()

    def count(
        self, name: str, most: int, kept: Mask, resets: tuple[int, ...] = (), **labels: str
    ) -> None:
        """A counter that loses all it had when its process starts again."""
        values = np.cumsum(self.random.integers(0, most, self.t_ms.size)).astype(float)
        for reset_ms in resets:
            later = self.t_ms >= reset_ms
            values[later] -= values[later][0] - self.random.integers(0, most)
        self.put(name, values, kept, **labels)

    def put(self, name: str, values: Values, kept: Mask, **labels: str) -> None:
        series = Labels.of({"__name__": name, "job": "api", "instance": "n1", **labels})
        self.series.append((series, self.t_ms[kept], values[kept]))

    def _fill(self) -> None:
        every = np.ones(self.t_ms.size, bool)
        # Nothing is collected around one midnight, while the counters go on.
        collected = ~self.between(at(10, 1350), at(11, 90))
        late = collected & (self.t_ms >= at(12, 755))
        resets = (at(15, 780), at(15, 795), at(20))
        self.count("http_requests_total", 9, collected, resets, handler="/v1/chat", status="200")
        self.count("http_requests_total", 2, collected, handler="/v1/chat", status="500")
        self.count("vllm:generation_tokens_total", 4000, collected, resets, model_name="a")
        self.count("vllm:generation_tokens_total", 300, late, model_name="b")
        self.count("vllm:num_preemptions_total", 2, collected, (at(3, 1439),), model_name="a")
        used = self.random.choice([30.0, 60.0, 82.0, 88.0, 93.0, 97.0], self.t_ms.size // 20 + 1)
        used = np.repeat(used, 20)[: self.t_ms.size]
        used[self.between(at(17, 1400), at(18, 55))] = 99.0
        # A minute that is missing just before and just after midnight.
        lost = self.between(at(22) - 360_000, at(22)) | self.between(at(23), at(23, 6))
        self.put("node_memory_MemTotal_bytes", np.full(used.size, 1e9), every)
        self.put("node_memory_MemAvailable_bytes", 1e9 - 1e7 * used, collected & ~lost)
        down = self.between(at(5, 1430), at(6, 3)) | self.between(at(9, 600), at(9, 601))
        self.put("probe_success", np.where(down, 0.0, 1.0), every)

    def between(self, start_ms: int, end_ms: int) -> Mask:
        return (self.t_ms > start_ms) & (self.t_ms <= end_ms)

    def store(self, path: Path) -> Store:
        store = Store.open(path, Options(durable=False), now_ms=lambda: MONTH.end_ms)
        store.load(SeriesBlock((name,), t_ms, values[None]) for name, t_ms, values in self.series)
        return store

    def gain(self, name: str, start_ms: int, end_ms: int, **only: str) -> int:
        """What counters gained: from the last sample before the start, if it is recent."""
        total = 0
        for labels, t_ms, values in self.series:
            if labels.metric != name or any(labels.get(key) != only[key] for key in only):
                continue
            inside = (t_ms > start_ms - LOOKBACK_MS) & (t_ms <= end_ms)
            own, before = values[inside], int((t_ms[inside] <= start_ms).sum())
            for earlier, later in zip(
                own[max(before - 1, 0) :], own[max(before, 1) :], strict=False
            ):
                total += int(later - earlier if later >= earlier else later)
        return total


@pytest.fixture(scope="module")
def samples() -> Samples:
    return Samples()


@pytest.fixture(scope="module")
def source(samples: Samples, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    store = samples.store(tmp_path_factory.mktemp("month"))
    yield Embedded(store, Engine())
    store.close()


def summarise(source: Embedded, name: str, now_ms: int = MONTH.end_ms) -> MetricSummary:
    return summarise_metric(source, metric(name), find_window(MONTH, now_ms))


def list_days(source: Embedded, name: str, now_ms: int = MONTH.end_ms) -> list[MetricSummary]:
    return [
        summarise_metric(source, metric(name), find_window(day, now_ms))
        for day in MONTH.days()
        if day.start_ms < now_ms
    ]


def find_same(summary: MetricSummary, series: SeriesSummary) -> SeriesSummary | None:
    totals = (summary.total,) if summary.total else ()
    return next((one for one in (*totals, *summary.series) if one.labels == series.labels), None)


@pytest.mark.parametrize("now_ms", [MONTH.end_ms, at(18, 33)], ids=["whole", "running"])
@pytest.mark.parametrize("name", JUDGED)
def test_the_minutes_of_a_month_are_those_of_its_daily_reports(
    source: Embedded, name: str, now_ms: int
) -> None:
    month, days = summarise(source, name, now_ms), list_days(source, name, now_ms)
    (series,) = month.series
    assert series.days is not None
    daily = [day.series[0] for day in days]
    assert series.days.beyond.warning_ms.tolist() == [one.warning_ms for one in daily]
    assert series.days.beyond.critical_ms.tolist() == [one.critical_ms for one in daily]
    assert series.warning_ms == sum(one.warning_ms for one in daily)
    assert series.critical_ms == sum(one.critical_ms for one in daily) > 0
    assert series.days.beyond.severity.tolist() == [
        max((breach.severity for breach in one.breaches), default=0) for one in daily
    ]
    assert series.state is max((one.state for one in daily), key=lambda state: state.severity)
    assert series.days.worst.tolist() == [one.worst.value for one in daily]
    assert np.allclose(series.days.coverage, [one.coverage for one in daily], rtol=1e-12)
    assert np.allclose(series.days.mean, [one.stats.average for one in daily], rtol=1e-12)


def test_a_breach_over_midnight_is_one_and_the_month_names_it_once(source: Embedded) -> None:
    (series,) = summarise(source, GAUGE).series
    (breach,) = (one for one in series.breaches if one.start_ms <= at(18) <= one.end_ms)
    assert breach.start_ms < at(18) < breach.end_ms
    assert breach.critical_ms >= 95 * MINUTE_MS
    (day,) = list_days(source, GAUGE)[17].series
    assert day.breaches[0].start_ms == at(18)


@pytest.mark.parametrize("name", COUNTED)
def test_counts_are_whole_and_those_of_the_days_add_up(
    source: Embedded, samples: Samples, name: str
) -> None:
    month = summarise(source, name)
    kind = Summary.SUM if Summary.SUM in metric(name).report.summaries else Summary.TOTAL
    counted = {
        "app.throughput": "http_requests_total",
        "ai.tokens": "vllm:generation_tokens_total",
        "ai.batch.preemptions": "vllm:num_preemptions_total",
    }[name]
    headline = month.headline
    assert headline.days is not None
    days, whole = headline.days.figures[kind], headline.figures[kind].value
    assert np.array_equal(days, np.round(days))
    assert float(days.sum()) == whole == samples.gain(counted, MONTH.start_ms, MONTH.end_ms)
    for day, count in zip(MONTH.days(), days.tolist(), strict=True):
        in_gap = day.first_day.day == 11
        own = samples.gain(counted, day.start_ms, day.end_ms)
        # What was gained while nothing was collected is the next day's, and no daily report's.
        assert count == own or (in_gap and count > own)


def test_the_failed_requests_of_the_days_add_up_to_those_of_the_month(
    source: Embedded, samples: Samples
) -> None:
    (series,) = summarise(source, "app.error_rate").series
    assert series.days is not None
    figure, days = series.figures[Summary.PART], series.days.figures[Summary.PART]
    failed = samples.gain("http_requests_total", MONTH.start_ms, MONTH.end_ms, status="500")
    assert (figure.value, figure.unit, days.sum()) == (failed, "count", failed)
    share = series.figures[Summary.RATIO_OF_SUMS]
    assert share.proportion is not None
    assert share.proportion.n == samples.gain("http_requests_total", MONTH.start_ms, MONTH.end_ms)
    assert share.value == pytest.approx(100 * failed / share.proportion.n, rel=1e-12)


@pytest.mark.parametrize(
    "name", ["app.throughput", "app.error_rate", "ai.tokens", "ai.batch.preemptions"]
)
def test_a_day_of_the_month_is_the_daily_report_s(source: Embedded, name: str) -> None:
    month, days = summarise(source, name), list_days(source, name)
    headline = month.headline
    assert headline.days is not None
    for at_day, day in enumerate(days):
        same = find_same(day, headline)
        if same is None or at_day == 10:  # the day after the gap
            continue
        for kind, values in headline.days.figures.items():
            if kind in same.figures:
                assert values[at_day] == pytest.approx(same.figures[kind].value, rel=1e-9)
        assert same.figure is not None
        assert headline.days.figure[at_day] == pytest.approx(same.figure.value, rel=1e-9)


def test_drawn_values_are_the_worst_of_each_hour(source: Embedded) -> None:
    (series,) = summarise(source, GAUGE).series
    days = list_days(source, GAUGE)
    minutes = np.concatenate(
        [day.series[0].values for day in days if day.series[0].values is not None]
    )
    assert series.values is not None
    assert minutes.size == MONTH.duration_ms // MINUTE_MS == 721 * 60
    hours = minutes.reshape(-1, 60)
    known = ~np.isnan(hours).all(axis=1)
    assert np.array_equal(series.values[known], np.nanmax(hours[known], axis=1))
    assert np.isnan(series.values[~known]).all()
    assert (~known).sum() == 2  # of the three hours without samples the second and the third


def test_a_month_is_gathered_with_what_it_is_compared_with(source: Embedded) -> None:
    names = (GAUGE, *COUNTED, "system.disk.utilization")
    few = replace(CATALOGUE, metrics=tuple(map(metric, names)))
    data = gather(source, few, MONTH, MONTH.end_ms)
    assert [entry.metric.id for entry in data.entries] == list(names[:-1])
    assert data.drawn_ms == 3_600_000
    assert len(data.window.days) == 30
    for entry in data.entries:
        assert entry.before is None or entry.before.change is None  # one day of October
        for values in entry.ghost.values():
            assert values.shape == (721,)
    check_ghost(data, source)


def check_ghost(data: ReportData, source: Embedded) -> None:
    """Its last two days are the first two of November: four weeks before the 29th is the 1st."""
    entry = data.entries[0]
    (ghost,) = entry.ghost.values()
    (series,) = summarise(source, GAUGE).series
    assert series.values is not None
    # November 2 has 25 hours, four weeks later there are 24.
    assert np.array_equal(ghost[-49:], series.values[:49], equal_nan=True)


@pytest.mark.parametrize(
    ("kind", "days", "drawn_ms"),
    [
        (PeriodKind.WEEK, 7, 3_600_000),
        (PeriodKind.QUARTER, 92, 86_400_000),
        (PeriodKind.YEAR, 365, 86_400_000),
    ],
)
def test_any_period_is_summed_up(
    source: Embedded, kind: PeriodKind, days: int, drawn_ms: int
) -> None:
    period = period_containing(kind, date(2025, 11, 17), ZONE)
    window = find_window(period, period.end_ms)
    summary = summarise_metric(source, metric("ai.batch.preemptions"), window)
    series = summary.headline
    assert (len(window.days), window.drawn_ms) == (days, drawn_ms)
    assert series.days is not None
    assert series.values is not None
    assert series.values.size == window.drawn_t_ms.size
    counts = series.days.figures[Summary.SUM]
    assert counts.size == days
    assert np.nansum(counts) == series.figures[Summary.SUM].value
    month = summarise(source, "ai.batch.preemptions").headline
    assert month.days is not None
    first = (date(2025, 11, 1) - period.first_day).days
    if kind is not PeriodKind.WEEK:
        assert np.array_equal(counts[first : first + 30], month.days.figures[Summary.SUM])
