"""Objectives over a source: which are counted, which refused and why, and counted again."""

import math
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from jipyo.analysis.objectives import Result
from jipyo.analysis.slo.derive import list_latency, list_shares, list_specified
from jipyo.analysis.slo.evaluate import evaluate_levels
from jipyo.analysis.slo.objective import (
    LatencyIndicator,
    ServiceLevelObjective,
    SloPeriod,
    TimeIndicator,
    WithoutCounts,
)
from jipyo.analysis.slo.read import CountReader
from jipyo.analysis.slo.result import RefusalReason, SloResult
from jipyo.catalogue import load
from jipyo.catalogue.metric import Compare
from jipyo.model.bilingual import Bilingual
from jipyo.model.calendar import PeriodKind
from jipyo.model.labels import Labels
from jipyo.promql import Engine
from jipyo.source.embedded import Embedded
from jipyo.tsdb import Store
from support.answers import vector_of
from support.levels import DAY_MS, FIRST_MS, MINUTE_MS, NOV_1_MS, NOW_MS, list_scrapes
from support.memory import HOUR_MS, MemoryStore

SEOUL = ZoneInfo("Asia/Seoul")
CATALOGUE = load()
SITE = ServiceLevelObjective(
    id="site",
    name=Bilingual("사이트", "Site"),
    target=Fraction("0.999"),
    indicators=(TimeIndicator("probe_success", Compare.AT_LEAST, 1.0),),
)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    with Store.open(tmp_path_factory.mktemp("levels"), now_ms=lambda: NOW_MS) as store:
        store.append(list(list_scrapes()))
        yield Embedded(store, Engine())


def evaluate(
    source: Embedded, *objectives: ServiceLevelObjective, now_ms: int = NOW_MS, **more: bool
) -> list[SloResult]:
    chosen = objectives or tuple(list_specified(CATALOGUE))
    return list(evaluate_levels(CountReader(source), chosen, now_ms, SEOUL, **more))


def latency(selector: str, within_s: float, **more: object) -> ServiceLevelObjective:
    indicator = LatencyIndicator(selector, within_s, **more)  # type: ignore[arg-type]
    return replace(SITE, id="latency", indicators=(indicator,))


def test_the_specifications_objectives_are_counted_for_each_target(source: Embedded) -> None:
    fast, slow, errors, inference = evaluate(source)
    assert (fast.name, slow.name) == ("api", "web")
    minutes = 4 * 1440
    assert (fast.tally.good, fast.tally.bad) == (98 * minutes, 2 * minutes)
    assert (fast.budget_left, fast.result, fast.coverage) == (0.6, Result.MET, 1.0)
    assert (errors.tally.bad, errors.tally.total) == (288, 100 * minutes)
    assert errors.budget_left == 0.5
    assert [one.rate for one in errors.burn_rates[2:]] == pytest.approx([0.5] * 5, rel=0.03)
    assert slow.refusal is not None
    assert (slow.refusal.reason, slow.refusal.below, slow.refusal.above) == (
        RefusalReason.NO_EDGE, 1.0, 2.5,
    )  # fmt: skip
    assert 'instance="w"' in slow.refusal.where
    assert inference.refusal is not None
    assert inference.refusal.reason is RefusalReason.NO_DATA
    assert {one.result for one in (slow, inference)} == {Result.UNKNOWN}


def test_the_printed_expressions_give_the_counts_again(source: Embedded) -> None:
    fast, _, errors, _, site = evaluate(source, *list_specified(CATALOGUE), SITE)
    for result in (fast, errors, site):
        expected = {
            "good": result.tally.good, "bad": result.tally.bad, "total": result.tally.total,
        }  # fmt: skip
        for kind, expr in result.expressions.items():
            answer = vector_of(source.instant(expr, result.cut_ms))
            row = [one.get("job") for one in answer.series].index(result.labels["job"])
            assert answer.values[row] == expected[kind], expr


def test_minutes_are_counted_and_their_budget_is_of_the_month(source: Embedded) -> None:
    (site,) = evaluate(source, SITE)
    assert (site.tally.bad, site.tally.total) == (10, 4 * 1440)
    assert site.budget == pytest.approx(43.2)
    assert site.budget_left == pytest.approx(1 - 10 / 43.2)


def test_a_month_begins_at_local_midnight_with_a_full_budget(source: Embedded) -> None:
    at_start = evaluate(source, SITE, now_ms=NOV_1_MS + 30_000)[0]
    assert (at_start.budget_left, at_start.tally.total) == (1.0, 0)
    just_before = evaluate(source, SITE, now_ms=NOV_1_MS - 1)[0]
    assert just_before.period.end_ms == NOV_1_MS


