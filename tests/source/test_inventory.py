"""A host that is collected twice, by jipyo and by node_exporter, is one."""

from __future__ import annotations

import numpy as np
import pytest

from jipyo.catalogue import load
from jipyo.model.labels import Labels
from jipyo.promql import Engine
from jipyo.source import Embedded, Source
from jipyo.source.combined import CombinedSource
from jipyo.source.inventory import HostKey, identify_host, take_inventory
from jipyo.source.metric_data import MetricData, read_metric
from jipyo.source.remote import Remote
from support.memory import MemoryStore
from support.sources import SteadyClock

NOW_MS, MINUTE_MS, STEP_MS = 1_795_186_800_000, 60_000, 15_000
KNOWN = load()
BOOT_S = 1_795_000_000.0
Twin = tuple[str, str, float]


def store_hosts(
    *hosts: Twin, minutes: int = 10, store: MemoryStore | None = None, job: str = "job"
) -> MemoryStore:
    """Hosts by instance, node name and boot time, with 1 GiB/s on one interface."""
    store = store or MemoryStore()
    times = list(range(NOW_MS - minutes * MINUTE_MS, NOW_MS + 1, STEP_MS))
    for number, (instance, nodename, boot_s) in enumerate(hosts):
        target = {"instance": instance, "job": f"{job}{number}"}

        growing = [2.0**30 * (t - times[0]) / 1000 for t in times]
        for name, more, values in (
            ("up", {}, [1.0] * len(times)),
            ("node_uname_info", {"nodename": nodename}, [1.0] * len(times)),
            ("node_boot_time_seconds", {}, [boot_s] * len(times)),
            ("node_network_receive_bytes_total", {"device": "eth0"}, growing),
        ):
            store.put(Labels.of({"__name__": name, **target, **more}), times, values)
    return store


def read(store: MemoryStore, metric_id: str = "system.network.receive") -> MetricData:
    return read_from(Embedded(store, Engine()), metric_id)


def read_from(source: Source, metric_id: str = "system.network.receive") -> MetricData:
    metric = KNOWN.get(metric_id)
    assert metric is not None
    inventory = take_inventory(source, NOW_MS)
    return read_metric(source, metric, NOW_MS - 5 * MINUTE_MS, NOW_MS, MINUTE_MS, inventory)


@pytest.mark.parametrize(
    ("hosts", "instances"),
    [
        ([("web-1", "web-1", BOOT_S), ("10.0.0.5:9100", "web-1", BOOT_S)], ["web-1"]),
        ([("10.0.0.5:9100", "web-1", BOOT_S), ("web-1", "web-1", BOOT_S + 1)], ["web-1"]),
        # Cloned machines have one name, a rack of machines starts together.
        ([("a", "golden", BOOT_S), ("b", "golden", BOOT_S + 60)], ["a", "b"]),
        ([("a", "rack-1", BOOT_S), ("b", "rack-2", BOOT_S)], ["a", "b"]),
        ([("a", "", BOOT_S), ("b", "", BOOT_S)], ["a", "b"]),
        (
            [("a", "x", BOOT_S), ("a:9100", "x", BOOT_S), ("10.0.0.1:9100", "x", BOOT_S + 1)],
            ["a"],
        ),
    ],
)
def test_two_instances_are_one_host_by_node_name_and_boot_time(
    hosts: list[Twin], instances: list[str]
) -> None:
    data = read(store_hosts(*hosts))
    assert [labels["instance"] for labels in data.matrix.series] == instances
    assert data.matrix.values[:, -1].sum() == pytest.approx(2.0**30 * len(instances))
    assert len(data.queries) == len(instances)


def test_gaps_of_the_host_are_filled_by_its_twin() -> None:
    store = store_hosts(("10.0.0.5:9100", "web-1", BOOT_S))
    store_hosts(("web-1", "web-1", BOOT_S), minutes=2, store=store, job="own")
    data = read(store)
    (labels,) = data.matrix.series
    assert labels["instance"] == "web-1"
    assert data.matrix.present.all()
    assert np.allclose(data.matrix.values[0, :4], 2.0**30)


