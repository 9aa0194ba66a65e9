"""Pages of AI servers, in the shape in which each writes them, become one set of metrics."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from jipyo.analysis.health import assess_catalogue
from jipyo.catalogue import Catalogue, MetricGroup, load
from jipyo.collect.loop import Loop
from jipyo.collect.scrape import ScrapeOptions, ScrapeReader
from jipyo.collect.target import Target
from jipyo.model.clock import SystemClock
from jipyo.model.labels import Labels
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.source.metric_data import MetricData, read_metric
from jipyo.tsdb import Store
from support.http_server import page, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.server import BaseHTTPRequestHandler

    from support.http_server import Answer

PAGES = Path(__file__).parent / "fixtures" / "ai"
KNOWN = load()
AI = Catalogue(tuple(one for one in KNOWN.metrics if one.group is MetricGroup.AI))
LLAMA = "meta-llama/Llama-3.1-8B-Instruct"

WANTED = {  # metric: {model: value}; a server that tells no model is called by its job
    "ai.inference.time": {
        LLAMA: 1.0,
        "resnet50": 0.05,
        "tgi": 1.0,
        "squeezenet": 0.2,
        "sklearn-iris": 0.05,
        "Translator": 0.1,
    },
    "ai.inference.first_token": {LLAMA: 0.25},
    "ai.gpu_memory": {LLAMA: 42, "llamacpp": 25},
    "ai.queue.length": {LLAMA: 3, "resnet50": 2, "tgi": 4, "llamacpp": 5, "Translator": 3},
    "ai.queue.time": {LLAMA: 0.3, "tgi": 0.1, "resnet50": 0.01, "squeezenet": 0.01},
    "ai.failures": {"resnet50": 1, LLAMA: 1, "tgi": 2},
}


def growing(text: str) -> Answer:
    """The page; everything that counts is larger by as much at every request."""
    turn = [0]

    def answer(handler: BaseHTTPRequestHandler) -> None:
        turn[0] += 1
        page(at_turn(text, turn[0]).encode())(handler)

    return answer


def at_turn(text: str, turn: int) -> str:
    lines, counts = [], False
    for line in text.splitlines():
        if line.startswith("# TYPE"):
            counts = line.split()[3] != "gauge"
        elif counts and not line.startswith("#"):
            series, _, value = line.rpartition(" ")
            lines.append(f"{series} {float(value) * turn}")
            continue
        lines.append(line)
    return "\n".join([*lines, ""])


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Embedded, int]]:
    """All seven servers, scraped for a while, and when that was."""
    clock = SystemClock()
    with contextlib.ExitStack() as stack:
        folder = tmp_path_factory.mktemp("ai")
        store = stack.enter_context(Store.open(folder / "data", now_ms=clock.now_ms))
        targets = []
        for file in sorted(PAGES.glob("*.txt")):
            server = stack.enter_context(serving(growing(file.read_text("utf-8"))))
            labels = {"job": file.stem, "instance": file.stem}
            reader = ScrapeReader(server.url, labels, ScrapeOptions())
            targets.append(Target(Labels.of(labels), reader, 300, server.url))
        loop = Loop(store, clock=clock)
        loop.start(lambda: targets)
        stack.callback(loop.stop)
        time.sleep(1.5)
        yield Embedded(store, Engine()), clock.now_ms()


def asked(source: tuple[Embedded, int], metric_id: str) -> MetricData:
    metric = KNOWN.get(metric_id)
    assert metric is not None
    answering, t_ms = source
    return read_metric(answering, metric, t_ms, t_ms, 60_000)


@pytest.mark.parametrize("metric_id", list(WANTED))
def test_every_server_gives_the_same_metric_under_its_model(
    source: tuple[Embedded, int], metric_id: str
) -> None:
    measured = asked(source, metric_id)
    names = [labels["model"] for labels in measured.matrix.series]
    found = dict(zip(names, measured.matrix.values[:, 0].tolist(), strict=True))
    assert len(names) == len(found), "a model twice"
    assert found == pytest.approx(WANTED[metric_id], rel=0.001)


def test_tokens_are_counted_a_second_for_those_that_tell_them(
    source: tuple[Embedded, int],
) -> None:
    measured = asked(source, "ai.tokens")
    assert {labels["model"] for labels in measured.matrix.series} == {LLAMA, "tgi", "llamacpp"}
    assert (measured.matrix.values > 0).all()


def test_a_mean_is_shown_and_not_judged(source: tuple[Embedded, int]) -> None:
    answering, t_ms = source
    health = {one.metric.id: one for one in assess_catalogue(answering, AI, t_ms).metrics}
    # The worst p95 speaks; TorchServe's and Triton's means do not.
    worst = health["ai.inference.time"].worst
    assert worst is not None
    assert worst["model"] in {LLAMA, "tgi"}
