"""Figures of a window against plain loops over the same samples, through a real store."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pytest

from jipyo.analysis.proportion import wilson
from jipyo.analysis.summary import MetricSummary, summarise_earlier, summarise_metric
from jipyo.analysis.thresholds import Severity, State
from jipyo.analysis.window import Window
from jipyo.catalogue import Catalogue, Metric, Summary, load
from jipyo.model.calendar import start_of_day
from jipyo.model.errors import QueryError
from jipyo.model.figure import UNKNOWN_PROPORTION, Figure, Fold
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.source.dialect import PROMETHEUS_3, loses_anchors, translate_promql
from jipyo.tsdb import Options, Store
from reports.days import SEOUL, Samples, Site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jipyo.model.result import QueryResult
    from jipyo.source import Source

CATALOGUE: Catalogue = load()
DAY = date(2026, 11, 21)
START = start_of_day(DAY, SEOUL)
WINDOW = Window(START, START + 86_400_000)
MINUTES = np.arange(0, 1441, dtype=np.int64)
RANDOM = np.random.default_rng(11)


def metric(metric_id: str) -> Metric:
    found = CATALOGUE.get(metric_id)
    assert found is not None
    return found


OPENED: list[Store] = []


@pytest.fixture(autouse=True)
def closing_every_store() -> Iterator[None]:
    yield
    while OPENED:
        OPENED.pop().close()


def stored(path: Path, *samples: tuple[Samples, np.ndarray]) -> Embedded:
    store = Store.open(path, Options(durable=False), now_ms=lambda: WINDOW.end_ms)
    OPENED.append(store)
    store.load(one.block(kept) for one, kept in samples)
    return Embedded(store, Engine())


def target(job: str = "node") -> Samples:
    return Samples(Site(), job, START + 60_000 * MINUTES)


EVERY = np.ones(MINUTES.size, bool)


def figure(summary: MetricSummary, name: Summary) -> Figure:
    return summary.headline.figures[name]


def p95(values: list[float]) -> float:
    ranked = sorted(values)
    rank = 0.95 * (len(ranked) - 1)
    low = math.floor(rank)
    return ranked[low] + (rank - low) * (ranked[min(low + 1, len(ranked) - 1)] - ranked[low])


def memory(path: Path, used: np.ndarray, kept: np.ndarray = EVERY) -> MetricSummary:
    node = target()
    node.put("node_memory_MemTotal_bytes", 1e9)
    node.put("node_memory_MemAvailable_bytes", 1e9 * (1 - used / 100))
    return summarise_metric(stored(path, (node, kept)), metric("system.memory.utilization"), WINDOW)


def test_average_p95_and_maximum_of_a_gauge_are_those_of_its_minutes(tmp_path: Path) -> None:
    used = 40 + 20 * RANDOM.random(MINUTES.size)
    summary = memory(tmp_path, used)
    minutes = used[1:].tolist()  # the sample at 00:00 belongs to the day before
    assert figure(summary, Summary.AVG).value == pytest.approx(sum(minutes) / 1440)
    assert figure(summary, Summary.P95).value == pytest.approx(p95(minutes))
    assert figure(summary, Summary.MAX).value == pytest.approx(max(minutes))
    assert summary.headline.stats.maximum_ms == START + 60_000 * (1 + minutes.index(max(minutes)))
    assert (summary.coverage, summary.state) == (1.0, State.OK)
    shown = figure(summary, Summary.AVG)
    assert (shown.fold, shown.samples, shown.step_ms) == (Fold.AVERAGE, 1440, 60_000)
    assert (shown.exporter, shown.metric) == ("node_exporter", "system.memory.utilization")


def test_minutes_beyond_a_threshold_are_counted_and_the_state_needs_them_in_a_row(
    tmp_path: Path,
) -> None:
    used = np.full(MINUTES.size, 50.0)
    used[100:103] = 80  # shorter than the five minutes of `for`
    used[600:630] = 80
    used[640:700] = 95
    summary = memory(tmp_path, used)
    series = summary.headline
    assert summary.state is State.CRITICAL
    assert (series.warning_ms // 60_000, series.critical_ms // 60_000) == (33, 60)
    assert [e.severity for e in series.breaches] == [
        Severity.PENDING,
        Severity.WARNING,
        Severity.CRITICAL,
    ]
    assert series.breaches[1].start_ms == START + 599 * 60_000
    assert series.breaches[1].end_ms == START + 629 * 60_000


def test_coverage_is_the_share_of_minutes_with_a_value(tmp_path: Path) -> None:
    kept = EVERY.copy()
    kept[300:360] = False
    summary = memory(tmp_path, np.full(MINUTES.size, 50.0), kept)
    # The last sample stays valid for less than five minutes: four steps of the gap have it.
    assert summary.coverage == pytest.approx((1440 - 56) / 1440)
    assert figure(summary, Summary.AVG).coverage == summary.coverage


def test_a_metric_without_data_is_unknown_and_has_no_series(tmp_path: Path) -> None:
    summary = summarise_metric(stored(tmp_path), metric("system.cpu.utilization"), WINDOW)
    assert (summary.series, summary.state, summary.coverage) == ((), State.UNKNOWN, 0.0)


def histogram(per_minute: np.ndarray, edges: list[float]) -> Samples:
    """`per_minute` has shape (edges, minutes): new requests within each edge."""
    api = target("api")
    for edge, row in zip(edges, np.cumsum(per_minute, axis=1), strict=True):
        le = "+Inf" if math.isinf(edge) else str(edge)
        api.put("http_request_duration_highr_seconds_bucket", row, le=le)
    return api


def test_a_days_percentile_of_requests_comes_from_its_bucket_sums(tmp_path: Path) -> None:
    edges = [0.5, 1.0, 2.0, 5.0, math.inf]
    quiet, busy = [10, 10, 10, 10, 10], [0, 0, 200, 990, 1000]
    rush = (MINUTES >= 600) & (MINUTES < 610)
    each = np.where(rush, np.array(busy)[:, None], np.array(quiet)[:, None]).astype(float)
    each[:, 0] = 0
    summary = summarise_metric(
        stored(tmp_path, (histogram(each, edges), EVERY)), metric("app.response_time"), WINDOW
    )
    sums = each.sum(axis=1)
    rank = 0.95 * sums[-1]
    at = next(i for i, total in enumerate(sums) if total >= rank)
    low = edges[at - 1]
    expected = low + (edges[at] - low) * (rank - sums[at - 1]) / (sums[at] - sums[at - 1])
    shown = figure(summary, Summary.P95)
    assert shown.value == pytest.approx(expected)
    assert (shown.fold, shown.step_ms) == (Fold.BUCKETS, 0)
    assert "[1d] anchored" in shown.expr
    # Neither an average of p95s nor a p95 of p95s is given.
    assert Summary.AVG not in summary.headline.figures
    assert summary.figure is shown


def test_an_error_rate_is_a_ratio_of_sums(tmp_path: Path) -> None:
    api = target("api")
    good = RANDOM.integers(0, 500, MINUTES.size).astype(float)
    bad = np.where(RANDOM.random(MINUTES.size) < 0.01, 7.0, 0.0)
    good[0] = bad[0] = 0
    api.put("http_requests_total", np.cumsum(good), status="2xx", handler="/")
    api.put("http_requests_total", np.cumsum(bad), status="5xx", handler="/")
    summary = summarise_metric(stored(tmp_path, (api, EVERY)), metric("app.error_rate"), WINDOW)
    shown = figure(summary, Summary.RATIO_OF_SUMS)
    assert shown.value == pytest.approx(100 * bad.sum() / (good.sum() + bad.sum()))
    assert shown.fold is Fold.RATIO


def test_a_total_is_what_the_counter_rose_by(tmp_path: Path) -> None:
    node = target()
    sent = RANDOM.integers(0, 10**6, MINUTES.size).astype(float)
    sent[0] = 0
    rising = np.cumsum(sent)
    rising[700:] -= rising[699]  # a reset: 700's own increase is what the counter shows then
    for device in ("eth0", "eth1"):
        node.put("node_network_receive_bytes_total", rising, device=device)
    summary = summarise_metric(
        stored(tmp_path, (node, EVERY)), metric("system.network.receive"), WINDOW
    )
    assert summary.total is not None
    shown = figure(summary, Summary.TOTAL)
    assert shown.value == 2 * sent.sum()
    assert (shown.unit, shown.fold, shown.series) == ("bytes", Fold.TOTAL, "{}")
    assert shown.expr.startswith("sum(")
    assert [one.name for one in summary.series] == ["eth0", "eth1"]
    one = summary.series[0].figures[Summary.AVG].value
    assert one is not None
    assert figure(summary, Summary.AVG).value == pytest.approx(2 * one)


def test_a_count_is_a_whole_number(tmp_path: Path) -> None:
    node = target()
    kills = np.zeros(MINUTES.size)
    kills[[333, 334, 1200]] = 1
    node.put("node_vmstat_oom_kill", 5 + np.cumsum(kills))
    summary = summarise_metric(stored(tmp_path, (node, EVERY)), metric("system.memory.oom"), WINDOW)
    assert figure(summary, Summary.SUM).value == 3.0
    assert summary.state is State.CRITICAL


def test_a_source_with_only_a_mean_gives_no_percentile_and_no_state(tmp_path: Path) -> None:
    triton = target("triton")
    requests = RANDOM.integers(1, 50, MINUTES.size).astype(float)
    micros = requests * RANDOM.integers(10_000, 3_000_000, MINUTES.size)
    requests[0] = micros[0] = 0
    triton.put("nv_inference_request_success", np.cumsum(requests), model="m")
    triton.put("nv_inference_request_duration_us", np.cumsum(micros), model="m")
    summary = summarise_metric(
        stored(tmp_path, (triton, EVERY)), metric("ai.inference.time"), WINDOW
    )
    assert summary.thresholds is None
    assert summary.state is State.UNKNOWN
    assert Summary.P95 not in summary.headline.figures
    shown = summary.figure
    assert shown is not None
    assert shown.fold is Fold.MEAN
    assert shown.value == pytest.approx(micros.sum() / requests.sum() / 1e6)


class WithoutAnchored:
    """A source whose server does not know `anchored`."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def instant(self, expr: str, t_ms: int) -> QueryResult:
        plain, estimated = translate_promql(expr, PROMETHEUS_3), loses_anchors(expr, PROMETHEUS_3)
        return replace(self._source.instant(plain, t_ms), estimated=estimated)

    def range(self, expr: str, start_ms: int, end_ms: int, step_ms: int) -> QueryResult:
        plain, estimated = translate_promql(expr, PROMETHEUS_3), loses_anchors(expr, PROMETHEUS_3)
        answer = self._source.range(plain, start_ms, end_ms, step_ms)
        return replace(answer, estimated=estimated)

    def __getattr__(self, name: str) -> object:
        return getattr(self._source, name)