def test_the_previous_period_is_counted_to_its_end(source: Embedded) -> None:
    day = replace(SITE, period=SloPeriod(PeriodKind.DAY))
    (before,) = evaluate(source, day, now_ms=NOV_1_MS + DAY_MS + 5, previous=True)
    assert (before.period.start_ms, before.cut_ms) == (NOV_1_MS, NOV_1_MS + DAY_MS)
    assert (before.tally.good, before.tally.bad) == (1430, 10)


def test_days_add_up_to_their_month(source: Embedded) -> None:
    month = evaluate(source)[0].tally
    daily = [replace(one, period=SloPeriod(PeriodKind.DAY)) for one in list_specified(CATALOGUE)]
    days = [
        evaluate(source, *daily, now_ms=NOV_1_MS + day * DAY_MS, previous=True)[0].tally
        for day in range(1, 5)
    ]
    assert sum(day.good for day in days) == month.good
    assert sum(day.total for day in days) == month.total


def test_a_reader_that_is_kept_gives_what_a_new_one_gives(source: Embedded) -> None:
    kept = CountReader(source)
    objectives = (*list_specified(CATALOGUE), SITE, replace(SITE, period=ROLLING))
    for minutes in (0, 1, 59, 61, 200):
        now_ms = NOW_MS + minutes * MINUTE_MS
        seen = evaluate_levels(kept, objectives, now_ms, SEOUL)
        kept.forget_unused()
        assert list(seen) == evaluate(source, *objectives, now_ms=now_ms)


ROLLING = SloPeriod(PeriodKind.RANGE, 2 * DAY_MS)


@pytest.mark.parametrize(
    ("selector", "within_s", "reason", "edges"),
    [
        ("http_request_duration_highr_seconds_bucket", 1.0, None, None),
        ('http_request_duration_highr_seconds_bucket{job="web"}', 2.5, None, None),
        ("http_request_duration_highr_seconds_bucket", 2.0, RefusalReason.NO_EDGE, (1.0, 2.5)),
        ('{__name__="http_request_duration_highr_seconds_bucket"}', 9.0, RefusalReason.NO_EDGE,
         (2.0, None)),
        ("nothing_bucket", 1.0, RefusalReason.NO_DATA, None),
        ("native_bucket", 1.0, RefusalReason.NATIVE_HISTOGRAM, None),
        ("endless_bucket", 1.0, RefusalReason.NO_EDGE, (None, None)),
    ],
)  # fmt: skip
def test_a_histogram_counts_at_an_edge_that_all_of_it_has_or_not_at_all(
    selector: str, within_s: float, reason: RefusalReason | None, edges: object
) -> None:
    store = MemoryStore()
    store.append(list(list_scrapes(FIRST_MS + HOUR_MS)))
    times = range(FIRST_MS, FIRST_MS + HOUR_MS, MINUTE_MS)
    store.put(Labels.of({"__name__": "native"}), times, [1.0] * 60)
    store.put(Labels.of({"__name__": "endless_bucket", "le": "1"}), times, [1.0] * 60)
    (result,) = evaluate(
        Embedded(store, Engine()), latency(selector, within_s), now_ms=FIRST_MS + HOUR_MS
    )
    if reason is None:
        assert result.refusal is None
        assert result.tally.total > 0
        return
    assert result.refusal is not None
    assert result.refusal.reason is reason
    if edges is not None:
        assert (result.refusal.below, result.refusal.above) == edges


def test_a_boundary_that_is_written_in_two_ways_is_one() -> None:
    store = MemoryStore()
    for le in ("2", "+Inf"):
        times = range(NOV_1_MS - MINUTE_MS, NOV_1_MS + 60 * MINUTE_MS, MINUTE_MS)
        store.put(Labels.of({"__name__": "x_bucket", "i": "a", "le": le}), times, range(61))
    times = range(NOV_1_MS - MINUTE_MS, NOV_1_MS + 60 * MINUTE_MS, MINUTE_MS)
    for le in ("2.0", "+Inf"):
        store.put(Labels.of({"__name__": "x_bucket", "i": "b", "le": le}), times, range(61))
    source = Embedded(store, Engine())
    (result,) = evaluate(source, latency("x_bucket", 2.0), now_ms=NOV_1_MS + 50 * MINUTE_MS)
    assert (result.tally.good, result.tally.bad) == (100, 0)


