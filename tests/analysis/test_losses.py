"""What was there and is no longer, while its target lives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jipyo.analysis.health import assess_catalogue
from jipyo.analysis.thresholds import State
from jipyo.analysis.wording import describe_verdict
from jipyo.catalogue import Catalogue, load
from jipyo.i18n import texts
from jipyo.model.labels import Labels
from jipyo.promql import Engine
from jipyo.source import Embedded
from support.memory import MemoryStore

if TYPE_CHECKING:
    from jipyo.analysis.health import Health

STEP_MS, MINUTE_MS, HOUR_MS = 15_000, 60_000, 3_600_000
NOW_MS = 1_795_186_800_000
LOSSES = Catalogue(tuple(metric for metric in load().metrics if metric.loss))
GPU, DISK = "DCGM_FI_DEV_GPU_TEMP", "node_filesystem_readonly"


def put(store: MemoryStore, name: str, ends_ms: int = 0, up: float = 1.0, **labels: str) -> None:
    """A series that began two hours ago and ended so long before now."""
    put_labels(store, {"__name__": name, **labels}, ends_ms, up)


def put_labels(
    store: MemoryStore, labels: dict[str, str], ends_ms: int = 0, up: float = 1.0
) -> None:
    full = Labels.of({"job": "node", "instance": "h", **labels})
    times = [*range(NOW_MS - 2 * HOUR_MS, NOW_MS - ends_ms + 1, STEP_MS)]
    store.put(full, times, [up] * len(times))


def assess(store: MemoryStore) -> Health:
    return assess_catalogue(Embedded(store, Engine()), LOSSES, NOW_MS)


def find_state(health: Health, metric_id: str) -> State:
    return next(one.state for one in health.metrics if one.metric.id == metric_id)


@pytest.mark.parametrize("ends_ms", [10 * MINUTE_MS, 90 * MINUTE_MS])
def test_a_gpu_that_is_gone_is_critical_and_named(ends_ms: int) -> None:
    store = MemoryStore()
    put(store, "up")
    for gpu in range(4):
        put(
            store,
            GPU,
            ends_ms if gpu == 2 else 0,
            gpu=str(gpu),
            UUID=f"GPU-{gpu}",
            modelName="H100",
        )
    health = assess(store)
    assert health.state is State.CRITICAL
    assert describe_verdict(health, texts("en")).startswith("Critical: GPUs gone: h · GPU 2 (")
    assert describe_verdict(health, texts("ko")).startswith("위험: 사라진 GPU: h · GPU 2 (")


def test_a_gpu_that_takes_the_number_of_a_lost_one_does_not_hide_it() -> None:
    store = MemoryStore()
    put(store, "up")
    put(store, GPU, 10 * MINUTE_MS, gpu="0", UUID="a")
    put(store, GPU, 10 * MINUTE_MS, gpu="1", UUID="b")
    full = Labels.of({"__name__": GPU, "job": "node", "instance": "h", "gpu": "0", "UUID": "b"})
    times = [*range(NOW_MS - 9 * MINUTE_MS, NOW_MS + 1, STEP_MS)]
    store.put(full, times, [40.0] * len(times))
    (lost,) = (one for one in assess(store).metrics if one.metric.id == "system.gpu.lost")
    assert [labels["UUID"] for labels in lost.gravest] == ["a"]


def test_a_gpu_that_came_back_is_ok() -> None:
    store = MemoryStore()
    put(store, "up")
    full = Labels.of({"__name__": GPU, "job": "node", "instance": "h", "gpu": "0", "UUID": "a"})
    away = range(NOW_MS - 40 * MINUTE_MS, NOW_MS - 5 * MINUTE_MS)
    times = [t for t in range(NOW_MS - 2 * HOUR_MS, NOW_MS + 1, STEP_MS) if t not in away]
    store.put(full, times, [40.0] * len(times))
    assert find_state(assess(store), "system.gpu.lost") is State.OK


def test_a_mount_that_is_gone_is_a_warning_and_one_of_a_container_is_not() -> None:
    store = MemoryStore()
    put(store, "up")
    put(store, DISK, fstype="ext4", mountpoint="/")
    put(store, DISK, 20 * MINUTE_MS, fstype="xfs", mountpoint="/data")
    put(store, DISK, 20 * MINUTE_MS, fstype="ext4", mountpoint="/var/lib/kubelet/pods/x/volumes")
    health = assess(store)
    assert health.state is State.WARNING
    assert describe_verdict(health, texts("en")).startswith("Warning: Mounts gone: h · /data (")


def test_what_a_target_that_is_down_had_is_not_lost() -> None:
    store = MemoryStore()
    put(store, "up", up=0.0)
    put(store, GPU, 20 * MINUTE_MS, gpu="0", UUID="a")
    assert find_state(assess(store), "system.gpu.lost") is State.UNKNOWN


def test_a_target_that_is_in_no_list_any_more_is_named_for_an_hour() -> None:
    store = MemoryStore()
    put(store, "up")
    put(store, "up", 20 * MINUTE_MS, instance="replica-2")
    put(store, "up", 80 * MINUTE_MS, instance="replica-3")
    health = assess(store)
    assert health.state is State.WARNING
    assert describe_verdict(health, texts("en")).startswith("Warning: Targets gone: replica-2 (")


UNREAD = {
    "hangs": ("jipyo_collect_hanging_parts", {"collector": "node", "part": "zfs"}, "node · zfs"),
    "skipped": (
        "jipyo_collect_skipped_members",
        {"collector": "dcgm", "part": "gpu", "member": "GPU 3"},
        "dcgm · GPU 3 · gpu",
    ),
    "file system": (
        "node_filesystem_device_error",
        {"mountpoint": "/mnt/nas", "fstype": "nfs4", "device_error": "mountpoint timeout"},
        "/mnt/nas",
    ),
}


def test_no_target_is_gone_while_nothing_is_collected() -> None:
    """As while jipyo is stopped: what it finds afterwards are no losses."""
    store = MemoryStore()
    for host in ("h", "i"):
        put(store, "up", 10 * MINUTE_MS, instance=host)
    assert find_state(assess(store), "system.collection.lost") is State.UNKNOWN


@pytest.mark.parametrize(("name", "labels", "named"), UNREAD.values(), ids=UNREAD)
def test_a_part_that_cannot_be_read_is_named_with_what_to_do(
    name: str, labels: dict[str, str], named: str
) -> None:
    store = MemoryStore()
    put(store, "up")
    put(store, "node_scrape_collector_success", collector="cpu")
    assert find_state(assess(store), "system.collection.partial") is State.OK
    put_labels(store, {"__name__": name, **labels})
    verdict = describe_verdict(assess(store), texts("en"))
    assert verdict.startswith(f"Warning: Parts not read: h · {named} (")
    assert verdict.endswith("a disk or a GPU does not answer.")


def test_a_file_system_that_nobody_may_read_is_none_of_them() -> None:
    store = MemoryStore()
    put(store, "node_scrape_collector_success", collector="cpu")
    error = "permission denied"
    put(store, "node_filesystem_device_error", mountpoint="/home/a/doc", device_error=error)
    assert find_state(assess(store), "system.collection.partial") is State.OK


def test_a_file_system_that_hangs_is_not_gone() -> None:
    store = MemoryStore()
    put(store, "up")
    put(store, DISK, 10 * MINUTE_MS, fstype="nfs4", mountpoint="/mnt", device_error="")
    labels = {"fstype": "nfs4", "mountpoint": "/mnt", "device_error": "mountpoint timeout"}
    full = Labels.of({"__name__": DISK, "job": "node", "instance": "h", **labels})
    times = [*range(NOW_MS - 9 * MINUTE_MS, NOW_MS + 1, STEP_MS)]
    store.put(full, times, [0.0] * len(times))
    assert find_state(assess(store), "system.disk.lost") is State.OK


@pytest.mark.parametrize(("ends_h", "state"), [(1, State.WARNING), (25, State.OK)])
def test_a_loss_is_reported_for_the_window_of_its_metric(ends_h: int, state: State) -> None:
    store = MemoryStore()
    put(store, "up")
    put(store, DISK, fstype="ext4", mountpoint="/")
    old = Labels.of({"__name__": DISK, "job": "node", "instance": "h", "mountpoint": "/old"})
    store.put(old, [NOW_MS - 26 * HOUR_MS, NOW_MS - ends_h * HOUR_MS], [0.0, 0.0])
    assert find_state(assess(store), "system.disk.lost") is state


@pytest.mark.parametrize(
    ("path", "state"),
    [
        ("pci-0000:00:14.0-usb-0:1:1.0-scsi-0:0:0:0", State.OK),
        ("pci-0000:00:1f.2-ata-1", State.CRITICAL),
        ("", State.CRITICAL),
    ],
)
def test_a_disk_that_is_pulled_from_usb_is_no_loss(path: str, state: State) -> None:
    store = MemoryStore()
    put(store, "up")
    for device, ends_ms in (("sda", 0), ("sdb", 10 * MINUTE_MS)):
        put(store, "node_disk_io_time_seconds_total", ends_ms, device=device)
        put(store, "node_disk_info", ends_ms, device=device, path=path if device == "sdb" else "")
    assert find_state(assess(store), "system.disk.device_lost") is state
