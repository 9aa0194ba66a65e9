"""What a daily report asks its source: as many queries as there are metrics, whatever the fleet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from bench.fleet import DAY_MS, list_blocks

from jipyo.analysis.comparison import compare
from jipyo.analysis.summary import summarise_earlier, summarise_metric
from jipyo.analysis.window import Window
from jipyo.catalogue import Metric, load
from jipyo.model.result import RawMatrix
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.source.inventory import take_inventory
from jipyo.source.recording import QueryKind, RecordingSource
from jipyo.tsdb import Options, Store
from reports.building import build_daily

END_MS = 1_795_132_800_000
TODAY = Window(END_MS - DAY_MS, END_MS)
BEFORE = Window(END_MS - 2 * DAY_MS, END_MS - DAY_MS)
CATALOGUE = load()
Fleet = Callable[[int], RecordingSource]


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """A fleet of so many hosts over two days, whose queries are recorded."""
    stores: list[Store] = []

    def build(hosts: int) -> RecordingSource:
        options = Options(durable=False, retention_ms=None, out_of_order_ms=None)
        path = tmp_path_factory.mktemp(f"fleet{hosts}")
        store = Store.open(path, options, now_ms=lambda: END_MS)
        stores.append(store)
        for start_ms in (BEFORE.start_ms, TODAY.start_ms):
            store.load(list(list_blocks(hosts, start_ms)))
        return RecordingSource(Embedded(store, Engine()), now_s=lambda: 0.0)

    yield build
    for store in stores:
        store.close()


@pytest.fixture(scope="module")
def two_hosts(fleet: Fleet) -> RecordingSource:
    return fleet(2)


def write(source: RecordingSource) -> Counter[str]:
    """The number of queries for each purpose, after a report."""
    source.queries.clear()
    day = datetime.fromtimestamp(TODAY.start_ms / 1000, UTC).date()
    build_daily(source, CATALOGUE, day, ZoneInfo("UTC"), END_MS)
    return Counter(query.purpose for query in source.queries)


def test_queries_grow_with_metrics_and_not_with_hosts(
    fleet: Fleet, two_hosts: RecordingSource
) -> None:
    small, large = write(two_hosts), write(fleet(12))
    assert small.keys() == large.keys()
    metrics = sum("." in purpose for purpose in small)
    assert metrics > 65
    assert large.total() <= 6 * metrics
    # Whether the minutes before the day are needed depends on the values at its first minute.
    assert large.total() - small.total() <= 0.1 * small.total()
    assert max(large.values()) <= 16


def test_no_metric_is_read_as_raw_samples(two_hosts: RecordingSource) -> None:
    write(two_hosts)
    for query in two_hosts.queries:
        if query.kind is QueryKind.INSTANT:
            answer = two_hosts.source.instant(query.expr, END_MS).value
            assert not isinstance(answer, RawMatrix) or query.expr == "up[600s]"


@pytest.mark.parametrize("metric", CATALOGUE.metrics, ids=lambda metric: metric.id)
def test_what_is_read_of_an_earlier_day_is_what_the_whole_of_it_gives(
    two_hosts: RecordingSource, metric: Metric
) -> None:
    inventory = take_inventory(two_hosts, END_MS)
    now = summarise_metric(two_hosts, metric, TODAY, inventory)
    if not now.series:
        return
    some = compare(now, summarise_earlier(two_hosts, now, BEFORE, inventory).summary)
    whole = compare(now, summarise_metric(two_hosts, metric, BEFORE, inventory))
    assert some is not None
    assert whole is not None
    assert (some.change is None) == (whole.change is None)
    if some.change is not None and whole.change is not None:
        assert some.change.before.value == pytest.approx(whole.change.before.value, rel=1e-12)
        assert some.change.before.expr == whole.change.before.expr
        assert some.change.delta.value == pytest.approx(whole.change.delta.value, abs=1e-9)
    if whole.gravest is not None and (now.total is None or now.series[0].breaches):
        assert some.gravest is not None
        assert some.gravest.worst == whole.gravest.worst
        assert some.gravest.stats == whole.gravest.stats
        drawn, among_all = some.gravest.values, whole.gravest.values
        assert drawn is not None
        assert among_all is None or np.array_equal(drawn, among_all, equal_nan=True)
