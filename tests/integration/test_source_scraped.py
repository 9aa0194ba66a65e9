"""A source whose Prometheus scrapes by itself: metadata, newest samples, many threads at once."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from jipyo.model.sample import MetricMetadata, MetricType
from jipyo.source.prometheus import PrometheusOptions, PrometheusSource
from support.answers import vector_of
from support.http_server import page, serving
from support.metric_servers import built, packaged, prometheus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.integration

PAGE = b"""# HELP requests_total Requests, by code.
# TYPE requests_total counter
requests_total{code="200"} 5
requests_total{code="500"} 1
# HELP temperature_celsius Of the room.
# TYPE temperature_celsius gauge
temperature_celsius 21.5
"""


@pytest.fixture(params=[built, packaged], ids=["3.16", "2.42"], scope="module")
def source(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PrometheusSource]:
    program: Callable[[str], str] = request.param
    with serving(page(PAGE)) as target:
        config = (
            "scrape_configs: [{job_name: room, scrape_interval: 1s, "
            f"static_configs: [{{targets: ['127.0.0.1:{target.port}']}}]}}]"
        )
        folder = tmp_path_factory.mktemp("server")
        with prometheus(folder, program("prometheus"), config) as server:
            made = PrometheusSource(PrometheusOptions(name="room", url=server.url))
            end = time.monotonic() + 20
            while not vector_of(made.instant("temperature_celsius", now_ms())).series:
                assert time.monotonic() < end, "nothing was scraped"
                time.sleep(0.2)
            yield made
            made.close()


def now_ms() -> int:
    return int(time.time() * 1000)


def test_what_a_server_scrapes_has_metadata_and_newest_samples(source: PrometheusSource) -> None:
    requests = MetricMetadata("requests_total", MetricType.COUNTER, "Requests, by code.", "")
    assert source.metadata("requests_total") == [requests]
    assert {row.metric for row in source.metadata()} == {"requests_total", "temperature_celsius"}
    newest = source.newest(['{job="room"}'], now_ms())
    values = {
        (labels.metric, labels.get("code", "")): value
        for labels, value in zip(newest.series, newest.values.tolist(), strict=True)
    }
    assert values["requests_total", "500"] == 1
    assert values["temperature_celsius", ""] == 21.5
    assert all(0 <= now_ms() - t_ms < 10_000 for t_ms in newest.t_ms.tolist())
    counted = source.cardinality(now_ms(), 1)
    assert counted.series == len(newest.series)
    assert counted.series_by_metric == (("requests_total", 2),)


def test_many_threads_share_a_source(source: PrometheusSource) -> None:
    t_ms = now_ms()

    def ask(_: int) -> list[float]:
        return vector_of(source.instant("sum(requests_total)", t_ms)).values.tolist()

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(ask, range(200))) == [[6.0]] * 200