def test_a_count_that_a_server_extrapolates_is_estimated(tmp_path: Path) -> None:
    node = target()
    node.put("node_network_receive_bytes_total", 1000.0 * MINUTES.astype(np.float64), device="eth0")
    source = WithoutAnchored(stored(tmp_path, (node, EVERY)))
    summary = summarise_metric(source, metric("system.network.receive"), WINDOW)  # type: ignore[arg-type]
    shown = figure(summary, Summary.TOTAL)
    assert shown.estimated
    assert shown.value == pytest.approx(1_440_000, rel=0.001)
    assert not summary.series[0].worst.estimated  # a rate is one in either form


def test_a_count_of_a_minute_is_estimated_too_and_a_share_is_not(tmp_path: Path) -> None:
    engine, triton = target("vllm"), target("triton")
    engine.put("vllm:num_preemptions_total", np.arange(MINUTES.size, dtype=float), model_name="m")
    requests = np.arange(MINUTES.size, dtype=float)
    triton.put("nv_inference_request_success", 100 * requests, model="m")
    triton.put("nv_inference_request_failure", requests, model="m")
    plain = stored(tmp_path, (engine, EVERY), (triton, EVERY))
    source = WithoutAnchored(plain)
    counts = summarise_metric(source, metric("ai.batch.preemptions"), WINDOW)  # type: ignore[arg-type]
    assert figure(counts, Summary.MAX).estimated
    assert counts.series[0].worst.estimated
    shares = summarise_metric(source, metric("ai.failures"), WINDOW)  # type: ignore[arg-type]
    assert not figure(shares, Summary.MAX).estimated
    exact = summarise_metric(plain, metric("ai.batch.preemptions"), WINDOW)
    assert not figure(exact, Summary.MAX).estimated


