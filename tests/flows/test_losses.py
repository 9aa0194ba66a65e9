"""From a member of a target that disappears to the verdict that names it, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from jipyo.analysis.health import assess_catalogue
from jipyo.analysis.thresholds import State
from jipyo.analysis.wording import describe_verdict
from jipyo.catalogue import Catalogue, load
from jipyo.collect.loop import Loop
from jipyo.collect.target import own_target
from jipyo.i18n import texts
from jipyo.model.family import Family, gauge
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.tsdb import Store
from support.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jipyo.analysis.health import Health

INTERVAL_MS = 15_000
SLOWEST_S, SLOWEST_BACK_S = 35, 20
Member = tuple[str, dict[str, str]]

GPU = ("DCGM_FI_DEV_GPU_TEMP", {"gpu": "2", "UUID": "GPU-2", "modelName": "H100"})
LOSSES: list[tuple[Member, str]] = [
    (GPU, "Critical: GPUs gone: h · GPU 2"),
    (("nvidia_smi_temperature_gpu", {"uuid": "GPU-2"}), "Critical: GPUs gone: h · GPU-2"),
    (
        ("node_filesystem_readonly", {"mountpoint": "/data", "fstype": "xfs"}),
        "Warning: Mounts gone: h · /data",
    ),
    (("windows_logical_disk_size_bytes", {"volume": "D:"}), "Warning: Mounts gone: h · D:"),
    (("node_disk_io_time_seconds_total", {"device": "sdb"}), "Critical: Disks gone: h · sdb"),
    (
        ("node_network_receive_bytes_total", {"device": "ens1f0np0"}),
        "Critical: Network interfaces gone: h · ens1f0np0",
    ),
    (
        ("windows_net_bytes_received_total", {"nic": "Intel X710 _2"}),
        "Critical: Network interfaces gone: h · Intel X710 _2",
    ),
    (("node_scrape_collector_success", {"collector": "zfs"}), "Warning: Parts not read: h · zfs"),
]
TRANSIENT: list[Member] = [
    ("node_filesystem_readonly", {"mountpoint": "/run/user/1000", "fstype": "tmpfs"}),
    ("node_filesystem_readonly", {"mountpoint": "/media/stick", "fstype": "vfat"}),
    ("node_filesystem_readonly", {"mountpoint": "/var/lib/docker/x", "fstype": "ext4"}),
    ("node_disk_io_time_seconds_total", {"device": "dm-7"}),
    ("node_disk_io_time_seconds_total", {"device": "rbd3"}),
    ("node_disk_io_time_seconds_total", {"device": "sr0"}),
    ("node_disk_io_time_seconds_total", {"device": "nvme0n1p3"}),
    ("node_network_receive_bytes_total", {"device": "veth12ab"}),
    ("node_network_receive_bytes_total", {"device": "cali1234"}),
    ("node_network_receive_bytes_total", {"device": "ens1f0v3"}),
    ("namedprocess_namegroup_num_procs", {"groupname": "cron"}),
    ("container_last_seen", {"name": "web-7f"}),
]
CATALOGUE = Catalogue(tuple(metric for metric in load().metrics if metric.loss))


@dataclass
class Site:
    """A host with members that a test takes away, scraped into a real store."""

    clock: FakeClock
    source: Embedded
    member: Member = ("", {})
    is_there: bool = True

    def collect(self, t_ms: int) -> list[Family]:
        name, labels = self.member
        rest = {key: "kept" if key != "fstype" else kind for key, kind in labels.items()}
        rows = [(tuple(rest.values()), 1.0)]
        is_part = name == "node_scrape_collector_success"
        if self.is_there or is_part:
            rows.append((tuple(labels.values()), float(self.is_there)))
        return [gauge(name, "Members.", tuple(labels), rows)]

    def assess(self, catalogue: Catalogue = CATALOGUE) -> Health:
        return assess_catalogue(self.source, catalogue, self.clock.now_ms())

    def count_seconds_until(self, *, is_ok: bool) -> int:
        for second in range(121):
            if (self.assess().state is State.OK) is is_ok:
                return second
            self.clock.advance(1000)
        pytest.fail("the verdict never changed")


@pytest.fixture
def site(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Site]:
    clock = FakeClock()
    with Store.open(tmp_path, now_ms=clock.now_ms) as store:
        made = Site(clock, Embedded(store, Engine()), request.param)
        loop = Loop(store, clock=clock)
        target = own_target([made], job="node", instance="h", interval_ms=INTERVAL_MS)
        loop.sync([target])
        clock.advance(3 * 60_000)
        yield made
        loop.stop()


@pytest.mark.parametrize(
    ("site", "verdict"), LOSSES, indirect=["site"], ids=[m[0][0] for m in LOSSES]
)
def test_what_is_gone_is_named_within_35_seconds_and_forgotten_when_it_is_back(
    site: Site, verdict: str
) -> None:
    assert site.assess().state is State.OK
    site.is_there = False
    assert site.count_seconds_until(is_ok=False) <= SLOWEST_S
    assert describe_verdict(site.assess(), texts("en")).startswith(verdict)
    site.clock.advance(10 * 60_000)
    assert describe_verdict(site.assess(), texts("en")).startswith(verdict)
    site.is_there = True
    assert site.count_seconds_until(is_ok=True) <= SLOWEST_BACK_S


@pytest.mark.parametrize(
    "site", TRANSIENT, indirect=True, ids=lambda member: "-".join([member[0], *member[1].values()])
)
def test_what_rightly_comes_and_goes_is_no_loss(site: Site) -> None:
    site.is_there = False
    site.clock.advance(60_000)
    assert not site.assess().in_state(State.WARNING)
    assert not site.assess().in_state(State.CRITICAL)


@pytest.mark.parametrize("site", [GPU], indirect=True)
def test_a_member_that_one_reading_misses_is_no_loss(site: Site) -> None:
    site.clock.advance(1)
    site.is_there = False
    site.clock.advance(INTERVAL_MS)
    site.is_there = True
    for _ in range(40):
        assert site.assess().state is State.OK
        site.clock.advance(1000)


@pytest.mark.parametrize("site", [GPU], indirect=True)
@pytest.mark.parametrize(
    ("removed", "is_ok"),
    [
        ({"gpu": "2"}, True),
        ({"instance": "h", "UUID": "GPU-2"}, True),
        ({"instance": "other", "gpu": "2"}, False),
        ({"mountpoint": "/data"}, False),
        ({"gpu": 'a"} or up{a="'}, False),
    ],
)
def test_what_was_removed_on_purpose_is_no_loss(
    site: Site, removed: dict[str, str], is_ok: bool
) -> None:
    site.is_there = False
    site.clock.advance(60_000)
    known = load(removed=[removed])
    losses = Catalogue(tuple(metric for metric in known.metrics if metric.loss))
    assert (site.assess(losses).state is State.OK) is is_ok
    assert known.removed == (removed,)
