"""`/api/jipyo/metric/{id}`: one metric over time, with its breaches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from analysis.shaped import measured
from jipyo.i18n import texts
from jipyo.model.labels import Labels
from jipyo.model.sample import Scrape
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.tsdb import Store
from jipyo.web.api.metrics import build_range
from support.web import NOW_MS, Client, now_ms, serving
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
def restless(tmp_path_factory: pytest.TempPathFactory, known: Catalogue) -> Iterator[Client]:
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
        with serving(*api_routes(Embedded(store, Engine()), known)) as client:
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


@pytest.mark.parametrize("step", ["60", "5m", "7", "1"])
def test_at_any_step_the_range_begins_where_it_was_asked_to(restless: Client, step: str) -> None:
    answer = restless.get(
        f"/api/jipyo/metric/{CPU}", start=at(5) / 1000, end=NOW_MS / 1000, step=step
    ).json
    (series,) = answer["series"]
    assert answer["t"][0] == at(5) / 1000
    assert series["breaches"][0]["severity"] == "critical"
