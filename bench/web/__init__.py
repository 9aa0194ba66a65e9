"""The dashboard: size, first load, ranges, frames, memory, and 200 viewers who follow it live.

`python -m bench web` writes 13 months of a made-up AI server into an empty folder, starts the
product on it, and prints each figure beside its goal and their ratio; one that is missed is
marked. The browser is Debian's Chromium without a cache, on the same two cores as the server.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

from bench.machine import describe_machine
from bench.web.files import measure_files
from bench.web.first_load import measure_first_load
from bench.web.frames import measure_frames
from bench.web.heap import measure_heap
from bench.web.phone import measure_phone
from bench.web.ranges import measure_ranges
from bench.web.result import describe_browser
from bench.web.server import running
from bench.web.viewers import measure_viewers


def main() -> None:
    """Start, measure and print."""
    print(f"{describe_machine()}, {describe_browser()}")
    measure_files()
    measure_frames()
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as server:
        measure_first_load(server.url)
        measure_phone(server.url)
        measure_ranges(server.url)
        measure_viewers(server)
        measure_heap(server.url)
