"""`/api/jipyo` says what the page shows, in both languages, as its OpenAPI document promises."""

import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from jipyo.analysis.coverage import MetricCoverage
from jipyo.collect.target import TargetState, TargetStatus
from jipyo.i18n import texts
from jipyo.model.errors import CollectError, SourceError, StoreFull
from jipyo.model.labels import Labels
from jipyo.model.reading import ReadingNote
from jipyo.model.sample import Scrape
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.tsdb import Store
from jipyo.web.api import views as shown
from jipyo.web.http.cache import TtlCache
from jipyo.web.services import Services

from .conftest import NOW_MS, Client, Serve

CPU = "system.cpu.utilization"
LOAD = "system.cpu.load5_per_core"


@pytest.fixture(scope="module")
def watched(store: Store) -> Store:
    """The demo store with an hour of a busy host's CPU besides."""
    modes = {"idle": 0.1, "user": 0.9}
    series = tuple(
        Labels.of(
            {
                "__name__": "node_cpu_seconds_total",
                "instance": "host1",
                "job": "node",
                "cpu": "0",
                "mode": mode,
            }
        )
        for mode in modes
    )
    shares = np.array(list(modes.values()))
    store.append(
        [Scrape(t, series, shares * (t / 1000)) for t in range(NOW_MS - 3_000_000, NOW_MS, 15_000)]
    )
    return store


def _fits(schema: dict, value: object, schemas: dict) -> None:
    """Whether a value is what a JSON schema of our small kind says."""
    if "$ref" in schema:
        _fits(schemas[schema["$ref"].rsplit("/", 1)[1]], value, schemas)
    elif "anyOf" in schema:
        kinds = {"null": type(None)}
        choice = next(
            one for one in schema["anyOf"] if (value is None) == (one.get("type") in kinds)
        )
        _fits(choice, value, schemas)
    elif schema.get("type") == "object":
        assert isinstance(value, dict)
        if "properties" in schema:
            assert value.keys() == schema["properties"].keys() == set(schema["required"])
        for name, inner in value.items():
            _fits(
                schema.get("properties", {}).get(name, schema.get("additionalProperties")),
                inner,
                schemas,
            )
    elif schema.get("type") == "array":
        for inner in value:
            _fits(schema["items"], inner, schemas)
    else:
        python = {"string": str, "number": (int, float), "integer": int, "boolean": bool}
        kind = schema.get("type")
        assert value is None if kind == "null" else isinstance(value, python[kind]), (schema, value)
        assert value in schema.get("enum", [value])


@pytest.mark.usefixtures("watched")
@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/overview", {}),
        ("/metric/{id}", {"step": 60}),
        ("/doctor", {}),
        ("/targets", {}),
        ("/status", {}),
    ],
)
def test_answers_are_what_the_openapi_document_says(
    client: Client, path: str, fields: dict, lang: str
) -> None:
    document = client.get("/api/jipyo/openapi.json").json
    assert document["openapi"] == "3.1.0"
    operation = document["paths"][f"/api/jipyo{path}"]["get"]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    answer = client.get("/api/jipyo" + path.replace("{id}", CPU), lang=lang, **fields)
    assert answer.status == 200
    _fits(schema, answer.json, document["components"]["schemas"])
    asked = {one["name"] for one in operation["parameters"]}
    assert {"lang", *fields} <= asked


