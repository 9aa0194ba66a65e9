"""The calls of Grafana's Prometheus data source, by checks that are not part of this repository."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from jipyo.model.sample import Scrape
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.tsdb import Options, Store
from jipyo.web.services import Services

from .conftest import T0_MS, Client, demo, serving

SUITE = os.environ.get("JIPYO_PROMQLTEST", "")
PASSED = "40 passed, 0 failed"


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@pytest.fixture
def begun_s() -> int:
    """Half an hour ago, on a minute: the checks ask what there is now."""
    return now_ms() // 60_000 * 60 - 1800


@pytest.fixture
def live(services: Services, begun_s: int, tmp_path: Path) -> Iterator[Client]:
    shift = begun_s * 1000 - T0_MS
    moved = [Scrape(one.t_ms + shift, one.series, one.values) for one in demo()]
    with Store.open(tmp_path / "data", Options(durable=False), now_ms=now_ms) as store:
        store.append(moved)
        source = Embedded(store, Engine())
        changed = replace(
            services,
            source=source,
            ask=source.bound,
            queryable=store,
            now_ms=now_ms,
        )
        with serving(changed) as client:
            yield client


@pytest.mark.skipif(not SUITE, reason="JIPYO_PROMQLTEST names no folder with grafana_check.py")
def test_grafana_finds_a_whole_prometheus(live: Client, begun_s: int) -> None:
    command = [
        sys.executable,
        str(Path(SUITE, "grafana_check.py")),
        live.base,
        "--t0",
        str(begun_s),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.splitlines()[-1] == PASSED, done.stdout + done.stderr
