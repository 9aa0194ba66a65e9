"""What a source asks of its server, and what it makes of the answers."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from jipyo.i18n import LANGS, texts
from jipyo.model.errors import JipyoError, QueryError, QueryErrorKind, SourceError
from jipyo.model.labels import Labels
from jipyo.model.result import Cardinality, Scalar, String
from jipyo.model.secret import Secret
from jipyo.net.credentials import Credentials
from jipyo.source.combined import CombinedSource
from jipyo.source.dialect import EVERYTHING, PROMETHEUS_2, PROMETHEUS_3
from jipyo.source.prometheus import PrometheusOptions, PrometheusSource
from jipyo.source.prometheus_pieces import read_pieces
from jipyo.source.remote import Remote
from support.answers import matrix_of, vector_of
from support.api_server import ApiRequest, ApiResponse, api_server, failure, success, vector
from support.clock import WaitingClock
from support.services import free_port

if TYPE_CHECKING:
    from collections.abc import Callable

T_S = 1_793_500_000
T_MS = T_S * 1000
MINUTE = 60_000
ONE = vector(({"__name__": "up", "job": "a"}, 1.0), t_s=T_S)
FEATURES = dict.fromkeys(
    (
        *("anchored", "smoothed", "duration_expr", "at_modifier", "negative_offset"),
        *("fill", "fill_left", "fill_right", "unquoted_utf8_names"),
    ),
    True,
)


def newest_prometheus(
    answer: Callable[[ApiRequest], ApiResponse],
) -> Callable[[ApiRequest], ApiResponse]:
    """A server that lists its features, so that nothing has to be tried out."""

    def respond(request: ApiRequest) -> ApiResponse:
        if request.path == "status/buildinfo":
            return success({"version": "3.16.0"})
        return success({"promql": FEATURES}) if request.path == "features" else answer(request)

    return respond


def connect(url: str, clock: WaitingClock | None = None, **options: Any) -> PrometheusSource:
    made = PrometheusOptions(name="main", url=url, **options)
    return PrometheusSource(made, clock=clock or WaitingClock(T_MS), random_=lambda: 0.5)


def read(error: JipyoError) -> str:
    assert all(texts(lang).error(error) for lang in LANGS)
    return texts("en").error(error)


# What is sent.


def test_a_query_is_a_form_with_its_time_and_settings() -> None:
    with api_server(newest_prometheus(lambda _: success(ONE)), "/select/0/prometheus") as server:
        source = connect(
            f"{server.url}/",
            headers=(("X-Scope-OrgID", "team-a"),),
            credentials=Credentials(type="Basic", username="me", secret=Secret("pw")),
        )
        bound = source.bind(threading.Event(), 60_000)
        assert vector_of(bound.instant("up", T_MS)).series == (
            Labels.of({"__name__": "up", "job": "a"}),
        )
        query = server.requests[-1]
    assert (query.method, query.path) == ("POST", "query")
    assert query.params == {
        "query": ["up"],
        "time": [f"{T_S}.000"],
        "timeout": ["30000ms"],
        "stats": ["true"],
        "lookback_delta": ["60000ms"],
    }
    for request in server.requests:
        assert request.headers["X-Scope-OrgID"] == "team-a"
        assert request.headers["Authorization"] == "Basic bWU6cHc="


def test_a_server_that_refuses_forms_is_asked_by_address() -> None:
    def answer(request: ApiRequest) -> ApiResponse:
        return success(ONE) if request.method == "GET" else ApiResponse(405, b"")

    with api_server(newest_prometheus(answer)) as server:
        source = connect(server.url)
        for _ in range(2):
            source.instant("up", T_MS)
        assert [one.method for one in server.requests if one.path == "query"] == [
            "POST",
            "GET",
            "GET",
        ]


def test_a_text_needs_no_server() -> None:
    source = connect("http://127.0.0.1:1")
    assert source.instant('"text"', T_MS).value == String(T_MS, "text")
    with pytest.raises(QueryError, match="parse error"):
        source.instant("sum(", T_MS)


@pytest.mark.parametrize(
    ("start_ms", "end_ms", "step_ms", "words"),
    [(T_MS, T_MS - 1, MINUTE, "end timestamp"), (T_MS, T_MS, 0, "zero or negative")],
)
def test_a_range_that_is_none_is_rejected(
    start_ms: int, end_ms: int, step_ms: int, words: str
) -> None:
    with pytest.raises(QueryError, match=words):
        connect("http://127.0.0.1:1").range("up", start_ms, end_ms, step_ms)


# What the server understands.


@dataclass(frozen=True)
class Understanding:
    """A server that knows neither features nor what holds one of these words."""

    unknown: tuple[str, ...]
    edges: str = "1"

    def __call__(self, request: ApiRequest) -> ApiResponse:
        if request.path == "status/buildinfo":
            return success({"version": "0.39.2"})
        if request.path != "query":
            return ApiResponse(404, b"404 page not found")
        query = request.params["query"][0]
        if any(word in query for word in self.unknown):
            return failure(400, "bad_data", f"parse error: {query}")
        if query.startswith(("count_over_time(vector", "histogram_fraction")):
            result = [{"metric": {}, "value": [60, self.edges]}]
            return success({"resultType": "vector", "result": result})
        return success({"resultType": "vector", "result": []})


NEW = ("anchored", "fill(", " * 2]", "지표=", "now()")


@pytest.mark.parametrize(
    ("server", "dialect"),
    [
        (Understanding(NEW), PROMETHEUS_3),
        (Understanding((*NEW, '{"', "histogram_fraction"), edges="2"), PROMETHEUS_2),
        (Understanding(("now()",)), EVERYTHING),
        (newest_prometheus(lambda _: success(ONE)), EVERYTHING),
    ],
)
def test_the_language_of_a_server_is_found_out(
    server: Callable[[ApiRequest], ApiResponse], dialect: object
) -> None:
    with api_server(server) as running:
        source = connect(running.url)
        assert source._find_server().dialect == dialect
        asked = len(running.requests)
        assert source._find_server().dialect == dialect
        assert len(running.requests) == asked


def test_a_server_that_was_upgraded_is_noticed_after_its_failure() -> None:
    features, broken = dict(FEATURES, anchored=False), threading.Event()

    def answer(request: ApiRequest) -> ApiResponse:
        if broken.is_set():
            return ApiResponse(500, b"")
        if request.path == "status/buildinfo":
            return success({"version": "3.15.0" if not features["anchored"] else "3.16.0"})
        return success({"promql": features}) if request.path == "features" else success(ONE)

    with api_server(answer) as server:
        source = connect(server.url)
        expr = "increase(up[1h] anchored)"
        assert source.instant(expr, T_MS).estimated
        broken.set()
        with pytest.raises(SourceError):
            source.instant(expr, T_MS)
        broken.clear()
        features["anchored"] = True
        assert not source.instant(expr, T_MS).estimated


# Failures.


def test_retries_wait_longer_each_time_and_as_long_as_the_server_asks() -> None:
    clock = WaitingClock(T_MS)
    answers = [
        ApiResponse(503, b""),
        ApiResponse(429, b"", {"Retry-After": "7"}),
        success(ONE),
    ]
    with api_server(newest_prometheus(lambda _: answers.pop(0))) as server:
        assert not connect(server.url, clock).instant("up", T_MS).missing
    assert clock.waits_ms == [250.0, 7000.0]


def test_no_retry_begins_after_the_timeout() -> None:
    clock = WaitingClock(T_MS)
    late = ApiResponse(429, b"", {"Retry-After": "31"})
    with api_server(newest_prometheus(lambda _: late)) as server:
        with pytest.raises(SourceError) as error:
            connect(server.url, clock).instant("up", T_MS)
        assert "429" in read(error.value)
        assert len([one for one in server.requests if one.path == "query"]) == 1
    assert clock.waits_ms == []


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (failure(400, "bad_data", "no"), QueryErrorKind.BAD_DATA),
        (failure(422, "execution", "no"), QueryErrorKind.EXECUTION),
        (failure(422, "422", "no"), QueryErrorKind.EXECUTION),
        (failure(503, "timeout", "no"), QueryErrorKind.TIMEOUT),
        (failure(500, "internal", "no"), QueryErrorKind.INTERNAL),
        (failure(500, "strange", "no"), QueryErrorKind.INTERNAL),
    ],
)
def test_a_verdict_of_the_server_is_final_and_in_its_words(
    response: ApiResponse, kind: QueryErrorKind
) -> None:
    with api_server(newest_prometheus(lambda _: response)) as server:
        with pytest.raises(QueryError, match="no") as error:
            connect(server.url).instant("up", T_MS)
        assert error.value.kind is kind
        assert len([one for one in server.requests if one.path == "query"]) == 1


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (ApiResponse(401, b""), "credentials and the tenant header"),
        (ApiResponse(403, b""), "credentials and the tenant header"),
        (ApiResponse(404, b""), "everything before /api/v1"),
        (ApiResponse(500, b"<html>"), "log of the server"),
        (ApiResponse(200, b"<html>"), "must be the address of a server"),
        (success({"resultType": "vector"} | vector(({}, 1), t_s=T_S - 3600)), "cache"),
    ],
)
def test_every_failure_names_its_remedy(response: ApiResponse, words: str) -> None:
    with (
        api_server(newest_prometheus(lambda _: response)) as server,
        pytest.raises(SourceError) as error,
    ):
        connect(server.url).instant("up", T_MS)
    text = read(error.value)
    assert text.startswith("Source main: ")
    assert words in text


def test_a_wait_for_a_retry_ends_when_the_query_is_abandoned() -> None:
    cancelled = threading.Event()

    def answer(_: ApiRequest) -> ApiResponse:
        cancelled.set()
        return ApiResponse(503, b"")

    with api_server(newest_prometheus(answer)) as server:
        source = connect(server.url).bind(cancelled)
        with pytest.raises(QueryError) as error:
            source.instant("up", T_MS)
    assert error.value.kind is QueryErrorKind.CANCELED


def test_a_server_that_is_away_is_asked_again_and_then_named() -> None:
    clock = WaitingClock(T_MS)
    source = connect(f"http://me:hush@127.0.0.1:{free_port()}/prometheus", clock, retries=3)
    with pytest.raises(SourceError) as error:
        source.instant("up", T_MS)
    text = read(error.value)
    assert "Cannot connect to http://me:<secret>@127.0.0.1" in text
    assert "is running" in text
    assert clock.waits_ms == [250.0, 500.0, 1000.0]
    (retries,) = (one for one in source.families() if one.name == "jipyo_source_retries_total")
    assert [sample.value for sample in retries.samples] == [3]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"data":[]}', b'{"data":{"promql":1}}'])
def test_a_list_of_features_in_another_form_is_no_list(body: bytes) -> None:
    def answer(request: ApiRequest) -> ApiResponse:
        is_list = request.path == "features"
        return ApiResponse(200, body) if is_list else Understanding(("fill(",))(request)

    with api_server(answer) as server:
        dialect = connect(server.url)._find_server().dialect
    assert dialect.extended_ranges
    assert not dialect.fill_modifiers


def test_victoria_metrics_is_asked_without_its_cache_and_answers_numbers() -> None:
    def answer(request: ApiRequest) -> ApiResponse:
        if request.params.get("query") == ["1 + 1"]:
            return success(vector(({}, 2.0), t_s=T_S))
        return Understanding(("fill(", "anchored"))(request)

    with api_server(answer) as server:
        source = connect(server.url).bind(threading.Event(), 60_000)
        assert source.instant("1 + 1", T_MS).value == Scalar(T_MS, 2.0)
        source.instant("up", T_MS)
        query = server.requests[-1].params
    assert query["query"] == ["default_rollup(up[1m])"]
    assert query["nocache"] == ["1"]
    assert query["latency_offset"] == ["1ms"]
    assert "lookback_delta" not in query


def test_a_name_that_a_server_rejects_in_a_path_is_read_from_the_series() -> None:
    def answer(request: ApiRequest) -> ApiResponse:
        if request.path == "series":
            return success([{"지역": "서울"}, {"지역": "부산"}, {"a": "b"}])
        return Understanding((*NEW, '{"'), edges="2")(request)

    with api_server(answer) as server:
        assert connect(server.url).label_values("지역", ["up"], T_MS, T_MS) == ["부산", "서울"]


# Answers with parts missing.


@pytest.mark.parametrize(
    ("more", "missing"),
    [
        ({"isPartial": True}, ["not all storage nodes responded"]),
        ({"isPartial": False}, []),
        ({"warnings": ["receive series from store-1: rpc error"]}, ["store-1"]),
        ({"warnings": ['PromQL warning: bucket label "le" is missing']}, []),
        ({"infos": ["PromQL info: metric might not be a counter"]}, []),
    ],
)
def test_what_a_server_could_not_read_is_missing(more: dict[str, Any], missing: list[str]) -> None:
    def answer(request: ApiRequest) -> ApiResponse:
        return success(["up"] if "label" in request.path else ONE, **more)

    with api_server(newest_prometheus(answer)) as server:
        source = connect(server.url)
        result = source.instant("up", T_MS)
        assert len(result.missing) == len(missing)
        for error, words in zip(result.missing, missing, strict=True):
            assert words in read(error)
        assert source.find_missing() == ()
        assert source.label_values("job", [], T_MS, T_MS) == ["up"]
        assert source.find_missing() == result.missing
        partial = [one for one in source.families() if one.name == "jipyo_source_partial_total"]
        assert [sample.value for one in partial for sample in one.samples] == [len(missing)]


def test_what_a_server_could_not_read_concerns_the_caller_of_that_list() -> None:
    def answer(request: ApiRequest) -> ApiResponse:
        return success(["up"], warnings=["receive series from store-1: rpc error"])

    with api_server(newest_prometheus(answer)) as server:
        source = connect(server.url)
        first, second = (source.bind(threading.Event()) for _ in range(2))
        first.label_values("job", [], T_MS, T_MS)
        assert [read(error) for error in second.find_missing()] == []
        assert "store-1" in read(first.find_missing()[0])


@pytest.mark.parametrize("is_whole", [True, False])
def test_names_that_a_server_could_not_read_are_no_reason_to_skip_a_query(is_whole: bool) -> None:
    warnings = [] if is_whole else ["receive series from store-1: rpc error"]

    def answer(request: ApiRequest) -> ApiResponse:
        if "label" in request.path:
            return success(["other"], warnings=warnings)
        return success(vector(({"__name__": "up"}, T_S), t_s=T_S))

    with api_server(newest_prometheus(answer)) as server:
        clock = WaitingClock(T_MS)
        remote = Remote("main", connect(server.url, clock), clock)
        source = CombinedSource(None, (remote,))
        assert len(vector_of(source.instant("up", T_MS)).series) == (0 if is_whole else 1)
        missing = source.find_missing()
        assert len(missing) == len(warnings)
        assert all(warnings[0] in read(error) for error in missing)


def slow_beyond(points: int) -> Callable[[ApiRequest], ApiResponse]:
    """A server that has no time for more than so many steps."""

    def answer(request: ApiRequest) -> ApiResponse:
        start, end = (float(request.params[name][0]) for name in ("start", "end"))
        if (end - start) / 60 >= points:
            return failure(503, "timeout", "query timed out in expression evaluation")
        values = [[start + 60 * i, "1"] for i in range(int((end - start) / 60) + 1)]
        return success({"resultType": "matrix", "result": [{"metric": {}, "values": values}]})

    return newest_prometheus(answer)


def test_a_range_for_which_the_server_has_no_time_is_asked_in_quarters_at_most() -> None:
    with api_server(slow_beyond(25)) as server:
        result = connect(server.url).range("vector(1)", T_MS, T_MS + 99 * MINUTE, MINUTE)
        assert result.missing == ()
        assert matrix_of(result).present.all()
    with api_server(slow_beyond(10)) as server:
        with pytest.raises(QueryError, match="timed out"):
            connect(server.url).range("vector(1)", T_MS, T_MS + 99 * MINUTE, MINUTE)
        assert len([one for one in server.requests if one.path == "query_range"]) == 3


def test_a_part_beyond_the_limits_is_missing_and_the_rest_is_read() -> None:
    def answer(request: ApiRequest) -> ApiResponse:
        start, end = (float(request.params[name][0]) for name in ("start", "end"))
        if start <= T_S + 20 * 60 <= end:
            return failure(422, "execution", "query processing would load too many samples")
        values = [[start + 60 * i, "1"] for i in range(int((end - start) / 60) + 1)]
        return success({"resultType": "matrix", "result": [{"metric": {}, "values": values}]})

    with api_server(newest_prometheus(answer)) as server:
        result = connect(server.url).range("vector(1)", T_MS, T_MS + 127 * MINUTE, MINUTE)
    assert matrix_of(result).present[0].tolist() == [i not in range(20, 24) for i in range(128)]
    (gap,) = result.missing
    assert "from 2026-11-01 02:46:40Z to 2026-11-01 02:49:40Z" in read(gap)


def test_pieces_without_any_answer_raise_what_went_wrong() -> None:
    def ask(_: object) -> Any:
        raise SourceError("source.failed", source="main", problem="x")

    with pytest.raises(SourceError):
        read_pieces("main", ask, np.arange(10), 3)


# What exists.


def test_what_exists_is_asked_with_its_limit() -> None:
    lists = {
        "series": [{"__name__": "up", "job": "b"}, {"__name__": "up", "job": "a"}],
        "labels": ["job", "__name__"],
        "label/job/values": ["b", "a"],
    }
    with api_server(newest_prometheus(lambda one: success(lists[one.path]))) as server:
        source = connect(server.url)
        found = list(source.series(["up"], T_MS, T_MS + 1, 1))
        assert found == [Labels.of({"__name__": "up", "job": "a"})]
        assert server.requests[-1].params == {
            "match[]": ["up"],
            "start": [f"{T_S}.000"],
            "end": [f"{T_S}.001"],
            "limit": ["1"],
        }
        assert source.label_names([], T_MS, T_MS) == ["__name__", "job"]
        assert source.label_values("job", [], T_MS, T_MS, 1) == ["a"]
        assert list(source.series([], T_MS, T_MS)) != []
        assert server.requests[-1].params["match[]"] == ['{__name__!=""}']


def test_many_series_are_counted_by_the_server() -> None:
    status = {
        "headStats": {"numSeries": 5_000_000, "numLabelPairs": 9},
        "seriesCountByMetricName": [{"name": "up", "value": 7}],
    }

    def answer(request: ApiRequest) -> ApiResponse:
        if request.path == "status/tsdb":
            return success(status)
        return success(vector(({}, 5_000_000), t_s=T_S))

    with api_server(newest_prometheus(answer)) as server:
        found = connect(server.url).cardinality(T_MS, 3)
    assert found == Cardinality(5_000_000, 9, (("up", 7),), (), (), ())


@pytest.mark.parametrize("total", [1_000_000, None])
def test_a_server_without_statistics_counts_by_name(total: int | None) -> None:
    def answer(request: ApiRequest) -> ApiResponse:
        if request.path == "status/tsdb":
            return ApiResponse(404, b"404 page not found")
        if "topk" in request.params["query"][0]:
            rows = [({"__name__": "b"}, 400_000.0), ({"__name__": "a"}, 500_000.0)]
            return success(vector(*rows, t_s=T_S))
        if total is None:
            return failure(422, "execution", "query would load too many samples")
        return success(vector(({}, total), t_s=T_S))

    with api_server(newest_prometheus(answer)) as server:
        source = connect(server.url)
        if total is None:
            with pytest.raises(SourceError) as error:
                source.cardinality(T_MS, 3)
            assert "404" in read(error.value)
            return
        found = source.cardinality(T_MS, 3)
    assert found == Cardinality(total, 0, (("a", 500_000), ("b", 400_000)), (), (), ())