def test_a_server_that_refuses_the_whole_window_leaves_the_figure_out(tmp_path: Path) -> None:
    class Refusing(WithoutAnchored):
        def instant(self, expr: str, t_ms: int) -> QueryResult:
            raise QueryError.execution("query processing would load too many samples")

    node = target()
    node.put("node_vmstat_oom_kill", 0.0)
    summary = summarise_metric(
        Refusing(stored(tmp_path, (node, EVERY))),  # type: ignore[arg-type]
        metric("system.memory.oom"),
        WINDOW,
    )
    assert summary.figure is None


def test_a_refused_question_is_a_metric_without_data_and_a_warning(tmp_path: Path) -> None:
    broken = metric("system.memory.utilization")
    query = replace(broken.queries[0], promql="sum(")
    summary = summarise_metric(stored(tmp_path), replace(broken, queries=(query,)), WINDOW)
    assert summary.series == ()
    assert "parse error" in summary.warnings[0]


def test_a_window_that_is_averaged_over_time_is_not_stretched_over_the_day(tmp_path: Path) -> None:
    node = target()
    node.put("node_gpu_watts", 100.0)
    node.put("node_tokens_total", 60.0 * MINUTES.astype(np.float64))
    shape = metric("ai.efficiency.tokens_per_joule")
    query = replace(
        shape.queries[0],
        promql="sum(rate(node_tokens_total[$w])) / sum(avg_over_time(node_gpu_watts[$w]))",
    )
    source = stored(tmp_path, (node, EVERY & (MINUTES < 60)))
    shown = summarise_metric(source, replace(shape, queries=(query,)), WINDOW).figure
    assert shown is not None
    assert shown.fold is Fold.AVERAGE
    assert shown.value == pytest.approx(0.01, rel=0.1)


