"""A disk that fills at a known rate is announced with the right time; one that is cleared is not.

The file systems are two folders on a tmpfs, whose use an exporter reads from the files in them;
the weeks before the test are filled in with what they would have been at the same rates.
"""

from __future__ import annotations

import contextlib
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from jipyo.tsdb import Store
from support import weeks
from support.http_server import page, serving
from support.product import jipyo, up

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from http.server import BaseHTTPRequestHandler

SIZE = 100_000_000
DAY_S = 86_400
PER_DAY = 2.0
"""Per cent of the size; 23 bytes a second."""
SHM = Path("/dev/shm")
DISK = "system.disk.utilization"


def find_used(days: float) -> float:
    """Per cent used, so many days after the beginning of the test."""
    return 74.0 + PER_DAY * days


def find_cleared(days: float) -> float:
    """Per cent used of what is cleared every four days, last half a day before the test."""
    return 45.0 + 25.0 * ((days + 0.5) % 4.0) / 4.0


SHARES: dict[str, Callable[[float], float]] = {"/data": find_used, "/logs": find_cleared}


@contextlib.contextmanager
def filling(folder: Path, began_s: float) -> Iterator[None]:
    """Let the files grow and shrink as the shares of their size ask for, ten times a second."""
    stop = threading.Event()

    def write() -> None:
        while True:
            days = (time.time() - began_s) / DAY_S
            for mount, share in SHARES.items():
                with (folder / mount.strip("/")).open("ab") as file:
                    file.truncate(round(SIZE * share(days) / 100))
            if stop.wait(0.1):
                return

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        stop.set()
        writer.join()


def export(folder: Path) -> Callable[[BaseHTTPRequestHandler], Any]:
    """A page with the size and the free part of each file system."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        lines = []
        for mount in SHARES:
            free = SIZE - (folder / mount.strip("/")).stat().st_size
            labels = f'{{mountpoint="{mount}",fstype="ext4"}}'
            for name, value in (("size", SIZE), ("free", free), ("avail", free)):
                lines.append(f"node_filesystem_{name}_bytes{labels} {value}\n")
        page("".join(lines).encode())(handler)

    return answer


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    folder = SHM / f"jipyo-{tmp_path.name}-{time.time_ns()}"
    folder.mkdir()
    yield folder
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()


def fill_in(data: Path, instance: str, began_s: float) -> None:
    """Three weeks up to the beginning."""
    now_ms = int(began_s * 1000)
    t_ms = weeks.make_times(21, now_ms)
    days = (t_ms - now_ms) / weeks.DAY_MS
    shares = {mount: np.array([share(day) for day in days]) for mount, share in SHARES.items()}
    with Store.open(data, now_ms=lambda: now_ms) as store:
        store.append(list(weeks.build_disks(t_ms, shares, instance)))


@pytest.mark.integration  # the first run comes a minute after the start
@pytest.mark.skipif(not SHM.is_dir(), reason="there is no tmpfs")
def test_a_disk_that_fills_is_announced_while_the_product_runs(
    tmp_path: Path, folder: Path
) -> None:
    began_s, data, file = time.time(), tmp_path / "data", tmp_path / "jipyo.yaml"
    with filling(folder, began_s), serving(export(folder)) as server:
        instance = server.url.removeprefix("http://")
        fill_in(data, instance, began_s)
        file.write_text(
            "instance: box\ntimezone: Asia/Seoul\ncollect: {interval: 1s, host: false,"
            f" process: false, gpu: false, scrape: [{{job: node, url: '{server.url}/metrics'}}]}}\n"
        )
        with up(data, "--config", str(file)) as product:
            document = product.get(f"/api/jipyo/metric/{DISK}/outlook", lang="en")
            time.sleep(125)
            query = 'jipyo_crossing_eta_seconds{quantile="0.5"}'
            rows = product.get("/api/v1/query", query=query)["data"]["result"]
            printed = jipyo("forecast", DISK, "--data", str(data), "--config", str(file))
    series = {one["labels"]["mountpoint"]: one for one in document["series"]}
    for crossing, threshold in zip(series["/data"]["crossings"], (80.0, 90.0), strict=True):
        true_s = began_s + (threshold - find_used(0)) / PER_DAY * DAY_S
        assert crossing["state"] == "expected"
        assert crossing["t"] == pytest.approx(true_s, abs=0.2 * DAY_S)
        assert crossing["probability"] > 0.9
    assert {one["state"] for one in series["/logs"]["crossings"]} == {"not_expected"}
    etas = {(row["metric"]["mountpoint"], row["metric"]["level"]): row["value"] for row in rows}
    assert etas.keys() == {("/data", "warning"), ("/data", "critical")}
    at_s, eta_s = map(float, etas["/data", "critical"])
    true_s = began_s + (90.0 - find_used(0)) / PER_DAY * DAY_S
    assert at_s + eta_s == pytest.approx(true_s, abs=0.2 * DAY_S)
    assert "steady growth of" in printed.out
    assert "sawtooth" in printed.out
