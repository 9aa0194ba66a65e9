"""How many series a store has, and from when to when."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.labels import Labels
from jipyo.model.sample import Scrape
from jipyo.model.store import StoreExtent
from jipyo.tsdb import Store

if TYPE_CHECKING:
    from pathlib import Path

DAY_MS = 86_400_000
NOW_MS = 20_000 * DAY_MS


def test_an_extent_grows_with_the_samples(tmp_path: Path) -> None:
    with Store.open(tmp_path / "data", now_ms=lambda: NOW_MS) as store:
        assert store.extent() == StoreExtent(0, None, None)
        for t_ms, names in ((NOW_MS - 90_000, "ab"), (NOW_MS - 30_000, "bc")):
            series = tuple(Labels.of({"__name__": name}) for name in names)
            store.append([Scrape(t_ms, series, np.ones(len(series)))])
        assert store.extent() == StoreExtent(3, NOW_MS - 90_000, NOW_MS - 30_000)
    with Store.open(tmp_path / "data", now_ms=lambda: NOW_MS + DAY_MS) as store:
        while store.maintain():
            pass
        extent = store.extent()
        assert (extent.series, extent.last_ms) == (3, NOW_MS - 30_000)
        assert extent.first_ms is not None
        assert NOW_MS - 90_000 - DAY_MS < extent.first_ms <= NOW_MS - 90_000