def labelled(model: str = "m") -> Samples:
    """Cases of two minutes each; one of 16 is wrong, with a restart at noon."""
    evaluation = target("evaluation")
    cases = np.where(MINUTES < 720, MINUTES // 2, (MINUTES - 720) // 2).astype(float)
    evaluation.put("jipyo_predictions_labelled_total", cases, model=model)
    evaluation.put("jipyo_predictions_correct_total", cases - cases // 16, model=model)
    return evaluation


def test_the_accuracy_of_a_day_is_of_all_its_cases_and_says_how_many(tmp_path: Path) -> None:
    summary = summarise_metric(
        stored(tmp_path, (labelled(), EVERY)), metric("ai.model.accuracy"), WINDOW
    )
    shown = summary.figure
    assert shown is not None
    assert shown.proportion is not None
    # 359 until the restart, 0 to 360 after it.
    n, wrong = 359 + 360, 359 // 16 + 360 // 16
    assert (shown.fold, shown.proportion.n) == (Fold.RATIO, n)
    assert shown.value == pytest.approx(100 * (n - wrong) / n)
    low, high = wilson(n - wrong, n) or (0, 0)
    assert (shown.proportion.low, shown.proportion.high) == pytest.approx((100 * low, 100 * high))


def test_a_ratio_that_nobody_counted_is_its_last_and_says_so(tmp_path: Path) -> None:
    evaluation = target("evaluation")
    evaluation.put("jipyo_model_accuracy_ratio", 0.9 + MINUTES / 1e5, model="m", dataset="d")
    source = stored(tmp_path, (evaluation, EVERY))
    summary = summarise_metric(source, metric("ai.model.accuracy"), WINDOW)
    shown = summary.figure
    assert shown is not None
    assert (shown.fold, shown.proportion) == (Fold.LAST, UNKNOWN_PROPORTION)
    assert Summary.RATIO_OF_SUMS not in summary.headline.figures


def test_counters_speak_before_a_ratio_of_the_same_model(tmp_path: Path) -> None:
    evaluation = labelled()
    evaluation.put("jipyo_model_accuracy_ratio", 0.5, model="m", dataset="d")
    source = stored(tmp_path, (evaluation, EVERY))
    shown = summarise_metric(source, metric("ai.model.accuracy"), WINDOW).figure
    assert shown is not None
    assert shown.proportion is not None
    assert shown.proportion.n is not None


class RefusingInstants(WithoutAnchored):
    """A server that answers ranges, and refuses every query over the whole window."""

    def instant(self, expr: str, t_ms: int) -> QueryResult:
        raise QueryError.execution("query processing would load too many samples")


def test_a_share_that_cannot_be_computed_over_the_window_is_left_out(tmp_path: Path) -> None:
    source = RefusingInstants(stored(tmp_path, (labelled(), EVERY)))
    summary = summarise_metric(source, metric("ai.model.accuracy"), WINDOW)  # type: ignore[arg-type]
    assert Summary.RATIO_OF_SUMS not in summary.headline.figures
    assert summary.figure is summary.headline.figures[Summary.LAST]


def test_a_sum_that_no_window_counts_is_left_out(tmp_path: Path) -> None:
    node = target()
    node.put("node_vmstat_oom_kill", 7.0)
    kills = metric("system.memory.oom")
    query = replace(kills.queries[0], promql="node_vmstat_oom_kill")
    source = stored(tmp_path, (node, EVERY))
    summary = summarise_metric(source, replace(kills, queries=(query,)), WINDOW)
    assert summary.series
    assert Summary.SUM not in summary.headline.figures


def test_the_peak_of_a_breach_is_a_figure_over_the_breach_alone(tmp_path: Path) -> None:
    used = np.full(MINUTES.size, 50.0)
    used[100:103] = 80
    used[640:700] = 95
    used[650] = 99
    series = memory(tmp_path, used).headline
    (breach,) = series.firing_breaches
    assert (breach, breach.severity) == (series.breaches[1], Severity.CRITICAL)
    peak = series.peak_of(breach)
    assert peak.value == pytest.approx(99)
    assert (peak.fold, peak.samples, peak.coverage) == (Fold.MAXIMUM, 60, 1.0)
    assert (peak.start_ms, peak.end_ms) == (breach.start_ms, breach.end_ms)
    assert (series.worst.value, series.worst_ms) == (peak.value, START + 650 * 60_000)


def test_where_low_is_worse_the_worst_value_is_the_lowest(tmp_path: Path) -> None:
    source = stored(tmp_path, (labelled(), EVERY))
    series = summarise_metric(source, metric("ai.model.accuracy"), WINDOW).headline
    assert (series.worst.fold, series.worst.value) == (Fold.MINIMUM, series.stats.minimum)
    assert series.worst_ms == series.stats.minimum_ms


@pytest.mark.parametrize(
    ("start_ms", "end_ms", "step_ms", "steps"),
    [
        (START, START + 86_400_000, 60_000, 1440),
        (START, START + 90_000, 60_000, 1),  # only whole steps
        (START, START + 30 * 86_400_000, 3_600_000, 720),  # a month by the hour
        (START, START, 60_000, 0),
    ],
)
def test_a_window_of_any_length_has_whole_steps(
    start_ms: int, end_ms: int, step_ms: int, steps: int
) -> None:
    window = Window(start_ms, end_ms, step_ms)
    assert (window.steps, window.t_ms.size, window.duration_ms) == (
        steps,
        steps,
        end_ms - start_ms,
    )
    if steps:
        assert window.t_ms[0] == start_ms + step_ms
        assert window.t_ms[-1] <= end_ms


def test_a_metric_is_summarised_over_any_window(tmp_path: Path) -> None:
    """Six hours by five minutes: the same figures as plain loops over those steps."""
    used = 40 + 20 * RANDOM.random(MINUTES.size)
    node = target()
    node.put("node_memory_MemTotal_bytes", 1e9)
    node.put("node_memory_MemAvailable_bytes", 1e9 * (1 - used / 100))
    window = Window(START + 6 * 3_600_000, START + 12 * 3_600_000, 300_000)
    source = stored(tmp_path, (node, EVERY))
    summary = summarise_metric(source, metric("system.memory.utilization"), window)
    steps = used[365:721:5]
    assert summary.headline.values == pytest.approx(steps)
    assert figure(summary, Summary.AVG).value == pytest.approx(steps.mean())
    assert figure(summary, Summary.P95).value == pytest.approx(p95(steps.tolist()))
    assert (summary.headline.stats.steps, summary.coverage) == (72, 1.0)


BEFORE = np.arange(-120, 1441, dtype=np.int64)
"""Minutes of the window and of the two hours before it."""


def memory_with_before(
    path: Path, used: np.ndarray, of: Metric, source_type: type = Embedded
) -> MetricSummary:
    node = Samples(Site(), "node", START + 60_000 * BEFORE)
    node.put("node_memory_MemTotal_bytes", 1e9)
    node.put("node_memory_MemAvailable_bytes", 1e9 * (1 - used / 100))
    embedded = stored(path, (node, np.ones(BEFORE.size, bool)))
    source = embedded if source_type is Embedded else source_type(embedded)
    return summarise_metric(source, of, WINDOW)


def between(first: int, last: int) -> np.ndarray:
    return (first <= BEFORE) & (last >= BEFORE)


def test_a_breach_that_began_before_the_window_is_firing_at_its_start(tmp_path: Path) -> None:
    used = np.where(between(-4, 3), 80.0, 50.0)
    summary = memory_with_before(tmp_path, used, metric("system.memory.utilization"))
    (breach,) = summary.headline.breaches
    assert (breach.severity, breach.start_ms) == (Severity.WARNING, START)
    # The sample at 00:00 belongs to the day before; only three minutes count here.
    assert (breach.duration_ms, summary.headline.warning_ms) == (180_000, 180_000)


def test_what_was_over_before_the_window_is_not_listed(tmp_path: Path) -> None:
    used = np.where(between(-60, 0), 80.0, 50.0)
    summary = memory_with_before(tmp_path, used, metric("system.memory.utilization"))
    assert (summary.headline.breaches, summary.state) == ((), State.OK)


def test_a_recovery_threshold_holds_over_the_start_of_the_window(tmp_path: Path) -> None:
    of = metric("system.memory.utilization")
    assert of.thresholds is not None
    assert of.thresholds.warning is not None
    thresholds = replace(of.thresholds, recover_warning=60.0)
    used = np.where(between(-40, -30), 80.0, np.where(between(-29, 10), 65.0, 50.0))
    summary = memory_with_before(tmp_path, used, replace(of, thresholds=thresholds))
    (breach,) = summary.headline.breaches
    assert (breach.severity, breach.start_ms) == (Severity.WARNING, START)
    assert (breach.duration_ms, breach.warning_ms) == (600_000, 0)


class RefusingBefore(WithoutAnchored):
    """A server that refuses what ends before the window's first step."""

    def range(self, expr: str, start_ms: int, end_ms: int, step_ms: int) -> QueryResult:
        if end_ms <= START:
            raise QueryError.execution("query processing would load too many samples")
        return self._source.range(expr, start_ms, end_ms, step_ms)


def test_without_the_steps_before_the_window_is_judged_alone(tmp_path: Path) -> None:
    used = np.where(between(-4, 3), 80.0, 50.0)
    of = metric("system.memory.utilization")
    summary = memory_with_before(tmp_path, used, of, RefusingBefore)
    (breach,) = summary.headline.breaches
    assert (breach.severity, breach.start_ms) == (Severity.PENDING, START)


def test_a_series_that_only_was_there_before_is_no_series_of_the_window(tmp_path: Path) -> None:
    before, now = (Samples(Site(host=host), "node", START + 60_000 * BEFORE) for host in "ab")
    for node in (before, now):
        node.put("node_memory_MemTotal_bytes", 1e9)
        node.put("node_memory_MemAvailable_bytes", 0.1e9)
    source = stored(tmp_path, (before, BEFORE < -10), (now, BEFORE > 10))
    summary = summarise_metric(source, metric("system.memory.utilization"), WINDOW)
    assert [series.labels["instance"] for series in summary.series] == ["b"]
    assert summary.headline.breaches[0].start_ms == START + 10 * 60_000


def test_a_window_that_is_only_compared_is_not_judged(tmp_path: Path) -> None:
    used = np.full(MINUTES.size, 95.0)
    judged = memory(tmp_path, used)
    node = target()
    node.put("node_memory_MemTotal_bytes", 1e9)
    node.put("node_memory_MemAvailable_bytes", 1e9 * (1 - used / 100))
    source = stored(tmp_path / "again", (node, EVERY))
    plain = summarise_earlier(source, judged, WINDOW).summary
    assert (plain.thresholds, plain.state, plain.headline.breaches) == (None, State.UNKNOWN, ())
    assert plain.headline.figures == judged.headline.figures
