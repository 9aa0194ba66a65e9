"""`/federate` beside that of a real Prometheus, for scrapers of every generation."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
import urllib3

from jipyo.model.labels import Labels
from jipyo.model.sample import Scrape
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.tsdb import Options, Store
from jipyo.web.prometheus import federate
from jipyo.wire.exposition import Parser, decode_text
from support.services import binary, free_port, running
from support.web import Client, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.integration

PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;"
    "escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
SERIES = [
    {"__name__": "plain_total", "job": "a", "instance": "b:1"},
    {"__name__": "plain_total", "job": "a"},
    {"__name__": "plain_total", "zone": "z", "서비스": '추론 "\\ \n'},
    {"__name__": "http.status_code", "service.name": "x", "a_b": "y", "instance": "c:1"},
    {"__name__": "요청수", "1st": "digit", "a b": "blank", "instance": "d:1"},
    {"__name__": "a-b_c:d", "instance": "e:1"},
]


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Client, Client]]:
    """A real Prometheus and ours, with the same samples of some seconds ago."""
    home = tmp_path_factory.mktemp("federate")
    t_ms = now_ms() - 5_000
    load(home, t_ms)
    series = tuple(Labels.of(labels) for labels in SERIES)
    address = f"127.0.0.1:{free_port()}"
    command = [
        binary("prometheus"),
        f"--config.file={home / 'p.yml'}",
        f"--storage.tsdb.path={home / 'd'}",
        f"--web.listen-address={address}",
    ]
    with (
        running(command, f"http://{address}/-/ready", home / "log"),
        urllib3.PoolManager(retries=False, timeout=30) as pool,
        Store.open(home / "ours", Options(durable=False), now_ms=now_ms) as store,
    ):
        store.append([Scrape(t_ms, series, np.arange(0.5, len(series)))])
        with serving(*federate.routes(Embedded(store, Engine()), now_ms)) as ours:
            yield Client(f"http://{address}", pool), ours


def load(home: Path, t_ms: int) -> None:
    lines = []
    for value, labels in enumerate(SERIES):
        pairs = ",".join(
            f'"{name}"="{text}"'
            for name, raw in labels.items()
            if name != "__name__"
            for text in [raw.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")]
        )
        lines.append(f'{{"{labels["__name__"]}",{pairs}}} {value + 0.5} {t_ms / 1000:.3f}\n')
    (home / "in.txt").write_text("".join(lines) + "# EOF\n")
    tool = [binary("promtool"), "tsdb", "create-blocks-from", "openmetrics"]
    command = [*tool, str(home / "in.txt"), str(home / "d")]
    subprocess.run(command, check=True, capture_output=True)
    (home / "p.yml").write_text("global: {}\n")


@pytest.mark.parametrize(
    "accept",
    [
        None,
        "",
        "*/*",
        "text/plain",
        PROMETHEUS_2,
        PROMETHEUS_3,
        "text/plain;version=0.0.4;escaping=allow-utf-8",
        "text/plain;version=0.0.4;escaping=underscores",
        "text/plain;version=0.0.4;escaping=dots",
        "text/plain;version=0.0.4; escaping = values",
        "text/plain;escaping=nonsense",
        "text/html;escaping=values, text/plain;q=0.1",
        "text/plain;q=0.1;escaping=dots, application/json;q=0.9;escaping=values",
        "text/plain;version=9;escaping=dots;q=0.9, text/plain;q=0.1",
        "application/*;escaping=dots;q=0.2,*/*;escaping=values",
        "text/*;escaping=dots;q=0.2,text/plain;escaping=values",
        ",;=;,,q",
    ],
)
def test_each_scraper_gets_the_names_that_it_understands(
    pair: tuple[Client, Client], accept: str | None
) -> None:
    fields = {"match[]": '{__name__=~".+"}'}
    headers = {} if accept is None else {"accept": accept}
    theirs, ours = (each.get("/federate", headers, **fields) for each in pair)
    if "protobuf" not in theirs.headers["content-type"]:
        assert ours.headers["content-type"] == theirs.headers["content-type"]
        assert sorted(ours.body.splitlines()) == sorted(theirs.body.splitlines())


def test_a_scraper_of_ascii_reads_every_name(pair: tuple[Client, Client]) -> None:
    body = (
        pair[1].get("/federate", {"accept": PROMETHEUS_2}, **{"match[]": '{__name__=~".+"}'}).body
    )
    reading = Parser().parse(decode_text(body))
    assert len(reading.series) == len(SERIES)
    assert b'{"' not in body
