"""Accelerators of four makers under the same metrics; a partitioned card is one card."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jipyo.analysis.summary import summarise_metric
from jipyo.analysis.window import Window
from jipyo.catalogue import Summary, load
from jipyo.model.labels import Labels
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.source.metric_data import read_metric
from support.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable

END_MS = 1_795_186_800_000
MINUTE_MS = 60_000
TIMES = range(END_MS - 70 * MINUTE_MS, END_MS + 1, MINUTE_MS)
KNOWN = load()


def put(
    store: MemoryStore, metric: str, labels: dict[str, str], value: float, per_minute: float = 0
) -> None:
    """A series of seventy minutes: a level, or a count that rises from it."""
    named = Labels.of({"__name__": metric, **labels})
    store.put(named, TIMES, (value + per_minute * nth for nth in range(len(TIMES))))


def answer(store: MemoryStore, metric_id: str) -> dict[str, float]:
    """The last value of each accelerator."""
    metric = KNOWN.get(metric_id)
    assert metric is not None
    data = read_metric(Embedded(store, Engine()), metric, END_MS, END_MS, MINUTE_MS)
    names = [labels.get("gpu", "") for labels in data.matrix.series]
    assert len(names) == len(set(names)), "an accelerator twice"
    return dict(zip(names, data.matrix.values[:, -1].tolist(), strict=True))


def nvidia() -> MemoryStore:
    """Two cards by dcgm-exporter; the second is cut into two MIG instances."""
    store = MemoryStore()
    joules_per_minute = 1000 * 300 * 60  # 300 W, in mJ
    for gpu, profiles in (("0", [{}]), ("1", [{"GPU_I_ID": "1"}, {"GPU_I_ID": "2"}])):
        for profile in profiles:
            labels = {"instance": "gpu1", "gpu": gpu, "UUID": f"GPU-{gpu}", **profile}
            energy = "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION"
            put(store, energy, labels, 1e9, joules_per_minute)
            put(store, "DCGM_FI_DEV_MEMORY_TEMP", labels, 61)
            put(store, "DCGM_FI_DEV_PCIE_REPLAY_COUNTER", labels, 0, 3)
            put(store, "DCGM_FI_DEV_SM_CLOCK", labels, 1980)
    return store


def test_the_energy_of_a_partitioned_card_counts_once() -> None:
    store = nvidia()
    assert answer(store, "system.gpu.energy") == pytest.approx({"0": 0.3, "1": 0.3})
    metric = KNOWN.get("system.gpu.energy")
    assert metric is not None
    window = Window(END_MS - 60 * MINUTE_MS, END_MS)
    total = summarise_metric(Embedded(store, Engine()), metric, window).headline
    assert total.figures[Summary.SUM].value == pytest.approx(0.6)
    assert total.figures[Summary.SUM].unit == "kilowatt_hours"


def test_tokens_are_divided_by_the_energy_and_the_number_of_cards() -> None:
    store = nvidia()
    for engine, server in (
        ("vllm:generation_tokens_total", "a"),
        ("sglang:generation_tokens_total", "b"),
    ):
        put(store, engine, {"instance": server, "model_name": "m"}, 0, 60 * 300)
    for name in ("vllm:request_success_total", "sglang:num_requests_total"):
        put(store, name, {"instance": name[:4], "model_name": "m"}, 0, 60)
    # 600 tokens and 2 requests a second over 600 W and two cards.
    assert answer(store, "ai.efficiency.tokens_per_joule") == pytest.approx({"": 1.0})
    assert answer(store, "ai.efficiency.tokens_per_kwh") == pytest.approx({"": 3.6e6})
    assert answer(store, "ai.efficiency.requests_per_kwh") == pytest.approx({"": 12_000})
    assert answer(store, "ai.efficiency.tokens_per_gpu_hour") == pytest.approx({"": 1_080_000})
    assert answer(store, "ai.efficiency.requests_per_gpu_hour") == pytest.approx({"": 3600})


def test_a_gateway_adds_no_tokens_to_the_efficiency() -> None:
    store = nvidia()
    put(store, "vllm:generation_tokens_total", {"instance": "a", "model_name": "m"}, 0, 60 * 600)
    put(
        store,
        "litellm_output_tokens_metric_total",
        {"instance": "g", "model": "alias"},
        0,
        60 * 600,
    )
    put(store, "dynamo_frontend_output_tokens_total", {"instance": "d", "model": "m"}, 0, 60 * 600)
    assert answer(store, "ai.efficiency.tokens_per_joule") == pytest.approx({"": 1.0})


def test_a_card_seen_by_two_exporters_is_one_card() -> None:
    store = nvidia()
    put(store, "vllm:generation_tokens_total", {"instance": "a", "model_name": "m"}, 0, 60 * 600)
    for gpu in ("0", "1"):
        labels = {"instance": "gpu1.example:9400", "gpu": gpu, "UUID": f"GPU-{gpu}"}
        put(store, "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", labels, 1e9, 1000 * 300 * 60)
    assert answer(store, "ai.efficiency.tokens_per_joule") == pytest.approx({"": 1.0})


def amd(store: MemoryStore) -> None:
    labels = {"instance": "mi300", "gpu_id": "0"}
    put(store, "gpu_gfx_activity", labels, 77)
    put(store, "gpu_used_vram", labels, 96_000)
    put(store, "gpu_total_vram", labels, 192_000)
    put(store, "gpu_junction_temperature", labels, 66)
    put(store, "gpu_package_power", labels, 500)
    put(store, "gpu_energy_consumed", labels, 0, 500 * 60 * 1e6)


RBLN = {
    "UTILIZATION": ("utilization", 77),
    "DRAM_USED": ("memory_used", 8),
    "DRAM_TOTAL": ("memory_total", 16),
    "TEMPERATURE": ("temperature", 66),
    "CARD_POWER": ("power", 60),
    "HEALTH": ("health", 0),
}


def rebellions(store: MemoryStore) -> None:
    """By an exporter before 0.2.4, memory in GiB."""
    for name, (_, value) in RBLN.items():
        put(store, f"RBLN_DEVICE_STATUS:{name}", {"instance": "atom", "name": "rbln0"}, value)


def rebellions_today(store: MemoryStore) -> None:
    """By an exporter that has dropped the old names."""
    for name, value in RBLN.values():
        put(store, f"rbln_npu_{name}", {"instance": "atom", "name": "rbln0"}, value)


def rebellions_between(store: MemoryStore) -> None:
    """By an exporter with both names."""
    rebellions(store)
    rebellions_today(store)


def furiosa(store: MemoryStore) -> None:
    for core in ("0", "1"):
        labels = {"instance": "rngd", "device": "npu0", "core": core}
        put(store, "furiosa_npu_core_utilization", labels, 70 + 14 * int(core))
    put(
        store,
        "furiosa_npu_hw_temperature",
        {"instance": "rngd", "device": "npu0", "label": "peak"},
        66,
    )
    put(store, "furiosa_npu_hw_power", {"instance": "rngd", "device": "npu0", "label": "rms"}, 150)
    put(store, "furiosa_npu_alive", {"instance": "rngd", "device": "npu0"}, 1)
    put(store, "furiosa_npu_dram_usage", {"instance": "rngd", "device": "npu0"}, 12 * 2**30)
    put(store, "furiosa_npu_dram_total", {"instance": "rngd", "device": "npu0"}, 48 * 2**30)


@pytest.mark.parametrize(
    ("fill", "name", "expected"),
    [
        (amd, "0", {"utilization": 77, "memory.utilization": 50, "temperature": 66, "power": 500,
                    "energy": 0.5}),
        *((fill, "rbln0", {"utilization": 77, "memory.utilization": 50, "temperature": 66,
                           "power": 60, "failed": 0})
          for fill in (rebellions, rebellions_today, rebellions_between)),
        (furiosa, "npu0", {"utilization": 77, "memory.utilization": 25, "temperature": 66,
                           "power": 150, "failed": 0}),
    ],
    ids=["AMD", "Rebellions before 0.2.4", "Rebellions", "Rebellions, both names", "FuriosaAI"],
)  # fmt: skip
def test_other_makers_have_the_same_metrics(
    fill: Callable[[MemoryStore], None], name: str, expected: dict[str, float]
) -> None:
    store = MemoryStore()
    fill(store)
    found = {key: answer(store, f"system.gpu.{key}") for key in expected}
    assert found == {key: pytest.approx({name: value}) for key, value in expected.items()}


@pytest.mark.parametrize(
    ("series", "labels", "bad"),
    [
        ("RBLN_DEVICE_STATUS:HEALTH", {"instance": "atom", "name": "rbln0"}, 1),
        ("rbln_npu_health", {"instance": "atom", "name": "rbln0"}, 1),
        ("furiosa_npu_alive", {"instance": "rngd", "device": "npu0"}, 0),
    ],
)
def test_an_accelerator_that_its_exporter_reports_as_failed_is_critical(
    series: str, labels: dict[str, str], bad: float
) -> None:
    store = MemoryStore()
    put(store, series, labels, bad)
    assert list(answer(store, "system.gpu.failed").values()) == [1]


@pytest.mark.parametrize("factor", [1e-3, 1000, 1e6])
def test_power_and_temperature_in_another_unit_are_not_shown(factor: float) -> None:
    """An exporter that expects another driver scales both wrongly."""
    store = MemoryStore()
    for name, value in (("TEMPERATURE", 66), ("CARD_POWER", 60)):
        labels = {"instance": "atom", "name": "rbln0"}
        put(store, f"RBLN_DEVICE_STATUS:{name}", labels, value * factor)
    put(store, "vllm:generation_tokens_total", {"instance": "a", "model_name": "m"}, 0, 600)
    assert answer(store, "system.gpu.temperature") == {}
    assert answer(store, "system.gpu.power") == {}
    assert answer(store, "ai.efficiency.tokens_per_joule") == {}


@pytest.mark.parametrize("fill", [rebellions, rebellions_today, rebellions_between])
def test_tokens_are_divided_by_the_energy_of_npus(fill: Callable[[MemoryStore], None]) -> None:
    store = MemoryStore()
    fill(store)
    put(store, "vllm:generation_tokens_total", {"instance": "a", "model_name": "m"}, 0, 60 * 120)
    assert answer(store, "ai.efficiency.tokens_per_joule") == pytest.approx({"": 2})
    assert answer(store, "ai.efficiency.tokens_per_gpu_hour") == pytest.approx({"": 432_000})


def test_the_power_of_another_exporter_is_not_that_of_an_amd_card() -> None:
    store = MemoryStore()
    put(store, "gpu_power_usage", {"instance": "gpu1", "index": "0"}, 300)
    assert answer(store, "system.gpu.power") == {}


def test_replays_and_memory_temperature_are_of_the_card() -> None:
    store = nvidia()
    assert answer(store, "system.gpu.pcie.replays") == pytest.approx({"0": 15, "1": 15})
    assert answer(store, "system.gpu.memory.temperature") == {"0": 61, "1": 61}
    assert answer(store, "system.gpu.clock") == {"0": 1980, "1": 1980}
