"""Looking ahead in the server: histories, processes that compute, results as series."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, cast
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from jipyo.analysis.crossing import CrossingState
from jipyo.analysis.forecast import Forecast
from jipyo.analysis.no_result import NoResult
from jipyo.analysis.outlook import HISTORY_HOURS, OutlookOptions, build_outlook, read_histories
from jipyo.app.insight.book import OutlookBook
from jipyo.app.insight.histories import Histories
from jipyo.app.insight.on_demand import OutlookFinder
from jipyo.app.insight.series import ANOMALY, ETA, FORECAST, PROBABILITY, SeriesWriter
from jipyo.app.insight.service import FIRST_RUN_MS, Insight, find_delay_ms
from jipyo.app.insight.worker import compute
from jipyo.app.insight.workers import Worker, WorkerDiedError, Workers
from jipyo.catalogue import load
from jipyo.config.load import load as load_config
from jipyo.config.overrides import CliOverrides
from jipyo.model.errors import SourceError
from jipyo.model.labels import Labels
from jipyo.model.result import Vector
from jipyo.model.sample import is_stale
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.tsdb import Options, Store
from support import weeks
from support.clock import FakeClock
from support.sources import FAILURE, FailingServer
from support.weeks import DAY_MS, HOUR_MS, NOW_MS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jipyo.analysis.outlook import SeriesHistory
    from jipyo.config.load import Config
    from jipyo.source import Source

ZONE = ZoneInfo("Asia/Seoul")
KNOWN = load()
DATA = "system.disk.utilization"
DEAD = (sys.executable, "-c", "import sys; sys.stdin.buffer.read(8)")


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[Store]:
    options = replace(Options(), retention_ms=None)
    with Store.open(folder, options, now_ms=lambda: NOW_MS) as store:
        weeks.fill_store(store)
        yield store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """One that a test may write to."""
    with opened(tmp_path / "store") as store:
        yield store


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    with opened(tmp_path_factory.mktemp("insight")) as store:
        yield Embedded(store, Engine())


@pytest.fixture(scope="module")
def histories(source: Embedded) -> tuple[SeriesHistory, ...]:
    known = Histories(source, KNOWN, ZONE, 1000)
    return tuple(one for part in known.read(NOW_MS) for one in part)


def find(histories: tuple[SeriesHistory, ...], mount: str) -> SeriesHistory:
    return next(one for one in histories if one.labels.get("mountpoint") == mount)


def test_a_disk_that_fills_is_announced_and_one_that_is_cleared_is_not(
    histories: tuple[SeriesHistory, ...],
) -> None:
    filling = build_outlook(find(histories, "/data"))
    assert filling.crossing is not None
    warning, critical = filling.crossing.crossings
    for crossing, days in ((warning, 10), (critical, 20)):
        assert crossing.state is CrossingState.EXPECTED
        assert crossing.t_ms is not None
        assert abs(crossing.t_ms - NOW_MS - days * DAY_MS) < DAY_MS / 4
    cleared = build_outlook(find(histories, "/logs"))
    assert cleared.crossing is not None
    states = {crossing.state for crossing in cleared.crossing.crossings}
    assert states == {CrossingState.NOT_EXPECTED}


def test_later_runs_read_only_new_hours_and_know_the_same(store: Store, source: Embedded) -> None:
    known = Histories(source, KNOWN, ZONE, 1000)
    for earlier_ms in (5 * HOUR_MS, HOUR_MS, 0):
        seen = [one for part in known.read(NOW_MS - earlier_ms) for one in part]
    fresh = [one for part in Histories(source, KNOWN, ZONE, 1000).read(NOW_MS) for one in part]
    assert [one.labels for one in seen] == [one.labels for one in fresh]
    for one, other in zip(seen, fresh, strict=True):
        np.testing.assert_array_equal(one.t_ms[-500:], other.t_ms[-500:])
        np.testing.assert_allclose(one.values[-500:], other.values[-500:])


def test_series_beyond_the_limit_are_left_out_and_counted(source: Embedded) -> None:
    known = Histories(source, KNOWN, ZONE, 2)
    assert sum(len(part) for part in known.read(NOW_MS)) == 2
    assert known.left_out == 1


def test_a_process_computes_what_is_computed_here(histories: tuple[SeriesHistory, ...]) -> None:
    options = OutlookOptions(forecast_hours=24)
    with Workers(options) as workers:
        there = workers.compute(histories)
    here = compute(options, histories)
    assert [one.labels for one in there] == [one.labels for one in histories]
    for one, other in zip(there, here, strict=True):
        assert one.crossing == other.crossing
        assert isinstance(one.forecast, Forecast)
        assert isinstance(other.forecast, Forecast)
        np.testing.assert_array_equal(one.forecast.quantiles, other.forecast.quantiles)


def test_a_worker_that_is_killed_is_replaced(histories: tuple[SeriesHistory, ...]) -> None:
    with Workers(OutlookOptions(forecast_hours=24)) as workers:
        workers.compute(histories[:1])
        os.kill(workers._idle[0].pid, signal.SIGKILL)
        outlooks = workers.compute(histories)
    assert [type(one.forecast) for one in outlooks] == [Forecast] * 3
    assert workers.counts.died == 1


def test_a_series_that_kills_its_worker_has_no_forecast_and_says_why(
    histories: tuple[SeriesHistory, ...],
) -> None:
    with Workers(OutlookOptions(), command=DEAD) as workers:
        outlooks = workers.compute(histories[:2])
    assert [one.forecast for one in outlooks] == [NoResult("insight.none.crashed")] * 2
    assert workers.counts.died == 3


def test_no_process_is_left(histories: tuple[SeriesHistory, ...]) -> None:
    with Workers(OutlookOptions(forecast_hours=24)) as workers:
        workers.compute(histories[:1])
        pid = workers._idle[0].pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_stop_leaves_out_what_has_not_begun(histories: tuple[SeriesHistory, ...]) -> None:
    stopping = threading.Event()
    stopping.set()
    with Workers(OutlookOptions(), stopping=stopping) as workers:
        assert workers.compute(histories) == []


def test_a_worker_that_ends_within_an_answer_is_dead(
    histories: tuple[SeriesHistory, ...],
) -> None:
    half = "import sys; sys.stdout.buffer.write(bytes([9, 0, 0])); sys.stdout.buffer.flush()"
    worker = Worker((sys.executable, "-c", half))
    with pytest.raises(WorkerDiedError):
        worker.compute(OutlookOptions(), histories[:1])
    worker.close()


@pytest.mark.parametrize(
    ("now", "interval", "delay"),
    [
        (0, 3_600_000, 3_720_000),
        (3_599_000, 3_600_000, 121_000),
        (0, 60_000, 90_000),
    ],
)
def test_runs_come_a_little_after_whole_intervals(now: int, interval: int, delay: int) -> None:
    assert find_delay_ms(now, interval) == delay


def test_a_series_that_is_gone_ends() -> None:
    one, two = (Labels.of({"__name__": "x", "a": value}) for value in "12")
    writer = SeriesWriter()
    first = writer.build(1, {one: 1.0, two: 2.0})
    assert [scrape.series for scrape in first] == [(one, two)]
    second = writer.build(2, {one: 3.0})
    assert [scrape.series for scrape in second] == [(one,), (two,)]
    assert is_stale(second[1].values).tolist() == [True]
    assert writer.build(3, {one: 1.0})[0].series == (one,)
    assert [scrape.series for scrape in writer.build(4, {})] == [(one,)]


def test_outlooks_are_computed_on_demand_once_an_hour(source: Embedded) -> None:
    now = [NOW_MS]
    finder = OutlookFinder(OutlookBook(), source, ZONE, lambda: now[0], OutlookOptions())
    metric, event = KNOWN.get(DATA), threading.Event()
    assert metric is not None
    first = finder.find(metric, event)
    assert first is not None
    assert len(first) == 2
    assert finder.find(metric, event) is first
    now[0] += HOUR_MS
    assert finder.find(metric, event) is not first
    lost = KNOWN.get("system.gpu.lost")
    assert lost is not None
    assert finder.find(lost, event) is None


def test_the_outlooks_of_the_last_run_are_found_first(
    source: Embedded, histories: tuple[SeriesHistory, ...]
) -> None:
    book = OutlookBook()
    book.replace(compute(OutlookOptions(forecast_hours=24), histories))
    finder = OutlookFinder(book, source, ZONE, lambda: NOW_MS, OutlookOptions())
    metric = KNOWN.get(DATA)
    assert metric is not None
    assert finder.find(metric, threading.Event()) is book.find(DATA)
    assert len(book.list_all()) == 3


def make_config(folder: Path, text: str = "") -> Config:
    file = folder / "jipyo.yaml"
    file.write_text(f"instance: here\n{text}", "utf-8")
    overrides = CliOverrides(file=file, data=folder / "data")
    return load_config(overrides, {"HOME": str(folder)}, "en")


def ask(source: Embedded, expr: str, t_ms: int) -> Vector:
    value = source.instant(expr, t_ms).value
    assert isinstance(value, Vector)
    return value


def test_the_server_looks_ahead_and_stores_what_it_sees(store: Store, tmp_path: Path) -> None:
    clock, source = FakeClock(NOW_MS), Embedded(store, Engine())
    insight = Insight(store, clock, tmp_path / "insight", OutlookBook())
    insight.apply(make_config(tmp_path), source, KNOWN)
    insight.start()
    clock.advance(FIRST_RUN_MS * 3)
    names = [FORECAST, PROBABILITY, ETA]
    found = {name: ask(source, f'{name}{{mountpoint="/data"}}', clock.now_ms()) for name in names}
    assert {name: len(value.series) for name, value in found.items()} == {
        FORECAST: 9,
        PROBABILITY: 2,
        ETA: 6,
    }
    etas = {
        (labels["level"], labels["quantile"]): value
        for labels, value in zip(found[ETA].series, found[ETA].values, strict=True)
    }
    assert etas["warning", "0.5"] == pytest.approx(10 * 86_400, abs=21_600)
    assert etas["critical", "0.1"] <= etas["critical", "0.5"] <= etas["critical", "0.9"]
    labels = dict(found[ETA].series[0].pairs)
    assert (labels["job"], labels["metric"], labels["instance"]) == ("jipyo", DATA, "host1")
    rows = {family.name: family for family in insight.families()}
    outcomes = {
        sample.labels["outcome"]: sample.value for sample in rows["jipyo_insight_series"].samples
    }
    assert outcomes == {"forecast": 3, "no_forecast": 0, "crossing": 1, "left_out": 0}
    insight.apply(make_config(tmp_path, "insight: false\n"), source, KNOWN)
    clock.advance(FIRST_RUN_MS * 2)
    later = ask(source, f"{{__name__=~'{FORECAST}|{ANOMALY}'}}", clock.now_ms())
    assert later.series == ()
    insight.stop()


def test_what_was_learned_survives_a_restart(store: Store, tmp_path: Path) -> None:
    clock, source = FakeClock(NOW_MS), Embedded(store, Engine())
    folder = tmp_path / "insight"
    first = Insight(store, clock, folder, OutlookBook())
    first.apply(make_config(tmp_path), source, KNOWN)
    first.start()
    clock.advance(FIRST_RUN_MS * 5)
    first.stop()
    learned = first._watch._detector
    assert len(learned.keys) == 3
    second = Insight(store, clock, folder, OutlookBook())
    second.apply(make_config(tmp_path), source, KNOWN)
    second.start()
    assert second._watch._detector.keys == learned.keys
    np.testing.assert_array_equal(second._watch._detector.state.age, learned.state.age)
    second.stop()
    (folder / "anomalies.state").write_bytes(b"what is this")
    third = Insight(store, clock, folder, OutlookBook())
    third.start()
    assert third._watch._detector.keys == ()
    third.stop()


def test_six_weeks_are_read_for_a_forecast_by_the_hour_and_a_year_by_the_day(
    source: Embedded,
) -> None:
    assert OutlookOptions(forecast_hours=14 * 24).history_hours == HISTORY_HOURS
    options = OutlookOptions(forecast_hours=20 * 24)
    assert options.history_hours == 400 * 24
    metric = KNOWN.get(DATA)
    assert metric is not None
    one = read_histories(source, metric, NOW_MS, ZONE, hours=options.history_hours)[0]
    outlook = build_outlook(one, options)
    assert isinstance(outlook.forecast, Forecast)
    assert len(outlook.forecast.t_ms) == 20


def read_success(insight: Insight) -> float:
    families = {family.name: family for family in insight.families()}
    (sample,) = families["jipyo_insight_last_run_successful"].samples
    return sample.value


def test_a_run_that_fails_keeps_the_outlooks_and_is_shown(store: Store, tmp_path: Path) -> None:
    clock, book = FakeClock(NOW_MS), OutlookBook()
    server = FailingServer(Embedded(store, Engine()))
    insight = Insight(store, clock, tmp_path / "insight", book)
    insight.apply(make_config(tmp_path), cast("Source", server), KNOWN)
    insight.run()
    assert read_success(insight) == 1
    before = book.list_all()
    assert len(before) == 3
    server.error = FAILURE
    with pytest.raises(SourceError):
        insight.run()
    assert read_success(insight) == 0
    assert book.list_all() == before
    server.error = None
    insight.run()
    assert read_success(insight) == 1
