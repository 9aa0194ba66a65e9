"""The steps of a long window: minutes in this process, as fine as can be paid for from afar."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from jipyo.analysis.grid import choose_grid, coarsen
from jipyo.analysis.summary import summarise_earlier, summarise_metric
from jipyo.analysis.window import Window
from jipyo.catalogue import Metric, load
from jipyo.model.calendar import PeriodKind, parse_month, period_containing
from jipyo.model.labels import Labels
from jipyo.model.sample import SeriesBlock
from jipyo.promql import Engine
from jipyo.reports.data import find_window, gather
from jipyo.source import Embedded
from jipyo.source.combined import CombinedSource
from jipyo.source.embedded import is_read_from_afar
from jipyo.tsdb import Options, Store

if TYPE_CHECKING:
    from collections.abc import Iterator

SEOUL = ZoneInfo("Asia/Seoul")
MONTH = parse_month("2026-10", SEOUL)
MINUTE_MS = 60_000
HOSTS = 40
CATALOGUE = load()


def find_metric() -> Metric:
    found = CATALOGUE.get("system.memory.utilization")
    assert found is not None
    return found


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """A value every five minutes, higher from host to host; one host runs full on a day."""
    t_ms = np.arange(MONTH.start_ms - 31 * 86_400_000, MONTH.end_ms + 1, 5 * MINUTE_MS)
    store = Store.open(
        tmp_path_factory.mktemp("fleet"), Options(durable=False), now_ms=lambda: MONTH.end_ms
    )
    total = np.full((HOSTS, t_ms.size), 1e9)
    used = np.broadcast_to(np.arange(20.0, 20 + HOSTS)[:, None], total.shape).copy()
    full_ms = MONTH.start_ms + 10 * 86_400_000
    used[7, (t_ms > full_ms) & (t_ms <= full_ms + 3_600_000)] = 99.0
    for name, values in (("MemTotal", total), ("MemAvailable", total * (1 - used / 100))):
        series = tuple(
            Labels.of({"__name__": f"node_memory_{name}_bytes", "job": "node", "instance": str(i)})
            for i in range(HOSTS)
        )
        store.load([SeriesBlock(series, t_ms, values)])
    yield Embedded(store, Engine())
    store.close()


@pytest.fixture
def afar(embedded: Embedded) -> CombinedSource:
    return CombinedSource(embedded, ())


def test_only_the_store_of_this_process_is_read_by_the_minute_at_any_price(
    embedded: Embedded, afar: CombinedSource
) -> None:
    window, of = find_window(MONTH, MONTH.end_ms), find_metric()
    assert not is_read_from_afar(embedded)
    assert is_read_from_afar(afar)
    assert choose_grid(embedded, of, window, None) is window
    # 40 series x 44,640 minutes are 2.4 times as many values as may be asked for.
    assert choose_grid(afar, of, window, None).step_ms == 5 * MINUTE_MS
    day = find_window(period_containing(PeriodKind.DAY, date(2026, 10, 3), SEOUL), MONTH.end_ms)
    assert choose_grid(afar, of, day, None) is day


def test_longer_steps_give_the_same_where_values_stay_that_long(
    embedded: Embedded, afar: CombinedSource
) -> None:
    window, of = find_window(MONTH, MONTH.end_ms), find_metric()
    near, far = (summarise_metric(source, of, window) for source in (embedded, afar))
    assert far.window.step_ms == 5 * MINUTE_MS
    for one, other in zip(near.series, far.series, strict=True):
        assert (one.labels, one.state, one.critical_ms) == (
            other.labels,
            other.state,
            other.critical_ms,
        )
        assert one.stats.maximum == other.stats.maximum
        assert one.coverage == other.coverage == 1.0
    for one, other in zip(near.drawn, far.drawn, strict=True):
        assert one.values is not None
        assert one.days is not None
        assert other.days is not None
        assert other.values is not None
        # The last value of the full hour is at hand for four minutes of the next one.
        assert int((one.values != other.values).sum()) == (one.labels["instance"] == "7")
        assert np.allclose(one.days.mean, other.days.mean, rtol=1e-9)
        assert one.days.beyond.critical_ms.tolist() == other.days.beyond.critical_ms.tolist()
    before = find_window(MONTH.previous(), MONTH.end_ms)
    assert summarise_earlier(afar, far, before).summary.window.step_ms == 5 * MINUTE_MS


def test_a_report_says_which_steps_are_longer(afar: CombinedSource) -> None:
    few = replace(CATALOGUE, metrics=(find_metric(),))
    data = gather(afar, few, MONTH, MONTH.end_ms)
    assert data.coarse_steps == {5 * MINUTE_MS: 1}
    running = gather(afar, few, MONTH, MONTH.start_ms + 12_345 * MINUTE_MS)
    assert running.window.duration_ms == 12_300 * MINUTE_MS  # whole hours divide


@pytest.mark.parametrize(
    ("lengths_h", "wanted_m", "steps_m"),
    [((24, 24), 7, 5), ((24, 23), 60, 60), ((24, 24.5), 60, 30), ((24, 7 / 60), 30, 1)],
)
def test_steps_divide_every_day(lengths_h: tuple[float, ...], wanted_m: int, steps_m: int) -> None:
    ends_ms = tuple(int(end) for end in np.cumsum(lengths_h) * 3_600_000)
    window = Window(0, ends_ms[-1], day_ends_ms=ends_ms)
    assert coarsen(window, wanted_m * MINUTE_MS).step_ms == steps_m * MINUTE_MS
