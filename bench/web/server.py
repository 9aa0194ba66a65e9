"""The product on a made-up AI server: `python -m bench.web.server FOLDER PORT` writes and serves.

Of the last 31 days every sample is there, of the year before the GPUs' every five minutes: what
charts of 13 months show comes from the statistics of hours.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen
from zoneinfo import ZoneInfo

import orjson

from jipyo.app.server import serve
from jipyo.app.store_admin import load_blocks
from jipyo.cli.service import catch_signals
from jipyo.demo.day import DAY_MS
from jipyo.demo.feed import Feed
from jipyo.demo.folder import load_config
from jipyo.demo.site import write_site
from jipyo.demo.story import plan_story
from jipyo.demo.write import SEED, make_blocks, write_days
from jipyo.model.calendar import PeriodKind, local_day, period_containing
from jipyo.model.sample import SeriesBlock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.demo.story import Story

PORT = 9876
DAYS, YEAR_DAYS = 31, 396
COARSE = 20
"""Of the samples of the year before each 20th is there."""
GPUS = "DCGM_"


@dataclass(frozen=True, slots=True)
class RunningServer:
    """The product in a process of its own."""

    url: str
    pid: int

    def get(self, path: str) -> bytes:
        """The body of an answer."""
        with urlopen(self.url + path, timeout=30) as answer:
            body: bytes = answer.read()
        return body

    def read_resident_mb(self) -> float:
        """How much memory the process occupies."""
        status = Path(f"/proc/{self.pid}/status").read_text("utf-8")
        match = re.search(r"VmRSS:\s+(\d+)", status)
        assert match is not None, "no VmRSS"
        return int(match[1]) / 1000


@contextmanager
def running(folder: Path) -> Iterator[RunningServer]:
    """The product with data, from when it has read the last 24 hours to the end of the block."""
    command = [sys.executable, "-m", "bench.web.server", str(folder / "data"), str(PORT)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    server = RunningServer(f"http://127.0.0.1:{PORT}", process.pid)
    try:
        _wait_for_day(server, process)
        yield server
    finally:
        process.terminate()
        process.wait(60)


def _wait_for_day(server: RunningServer, process: subprocess.Popen[bytes]) -> None:
    end_s = time.monotonic() + 900
    while time.monotonic() < end_s and process.poll() is None:
        try:
            if orjson.loads(server.get("/api/jipyo/overview/day"))["start"] is not None:
                return
        except OSError:
            pass
        time.sleep(0.5)
    raise TimeoutError("the server has no data of the last 24 hours")


def write_folder(folder: Path, story: Story, now_ms: int) -> None:
    """The site's files and its samples; in a process of its own, whose memory the server lacks."""
    folder.mkdir(parents=True)
    write_site(folder, story)
    today = now_ms // DAY_MS
    days = range(today - YEAR_DAYS, today - DAYS)
    load_blocks(folder, (block for day in days for block in _thin_day(story, day)), now_ms)
    write_days(folder, (story, SEED), today - DAYS, now_ms, {})


def _thin_day(story: Story, number: int) -> Iterator[SeriesBlock]:
    for block in make_blocks(story, SEED, number, {}):
        rows = [row for row, one in enumerate(block.series) if one["__name__"].startswith(GPUS)]
        if rows:
            series = tuple(block.series[row] for row in rows)
            yield SeriesBlock(series, block.t_ms[::COARSE], block.values[rows, ::COARSE])


def _run(folder: Path, port: int) -> None:
    now_ms = int(time.time() * 1000)
    zone = ZoneInfo("Asia/Seoul")
    today = local_day(now_ms, zone)
    story = plan_story(period_containing(PeriodKind.MONTH, today, zone).previous(), "ko")
    writer = get_context("spawn").Process(target=write_folder, args=(folder, story, now_ms))
    writer.start()
    writer.join()
    os.environ.pop("JIPYO_CONFIG", None)
    with catch_signals() as commands:
        serve(
            load_config(folder, "ko", f"127.0.0.1:{port}"),
            started=lambda _: None,
            commands=commands,
            build_parts=lambda appender, clock: [
                Feed(appender, clock, story=story, seed=SEED, counters={}, since_ms=now_ms)
            ],
        )


if __name__ == "__main__":
    _run(Path(sys.argv[1]), int(sys.argv[2]))
