"""The daily report over a real Prometheus and over the embedded store: the same figures.

The same samples are in both. Over a server without anchored windows the counts are marked as
estimated, and every figure that is not is the same.
"""

from __future__ import annotations

import contextlib
import math
import re
import shutil
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
import urllib3

from catalogue.ai_month import END_MS, list_blocks, make_engines
from jipyo.catalogue import load
from jipyo.model.figure import Figure, Fold
from jipyo.promql import Engine
from jipyo.reports.document import find_figures
from jipyo.source import Embedded
from jipyo.source.prometheus import PrometheusOptions, PrometheusSource
from jipyo.tsdb import Options, Store
from jipyo.wire.exposition.write import format_series
from reports.building import build_daily
from reports.days import SEOUL, Day, Site, Trouble, blocks
from support.history import load_history
from support.metric_servers import built, packaged, prometheus, victoria

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jipyo.model.sample import SeriesBlock
    from jipyo.reports.document import Report
    from jipyo.source import Source

pytestmark = pytest.mark.integration

DAY = date(2026, 11, 20)
NOW_MS = END_MS + 9 * 3_600_000
SITE = Site(cores=4, gpus=4, api=True)
TROUBLES = (Trouble("cpu", 14, 15, 0.5), Trouble("errors", 10, 11, 0.02))
TOLERANCE, CLOSE = 1e-9, 0.05
DIFFERENCES = {
    "Prometheus 3.16": r"(?!)",
    "Prometheus 2.42": "anchored",
    "VictoriaMetrics": r"rate\(|increase\(",
}
"""The servers, and in which expressions they are documented to differ (docs/sources.md):
without anchored windows counts are extrapolated, and a rate of VictoriaMetrics begins at the
last sample before its window."""


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
    return build_daily(source, load(), DAY, SEOUL, NOW_MS)


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Report:
    folder = tmp_path_factory.mktemp("embedded")
    with Store.open(folder, Options(durable=False), now_ms=lambda: NOW_MS) as store:
        store.load(list_samples())
        return build(Embedded(store, Engine()))


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return load_history(tmp_path_factory.mktemp("history"), list_samples())


@contextlib.contextmanager
def serve(name: str, history: Path, folder: Path) -> Iterator[str]:
    """The URL of a server that has the samples."""
    if name == "VictoriaMetrics":
        with victoria(folder, built("victoria-metrics")) as server:
            import_samples(server.url)
            yield server.url
        return
    shutil.copytree(history, folder / "data")
    find = built if "3." in name else packaged
    with prometheus(folder, find("prometheus")) as server:
        yield server.url


def import_samples(url: str) -> None:
    """Each series in one request, and all of them to be seen by the next query."""
    for block in list_samples():
        for labels, values in zip(block.series, block.values, strict=True):
            series, times = format_series(labels), block.t_ms.tolist()
            pairs = zip(times, values.tolist(), strict=True)
            body = "\n".join(f"{series} {value!r} {t_ms}" for t_ms, value in pairs)
            urllib3.request("POST", f"{url}/api/v1/import/prometheus", body=body.encode())
    urllib3.request("GET", f"{url}/internal/force_flush")


@pytest.fixture(params=DIFFERENCES)
def server(request: pytest.FixtureRequest, history: Path, tmp_path: Path) -> Iterator[Source]:
    with (
        serve(request.param, history, tmp_path) as url,
        contextlib.closing(PrometheusSource(PrometheusOptions(name="test", url=url))) as source,
    ):
        yield source


@dataclass(frozen=True)
class Pair:
    """A figure of both reports; None where only the other has it."""

    here: Figure | None
    there: Figure | None

    def is_by(self, expressions: str) -> bool:
        """Whether it was computed by such an expression."""
        figure = self.here or self.there
        return figure is not None and re.search(expressions, figure.expr) is not None

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


def test_every_figure_is_the_same(
    server: Source, embedded: Report, request: pytest.FixtureRequest
) -> None:
    name, report = request.node.callspec.id, build(server)
    pairs = pair_figures(embedded, report)
    same = [pair.difference for pair in pairs if not pair.is_by(DIFFERENCES[name])]
    others = [pair.difference for pair in pairs if pair.is_by(DIFFERENCES[name])]
    close = [one for one in others if one < CLOSE]
    print(
        f"\n{name}: {len(same)} figures, greatest difference {max(same):.1e}; {len(others)} by"
        f" expressions that differ, {len(close)} of them by less than {CLOSE:.0%}"
    )
    assert [
        (pair.here, pair.there)
        for pair in pairs
        if not pair.is_by(DIFFERENCES[name]) and pair.difference > TOLERANCE
    ] == []
    assert len(same) >= 100
    # A stretch beyond a threshold may begin a minute earlier, which is another figure.
    assert len(close) >= len(others) / 4
    counts = [pair for pair in pairs if pair.there and pair.there.fold is Fold.TOTAL]
    assert {pair.there.estimated for pair in counts if pair.there} == {name == "Prometheus 2.42"}
    if name != "Prometheus 2.42":
        assert max(pair.difference for pair in counts) <= TOLERANCE
