"""A change of anything that a report rests on is found when it is computed again."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import orjson
import pytest

from jipyo.catalogue import Catalogue, load
from jipyo.model.calendar import start_of_day
from jipyo.model.plain import to_plain
from jipyo.reports.render.json import read_report, to_json
from jipyo.reports.verify.verification import compare_with_recomputed
from jipyo.tsdb import Options, Store
from reports.building import build_daily
from reports.days import DAY, SEOUL, Day, Site, blocks, source

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any

    from jipyo.model.sample import SeriesBlock
    from jipyo.reports.document import Report

IDS = frozenset({"system.cpu.utilization", "system.memory.utilization", "system.gpu.temperature"})
FEW = Catalogue(tuple(metric for metric in load().metrics if metric.id in IDS))
READ = ("node_cpu_seconds_total", "node_memory_MemAvailable_bytes", "DCGM_FI_DEV_GPU_TEMP")
"""Names of the samples behind them."""
START, END = start_of_day(DAY, SEOUL), start_of_day(DAY, SEOUL) + 86_400_000
INJECTED = 6


def build(folder: Path, samples: Sequence[SeriesBlock], catalogue: Catalogue = FEW) -> Report:
    store = Store.open(folder, Options(durable=False), now_ms=lambda: END)
    store.load(iter(samples))
    with store:
        return build_daily(source(store), catalogue, DAY, SEOUL, END + 3_600_000)


@pytest.fixture(scope="module")
def samples() -> list[SeriesBlock]:
    return list(blocks(Site(cores=2, gpus=1), (Day(DAY),)))


@pytest.fixture(scope="module")
def printed(samples: list[SeriesBlock], tmp_path_factory: pytest.TempPathFactory) -> Report:
    report = build(tmp_path_factory.mktemp("printed"), samples)
    return read_report(to_json(report))


def change_sample(samples: Sequence[SeriesBlock], draw: random.Random) -> list[SeriesBlock]:
    """The samples with one of them a tenth higher."""
    rows = [
        (at, row)
        for at, block in enumerate(samples)
        for row, labels in enumerate(block.series)
        if labels.get("__name__") in READ and labels.get("mode", "idle") == "idle"
    ]
    at, row = draw.choice(rows)
    block = samples[at]
    inside = np.flatnonzero((block.t_ms > START + 600_000) & (block.t_ms < END - 600_000))
    values = block.values.copy()
    values[row, draw.choice(inside.tolist())] *= 1.1
    return [*samples[:at], replace(block, values=values), *samples[at + 1 :]]


def test_a_report_computed_again_is_equal(
    printed: Report, samples: list[SeriesBlock], tmp_path: Path
) -> None:
    found = compare_with_recomputed(printed, build(tmp_path, samples))
    assert (found.differences, found.reasons) == ((), ())
    assert found.checked > 300


@pytest.mark.parametrize("seed", range(INJECTED))
def test_one_changed_sample_is_found(
    printed: Report, samples: list[SeriesBlock], tmp_path: Path, seed: int
) -> None:
    changed = change_sample(samples, random.Random(seed))
    found = compare_with_recomputed(printed, build(tmp_path, changed))
    assert found.differences
    assert any(one.expr for one in found.differences)


def test_a_changed_threshold_and_a_changed_query_of_the_catalogue_are_found(
    printed: Report, samples: list[SeriesBlock], tmp_path: Path
) -> None:
    (cpu, *others) = FEW.metrics
    assert cpu.thresholds is not None
    changed = (
        replace(cpu, thresholds=replace(cpu.thresholds, warning=11.0)),
        replace(cpu, queries=tuple(replace(q, promql=f"{q.promql} * 1") for q in cpu.queries)),
    )
    for at, metric in enumerate(changed):
        folder = tmp_path / str(at)
        folder.mkdir()
        again = build(folder, samples, Catalogue((metric, *others)))
        found = compare_with_recomputed(printed, replace(again, catalogue=printed.catalogue))
        assert found.differences


def test_200_changes_of_the_report_itself_are_found(printed: Report) -> None:
    # Without the points of charts, of which most of the text consists.
    small = [block for block in printed.blocks if len(orjson.dumps(to_plain(block))) < 20_000]
    printed = replace(printed, blocks=tuple(small))
    content, draw, found = to_json(printed), random.Random(18), 0
    places = find_places(orjson.loads(content)["blocks"])
    while found < 200:
        plain = orjson.loads(content)
        place = draw.choice(places)
        container = plain["blocks"]
        for key in place[:-1]:
            container = container[key]
        container[place[-1]] = change(container[place[-1]], draw)
        tampered = read_report(orjson.dumps(plain))
        assert compare_with_recomputed(tampered, printed).differences, place
        found += 1


def find_places(plain: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Figures, their queries, and thresholds: the paths of what somebody would change."""
    inside = plain.items() if isinstance(plain, dict) else enumerate(plain)
    wanted = {"value", "expr", "series", "start_ms", "end_ms", "samples", "coverage"}
    is_about = isinstance(plain, dict) and plain["type"] in {"figure", "threshold_line", "quantity"}
    return [
        place
        for key, value in inside
        for place in (
            find_places(value, (*path, key))
            if isinstance(value, dict | list)
            else [(*path, key)] * (is_about and key in wanted)
        )
    ]


def change(value: object, draw: random.Random) -> object:
    match value:
        case None:
            return draw.random()
        case str():
            return f"{value} + 0"
        case int():
            return value + draw.randint(1, 9)
        case float():
            return value * draw.choice((1.001, 0.9, 10)) + draw.choice((0.01, 1))
        case _:
            raise AssertionError(value)
