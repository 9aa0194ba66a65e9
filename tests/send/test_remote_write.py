"""Destinations come, change and go while samples are collected."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from jipyo.model.clock import SystemClock
from jipyo.model.errors import StoreBusy, StoreFull
from jipyo.model.labels import Labels
from jipyo.model.sample import MetricMetadata, MetricType, Scrape
from jipyo.send.options import RemoteWriteOptions
from jipyo.send.queue import Queue
from jipyo.send.remote_write import STOP_TIMEOUT_S, RemoteWrite
from support.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERIES = (Labels.of({"__name__": "m"}),)
ONE = RemoteWriteOptions(url="http://127.0.0.1:1/one", name="one")
TWO = RemoteWriteOptions(url="http://127.0.0.1:1/two", name="two")


@pytest.fixture
def sending(tmp_path: Path) -> Iterator[RemoteWrite]:
    made = RemoteWrite(tmp_path / "queue", FakeClock())
    yield made
    made.stop()


def append(sending: RemoteWrite, count: int = 1) -> None:
    for n in range(count):
        sending.append([Scrape(1_793_491_200_000 + n, SERIES, np.ones(1))])


def pending(sending: RemoteWrite) -> dict[str, float]:
    return {
        dict(sample.labels)["remote_name"]: sample.value
        for family in sending.families()
        if family.name == "jipyo_remote_write_samples_pending"
        for sample in family.samples
    }


def test_without_destinations_nothing_is_kept_and_no_folder_is_made(
    sending: RemoteWrite, tmp_path: Path
) -> None:
    sending.apply([])
    append(sending)
    assert not (tmp_path / "queue").exists()
    assert list(sending.families()) == []


def test_a_destination_gets_what_comes_after_it(sending: RemoteWrite) -> None:
    sending.apply([ONE])
    append(sending, 3)
    sending.apply([ONE, TWO])
    append(sending, 2)
    assert pending(sending) == {"one": 5, "two": 2}


def test_another_address_under_the_same_name_keeps_what_waits(sending: RemoteWrite) -> None:
    sending.apply([ONE])
    append(sending, 3)
    sending.apply([replace(ONE, url="http://127.0.0.1:1/other", max_shards=2)])
    assert pending(sending) == {"one": 3}


def test_a_destination_that_goes_takes_what_waits_with_it(
    sending: RemoteWrite, tmp_path: Path
) -> None:
    sending.apply([ONE, TWO])
    append(sending, 3)
    sending.apply([TWO])
    assert pending(sending) == {"two": 3}
    sending.apply([])
    assert sorted(path.name for path in (tmp_path / "queue").iterdir()) == ["lock"]
    append(sending)
    sending.apply([ONE])
    assert pending(sending) == {"one": 0}


def test_what_waits_outlives_a_restart_also_of_one_that_changed(tmp_path: Path) -> None:
    first = RemoteWrite(tmp_path, FakeClock())
    first.apply([ONE])
    append(first, 4)
    first.stop()
    second = RemoteWrite(tmp_path, FakeClock())
    second.apply([replace(ONE, timeout_s=1.0)])
    assert pending(second) == {"one": 4}
    second.stop()


def test_the_queue_of_another_process_is_left_alone(sending: RemoteWrite, tmp_path: Path) -> None:
    other = Queue(tmp_path / "queue")
    with pytest.raises(StoreBusy):
        sending.apply([ONE])
    other.close()
    sending.apply([ONE])


def test_a_closed_queue_takes_nothing(tmp_path: Path) -> None:
    queue = Queue(tmp_path)
    queue.close()
    with pytest.raises(StoreFull):
        queue.append([Scrape(1, SERIES, np.ones(1))])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lock"]


def test_servers_that_hang_delay_a_stop_once_and_no_metadata(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        made = RemoteWrite(tmp_path / "queue", SystemClock())
        made.apply([replace(ONE, url=url, name=name) for name in ("a", "b", "c")])
        append(made)
        began = time.monotonic()
        applying = threading.Thread(target=made.apply, args=[[TWO]])
        applying.start()
        connection, _ = silent.accept()  # a stop is under way, and gets no answer
        made.describe([MetricMetadata("m", MetricType.GAUGE)])
        described_s = time.monotonic() - began
        applying.join()
        assert described_s < STOP_TIMEOUT_S
        assert STOP_TIMEOUT_S <= time.monotonic() - began < 3 * STOP_TIMEOUT_S
        made.stop()
        connection.close()