def test_milliseconds_are_converted() -> None:
    store = MemoryStore()
    times = range(NOV_1_MS, NOV_1_MS + 60 * MINUTE_MS, MINUTE_MS)
    for le in ("300", "+Inf"):
        store.put(Labels.of({"__name__": "x_bucket", "le": le}), times, range(60))
    source, now_ms = Embedded(store, Engine()), NOV_1_MS + 50 * MINUTE_MS
    (found,) = evaluate(source, latency("x_bucket", 0.3, scale=1000.0), now_ms=now_ms)
    assert found.refusal is None
    (refused,) = evaluate(source, latency("x_bucket", 0.5, scale=1000.0), now_ms=now_ms)
    assert refused.refusal is not None
    assert refused.refusal.below == 0.3


def test_of_each_target_the_first_indicator_with_data_counts(source: Embedded) -> None:
    """A mean stands in for no counts, and says so only where there are none."""
    named = LatencyIndicator("http_request_duration_highr_seconds_bucket", 1.0, ("job",))
    mean = WithoutCounts('probe_success{job=~"site|api"}')
    objective = replace(SITE, indicators=(mean, named), target_labels=("job",))
    results = {one.labels.get("job", ""): one for one in evaluate(source, objective)}
    assert {job for job, one in results.items() if one.refusal is None} == {"api", "web"}
    refusal = results["site"].refusal
    assert refusal is not None
    assert refusal.reason is RefusalReason.WITHOUT_COUNTS


def test_a_query_that_is_rejected_is_a_refusal_with_its_reason(source: Embedded) -> None:
    wrong = replace(SITE, indicators=(TimeIndicator("probe_success + on (", Compare.AT_MOST, 1),))
    (result,) = evaluate(source, wrong)
    assert result.refusal is not None
    assert result.refusal.reason is RefusalReason.UNREADABLE
    assert result.missing


def test_a_target_that_is_gone_has_no_budget(source: Embedded) -> None:
    """No data is unknown, however full the budget was."""
    (result,) = evaluate(source, SITE, now_ms=NOW_MS + 40 * DAY_MS)
    assert result.refusal is not None
    assert (result.budget_left, result.result) == (None, Result.UNKNOWN)


@pytest.mark.parametrize("metric", [one for one in CATALOGUE.metrics if one.has_total])
def test_goodput_and_other_shares_of_requests_are_counted(metric: object) -> None:
    """What the catalogue counts cases of is a ratio of whole counts, so it adds up."""
    from jipyo.catalogue import Metric  # noqa: PLC0415

    assert isinstance(metric, Metric)
    counted = [one for one in list_shares(metric) if not isinstance(one, WithoutCounts)]
    if metric.id.startswith("ai.goodput"):
        assert len(counted) == len(metric.queries)
    for one in counted:
        assert "anchored" in one.total  # type: ignore[union-attr]


def test_latency_in_milliseconds_has_its_scale() -> None:
    metric = CATALOGUE.get("app.response_time")
    assert metric is not None
    scales = {
        one.naming.exporter: one.scale
        for one in list_latency(metric, 2.0)
        if isinstance(one, LatencyIndicator)
    }
    assert scales.pop("envoy") == 1000
    assert set(scales.values()) == {1.0}
    assert not any(math.isnan(one) for one in scales.values())


def test_requests_before_a_bucket_was_added_are_not_counted() -> None:
    """One instance had the bucket from the start; the other is restarted with it after 5 hours."""
    store = MemoryStore()
    minutes = range(10 * 60 + 1)
    times = [FIRST_MS + minute * MINUTE_MS for minute in minutes]
    for le, rate in (("2", 9), ("+Inf", 10)):
        labels = {"__name__": "x_bucket", "le": le}
        rises = [float(rate * minute) for minute in minutes]
        store.put(Labels.of({**labels, "i": "a"}), times, rises)
        first = 0 if le == "+Inf" else 300
        later = [float(rate * (minute - 300 * (minute >= 300))) for minute in minutes]
        store.put(Labels.of({**labels, "i": "b"}), times[first:], later[first:])
    source, now_ms = Embedded(store, Engine()), FIRST_MS + 10 * HOUR_MS
    (result,) = evaluate(source, latency("x_bucket", 2.0), now_ms=now_ms)
    # All of a, and of b all but the minutes without the bucket.
    assert (result.tally.total, result.tally.good) == (6000 + 3000, 5400 + 2700)
