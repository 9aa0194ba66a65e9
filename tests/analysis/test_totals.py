"""The total of a metric over several sources: each gives the sum of its own series."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from jipyo.analysis.summary import summarise_earlier, summarise_metric
from jipyo.analysis.window import Window
from jipyo.catalogue import Summary, load
from jipyo.model.labels import Labels
from jipyo.promql import Engine
from jipyo.source import Embedded, Source
from jipyo.source.combined import CombinedSource
from jipyo.source.inventory import take_inventory
from jipyo.source.remote import Remote, RemoteOptions
from support.memory import MemoryStore
from support.sources import SteadyClock

if TYPE_CHECKING:
    from jipyo.analysis.summary import MetricSummary
    from jipyo.model.figure import Figure

END_MS, HOUR_MS = 1_795_186_800_000, 3_600_000
BEFORE, NOW = (Window(END_MS - hours * HOUR_MS, END_MS - (hours - 1) * HOUR_MS) for hours in (2, 1))


def serve(*instances: str, per_minute: float) -> Embedded:
    """Two hours of a counter of received bytes, twice as fast in the second."""
    store = MemoryStore()
    times = range(BEFORE.start_ms - 600_000, NOW.end_ms + 1, 60_000)
    values = [0.0]
    for t_ms in times[1:]:
        values.append(values[-1] + per_minute * (2 if t_ms > NOW.start_ms else 1))
    for instance in instances:
        labels = {"__name__": "node_network_receive_bytes_total", "device": "eno1"}
        store.put(Labels.of({**labels, "job": "node", "instance": instance}), times, values)
    return Embedded(store, Engine())


@pytest.mark.parametrize("hosts", [(), ("a",)])
def test_a_total_is_of_all_sources_now_and_in_the_window_compared(hosts: tuple[str, ...]) -> None:
    metric = load().get("system.network.receive")
    assert metric is not None
    remote = cast("Source", serve("b", "c", per_minute=6000.0))
    member = Remote("prod", remote, SteadyClock(END_MS), RemoteOptions())
    local = serve(*hosts, per_minute=600.0)
    source = CombinedSource(local, (member,))
    inventory = take_inventory(source, END_MS)
    now = summarise_metric(source, metric, NOW, inventory)
    before = summarise_earlier(source, now, BEFORE, inventory).summary
    per_minute = 2 * 6000.0 + 600.0 * len(hosts)
    assert len(now.series) == 2 + len(hosts)
    assert total(before, Summary.MAX).value == pytest.approx(per_minute / 60)
    assert total(before, Summary.TOTAL).value == pytest.approx(per_minute * 60)
    assert total(now, Summary.TOTAL).value == pytest.approx(2 * per_minute * 60)
    assert total(now, Summary.MAX).value == pytest.approx(2 * per_minute / 60)


def total(summary: MetricSummary, name: Summary) -> Figure:
    assert summary.total is not None
    return summary.total.figures[name]
