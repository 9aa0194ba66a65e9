"""A year of one system with 20 objectives: what it costs to count them, and to go on each minute.

`python -m bench slo`. 17 objectives count requests of counters and histograms, sampled once a
minute and every 15 seconds over the last four days (hourly statistics do not depend on how often
was sampled); three count minutes, sampled every 15 seconds. The last line is the peer: one of the
17 as two plain queries over the whole year, from samples. BENCH_DAYS=30 for less.
"""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from bench.machine import describe_machine
from jipyo.analysis.slo.derive import count_series
from jipyo.analysis.slo.evaluate import evaluate_levels
from jipyo.analysis.slo.objective import (
    LatencyIndicator,
    RatioIndicator,
    ServiceLevelObjective,
    SloPeriod,
    TimeIndicator,
)
from jipyo.analysis.slo.read import CountReader
from jipyo.catalogue.metric import Compare
from jipyo.model.bilingual import Bilingual
from jipyo.model.calendar import PeriodKind
from jipyo.model.labels import Labels
from jipyo.model.sample import SeriesBlock
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.tsdb import Options, Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.model.sample import Times

DAY_MS, MINUTE_MS = 86_400_000, 60_000
DAYS = int(os.environ.get("BENCH_DAYS", "365"))
NOW_MS = 1_798_686_000_000
"""2026-12-31T12:00 in Seoul."""
SEOUL = ZoneInfo("Asia/Seoul")
GOAL_S = 2.0
SERVICES, SITES = 8, 3
_TARGET = Fraction("0.999")


def list_blocks(t_ms: Times) -> Iterator[SeriesBlock]:
    """Counters and a histogram of each service."""
    rng = np.random.default_rng(5)
    for service in range(SERVICES):
        labels = {"job": f"service{service}", "instance": "a"}
        rates = {"200": 100.0, "404": 3.0, "500": 0.05}
        names: list[dict[str, str]] = [{"code": code} for code in rates]
        rows = [np.cumsum(rng.poisson(rate, len(t_ms))) for rate in rates.values()]
        for le, share in (("0.5", 0.8), ("1.0", 0.95), ("2.0", 0.998), ("+Inf", 1.0)):
            names.append({"le": le})
            rows.append(np.floor(np.cumsum(np.full(len(t_ms), 103.0)) * share))
        series = tuple(
            Labels.of({**labels, **own, "__name__": "x_bucket" if "le" in own else "x_total"})
            for own in names
        )
        yield SeriesBlock(series, t_ms, np.stack(rows).astype(np.float64))


def list_sites() -> Iterator[SeriesBlock]:
    """Whether each site answers."""
    t_ms = np.arange(NOW_MS - (DAYS + 1) * DAY_MS, NOW_MS + 1, 15_000)
    rng = np.random.default_rng(6)
    for nth in range(SITES):
        labels = Labels.of({"__name__": "up_site", "site": f"s{nth}"})
        up = (rng.random((1, len(t_ms))) > 0.0003).astype(np.float64)
        yield SeriesBlock((labels,), t_ms, up)


def list_objectives(kind: PeriodKind) -> Iterator[ServiceLevelObjective]:
    """Errors and latency of each service, all services together, and the sites."""
    one = ServiceLevelObjective(
        id="", name=Bilingual("", ""), target=_TARGET, indicators=(), period=SloPeriod(kind)
    )
    for job in (*(f'job="service{nth}"' for nth in range(SERVICES)), 'job!=""'):
        total, bad = (count_series(f"x_total{{{job}{more}}}", ()) for more in ("", ',code="500"'))
        yield replace(one, id=f"errors {job}", indicators=(RatioIndicator(total, bad=bad),))
    for nth in range(SERVICES):
        buckets = LatencyIndicator(f'x_bucket{{job="service{nth}"}}', 2.0)
        yield replace(one, id=f"latency {nth}", indicators=(buckets,))
    for nth in range(SITES):
        site = TimeIndicator(f'up_site{{site="s{nth}"}}', Compare.AT_LEAST, 1.0)
        yield replace(one, id=f"site {nth}", indicators=(site,))


def main() -> None:
    """Print the table."""
    print(describe_machine())
    with tempfile.TemporaryDirectory(prefix="jipyo-slo-") as folder:
        options = Options(retention_ms=None)
        with Store.open(Path(folder), options, now_ms=lambda: NOW_MS) as store:
            fill(store)
            measure(Embedded(store, Engine()))


def fill(store: Store) -> None:
    """The year up to now, with hourly statistics."""
    fine_ms = NOW_MS - 4 * DAY_MS
    coarse = np.arange(NOW_MS - (DAYS + 1) * DAY_MS, fine_ms, MINUTE_MS)
    t_ms = np.concatenate((coarse, np.arange(fine_ms, NOW_MS + 1, 15_000)))
    store.load([*list_blocks(t_ms), *list_sites()])
    while store.maintain():
        pass


def measure(source: Embedded) -> None:
    """The whole year anew, the next minute with what is known, and a month."""
    year = tuple(list_objectives(PeriodKind.YEAR))
    requests = [one for one in year if not one.id.startswith("site")]
    kept = CountReader(source)
    for title, objectives, reader, now_ms, goal_s in (
        ("a year, 17 by requests", requests, CountReader(source), NOW_MS, None),
        ("a year, all 20", year, kept, NOW_MS, GOAL_S),
        ("the next minute", year, kept, NOW_MS + MINUTE_MS, None),
        ("a month, all 20", tuple(list_objectives(PeriodKind.MONTH)), CountReader(source), NOW_MS,
         None),
    ):  # fmt: skip
        started, cpu = time.perf_counter(), time.process_time()
        results = evaluate_levels(reader, objectives, now_ms, SEOUL)
        cpu, seconds = time.process_time() - cpu, time.perf_counter() - started
        assert all(result.refusal is None for result in results)
        mark = "  (goal missed)" if goal_s is not None and cpu > goal_s else ""
        print(f"{title:<26}{cpu:6.2f} s of CPU, {seconds:6.2f} s{mark}")
    found = evaluate_levels(CountReader(source), requests[:1], NOW_MS, SEOUL)
    started_s = time.process_time()
    for result in found:
        for expr in result.expressions.values():
            source.instant(expr, result.cut_ms)
    print(f"{'one of 17 from samples':<26}{time.process_time() - started_s:6.2f} s of CPU")
