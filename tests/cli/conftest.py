"""Ten minutes of a small host, really stored, for the commands that read."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from jipyo.model.labels import Labels
from jipyo.model.sample import Scrape
from jipyo.tsdb import Store

if TYPE_CHECKING:
    from pathlib import Path

GIB = 1 << 30
GAUGES = {
    "node_memory_MemTotal_bytes": 256 * GIB,
    "node_memory_MemAvailable_bytes": 20 * GIB,
    "node_memory_SwapTotal_bytes": 0,
    "node_memory_SwapFree_bytes": 0,
    "node_load1": 1.5,
    "up": 1,
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ends now, so it is made anew for each module: a whole run takes longer than the lookback."""
    folder = tmp_path_factory.mktemp("cli") / "data"
    series = tuple(
        Labels.of({"__name__": name, "instance": "호스트1", "job": "node"}) for name in GAUGES
    )
    values = np.array(list(GAUGES.values()), np.float64)
    now = int(time.time() * 1000)
    with Store.open(folder, now_ms=lambda: now) as store:
        store.append([Scrape(t, series, values) for t in range(now - 600_000, now, 15_000)])
    return folder
