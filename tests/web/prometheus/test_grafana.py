"""The calls of Grafana's Prometheus data source, by the checks in JIPYO_PROMQLTEST."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from jipyo.model.sample import Scrape
from jipyo.promql import Engine
from jipyo.promql.syntax.features import DEFAULT
from jipyo.source import Embedded
from jipyo.tsdb import Options, Store
from jipyo.web import exporter
from jipyo.web.http.message import WebResponse
from jipyo.web.prometheus import federate, query, rules, series, status, targets
from support.web import SERVER, T0_MS, Client, config_state, demo_scrapes, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKS = Path(os.environ.get("JIPYO_PROMQLTEST", "")) / "grafana_check.py"
PASSED = "40 passed, 0 failed"


def wall_clock_ms() -> int:
    return time.time_ns() // 1_000_000


@pytest.fixture
def begun_s() -> int:
    """Half an hour ago, on a minute: the checks ask what there is now."""
    return wall_clock_ms() // 60_000 * 60 - 1800


@pytest.fixture
def live(begun_s: int, tmp_path: Path) -> Iterator[Client]:
    shift = begun_s * 1000 - T0_MS
    moved = [Scrape(one.t_ms + shift, one.series, one.values) for one in demo_scrapes()]
    options = Options(durable=False)
    with Store.open(tmp_path / "data", options, now_ms=wall_clock_ms) as store:
        store.append(moved)
        source = Embedded(store, Engine())
        with serving(
            *query.routes(source, wall_clock_ms, DEFAULT, source.engine.lanes),
            *series.routes(source),
            *rules.routes(tuple),
            *federate.routes(source, wall_clock_ms),
            *targets.routes(tuple),
            *exporter.routes(list, lambda: True, lambda _: WebResponse(b"")),
            *status.routes(SERVER, source, wall_clock_ms, store.extent, config_state),
        ) as client:
            yield client


@pytest.mark.skipif(not CHECKS.is_file(), reason=f"{CHECKS.name} is not in JIPYO_PROMQLTEST")
def test_grafana_finds_a_whole_prometheus(live: Client, begun_s: int) -> None:
    command = [sys.executable, str(CHECKS), live.base, "--t0", str(begun_s)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.splitlines()[-1] == PASSED, done.stdout + done.stderr
