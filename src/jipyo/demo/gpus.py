"""Four GPUs: what dcgm-exporter gives of them, and what each does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.demo.day import STEP_S, TargetDay
from jipyo.demo.host import serve

if TYPE_CHECKING:
    from jipyo.model.sample import Values

GPU_MODEL = "NVIDIA H100 80GB HBM3"
MEMORY_MIB = 81_559.0
HOT = 2
"""The GPU whose fan fails."""


@dataclass(frozen=True, slots=True)
class DemoGpu:
    """One GPU: the process on it, and how busy it is."""

    process: str
    model: str
    idle: float
    """Utilisation without users, in percent."""
    gain: float
    """What a usual peak adds."""
    batch: float
    """What the nightly batch adds."""
    used_mib: float


CARDS = (
    DemoGpu("vllm", "qwen3-14b", 3, 60, 0, 63_900),
    DemoGpu("vllm", "qwen3-14b", 3, 59, 0, 63_880),
    DemoGpu("vllm", "exaone-4-32b", 2, 47, 0, 62_700),
    DemoGpu("text-embeddings", "bge-m3", 2, 12, 61, 9_400),
)


def add_gpus(target: TargetDay) -> None:
    """The series of all cards."""
    for index, card in enumerate(CARDS):
        _add_card(target, index, card)


def _add_card(target: TargetDay, index: int, card: DemoGpu) -> None:
    labels = {
        "gpu": str(index),
        "UUID": f"GPU-7c1e0f5a-0000-4d3a-9b10-00000000000{index}",
        "modelName": GPU_MODEL,
        "Hostname": "ai-node-1",
    }
    used = find_use(target, card)
    watts = np.round(72 + 5.6 * used * target.jitter(0.03), 3)
    heat = _find_heat(target, index, used)
    gauges: dict[str, Values | float] = {
        "GPU_UTIL": np.round(used),
        "MEM_COPY_UTIL": np.round(used * 0.6),
        "GPU_TEMP": np.round(heat),
        "MEMORY_TEMP": np.round(heat + 4),
        "POWER_USAGE": watts,
        "SM_CLOCK": np.where(heat > 84, 1590.0, 1755.0),
        "FB_USED": np.round(card.used_mib + 8 * used),
        "FB_FREE": MEMORY_MIB - np.round(card.used_mib + 8 * used),
        "ENC_UTIL": 0.0,
        "DEC_UTIL": 0.0,
    }
    for name, values in gauges.items():
        target.gauge(f"DCGM_FI_DEV_{name}", values, **labels)
    shares = {"GR_ENGINE_ACTIVE": 0.0095, "PIPE_TENSOR_ACTIVE": 0.0031, "DRAM_ACTIVE": 0.0058}
    for name, share in shares.items():
        target.gauge(f"DCGM_FI_PROF_{name}", np.round(used * share, 3), **labels)
    for name, per_percent in (("PCIE_TX_BYTES", 2.1e7), ("NVLINK_TX_BYTES", 3.4e8)):
        rate = np.round(used * per_percent * (index < 2 or "PCIE" in name))
        target.gauge(f"DCGM_FI_PROF_{name}", rate, **labels)
    # Millijoules, as DCGM counts.
    target.count("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", np.round(watts * STEP_S * 1e3), **labels)
    slowed = np.round(STEP_S * 1e9 * 0.02 * np.clip(heat - 84, 0, None))
    target.count("DCGM_FI_DEV_THERMAL_VIOLATION", slowed, **labels)
    for name in ("PCIE_REPLAY_COUNTER", "UNCORRECTABLE_REMAPPED_ROWS"):
        target.count(f"DCGM_FI_DEV_{name}", 0.0, **labels)
    for name in ("ROW_REMAP_FAILURE", "XID_ERRORS"):
        target.gauge(f"DCGM_FI_DEV_{name}", 0.0, **labels)
    size = np.round(card.used_mib * 2**20 * 0.985)
    owner = {"gpu": str(index), "process": card.process, "model": card.model}
    target.gauge("jipyo_gpu_process_memory_used_bytes", size, **owner)


def find_use(target: TargetDay, card: DemoGpu) -> Values:
    """How busy a card is, in percent."""
    day = target.day
    batch = card.batch * day.between_hours(2.0, 3.6)
    is_stopped = card.model == "qwen3-14b" and day.during(day.story.restart)
    used = (card.idle + card.gain * serve(day) + batch) * target.jitter(0.05)
    return np.clip(np.where(is_stopped, 0.0, used), 0, 99)


def _find_heat(target: TargetDay, index: int, used: Values) -> Values:
    """Degrees Celsius: higher where it is busy, and on the card with the broken fan."""
    heat = 34 + index + 0.44 * used * target.jitter(0.02)
    if index == HOT:
        heat = heat + np.where(target.day.during(target.day.story.hot), 4 + 0.3 * used, 0.0)
    return np.minimum(heat, 93)
