"""What happens to samples while the store takes none."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np

from jipyo.collect.buffer import Buffer
from jipyo.model.errors import StoreFull
from jipyo.model.labels import Labels
from jipyo.model.sample import Appended, MetricMetadata, MetricType, Reject, Scrape

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

SERIES = (Labels.of({"__name__": "x"}), Labels.of({"__name__": "y"}))


class Disk:
    """A store that can be full."""

    def __init__(self) -> None:
        self.full = False
        self.kept: list[int] = []
        self.calls = 0
        self.described: list[str] = []

    def append(self, scrapes: Sequence[Scrape]) -> Appended:
        self.calls += 1
        if self.full:
            raise StoreFull("tsdb.full", path="/data", reason="full")
        self.kept += [scrape.t_ms for scrape in scrapes]
        return Appended(2 * len(scrapes), {Reject.TOO_OLD: 1})

    def describe(self, metadata: Sequence[MetricMetadata]) -> None:
        self.described += [one.metric for one in metadata]


def scrape(t_ms: int) -> Scrape:
    return Scrape(t_ms, SERIES, np.array([1.0, 2.0]))


def test_what_the_store_takes_goes_straight_through() -> None:
    disk = Disk()
    buffer = Buffer(disk)
    appended = buffer.append([scrape(1), scrape(2)])
    assert disk.kept == [1, 2]
    assert (appended.samples, appended.rejected) == (4, {Reject.TOO_OLD: 1})
    assert (buffer.writable, buffer.waiting_samples, buffer.dropped_samples) == (True, 0, 0)


def test_what_a_full_store_refuses_waits_and_goes_in_first(
    caplog: pytest.LogCaptureFixture,
) -> None:
    disk = Disk()
    buffer = Buffer(disk)
    disk.full = True
    with caplog.at_level(logging.INFO):
        for t_ms in (1, 2, 3):
            assert buffer.append([scrape(t_ms)]).samples == 0
        assert (buffer.writable, buffer.waiting_samples) == (False, 6)
        disk.full = False
        buffer.append([scrape(4)])
    assert disk.kept == [1, 2, 3, 4]
    assert (buffer.writable, buffer.waiting_samples, buffer.dropped_samples) == (True, 0, 0)
    assert [record.levelname for record in caplog.records] == ["ERROR", "INFO"]
    assert all("/data" in record.getMessage() for record in caplog.records)


def test_when_too_much_waits_the_oldest_is_given_up_and_counted() -> None:
    disk = Disk()
    buffer = Buffer(disk, max_samples=4)
    disk.full = True
    for t_ms in range(1, 6):
        buffer.append([scrape(t_ms)])
    assert (buffer.waiting_samples, buffer.dropped_samples) == (4, 6)
    disk.full = False
    buffer.append([])
    assert disk.kept == [4, 5]


def test_what_waited_long_goes_in_in_batches() -> None:
    disk = Disk()
    buffer = Buffer(disk)
    disk.full = True
    for t_ms in range(600):
        buffer.append([scrape(t_ms)])
    disk.full, disk.calls = False, 0
    buffer.append([])
    assert (disk.calls, disk.kept) == (3, list(range(600)))


def test_metadata_goes_through() -> None:
    disk = Disk()
    Buffer(disk).describe([MetricMetadata("x", MetricType.GAUGE)])
    assert disk.described == ["x"]
