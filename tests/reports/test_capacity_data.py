"""The capacity of services, read from a store."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from jipyo.catalogue import load
from jipyo.model.calendar import start_of_day
from jipyo.reports.capacity_data import gather_capacities
from reports.days import DAY, SEOUL, Day, Site, filled, source

if TYPE_CHECKING:
    from pathlib import Path

END = start_of_day(DAY, SEOUL) + 86_400_000


def test_each_latency_metric_with_an_objective_is_asked(tmp_path: Path) -> None:
    days = tuple(Day(day=DAY - timedelta(days=at), load=0.5 + at / 4) for at in (2, 1, 0))
    with filled(tmp_path, Site(gpus=1, api=True), *days) as store:
        api, model = gather_capacities(source(store), load(), END)
    assert (api.metric.id, model.metric.id) == ("app.response_time", "ai.inference.time")
    assert api.capacity.objective.latency_s == 2.0
    assert api.target is not None
    assert api.target.rate == 100.0
    assert model.target is None
    assert api.service == ""
    assert api.capacity.seen is not None
    assert len(api.loads) == len(api.latencies_s) > 3
    assert (np.diff(api.loads) > 0).all()
    assert ((api.latencies_s > 0) & (api.latencies_s <= 5)).all()


def test_without_histograms_nothing_is_answered(tmp_path: Path) -> None:
    with filled(tmp_path, Site(), Day()) as store:
        assert gather_capacities(source(store), load(), END) == ()
