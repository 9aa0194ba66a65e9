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
