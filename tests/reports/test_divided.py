"""A report whose reading is divided between two processes is that of one process."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from jipyo.catalogue import Catalogue, load
from jipyo.model.calendar import start_of_day
from jipyo.processes import can_divide
from jipyo.promql import Engine
from jipyo.reports.render.json import to_json
from jipyo.source import Embedded
from jipyo.source.divide import map_reading
from jipyo.source.recording import RecordingSource
from jipyo.tsdb import Reader
from reports.building import build_daily
from reports.days import DAY, SEOUL, Day, Site, filled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jipyo.source import Source

pytestmark = pytest.mark.skipif(not can_divide(), reason="needs Linux and two processors")
NOW_MS = start_of_day(DAY, SEOUL) + 86_400_000
TOPICS = ("system.disk", "system.memory", "system.cpu", "app.response_time")
CATALOGUE = Catalogue(
    tuple(metric for metric in load().metrics if metric.id.startswith(TOPICS)),
)


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    folder: Path = tmp_path_factory.mktemp("divided")
    filled(folder, Site(cores=2, api=True), Day(DAY)).close()
    with Reader.open(folder, cache_bytes=1 << 20) as reader:
        yield Embedded(reader, Engine(), is_forkable=True)


def find_readers(source: Source) -> set[int]:
    """The processes that read, with a query each so that both have to."""

    def read(seconds: int) -> int:
        for t_ms in range(NOW_MS - 400_000, NOW_MS, 1000):
            answer = source.instant(f"rate(node_cpu_seconds_total[{seconds}s])", t_ms)
            assert not answer.warnings
        return os.getpid()

    return set(map_reading(source, read, range(60, 68)))


def test_a_fork_reads_the_same_to_the_last_bit(embedded: Embedded) -> None:
    divided = build_daily(embedded, CATALOGUE, DAY, SEOUL, NOW_MS)
    alone = build_daily(replace(embedded, is_forkable=False), CATALOGUE, DAY, SEOUL, NOW_MS)
    assert to_json(divided) == to_json(alone)
    assert divided.instances == ("ai-node-1",)
    assert b"app.response_time" in to_json(divided)


def test_only_what_may_be_divided_is(embedded: Embedded) -> None:
    assert len(find_readers(embedded)) == 2
    assert find_readers(replace(embedded, is_forkable=False)) == {os.getpid()}
    # A fork could not record its queries here.
    assert find_readers(RecordingSource(embedded, lambda: 0.0)) == {os.getpid()}
