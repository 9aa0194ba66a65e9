"""`/api/jipyo/metric/{id}`: one metric over time, with its breaches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from analysis.shaped import measured
from jipyo.analysis.summary import summarise_metric
from jipyo.catalogue import Summary
from jipyo.i18n import texts
from jipyo.model.calendar import range_between
from jipyo.model.labels import Labels
from jipyo.model.sample import Scrape
from jipyo.promql import Engine
from jipyo.reports.data import find_window
from jipyo.source import Embedded
from jipyo.source.inventory import take_inventory
from jipyo.tsdb import Store
from jipyo.web.api.metrics import MAX_POINTS, build_range
from support.web import NOW_MS, SERVER, Client, now_ms, serving
from web.api.conftest import api_routes, build_cpu_scrapes

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.catalogue import Catalogue

Serve = Callable[..., Client]
CPU = "system.cpu.utilization"


def test_a_metric_over_time_is_columnar(client: Client) -> None:
    end = NOW_MS / 1000
    fields = {"start": end - 3600, "end": end, "step": 60, "lang": "en"}
    metric = client.get(f"/api/jipyo/metric/{CPU}", **fields).json
    assert metric["t"] == [end - 3600 + 60 * i for i in range(61)]
    assert [len(one["values"]) for one in metric["series"]] == [61]
    assert metric["series"][0]["values"][0] is None
    assert metric["series"][0]["values"][-1] == pytest.approx(90)
    assert metric["series"][0]["exporter"] == "node_exporter"
    assert 0.7 < metric["coverage"] < 0.9
    (query,) = metric["expressions"]
    assert query["exporter"] == "node_exporter"
    assert "node_cpu_seconds_total" in query["expression"]


def test_every_query_of_an_exporter_is_shown() -> None:
    queries = (("generic", "a"), ("generic", "b"))
    data = replace(measured("1 2 3"), expressions=queries)
    shown = build_range(data, 0, 60_000, texts("en")).expressions
    assert [(query.exporter, query.expression) for query in shown] == [*queries]


def test_a_metric_without_data_has_no_coverage(client: Client) -> None:
    metric = client.get("/api/jipyo/metric/ai.model.accuracy").json
    assert (metric["series"], metric["coverage"]) == ([], None)
    assert len(metric["t"]) == 61


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("metric/no.such", 404, "There is no metric no.such in the catalogue"),
        (f"metric/{CPU}?step=0", 400, "end must not be before start, step must be"),
        (f"metric/{CPU}?start=10&end=5", 400, "end must not be before start, step must be"),
        (f"metric/{CPU}?start=0&end=1e9&step=1", 400, "end must not be before start, step must"),
        (f"metric/{CPU}?step=x", 400, 'cannot parse "x" to a valid duration'),
        (f"metric/{CPU}?start=x", 400, 'invalid parameter "start": '),
    ],
)
def test_wrong_questions_are_refused_in_words(
    client: Client, path: str, status: int, text: str
) -> None:
    mark = "&" if "?" in path else "?"
    answer = client.get(f"/api/jipyo/{path}{mark}lang=en")
    assert answer.status == status
    assert answer.json["error"].startswith(text)


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("ko", "n = 1,200, 95% 신뢰구간 92.5–95.2%"),
        ("en", "n = 1,200, 95% CI 92.5–95.2%"),
    ],
)
def test_accuracy_comes_with_its_cases_and_its_interval(
    serve: Serve, tmp_path: Path, known: Catalogue, lang: str, said: str
) -> None:
    series = tuple(
        Labels.of({"__name__": f"jipyo_predictions_{what}_total", "model": "m"})
        for what in ("labelled", "correct")
    )
    with Store.open(tmp_path / "data", now_ms=now_ms) as store:
        times = range(NOW_MS - 1_200_000, NOW_MS + 1, 60_000)
        rows = ((t, (t - times[0]) / 1000) for t in times)
        store.append([Scrape(t, series, np.array([n, n - n // 16.6])) for t, n in rows])
        source = Embedded(store, Engine())
        client = serve(*api_routes(source, known))
        overview = client.get("/api/jipyo/overview", lang=lang).json
        one = next(one for one in overview["metrics"] if one["id"] == "ai.model.accuracy")
        assert one["text"] == "94%"
        assert one["proportion"]["n"] == 1200
        assert one["proportion"]["text"].replace("\u00a0", " ") == said
        end = NOW_MS / 1000
        answer = client.get(
            "/api/jipyo/metric/ai.model.accuracy", start=end - 120, end=end, step=60, lang=lang
        ).json
        (over_time,) = answer["series"]
        assert over_time["proportion"]["n"] == [1080, 1140, 1200]
        assert over_time["proportion"]["low"][-1] == one["proportion"]["low"]
        assert over_time["proportion"]["high"][-1] == one["proportion"]["high"]
        cpu = next(one for one in overview["metrics"] if one["id"] == CPU)
        assert cpu["proportion"] is None


# --- breaches


def at(minute: int) -> int:
    """That many minutes before now."""
    return NOW_MS - minute * 60_000


@pytest.fixture(scope="module")
def restless_source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """A CPU over its threshold of 85 % (for 5 min): for 10 min, for 4 min, and since 15 min."""
    shares = [
        (at(100), 0.2),
        (at(90), 0.99),
        (at(80), 0.2),
        (at(60), 0.99),
        (at(56), 0.2),
        (at(15), 0.9),
    ]
    with Store.open(tmp_path_factory.mktemp("restless") / "data", now_ms=now_ms) as store:
        store.append([*build_cpu_scrapes(shares)])
        yield Embedded(store, Engine())


@pytest.fixture(scope="module")
def restless(restless_source: Embedded, known: Catalogue) -> Iterator[Client]:
    with serving(*api_routes(restless_source, known)) as client:
        yield client


def read_breaches(client: Client, start: int, end: int) -> list[dict[str, Any]]:
    answer = client.get(f"/api/jipyo/metric/{CPU}", start=start / 1000, end=end / 1000, step=60)
    (series,) = answer.json["series"]
    breaches: list[dict[str, Any]] = series["breaches"]
    return breaches


def minutes_before_now(t: float) -> float:
    return (NOW_MS / 1000 - t) / 60


def test_breaches_have_the_severity_that_they_came_to(restless: Client) -> None:
    breaches = read_breaches(restless, at(95), NOW_MS)
    assert [one["severity"] for one in breaches] == ["critical", "pending", "critical"]
    assert [one["open"] for one in breaches] == [False, False, True]
    long, short, current = breaches
    assert minutes_before_now(long["start"]) == pytest.approx(90, abs=3)
    assert minutes_before_now(long["end"]) == pytest.approx(80, abs=3)
    assert long["peak"] == pytest.approx(99)
    assert long["start"] < long["peak_t"] <= long["end"]
    assert short["end"] - short["start"] < 300
    assert minutes_before_now(current["end"]) == 0


def test_a_breach_that_began_before_the_range_keeps_its_severity(restless: Client) -> None:
    # The range shows 3 minutes of it; alone they would be pending.
    (breach,) = read_breaches(restless, at(3), NOW_MS)
    assert (breach["severity"], breach["open"]) == ("critical", True)
    assert breach["start"] < at(3) / 1000


def test_a_breach_that_ended_before_the_range_is_not_told(restless: Client) -> None:
    assert read_breaches(restless, at(48), at(20)) == []


def test_the_steps_before_the_range_are_not_shown(restless: Client) -> None:
    answer = restless.get(
        f"/api/jipyo/metric/{CPU}", start=at(10) / 1000, end=NOW_MS / 1000, step=60
    ).json
    assert answer["t"][0] == at(10) / 1000
    assert [len(one["values"]) for one in answer["series"]] == [len(answer["t"])] == [11]
    assert answer["coverage"] == 1


def test_a_series_that_ended_before_the_range_is_not_shown(restless: Client) -> None:
    answer = restless.get(
        f"/api/jipyo/metric/{CPU}", start=at(105) / 1000, end=at(101) / 1000, step=60
    ).json
    assert (answer["series"], answer["coverage"]) == ([], None)


def test_a_range_of_as_many_steps_as_are_allowed_leaves_none_before_it(restless: Client) -> None:
    span_s = MAX_POINTS / 10
    answer = restless.get(
        f"/api/jipyo/metric/{CPU}", start=NOW_MS / 1000 - span_s, end=NOW_MS / 1000, step="100ms"
    )
    assert answer.status == 200, answer.json
    assert len(answer.json["t"]) == MAX_POINTS + 1


@pytest.mark.parametrize("step", ["60", "5m", "7", "1"])
def test_at_any_step_the_range_begins_where_it_was_asked_to(restless: Client, step: str) -> None:
    answer = restless.get(
        f"/api/jipyo/metric/{CPU}", start=at(5) / 1000, end=NOW_MS / 1000, step=step
    ).json
    (series,) = answer["series"]
    assert answer["t"][0] == at(5) / 1000
    assert series["breaches"][0]["severity"] == "critical"


# --- columns, matchers and labels


def read_cpu(client: Client, **fields: Any) -> dict[str, Any]:
    end = NOW_MS / 1000
    defaults = {"start": end - 6000, "end": end, "step": 15, "lang": "en"}
    answer: dict[str, Any] = client.get(f"/api/jipyo/metric/{CPU}", **{**defaults, **fields}).json
    return answer


def test_a_column_has_the_least_and_greatest_value_of_its_steps(restless: Client) -> None:
    every, thinned = read_cpu(restless), read_cpu(restless, column=600)
    assert (every["column"], thinned["column"]) == (None, 600)
    assert len(thinned["t"]) < len(every["t"]) / 10
    values = dict(zip(every["t"], every["series"][0]["values"], strict=True))
    pairs = thinned["series"][0]["values"]
    for begin, first, second in zip(thinned["t"][::2], pairs[::2], pairs[1::2], strict=True):
        own = [v for t, v in values.items() if begin <= t < begin + 600 and v is not None]
        assert sorted(v for v in (first, second) if v is not None) == (
            [min(own), max(own)] if own else []
        )
    assert thinned["series"][0]["breaches"] == every["series"][0]["breaches"]
    assert thinned["coverage"] == every["coverage"]


def test_months_are_read_hour_by_hour(restless: Client) -> None:
    end = NOW_MS / 1000
    answer = read_cpu(restless, start=end - 400 * 86_400, step=3600, column=36_000)
    assert answer["value_kind"] == "hour_means"
    assert len(answer["t"]) < 2000
    refused = restless.get(
        f"/api/jipyo/metric/{CPU}", start=0, end=end, step="1h", column="1d", lang="en"
    )
    assert refused.status == 400


def test_matchers_and_labels_narrow_a_metric(restless: Client) -> None:
    assert read_cpu(restless, match='instance="host1"')["series"]
    assert read_cpu(restless, match='instance!="host1"')["series"] == []
    (one,) = read_cpu(restless, by="instance")["series"]
    assert one["labels"] == {"instance": "host1"} or one["values"]
    refused = restless.get(f"/api/jipyo/metric/{CPU}", match='instance="', lang="en")
    assert refused.status == 400


# --- figures, index and trial


def test_figures_are_those_of_the_report_on_the_period(
    restless_source: Embedded, restless: Client, known: Catalogue
) -> None:
    end_ms = NOW_MS // 60_000 * 60_000
    period = range_between(end_ms - 3_600_000, end_ms, SERVER.zone)
    metric = known.get(CPU)
    assert metric is not None
    (expected,) = summarise_metric(
        restless_source,
        metric,
        find_window(period, end_ms),
        take_inventory(restless_source, end_ms),
    ).series
    span = {"start": end_ms / 1000 - 3600, "end": end_ms / 1000}
    answer = restless.get(f"/api/jipyo/metric/{CPU}/figures", **span).json
    (one,) = answer["series"]
    assert answer["step"] == 60
    assert (one["mean"], one["p95"], one["greatest"]) == tuple(
        expected.figures[kind].value for kind in (Summary.AVG, Summary.P95, Summary.MAX)
    )
    assert (one["steps"], one["coverage"]) == (expected.stats.steps, expected.coverage)
    assert (one["week_before"], one["change_text"]) == (None, "")
    beyond_s = (expected.warning_ms + expected.critical_ms) / 1000
    assert [level["level"] for level in one["beyond"]] == ["warning", "critical"]
    assert [level["seconds"] for level in one["beyond"]] == [beyond_s, expected.critical_ms / 1000]
    assert beyond_s > 0
    assert answer["anomalies"] == []


@pytest.mark.parametrize(
    ("seconds", "step"), [(30, 15), (599, 15), (600, 60), (31 * 86_400, 60), (32 * 86_400, 3600)]
)
def test_figures_are_by_the_minute_but_of_the_shortest_and_longest_periods(
    restless: Client, seconds: int, step: int
) -> None:
    end = NOW_MS / 1000
    span = {"start": end - seconds, "end": end}
    answer = restless.get(f"/api/jipyo/metric/{CPU}/figures", **span).json
    assert (answer["step"], len(answer["series"])) == (step, 1)
    assert answer["series"][0]["mean"] > 0


def test_a_period_without_a_single_step_has_no_figures(restless: Client) -> None:
    end = NOW_MS / 1000
    for start, stop in ((end, end), (end + 10, end + 3600)):
        span = {"start": start, "end": stop}
        assert restless.get(f"/api/jipyo/metric/{CPU}/figures", **span).json["series"] == []
    refused = restless.get(f"/api/jipyo/metric/{CPU}/figures", start=end, end=end - 1, lang="en")
    assert refused.status == 400


def test_unusual_stretches_are_found_in_the_scores_that_were_written(
    tmp_path: Path, known: Catalogue, serve: Serve
) -> None:
    scores = (
        Labels.of({"__name__": "jipyo_anomaly_score", "metric": CPU, "instance": "host1"}),
        Labels.of({"__name__": "jipyo_anomaly_score", "metric": "other", "instance": "host1"}),
    )
    with Store.open(tmp_path / "data", now_ms=now_ms) as store:
        store.append(
            [
                Scrape(at(minute), scores, np.array([1.5 if 20 <= minute < 25 else 0.2, 9.0]))
                for minute in range(60, 0, -1)
            ]
        )
        client = serve(*api_routes(Embedded(store, Engine()), known))
        end = NOW_MS / 1000
        answer = client.get(f"/api/jipyo/metric/{CPU}/figures", start=end - 3600, end=end).json
    (span,) = answer["anomalies"]
    assert (span["labels"], span["score"]) == ({"instance": "host1"}, 1.5)
    assert 19 <= minutes_before_now(span["end"]) <= 20
    assert 24 <= minutes_before_now(span["start"]) <= 26


def test_the_index_has_every_metric_and_a_line_of_those_with_data(
    restless: Client, known: Catalogue
) -> None:
    index = restless.get("/api/jipyo/metrics", lang="en").json
    assert [one["id"] for one in index["metrics"]] == [one.id for one in known.metrics]
    assert {one for topic in index["topics"] for one in topic["metrics"]} == {
        one["id"] for one in index["metrics"]
    }
    day = restless.get("/api/jipyo/metrics/day").json
    (line,) = (one for one in day["lines"] if one["id"] == CPU)
    assert len(line["values"]) == 145
    assert line["values"][-1] == pytest.approx(90, abs=15)
    assert "ai.model.accuracy" not in {one["id"] for one in day["lines"]}


def test_a_trial_counts_by_the_judge(restless: Client) -> None:
    read = partial(restless.get, f"/api/jipyo/metric/{CPU}/trial", lang="en")
    now = read().json
    assert (now["tried"], now["text"]) == (None, "")
    # 10 minutes, and since 15 minutes; the 4 minutes did not last.
    assert now["current"]["fired"] == len(now["breaches"]) == 2
    assert now["breaches"][0]["breach"]["open"] is True
    shorter = read(threshold=60, **{"for": "1m"}).json
    assert shorter["tried"]["fired"] == 3
    assert shorter["text"].startswith("It would have fired 3 times in ")
    assert shorter["text"].endswith("The threshold in force: 2 times.")
    higher = read(threshold=99.5).json
    assert higher["tried"]["fired"] == 0
    assert higher["text"].startswith("It would not have fired in ")


@pytest.mark.parametrize("fields", ["threshold=x", "threshold=nan", "threshold=5&for=x"])
def test_a_threshold_that_is_none_is_refused(restless: Client, fields: str) -> None:
    answer = restless.get(f"/api/jipyo/metric/{CPU}/trial?{fields}&lang=en")
    assert answer.status == 400


def test_a_trial_of_a_metric_without_data_says_so(restless: Client) -> None:
    answer = restless.get("/api/jipyo/metric/ai.model.accuracy/trial", threshold=80, lang="en")
    assert answer.json["text"] == "There are no data of the last 30 days to judge."


def test_a_limit_says_how_many_series_there_are(restless: Client) -> None:
    answer = read_cpu(restless, limit=0, column=600)
    assert (answer["series"], answer["series_total"]) == ([], 1)
