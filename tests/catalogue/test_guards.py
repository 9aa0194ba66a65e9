"""What exporters say when they know nothing, and in which units, does not deceive a metric."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from jipyo.catalogue import load
from jipyo.model.labels import Labels
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.source.metric_data import read_metric
from support.memory import MemoryStore

NOW_MS = 1_795_186_800_000
MINUTE_MS, HOUR_MS = 60_000, 3_600_000
KNOWN = load()
BLANK_INT64, BLANK_INT32 = 0x7FFFFFFFFFFFFFF0, 0x7FFFFFF0
"""DCGM's "not supported" (dcgm_structs.h), and those just above it for other reasons."""
Series = dict[str, float | Callable[[float], float]]


def store(series: Series, hours: float = 0.5) -> MemoryStore:
    """A value a minute: a number, or a function of the seconds since the first."""
    made = MemoryStore()
    times = list(range(NOW_MS - int(hours * HOUR_MS), NOW_MS + 1, MINUTE_MS))
    for name, value in series.items():
        bare, _, inside = name.rstrip("}").partition("{")
        labels = dict(pair.split("=") for pair in inside.split(",") if pair)
        full = Labels.of({"__name__": bare, "instance": "h", **labels})
        compute = value if callable(value) else lambda _, constant=value: constant
        made.put(full, times, [compute((t - times[0]) / 1000) for t in times])
    return made


def value(metric_id: str, made: MemoryStore) -> list[float]:
    metric = KNOWN.get(metric_id)
    assert metric is not None
    measured = read_metric(Embedded(made, Engine()), metric, NOW_MS, NOW_MS, MINUTE_MS)
    return [float(one) for one in measured.matrix.values[measured.matrix.present]]


@pytest.mark.parametrize("blank", [BLANK_INT64, BLANK_INT64 + 3, float(2**63)])
def test_memory_that_dcgm_does_not_know_is_not_shown(blank: float) -> None:
    unknown: Series = {
        "DCGM_FI_DEV_FB_USED{gpu=0}": blank,
        "DCGM_FI_DEV_FB_FREE{gpu=0}": blank,
        "DCGM_FI_DEV_FB_USED{gpu=1}": 2048,  # MiB
        "DCGM_FI_DEV_FB_FREE{gpu=1}": 5120,
        "DCGM_FI_DEV_FB_RESERVED{gpu=1}": 1024,
    }
    assert value("system.gpu.memory.utilization", store(unknown)) == [25]


@pytest.mark.parametrize(
    ("metric_id", "name", "real"),
    [
        ("system.gpu.utilization", "DCGM_FI_DEV_GPU_UTIL", 100),
        ("system.gpu.temperature", "DCGM_FI_DEV_GPU_TEMP", 61),
        ("system.gpu.power", "DCGM_FI_DEV_POWER_USAGE", 72.5),
    ],
)
@pytest.mark.parametrize("blank", [BLANK_INT32, BLANK_INT64, 140737488355328.0])
def test_a_blank_of_dcgm_is_no_value(metric_id: str, name: str, real: float, blank: float) -> None:
    assert value(metric_id, store({f"{name}{{gpu=0}}": blank, f"{name}{{gpu=1}}": real})) == [real]


def test_energy_is_in_millijoules() -> None:
    served: Series = {
        "vllm:generation_tokens_total": lambda s: 600 * s,
        "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{gpu=0}": lambda s: 300_000 * s,  # 300 W
    }
    assert value("ai.efficiency.tokens_per_joule", store(served)) == pytest.approx([2])


@pytest.mark.parametrize(
    ("total", "free", "used"), [(0, 0, [0]), (8e9, 6e9, [25]), (8e9, 8e9, [0])]
)
def test_a_host_without_swap_uses_none_of_it(total: float, free: float, used: list[float]) -> None:
    swap: Series = {"node_memory_SwapTotal_bytes": total, "node_memory_SwapFree_bytes": free}
    assert value("system.memory.swap", store(swap)) == used


def shrinking(seconds: float) -> float:
    return 100e9 - seconds * 100e9 / (10 * 86_400)  # gone after ten days


@pytest.mark.parametrize(
    ("hours", "left", "days"),
    [
        (1, shrinking, []),  # a slope of an hour says nothing of days
        (4.9, shrinking, []),
        (7, shrinking, [10 - 7 / 24]),
        (7, lambda _: 100e9, []),  # nothing shrinks
        (7, lambda s: 50e9 + s, []),
    ],
)
def test_a_slope_needs_enough_history(
    hours: float, left: Callable[[float], float], days: list[float]
) -> None:
    disk: Series = {"node_filesystem_avail_bytes{mountpoint=/data,fstype=ext4}": left}
    assert value("system.disk.days_to_full", store(disk, hours)) == pytest.approx(days, rel=0.01)