@pytest.mark.usefixtures("watched")
def test_the_overview_judges_what_has_data(client: Client) -> None:
    overview = client.get("/api/jipyo/overview", lang="en").json
    cpu = next(one for one in overview["metrics"] if one["id"] == CPU)
    assert (cpu["state"], cpu["judged"], cpu["absent"]) == ("critical", True, False)
    assert cpu["value"] == pytest.approx(90)
    assert (cpu["text"], cpu["unit_label"], cpu["worst"]["instance"]) == ("90%", "%", "host1")
    assert cpu["thresholds"] == {
        "warning": 70,
        "critical": 85,
        "for_s": 300,
        "origin": "specification",
    }
    assert "85%" in cpu["reason"]
    assert overview["verdict"]["state"] == "critical"
    assert overview["verdict"]["counts"]["critical"] >= 1
    assert (overview["t"], overview["timezone"]) == (NOW_MS / 1000, "Asia/Seoul")
    missing = next(one for one in overview["metrics"] if one["id"] == "ai.model.accuracy")
    assert (missing["state"], missing["value"], missing["absent"]) == ("unknown", None, True)
    assert {"id": "system.cpu", "name": "CPU"}.items() <= overview["topics"][0].items()
    assert CPU in overview["topics"][0]["metrics"]


@pytest.mark.usefixtures("watched")
def test_texts_are_in_the_language_asked_for_and_else_in_the_sites(client: Client) -> None:
    names = {
        lang: client.get("/api/jipyo/overview", **({"lang": lang} if lang else {})).json["metrics"][
            0
        ]["name"]
        for lang in ("en", "ko", "", "xx")
    }
    assert names["en"] != names["ko"] == names[""] == names["xx"]


