"""`/api/v1/query` and its relatives answer as Prometheus does, over a real store and engine."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from jipyo.model.errors import QueryError, QueryErrorKind
from jipyo.promql.engine.lanes import Lanes
from jipyo.promql.syntax.features import DEFAULT
from jipyo.web.http.message import WebRequest
from jipyo.web.prometheus.query import query, routes
from support.waiting import wait_until
from support.web import END, NOW_MS, RANGE, T0, Client, now_ms

if TYPE_CHECKING:
    from jipyo.model.result import QueryResult
    from jipyo.source import Embedded

Serve = Callable[..., Client]
LANES = Lanes(1, 1, 10**6)
UP = [{"__name__": "up", "instance": i, "job": "demo"} for i in ("a:1", "b:1")]


def test_grafanas_health_check_gives_a_scalar(client: Client) -> None:
    data = client.post("/api/v1/query", query="1+1", time="4").data
    assert data == {"resultType": "scalar", "result": [4, "2"]}


def test_get_and_post_agree_and_are_json(client: Client) -> None:
    by_get = client.get("/api/v1/query", query="up", time=END)
    by_post = client.post("/api/v1/query", query="up", time=END)
    assert by_get.headers["content-type"] == by_post.headers["content-type"] == "application/json"
    assert by_get.body == by_post.body
    assert by_get.data == {
        "resultType": "vector",
        "result": [{"metric": labels, "value": [END, "1"]} for labels in UP],
    }


def test_a_range_has_every_step_up_to_its_end(client: Client) -> None:
    data = client.post("/api/v1/query_range", query="demo_total", step="15", timeout="60s", **RANGE)
    values = data.json["data"]["result"][0]["values"]
    assert values == [[T0 + 15 * i, str(2 * i)] for i in range(41)]


@pytest.mark.parametrize(
    ("query", "start", "end", "step", "points"),
    [("1", "0", "11000", "1", 11001), ("1", "0", "1", "0.1", 11), ("1", "0", "0", "1h", 1)],
)
def test_steps_of_any_width(
    client: Client, query: str, start: str, end: str, step: str, points: int
) -> None:
    asked = {"query": query, "start": start, "end": end, "step": step}
    data = client.get("/api/v1/query_range", **asked).json["data"]
    assert len(data["result"][0]["values"]) == points


def test_times_are_unix_seconds_or_rfc_3339_and_left_out_now(client: Client) -> None:
    iso = client.get("/api/v1/query", query="up", time="2026-11-01T03:56:40+09:00").data
    assert iso == client.get("/api/v1/query", query="up", time="1793473000").data
    now = client.get("/api/v1/query", query="time()").json["data"]["result"]
    assert now == [NOW_MS / 1000, str(NOW_MS // 1000)]


@pytest.mark.parametrize(
    ("fields", "kind", "text"),
    [
        ({"query": "sum("}, "bad_data", 'invalid parameter "query": 1:5: parse error: '),
        ({}, "bad_data", 'invalid parameter "query": '),
        (
            {"query": "1", "time": "yesterday"},
            "bad_data",
            "invalid parameter \"time\": invalid time value for 'time': "
            'cannot parse "yesterday" to a valid timestamp',
        ),
        ({"query": "1", "timeout": "x"}, "bad_data", 'invalid parameter "timeout": cannot parse'),
        ({"query": "1", "timeout": "0"}, "bad_data", 'invalid parameter "timeout": timeout must'),
        ({"query": "1", "limit": "x"}, "bad_data", 'invalid parameter "limit": strconv.Atoi'),
        (
            {"query": "demo_total + on(nothing) demo_total", "time": END},
            "execution",
            "found duplicate series for the match group",
        ),
    ],
)
def test_a_question_is_refused(
    client: Client, fields: dict[str, str], kind: str, text: str
) -> None:
    answer = client.get("/api/v1/query", **fields)
    assert answer.status == {"bad_data": 400, "execution": 422}[kind]
    assert answer.json["status"] == "error"
    assert answer.json["errorType"] == kind
    assert answer.json["error"].startswith(text)
    assert "data" not in answer.json


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"start": ""}, 'invalid parameter "start": cannot parse "" to a valid timestamp'),
        ({"end": "x"}, 'invalid parameter "end": cannot parse "x" to a valid timestamp'),
        (
            {"start": "10", "end": "0"},
            'invalid parameter "end": end timestamp must not be before start time',
        ),
        ({"step": "x"}, 'invalid parameter "step": cannot parse "x" to a valid duration'),
        *(
            (
                {"step": step},
                'invalid parameter "step": zero or negative query resolution step widths are '
                "not accepted. Try a positive integer",
            )
            for step in ("0", "-5", "0.0001")
        ),
        (
            {"start": "0", "end": "11001"},
            "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the "
            "query resolution (?step=XX)",
        ),
        (
            {"query": '"a"'},
            'invalid parameter "query": invalid expression type "string" for range query, '
            "must be Scalar or instant Vector",
        ),
    ],
)
def test_a_range_is_refused(client: Client, fields: dict[str, str], text: str) -> None:
    asked = {"query": "up", "start": "0", "end": "10", "step": "1", **fields}
    answer = client.get("/api/v1/query_range", **asked)
    assert (answer.status, answer.json["errorType"]) == (400, "bad_data")
    assert answer.json["error"] == text


def test_ten_years_at_a_second_are_refused_before_anything_is_computed(client: Client) -> None:
    began = time.monotonic()
    answer = client.get("/api/v1/query_range", query="up", start=0, end=3.2e8, step=1)
    assert answer.status == 400
    assert time.monotonic() - began < 5


def test_an_instant_range_gives_its_samples(client: Client) -> None:
    data = client.get("/api/v1/query", query="up[1m]", time=END).json["data"]
    assert data["resultType"] == "matrix"
    assert data["result"][1]["values"] == [[END - 45 + 15 * i, "1"] for i in range(4)]


def test_infos_and_warnings_come_beside_the_answer(client: Client) -> None:
    answer = client.get("/api/v1/query", query="rate(demo_gauge[5m])", time=END).json
    assert len(answer["data"]["result"]) == 2
    assert any("might not be a counter" in info for info in answer["infos"])


def test_stats_are_given_when_asked_for(client: Client) -> None:
    data = client.get("/api/v1/query", query="up", time=END, stats="all").json["data"]
    assert data["stats"]["timings"]["execTotalTime"] > 0
    assert data["stats"]["samples"]["totalQueryableSamples"] >= 2
    odd = client.get("/api/v1/query", query="up", time=END, stats="yes").json
    assert odd["warnings"][0].startswith('value "yes" for parameter "stats" is deprecated')


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("query", {"query": "up", "time": END}),
        ("query", {"query": "up[1m]", "time": END}),
        ("query_range", {"query": "up", "step": 60, **RANGE}),
        ("series", {"match[]": "up", **RANGE}),
    ],
)
def test_a_limit_cuts_and_says_so(client: Client, path: str, fields: dict[str, object]) -> None:
    cut = client.get(f"/api/v1/{path}", limit=1, **fields).json
    whole = client.get(f"/api/v1/{path}", limit=2, **fields).json
    rows = [a["data"] if path == "series" else a["data"]["result"] for a in (cut, whole)]
    assert rows[0] == rows[1][:1]
    assert cut["warnings"] == ["results truncated due to limit"]
    assert "warnings" not in whole


def test_a_limit_leaves_a_scalar_alone(client: Client) -> None:
    assert "warnings" not in client.get("/api/v1/query", query="1", limit=1).json


def test_what_is_not_there_yet_is_empty_and_still_checked(client: Client) -> None:
    assert client.get("/api/v1/rules", type="alert").data == {"groups": []}
    assert client.get("/api/v1/rules", type="nonsense").status == 400
    assert client.get("/api/v1/alerts").data == {"alerts": []}
    assert client.post("/api/v1/query_exemplars", query="up", **RANGE).data == []
    assert client.get("/api/v1/query_exemplars", query="up(").status == 400
    assert client.get("/api/v1/query_exemplars", query="up", start=2, end=1).status == 400


def test_expressions_are_formatted_and_parsed(client: Client) -> None:
    assert client.get("/api/v1/format_query", query="foo/bar").data == "foo / bar"
    assert client.post("/api/v1/parse_query", query="foo/bar").json["data"]["type"] == "binaryExpr"
    for path in ("format_query", "parse_query"):
        answer = client.get(f"/api/v1/{path}", query="foo/")
        assert answer.json["error"].startswith('invalid parameter "query": 1:5: parse error: ')


@pytest.mark.parametrize(
    "path",
    ["rules", "alerts", "metadata", "targets", "label/job/values", "status/buildinfo"],
)
def test_what_prometheus_takes_by_get_only_answers_405_to_post(client: Client, path: str) -> None:
    answer = client.post(f"/api/v1/{path}", a="b")
    assert (answer.status, answer.json["errorType"]) == (405, "bad_data")
    assert "GET" in answer.headers["allow"]


def test_an_unknown_path_is_404(client: Client) -> None:
    assert client.get("/api/v1/nothing_here").json["errorType"] == "not_found"
    assert client.post("/api/v1/nothing_here", a="b").json["errorType"] == "not_found"


def test_gzip_is_used_when_asked_for_and_worth_it(client: Client) -> None:
    asked = {"query": "demo_total", "step": 1, **RANGE}
    packed = client.get("/api/v1/query_range", {"accept-encoding": "br, gzip;q=0.8"}, **asked)
    plain = client.get("/api/v1/query_range", {"accept-encoding": "gzip;q=0"}, **asked)
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    assert packed.body == plain.body
    small = client.get("/api/v1/query", {"accept-encoding": "gzip"}, query="1")
    assert "content-encoding" not in small.headers


def test_a_cancelled_request_ends_its_query(source: Embedded) -> None:
    cancelled = threading.Event()
    cancelled.set()
    request = WebRequest({"query": ["sum(demo_bucket)"], "timeout": ["60"]}, cancelled=cancelled)
    with pytest.raises(QueryError) as error:
        query(source, source.engine.lanes, now_ms, request)
    assert error.value.kind is QueryErrorKind.CANCELED


@dataclass(frozen=True)
class Endless:
    """A source whose queries last until they are abandoned."""

    seen: list[threading.Event]
    cancelled: threading.Event | None = None

    def bind(self, cancelled: threading.Event, *_: object) -> Endless:
        self.seen.append(cancelled)
        return Endless(self.seen, cancelled)

    def instant(self, expr: str, t_ms: int) -> QueryResult:
        assert self.cancelled is not None
        end = time.monotonic() + 20
        while not self.cancelled.is_set() and time.monotonic() < end:
            time.sleep(0.01)
        raise QueryError(QueryErrorKind.CANCELED, "query was canceled in expression evaluation")


def test_a_timeout_ends_a_query(serve: Serve) -> None:
    endless: Any = Endless([])
    answer = serve(*routes(endless, now_ms, DEFAULT, LANES)).get(
        "/api/v1/query", query="x", timeout="50ms"
    )
    assert (answer.status, answer.json["errorType"]) == (503, "timeout")
    assert answer.json["error"] == "query timed out in expression evaluation"


def test_a_client_that_disconnects_ends_its_query(serve: Serve) -> None:
    endless: Any = Endless([])
    client = serve(*routes(endless, now_ms, DEFAULT, LANES))
    client.leave("/api/v1/query?query=up", lambda: endless.seen)
    wait_until(endless.seen[0].is_set, 5)


@pytest.mark.parametrize(
    ("lookback", "rows"), [("1m", 0), ("60.001", 2), ("0", 2), ("-1", 2), ("0.0001", 0)]
)
def test_a_query_may_have_a_lookback_of_its_own(client: Client, lookback: str, rows: int) -> None:
    fields = {"query": "up", "time": END + 60, "lookback_delta": lookback}
    assert len(client.get("/api/v1/query", **fields).data["result"]) == rows


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"lookback_delta": "x"},
            'error parsing lookback delta duration: cannot parse "x" to a valid duration',
        ),
        (
            {"timeout": "-0.5"},
            'invalid parameter "timeout": timeout must be positive, got -500ms',
        ),
        (
            {"limit": "9" * 20},
            f'invalid parameter "limit": strconv.Atoi: parsing "{"9" * 20}": value out of range',
        ),
    ],
)
def test_a_wrong_parameter_is_named(client: Client, fields: dict[str, str], message: str) -> None:
    answer = client.get("/api/v1/query", query="up", **fields)
    assert (answer.status, answer.json["error"]) == (400, message)