def test_targets_of_one_host_stay_apart() -> None:
    hosts = ("web-1", "web-1", BOOT_S), ("10.0.0.5:9100", "web-1", BOOT_S)
    assert len(read(store_hosts(*hosts), "system.collection.failed").matrix.series) == 2


def test_instances_with_the_same_gpu_are_one_host() -> None:
    store = MemoryStore()
    for instance, uuid in (("gpu-1", "GPU-a"), ("gpu-1:9400", "GPU-a"), ("gpu-2:9400", "GPU-b")):
        for name, value in (("DCGM_FI_DEV_GPU_TEMP", 40.0), ("DCGM_FI_DEV_POWER_USAGE", 300.0)):
            labels = {"__name__": name, "instance": instance, "gpu": "0", "UUID": uuid}
            store.put(Labels.of(labels), [NOW_MS - MINUTE_MS, NOW_MS], [value] * 2)
    assert take_inventory(Embedded(store, Engine()), NOW_MS).hosts == {
        ("", "gpu-1:9400"): ("", "gpu-1")
    }
    data = read(store, "system.gpu.power")
    assert [labels["instance"] for labels in data.matrix.series] == ["gpu-1", "gpu-2:9400"]
    assert data.matrix.values[:, -1].sum() == 600


def test_one_instance_scraped_by_two_jobs_is_counted_once() -> None:
    data = read(store_hosts(("web-1", "web-1", BOOT_S), ("web-1", "web-1", BOOT_S)))
    assert data.matrix.values[:, -1].tolist() == pytest.approx([2.0**30])


def combine(local: MemoryStore, **remotes: MemoryStore) -> CombinedSource:
    clock = SteadyClock(NOW_MS)
    return CombinedSource(
        Embedded(local, Engine()),
        tuple(Remote(name, Embedded(store, Engine()), clock) for name, store in remotes.items()),
    )


@pytest.mark.parametrize(
    ("local", "prod", "hosts"),
    [
        # Seen here and there, under one name or two.
        (("web-1", "web-1", BOOT_S), ("web-1", "web-1", BOOT_S), [("", "web-1")]),
        (("web-1", "web-1", BOOT_S), ("10.0.0.5:9100", "web-1", BOOT_S), [("", "web-1")]),
        # Two hosts that both call themselves so.
        (
            ("localhost:9100", "web-1", BOOT_S),
            ("localhost:9100", "web-2", BOOT_S),
            [("", "localhost:9100"), ("prod", "localhost:9100")],
        ),
    ],
)
def test_a_host_that_two_sources_see_is_counted_once(
    local: Twin, prod: Twin, hosts: list[HostKey]
) -> None:
    source = combine(store_hosts(local), prod=store_hosts(prod))
    data = read_from(source)
    assert [identify_host(labels) for labels in data.matrix.series] == hosts
    assert data.matrix.values[:, -1].sum() == pytest.approx(2.0**30 * len(hosts))
    seen_twice = take_inventory(source, NOW_MS).hosts
    assert seen_twice == ({("prod", prod[0]): hosts[0]} if len(hosts) == 1 else {})


def test_a_host_that_two_servers_see_is_counted_once() -> None:
    host = store_hosts(("web-1", "web-1", BOOT_S))
    source = combine(MemoryStore(), a=host, b=store_hosts(("web-1:9100", "web-1", BOOT_S)))
    assert [identify_host(each) for each in read_from(source).matrix.series] == [("a", "web-1")]


def test_what_one_source_lacks_the_other_fills() -> None:
    source = combine(
        store_hosts(("web-1", "web-1", BOOT_S), minutes=2),
        prod=store_hosts(("web-1", "web-1", BOOT_S)),
    )
    data = read_from(source)
    assert [identify_host(labels) for labels in data.matrix.series] == [("", "web-1")]
    assert data.matrix.present.all()