def test_a_ratio_of_nothing_is_no_value() -> None:
    idle: Series = {
        "http_requests_total{status=2xx}": 5,
        "http_requests_total{status=5xx}": 0,
    }
    assert value("app.error_rate", store(idle)) == []
    assert not np.isnan(value("system.memory.swap", store({}))).any()


def rising(per_second: float) -> Callable[[float], float]:
    return lambda seconds: per_second * seconds


MIB = float(1 << 20)
PHYSICAL = ("eth0", "eth1", "enp3s0f0", "ens5", "ib0", "wlan0")
STACKED = ("bond0", "bond0.100", "eth0.20", "vlan30", "br0", "vmbr0", "docker0", "veth1a", "lo",
           "br-4f1", "team0", "wg0", "tun0", "virbr0", "cilium_host", "flannel.1")  # fmt: skip


@pytest.mark.parametrize("way", ["receive", "transmit"])
def test_what_passes_two_nics_is_counted_once_whatever_stands_on_them(way: str) -> None:
    name = f"node_network_{way}_bytes_total"
    series: Series = {f"{name}{{device={device}}}": rising(50 * MIB) for device in PHYSICAL[:2]}
    series |= {f"{name}{{device={device}}}": rising(100 * MIB) for device in STACKED}
    # A bond may have any name; the kernel's flags tell (IFF_MASTER 0x400, IFF_SLAVE 0x800).
    series[f"{name}{{device=uplink}}"] = rising(100 * MIB)
    series |= {
        "node_network_flags{device=uplink}": 0x1443,
        "node_network_flags{device=eth0}": 0x1843,
    }
    assert value(f"system.network.{way}", store(series)) == [50 * MIB, 50 * MIB]


@pytest.mark.parametrize("way", ["receive", "transmit"])
@pytest.mark.parametrize(
    "known",
    [
        # As node_exporter has it: the interface was named by a user (NET_NAME_USER).
        {"node_network_name_assign_type{device=DEVICE}": {"ens5": 4, "storage": 3, "lan": 3}},
        # As our own collector has it; a container's end of a veth is named by its maker, too.
        {
            "jipyo_network_stacked{device=DEVICE}": {"ens5": 0, "storage": 1, "lan": 1},
            "node_network_name_assign_type{device=DEVICE}": {"ens5": 3, "storage": 3, "lan": 3},
        },
    ],
)
def test_vlans_and_bridges_of_any_name_are_not_counted_again(
    way: str, known: dict[str, dict[str, float]]
) -> None:
    name = f"node_network_{way}_bytes_total"
    devices = ("ens5", "storage", "lan")
    series: Series = {f"{name}{{device={device}}}": rising(MIB) for device in devices}
    for metric, values in known.items():
        series |= {metric.replace("DEVICE", device): value for device, value in values.items()}
    assert value(f"system.network.{way}", store(series)) == [MIB]


def test_errors_are_those_of_all_kinds_at_physical_interfaces() -> None:
    series: Series = {"node_network_flags{device=uplink}": 0x1443}
    for kind in ("receive_errs", "receive_drop", "transmit_errs", "transmit_drop"):
        for device in ("eth0", "eth1", "uplink", "veth1"):
            series[f"node_network_{kind}_total{{device={device}}}"] = rising(3)
    assert value("system.network.errors", store(series)) == [24]


def test_cores_that_two_jobs_read_are_counted_once() -> None:
    series: Series = {"node_load5{job=a}": 8.0}
    for job in ("a", "b"):
        for cpu in range(8):
            series[f"node_cpu_seconds_total{{job={job},cpu={cpu},mode=idle}}"] = rising(1)
    assert value("system.cpu.load", store(series)) == [100]


@pytest.mark.parametrize(
    ("arc", "minimum", "headroom"), [(None, 0, 9.375), (180, 8, 76.5625), (4, 8, 9.375)]
)
def test_the_cache_of_zfs_is_headroom_above_its_minimum(
    arc: float | None, minimum: float, headroom: float
) -> None:
    series: Series = {"node_memory_MemTotal_bytes": 256.0, "node_memory_MemAvailable_bytes": 24.0}
    if arc is not None:
        series |= {"node_zfs_arc_size": arc, "node_zfs_arc_c_min": minimum}
    assert value("system.efficiency.memory_headroom", store(series)) == [headroom]


