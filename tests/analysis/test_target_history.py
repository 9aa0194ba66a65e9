"""A day of readings by target, and programs that nobody collects, from samples of a store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from jipyo.analysis.target_history import (
    CELL_MS,
    CELLS,
    find_uncollected,
    read_target_history,
)
from jipyo.model.labels import Labels
from jipyo.model.sample import Scrape
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.tsdb import Store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

NOW_MS = 1_793_500_000_000 // CELL_MS * CELL_MS + 600_000
"""Ten minutes after the beginning of a half hour."""
STEP_MS = 60_000


def build_scrapes(start_ms: int, readings: Mapping[str, str], name: str = "up") -> Iterator[Scrape]:
    """A letter a minute: `1` and `0` are values, a blank is none."""
    for job, text in readings.items():
        labels = Labels.of({"__name__": name, "job": job, "instance": "a"})
        for n, letter in enumerate(text):
            if letter != " ":
                yield Scrape(start_ms + n * STEP_MS, (labels,), np.array([float(letter)]))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "data", now_ms=lambda: NOW_MS) as opened:
        yield opened


def test_each_half_hour_has_the_share_of_its_readings_that_succeeded(store: Store) -> None:
    start = NOW_MS - 600_000 - CELL_MS + 60_000  # the first minute of the half hour before
    readings = {"good": "1" * 40, "half": "10" * 15 + " " * 10, "dead": "1" * 30 + "0" * 10}
    store.append([*build_scrapes(start, readings)])
    found = read_target_history(Embedded(store, Engine()), NOW_MS)
    assert found.start_ms == NOW_MS - 600_000 - (CELLS - 1) * CELL_MS
    assert {key: len(shares) for key, shares in found.shares.items()} == {
        (job, "a"): CELLS for job in readings
    }
    last = {job: found.shares[job, "a"][-2:].tolist() for job in readings}
    assert last["good"] == [1.0, 1.0]
    assert last["dead"] == [1.0, 0.0]
    assert last["half"][0] == 0.5
    assert np.isnan(last["half"][1])
    assert np.isnan(found.shares["good", "a"][:-2]).all()
    assert found.rate == pytest.approx((40 + 15 + 30) / (40 + 30 + 40))


def test_a_probe_that_could_be_made_and_failed_is_a_reading_that_failed(store: Store) -> None:
    start = NOW_MS - 540_000
    store.append([*build_scrapes(start, {"page": "1111"})])
    store.append([*build_scrapes(start, {"page": "1100"}, "probe_success")])
    found = read_target_history(Embedded(store, Engine()), NOW_MS)
    assert found.shares["page", "a"][-1] == 0.5
    assert found.rate == 0.5


def test_nothing_is_known_without_readings(store: Store) -> None:
    found = read_target_history(Embedded(store, Engine()), NOW_MS)
    assert (dict(found.shares), found.rate) == ({}, None)


@pytest.mark.parametrize(
    ("metrics", "names"),
    [
        ((), ["PostgreSQL", "Redis"]),
        (("redis_up",), ["PostgreSQL"]),
        (("redis_up", "pg_up"), []),
    ],
)
def test_a_program_here_without_any_metric_of_its_kind_is_not_collected(
    store: Store, metrics: tuple[str, ...], names: list[str]
) -> None:
    name = "namedprocess_namegroup_num_procs"
    groups = {"redis-server": 1.0, "postgres": 7.0, "bash": 2.0, "nginx": 0.0}
    series = [
        Labels.of({"__name__": name, "instance": "host1", "groupname": group}) for group in groups
    ]
    series += [Labels.of({"__name__": metric, "instance": "x"}) for metric in metrics]
    values = np.array([*groups.values(), *(1.0 for _ in metrics)])
    store.append([Scrape(NOW_MS, tuple(series), values)])
    source = Embedded(store, Engine())
    assert [one.name for one in find_uncollected(source, "host1", NOW_MS)] == names
    assert find_uncollected(source, "host2", NOW_MS) == ()
