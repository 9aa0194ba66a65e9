"""`/api/v1/status/*`, `/api/v1/targets` and `/federate`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest

from jipyo.collect.target import TargetState, TargetStatus
from jipyo.model.errors import CollectError
from jipyo.model.labels import Labels
from jipyo.model.sample import STALE_NAN, Scrape
from jipyo.model.store import StoreExtent
from jipyo.web.prometheus import status, targets
from jipyo.web.prometheus.status import format_time
from support.web import NOW_MS, SERVER, T0_MS, Client, config_state, now_ms

if TYPE_CHECKING:
    from jipyo.source import Embedded
    from jipyo.tsdb import Store

Serve = Callable[..., Client]
NODE = Labels.of({"job": "node", "instance": "host1"})


@pytest.mark.parametrize(
    ("t_ms", "text"),
    [
        (None, "0001-01-01T00:00:00Z"),
        (0, "1970-01-01T00:00:00Z"),
        (NOW_MS, "2026-11-01T02:56:40Z"),
        (NOW_MS + 5, "2026-11-01T02:56:40.005Z"),
    ],
)
def test_times_are_written_as_go_does(t_ms: int | None, text: str) -> None:
    assert format_time(t_ms) == text


def test_the_build_has_texts_only_and_no_features(client: Client) -> None:
    build = client.get("/api/v1/status/buildinfo").data
    assert all(isinstance(value, str) for value in build.values())
    assert (build["version"], "features" in build) == ("0.1.0", False)


def test_configuration_flags_and_runtime_are_those_of_the_server(client: Client) -> None:
    assert client.get("/api/v1/status/config").data == {"yaml": "timezone: Asia/Seoul\n"}
    assert client.get("/api/v1/status/flags").data == {"listen": "127.0.0.1:9797"}
    runtime = client.get("/api/v1/status/runtimeinfo").data
    assert runtime["serverTime"] == "2026-11-01T02:56:40Z"
    assert runtime["startTime"] == "2026-11-01T02:26:40Z"


def now_within_lookback() -> int:
    return T0_MS + 600_000


def test_the_store_says_what_makes_series_many(serve: Serve, source: Embedded) -> None:
    extent = StoreExtent(series=3, first_ms=1, last_ms=5)
    client = serve(
        *status.routes(SERVER, source, now_within_lookback, lambda: extent, config_state)
    )
    document = client.get("/api/v1/status/tsdb", limit=2).data
    assert document["headStats"] == {
        "numSeries": 3,
        "numLabelPairs": 10,
        "chunkCount": 0,
        "minTime": 1,
        "maxTime": 5,
    }
    assert document["seriesCountByMetricName"][0] == {"name": "demo_bucket", "value": 6}
    assert len(document["seriesCountByLabelValuePair"]) == 2


def test_an_empty_store_has_no_times(serve: Serve, source: Embedded) -> None:
    client = serve(
        *status.routes(SERVER, source, now_ms, lambda: StoreExtent(0, None, None), config_state)
    )
    head = client.get("/api/v1/status/tsdb").data["headStats"]
    assert (head["minTime"], head["maxTime"]) == (0, 0)


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        ("0", "limit must be a positive number"),
        ("x", "limit must be a positive number"),
        ("10001", "limit must not exceed 10000"),
    ],
)
def test_a_wrong_limit_is_rejected(client: Client, limit: str, message: str) -> None:
    answer = client.get("/api/v1/status/tsdb", limit=limit)
    assert (answer.status, answer.json["error"]) == (400, message)


def test_targets_are_listed_with_their_last_scrape(serve: Serve) -> None:
    error = CollectError("web.not_ready")
    statuses = [
        TargetStatus(NODE, "http://h:9100/metrics", 15_000, TargetState.DOWN, error, NOW_MS, 0.25),
        TargetStatus(NODE, "", 15_000, TargetState.ABSENT),
        TargetStatus(NODE, "", 60_000),
    ]
    client = serve(*targets.routes(lambda: statuses))
    down, new = client.get("/api/v1/targets").data["activeTargets"]
    assert (down["health"], down["lastScrape"]) == ("down", "2026-11-01T02:56:40Z")
    assert down["lastError"].startswith("jipyo is not ready")
    assert (down["scrapePool"], down["scrapeInterval"]) == ("node", "15s")
    assert (new["health"], new["lastScrape"]) == ("unknown", "0001-01-01T00:00:00Z")
    assert client.get("/api/v1/targets", state="dropped").data["activeTargets"] == []


def test_federation_gives_the_newest_samples_with_their_times(client: Client, store: Store) -> None:
    alive, ended = (Labels.of({"__name__": "fed", "i": i}) for i in ("alive", "ended"))
    for t_ms, values in ((NOW_MS - 20_000, [1.0, 1.0]), (NOW_MS - 5_000, [2.5, STALE_NAN])):
        store.append([Scrape(t_ms, (alive, ended), np.array(values))])
    answer = client.ask("GET", "/federate", fields=[("match[]", "fed"), ("match[]", '{i="alive"}')])
    assert answer.status == 200
    assert (
        answer.body.decode()
        == f'# TYPE fed untyped\nfed{{i="alive",instance=""}} 2.5 {NOW_MS - 5_000}\n'
    )
    assert client.get("/federate").body == b""
    assert client.get("/federate", **{"match[]": "fed{"}).status == 400
