"""The daily report over a real Prometheus and over the embedded store: the same figures.

The same samples are in both. Over a server without anchored windows the counts are marked as
estimated, and every figure that is not is the same.
"""

from __future__ import annotations

import contextlib
import math
import shutil
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from catalogue.ai_month import END_MS, list_blocks, make_engines
from jipyo.catalogue import load
from jipyo.promql import Engine
from jipyo.reports import daily
from jipyo.reports.document import find_figures
from jipyo.source import Embedded
from jipyo.source.prometheus import PrometheusOptions, PrometheusSource
from jipyo.tsdb import Options, Store
from reports.days import SEOUL, Day, Site, Trouble, blocks
from support.history import load_history, serve_history

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jipyo.model.figure import Figure
    from jipyo.model.sample import SeriesBlock
    from jipyo.reports.document import Report
    from jipyo.source import Source

pytestmark = pytest.mark.integration

DAY = date(2026, 11, 20)
NOW_MS = END_MS + 9 * 3_600_000
SITE = Site(cores=4, gpus=4, api=True)
TROUBLES = (Trouble("cpu", 14, 15, 0.5), Trouble("errors", 10, 11, 0.02))
TOLERANCE = 1e-9
SERVERS = {"3.16": "prometheus", "2.42": "/usr/bin/prometheus"}


def list_samples() -> Iterator[SeriesBlock]:
    """The month of two engines, and a host with a service on the days that are compared."""
    for engine in make_engines():
        yield from list_blocks(engine)
    week_ago = (Day(date(2026, 11, 12)), Day(date(2026, 11, 13)))
    for days in (week_ago, (Day(date(2026, 11, 19)), Day(DAY, TROUBLES, ((3, 3.5),)))):
        for block in blocks(SITE, days):
            # Windows of Prometheus 2 have both edges; scrapes hardly ever meet one.
            yield replace(block, t_ms=block.t_ms - 7_000)


def build(source: Source) -> Report:
    return daily.build(source, load(), DAY, SEOUL, NOW_MS)


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Report:
    folder = tmp_path_factory.mktemp("embedded")
    with Store.open(folder, Options(durable=False), now_ms=lambda: NOW_MS) as store:
        store.load(list_samples())
        return build(Embedded(store, Engine()))


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return load_history(tmp_path_factory.mktemp("history"), list_samples())


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest, history: Path, tmp_path: Path) -> Iterator[Source]:
    data = shutil.copytree(history, tmp_path / "data")
    with (
        serve_history(tmp_path, data, SERVERS[request.param]) as url,
        contextlib.closing(PrometheusSource(PrometheusOptions(name="test", url=url))) as source,
    ):
        yield source


@dataclass(frozen=True)
class Pair:
    """A figure of both reports; None where only the other has it."""

    here: Figure | None
    there: Figure | None

    @property
    def is_exact(self) -> bool:
        """Whether it needs no anchored window, which a server may not have."""
        return all(one is None or "anchored" not in one.expr for one in (self.here, self.there))

    @property
    def difference(self) -> float:
        """The relative difference; 0 where both have no value."""
        if self.here is None or self.there is None:
            return math.inf
        one, other = self.here.value, self.there.value
        if one is None or other is None:
            return 0.0 if one is other else math.inf
        return abs(one - other) / max(abs(one), abs(other), 1.0)


def pair_figures(here: Report, there: Report) -> list[Pair]:
    """Every figure of one report with its like in the other."""
    own, other = (
        {identify(one): one for one in find_figures(each.blocks)} for each in (here, there)
    )
    return [Pair(own.get(key), other.get(key)) for key in sorted(own | other)]


def identify(figure: Figure) -> tuple[str | int, ...]:
    """What a figure is of, without what it came to."""
    where = (figure.metric, figure.series, figure.exporter, figure.fold.value, figure.unit)
    return (*where, figure.start_ms, figure.end_ms, figure.expr)


def print_row(name: str, pairs: list[Pair]) -> None:
    exact = [pair.difference for pair in pairs if pair.is_exact]
    counts = [pair.difference for pair in pairs if not pair.is_exact]
    both = [one for one in counts if one < math.inf]
    print(
        f"\nPrometheus {name}: {len(exact)} figures, greatest difference {max(exact):.1e};"
        f" {len(counts)} by anchored windows, {len(both)} of them in both,"
        f" greatest {max(both):.1e}"
    )


def test_every_figure_is_the_same(
    server: Source, embedded: Report, request: pytest.FixtureRequest
) -> None:
    name, report = request.node.callspec.id, build(server)
    pairs = pair_figures(embedded, report)
    print_row(name, pairs)
    has_anchored = name == "3.16"
    same = [pair for pair in pairs if has_anchored or pair.is_exact]
    assert [pair for pair in same if pair.difference > TOLERANCE] == []
    assert len(same) > 150
    figures = [pair.there for pair in pairs if pair.there]
    assert any(figure.estimated for figure in figures) is not has_anchored
