"""Sources with samples of this moment: metadata, newest samples, many threads at once."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
import pytest

from jipyo.model.labels import Labels
from jipyo.model.sample import MetricMetadata, MetricType, Scrape
from jipyo.source.prometheus import PrometheusOptions, PrometheusSource
from support.answers import matrix_of, vector_of
from support.http_server import page, serving
from support.metric_servers import built, packaged, prometheus, victoria

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

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


@pytest.mark.parametrize(
    ("program", "flags"),
    # The one of 2022 cannot be asked for its newest samples, but started with this option.
    [(built, ()), (packaged, ("-search.latencyOffset=1ms",))],
    ids=["2025", "2022"],
)
def test_victoria_metrics_does_not_hold_back_its_newest_samples(
    program: Callable[[str], str], flags: tuple[str, ...], tmp_path: Path
) -> None:
    with (
        victoria(tmp_path / "server", program("victoria-metrics"), *flags) as server,
        closing(PrometheusSource(PrometheusOptions(name="fleet", url=server.url))) as source,
    ):
        # It takes no offset of less than a second.
        t_ms, series = now_ms() - 2_000, (Labels.of({"__name__": "level"}),)
        times = [t_ms - 45_000, t_ms - 30_000, t_ms - 15_000, t_ms]
        server.load(Scrape(at, series, np.array([float(n)])) for n, at in enumerate(times))
        # A rule that goes on asks for one moment at a time.
        for n, at in enumerate(times):
            moment = matrix_of(source.range("level", at, at, 15_000))
            assert moment.values.tolist() == [[float(n)]]
        whole = matrix_of(source.range("level", times[0], t_ms, 15_000))
        assert whole.values.tolist() == [[0.0, 1.0, 2.0, 3.0]]