@pytest.mark.usefixtures("watched")
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
    assert "node_cpu_seconds_total" in metric["expressions"]["node_exporter"]


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("ko", "n = 1,200, 95% 신뢰구간 92.5–95.2%"),
        ("en", "n = 1,200, 95% CI 92.5–95.2%"),
    ],
)
def test_accuracy_comes_with_its_cases_and_its_interval(
    serve: Serve, tmp_path: Path, lang: str, said: str
) -> None:
    series = tuple(
        Labels.of({"__name__": f"jipyo_predictions_{what}_total", "model": "m"})
        for what in ("labelled", "correct")
    )
    with Store.open(tmp_path / "data", now_ms=lambda: NOW_MS) as store:
        times = range(NOW_MS - 1_200_000, NOW_MS + 1, 60_000)
        rows = ((t, (t - times[0]) / 1000) for t in times)
        store.append([Scrape(t, series, np.array([n, n - n // 16.6])) for t, n in rows])
        source = Embedded(store, Engine())
        client = serve(source=source, ask=lambda _: source)
        overview = client.get("/api/jipyo/overview", lang=lang).json
        one = next(one for one in overview["metrics"] if one["id"] == "ai.model.accuracy")
        assert one["text"] == "94%"
        assert one["certainty"]["n"] == 1200
        assert one["certainty"]["text"].replace("\u00a0", " ") == said
        end = NOW_MS / 1000
        answer = client.get(
            "/api/jipyo/metric/ai.model.accuracy", start=end - 120, end=end, step=60, lang=lang
        ).json
        (over_time,) = answer["series"]
        assert over_time["certainty"]["n"] == [1080, 1140, 1200]
        assert over_time["certainty"]["low"][-1] == one["certainty"]["low"]
        assert over_time["certainty"]["high"][-1] == one["certainty"]["high"]
        cpu = next(one for one in overview["metrics"] if one["id"] == CPU)
        assert cpu["certainty"] is None


def test_a_metric_without_data_has_no_coverage(client: Client) -> None:
    metric = client.get("/api/jipyo/metric/ai.model.accuracy").json
    assert (metric["series"], metric["coverage"]) == ([], None)
    assert len(metric["t"]) == 61


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("metric/no.such", 404, "There is no metric no.such in the catalogue."),
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


@pytest.mark.usefixtures("watched")
def test_the_doctor_names_who_gives_a_metric_or_what_to_do(client: Client) -> None:
    metrics = {one["id"]: one for one in client.get("/api/jipyo/doctor", lang="en").json["metrics"]}
    assert metrics[CPU] == metrics[CPU] | {
        "state": "found",
        "exporter": "node_exporter",
        "series": 1,
        "remedy": None,
    }
    assert metrics["ai.model.accuracy"]["state"] == "missing"
    assert metrics["ai.model.accuracy"]["remedy"]


def test_a_refused_question_is_the_doctors_remedy(services: Services) -> None:
    finding = MetricCoverage(services.catalogue.metrics[0], (), "query was refused")
    found = shown.found(finding, services.catalogue, texts("en"))
    assert (found.state, found.remedy) == ("missing", "query was refused")


def _targets() -> list[TargetStatus]:
    node = Labels.of({"job": "node", "instance": "host1"})
    return [
        TargetStatus(
            node,
            "http://host1:9100/metrics",
            15_000,
            TargetState.DOWN,
            CollectError("web.not_ready"),
            NOW_MS,
            0.25,
            notes=(ReadingNote("web.no_such_metric", (("id", "x"),)),),
        ),
        TargetStatus(node, "", 15_000, TargetState.ABSENT),
        TargetStatus(node, "", 60_000),
    ]


def test_targets_tell_their_last_error(serve: Serve) -> None:
    client = serve(targets=_targets)
    down, absent, new = client.get("/api/jipyo/targets", lang="ko").json["targets"]
    assert (down["job"], down["instance"], down["state"]) == ("node", "host1", "down")
    assert down["error"].startswith("아직 준비되지 않았습니다")
    assert down["notes"] == ["카탈로그에 x 지표가 없습니다."]
    assert (down["last"], down["duration_s"], down["interval_s"]) == (NOW_MS / 1000, 0.25, 15)
    assert (absent["state"], new["state"], new["last"]) == ("absent", "unknown", None)
    active = client.get("/api/v1/targets").json["data"]["activeTargets"]
    assert [one["health"] for one in active] == ["down", "unknown"]
    assert active[0]["lastScrape"] == "2026-11-01T02:56:40Z"
    assert active[0]["lastError"].startswith("jipyo is not ready")
    assert active[1]["lastScrape"] == "0001-01-01T00:00:00Z"
    assert client.get("/api/v1/targets", state="dropped").json["data"]["activeTargets"] == []


def test_a_full_disk_stands_in_the_overview(serve: Serve) -> None:
    full = StoreFull("web.port_in_use", hint="web.port_in_use.hint", host="a", port=1)
    storage = serve(storage=lambda: full).get("/api/jipyo/overview", lang="en").json["storage"]
    assert not storage["writable"]
    assert storage["text"].startswith("a:1 is already in use.\nStop the other program")


@dataclass(frozen=True)
class _Broken:
    error: Exception

    def __getattr__(self, name: str) -> object:
        raise self.error


@pytest.mark.parametrize(
    ("error", "status", "kind", "hint"),
    [
        (
            SourceError("web.port_in_use", hint="web.port_in_use.hint", host="h", port=2),
            503,
            "unavailable",
            "Stop the other program (perhaps another jipyo),"
            " or choose another address with --listen.",
        ),
        (StoreFull("web.not_ready"), 503, "storage", ""),
        (
            ValueError("ours"),
            500,
            "internal",
            "Please report it together with the lines of the log.",
        ),
    ],
)
def test_failures_come_with_a_hint(
    serve: Serve, error: Exception, status: int, kind: str, hint: str
) -> None:
    answer = serve(source=_Broken(error)).get("/api/jipyo/overview", lang="en")
    assert (answer.status, answer.json["errorType"], answer.json["hint"]) == (status, kind, hint)


def test_one_computed_answer_serves_all_who_ask_together() -> None:
    clock, computed = [1000], []

    def compute(now_ms: int) -> int:
        computed.append(now_ms)
        return now_ms

    held = TtlCache(compute, lambda: clock[0], 500)
    threads = [threading.Thread(target=held) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert computed == [1000]
    clock[0] = 1499
    assert held() == 1000
    clock[0] = 1500
    assert held() == 1500
    clock[0] = 100
    assert held() == 100
