"""What we send, real servers of any age take: each protocol, and the fallback to 1.0."""

from __future__ import annotations

import contextlib
import random
import time
from typing import TYPE_CHECKING

import numpy as np
import orjson
import pytest
import urllib3

from jipyo.model.clock import SystemClock
from jipyo.model.labels import Labels
from jipyo.model.sample import STALE_BITS, MetricMetadata, MetricType, Scrape
from jipyo.send.delivery import build_post
from jipyo.send.options import Protocol, RemoteWriteOptions
from jipyo.send.queue import Queue
from jipyo.send.sender import Sender
from support.metric_servers import MetricServer, built, packaged, prometheus, victoria
from support.product import up

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.integration

SERIES = tuple(
    Labels.of({"__name__": "sent_total", "n": str(n), "지역": "서울", "quoted": 'a"\\\n'})
    for n in range(7)
)
SPECIAL = np.array([0.0, -0.0, np.inf, -np.inf, 0.1, 1e300, 5e-324])
STALE = np.full(7, STALE_BITS, np.uint64).view(np.float64)


@contextlib.contextmanager
def serving(name: str, folder: Path) -> Iterator[MetricServer]:
    match name:
        case "jipyo":
            (folder / "j.yaml").write_text("collect: {host: false, process: false, gpu: false}\n")
            with up(folder / "store", "--config", str(folder / "j.yaml")) as product:
                yield MetricServer(product.url)
        case "prometheus":
            with prometheus(folder / "p", built("prometheus")) as server:
                yield server
        case "prometheus 2.42":
            with prometheus(folder / "p", packaged("prometheus")) as server:
                yield server
        case "victoria-metrics":
            with victoria(folder / "v", built("victoria-metrics")) as server:
                yield server
        case _:
            with victoria(folder / "v", packaged("victoria-metrics")) as server:
                yield server


@pytest.mark.parametrize("protocol", ["auto", "1.0", "2.0"])
@pytest.mark.parametrize(
    "name",
    ["jipyo", "prometheus", "prometheus 2.42", "victoria-metrics", "victoria-metrics 1.79"],
)
def test_a_server_has_what_it_was_sent(tmp_path: Path, name: str, protocol: str) -> None:
    knows_v2 = name in {"jipyo", "prometheus"}
    if protocol == "2.0" and not knows_v2:
        pytest.skip("it does not know 2.0")
    now_ms = int(time.time()) * 1000
    queue = Queue(tmp_path / "queue")
    with serving(name, tmp_path) as server:
        options = RemoteWriteOptions(
            url=f"{server.url}/api/v1/write", name="one", protocol=Protocol(protocol)
        )
        cursor = queue.set_destinations({"one": options.queue_bytes})["one"]
        sender = Sender(options, cursor, build_post(options), SystemClock(), random.Random(1))
        sender.metadata.put([MetricMetadata("sent_total", MetricType.COUNTER, "보낸 수")])
        for turn in range(20):
            values = SPECIAL if turn % 2 else np.arange(7.0) + turn
            queue.append([Scrape(now_ms - 60_000 + 1000 * turn, SERIES, values)])
        queue.append([Scrape(now_ms - 20_000, SERIES, STALE)])
        while cursor.pending_samples:
            assert sender.step() is None
        found = read(server, now_ms)
    queue.close()
    assert (sender.counts.samples, sender.counts.rejected, sender.counts.failures) == (147, 0, 0)
    assert set(found) == set(SERIES)
    for n, labels in enumerate(SERIES):
        wanted = [SPECIAL[n] if turn % 2 else float(n + turn) for turn in range(20)]
        samples = found[labels]
        assert [t_ms for t_ms, _ in samples] == [
            now_ms - 60_000 + 1000 * turn for turn in range(20)
        ]
        if server.is_victoria:  # its numbers are decimal, and near one another
            continue
        assert np.array([value for _, value in samples]).tobytes() == np.array(wanted).tobytes()


def read(server: MetricServer, now_ms: int) -> dict[Labels, list[tuple[int, float]]]:
    """The raw samples, without the ends of series."""
    if server.is_victoria:
        urllib3.request("GET", f"{server.url}/internal/force_flush", retries=False)
    fields = {"query": "sent_total[5m]", "time": str(now_ms / 1000)}
    answer = urllib3.request("GET", f"{server.url}/api/v1/query", fields=fields, retries=False)
    assert answer.status == 200, answer.data
    return {
        Labels.of(row["metric"]): [
            (round(moment * 1000), float(value))
            for moment, value in row["values"]
            if value != "NaN"
        ]
        for row in orjson.loads(answer.data)["data"]["result"]
    }