def test_connections_of_a_web_server_are_no_sessions() -> None:
    series: Series = {
        "jipyo_active_sessions{job=app}": 42.0,
        "nginx_connections_active{job=nginx}": 1.0,
        "haproxy_frontend_current_sessions{proxy=www}": 7.0,
    }
    assert value("app.sessions.active", store(series)) == [42]
    assert sorted(value("app.server.connections", store(series))) == [1, 7]


@pytest.mark.parametrize(("is_application", "rates"), [(True, [10]), (False, [10])])
def test_requests_through_a_proxy_are_counted_once(
    is_application: bool, rates: list[float]
) -> None:
    series: Series = {"nginx_http_requests_total{job=nginx}": rising(10)}
    series |= {"traefik_service_requests_total{service=app}": rising(10)}
    if is_application:
        series["http_requests_total{job=app,handler=/}"] = rising(10)
    assert value("app.throughput", store(series)) == rates


@pytest.mark.parametrize("device", PHYSICAL)
def test_a_physical_interface_is_counted(device: str) -> None:
    series: Series = {f"node_network_receive_bytes_total{{device={device}}}": rising(MIB)}
    assert value("system.network.receive", store(series)) == [MIB]


def test_disks_under_lvm_multipath_and_raid_are_counted_once() -> None:
    series: Series = {}
    for way in ("read", "written"):
        name = f"node_disk_{way}_bytes_total"
        series |= {
            f"{name}{{device={device}}}": rising(MIB) for device in ("sda", "sdb", "nvme0n1")
        }
        for device in ("dm-0", "dm-12", "md0", "md127", "zd0", "sda1", "nvme0n1p2", "loop3"):
            series[f"{name}{{device={device}}}"] = rising(2 * MIB)
    assert value("system.disk.throughput", store(series)) == [2 * MIB] * 3


@pytest.mark.parametrize(
    ("arc", "minimum", "used"), [(None, 0, 90.625), (180, 8, 23.4375), (4, 8, 90.625)]
)
def test_the_cache_of_zfs_is_available_above_its_minimum(
    arc: float | None, minimum: float, used: float
) -> None:
    series: Series = {"node_memory_MemTotal_bytes": 256.0, "node_memory_MemAvailable_bytes": 24.0}
    if arc is not None:
        series |= {"node_zfs_arc_size": arc, "node_zfs_arc_c_min": minimum}
    assert value("system.memory.utilization", store(series)) == [used]


@pytest.mark.parametrize(
    ("series", "count"),
    [
        ({"jipyo_gpu_xid_errors_total{gpu=0}": lambda s: 2.0 * (s >= 1680)}, 2),
        (
            {  # the same code twice: the last value does not change
                "jipyo_gpu_xid_errors_total{gpu=0}": lambda s: 1.0 + (s >= 1740),
                "DCGM_FI_DEV_XID_ERRORS{gpu=0}": 79.0,
            },
            1,
        ),
        (
            {"DCGM_EXP_XID_ERRORS_COUNT{gpu=0,xid=79}": 2.0, "DCGM_FI_DEV_XID_ERRORS{gpu=0}": 79.0},
            2,
        ),
        ({"DCGM_FI_DEV_XID_ERRORS{gpu=0}": lambda s: 79.0 * (s >= 1740)}, 1),
    ],
)
def test_xid_errors_are_counted_by_event(series: Series, count: float) -> None:
    assert value("system.gpu.xid", store(series)) == [count]


@pytest.mark.parametrize(
    ("labelled", "correct", "ratio"),
    [
        (200.0, 184.0, 92),  # pushed once
        (lambda s: 200.0 + 100 * (s >= 600), lambda s: 184.0 + 56 * (s >= 600), 80),
        (0.0, 0.0, None),
    ],
)
def test_accuracy_has_a_value_from_the_first_push(
    labelled: float | Callable[[float], float],
    correct: float | Callable[[float], float],
    ratio: float | None,
) -> None:
    series: Series = {
        "jipyo_predictions_labelled_total{model=m}": labelled,
        "jipyo_predictions_correct_total{model=m}": correct,
    }
    assert value("ai.model.accuracy", store(series)) == ([] if ratio is None else [ratio])


def test_accuracy_of_a_day_without_cases_is_no_value() -> None:
    series: Series = {
        "jipyo_predictions_labelled_total{model=m}": 200.0,
        "jipyo_predictions_correct_total{model=m}": 184.0,
    }
    assert value("ai.model.accuracy", store(series, hours=25)) == []
