"""The fields of one GPU, under dcgm-exporter's names and in its units."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from jipyo.model.sample import MetricType

Nvml = Any
"""The module pynvml, which carries no types."""
Handle = Any
Ask = Callable[[Nvml, Handle], float]

_C, _G = MetricType.COUNTER, MetricType.GAUGE
MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class GpuField:
    """One metric of a GPU and the call of NVML that reads it."""

    name: str
    kind: MetricType
    text: str
    ask: Ask


def build_fields() -> tuple[GpuField, ...]:
    """Every field, in the order of an exposition; a GPU or a driver may lack any."""
    return (
        *_build_clocks(),
        *_build_temperatures(),
        *_build_power(),
        *_build_utilization(),
        *_build_links(),
        *_build_faults(),
    )


def build_memory_fields() -> tuple[GpuField, ...]:
    """Framebuffer sizes in MiB; of a MIG instance too."""
    return tuple(
        GpuField(
            f"DCGM_FI_DEV_FB_{name}", _G, f"Framebuffer memory {what} (in MiB).", _ask_memory(part)
        )
        for name, part, what in (
            ("TOTAL", "total", "there is"),
            ("FREE", "free", "free"),
            ("USED", "used", "used"),
            ("RESERVED", "reserved", "reserved by the driver"),
        )
    )


def _ask_memory(part: str) -> Ask:
    def ask(nvml: Nvml, handle: Handle) -> float:
        try:
            memory = nvml.nvmlDeviceGetMemoryInfo(handle, version=nvml.nvmlMemory_v2)
        except (nvml.NVMLError_FunctionNotFound, nvml.NVMLError_NotSupported):
            # An older driver counts what it reserves as used and names no such part.
            memory = nvml.nvmlDeviceGetMemoryInfo(handle)
            if part == "reserved":
                raise
        return float(getattr(memory, part)) / MIB

    return ask


def _build_clocks() -> Iterator[GpuField]:
    yield GpuField(
        "DCGM_FI_DEV_SM_CLOCK",
        _G,
        "SM clock frequency (in MHz).",
        lambda nvml, gpu: nvml.nvmlDeviceGetClockInfo(gpu, nvml.NVML_CLOCK_SM),
    )
    yield GpuField(
        "DCGM_FI_DEV_MEM_CLOCK",
        _G,
        "Memory clock frequency (in MHz).",
        lambda nvml, gpu: nvml.nvmlDeviceGetClockInfo(gpu, nvml.NVML_CLOCK_MEM),
    )
    yield GpuField(
        "DCGM_FI_DEV_PSTATE",
        _G,
        "Performance state (0 is the fastest).",
        lambda nvml, gpu: nvml.nvmlDeviceGetPerformanceState(gpu),
    )
    yield GpuField(
        "DCGM_FI_DEV_CLOCKS_EVENT_REASONS",
        _G,
        "Why clocks are held back (bit mask, nvml.h nvmlClocksEventReason*).",
        lambda nvml, gpu: nvml.nvmlDeviceGetCurrentClocksEventReasons(gpu),
    )


def _build_temperatures() -> Iterator[GpuField]:
    yield GpuField(
        "DCGM_FI_DEV_GPU_TEMP",
        _G,
        "GPU temperature (in C).",
        lambda nvml, gpu: nvml.nvmlDeviceGetTemperature(gpu, nvml.NVML_TEMPERATURE_GPU),
    )
    yield GpuField(
        "DCGM_FI_DEV_MEMORY_TEMP",
        _G,
        "Memory temperature (in C).",
        lambda nvml, gpu: _read_field_value(nvml, gpu, nvml.NVML_FI_DEV_MEMORY_TEMP),
    )
    yield GpuField(
        "DCGM_FI_DEV_GPU_TEMP_LIMIT",
        _G,
        "Degrees left before the clocks are slowed down (in C).",
        lambda nvml, gpu: nvml.nvmlDeviceGetMarginTemperature(gpu),
    )
    for name, threshold, text in (
        ("SLOWDOWN_TEMP", "SLOWDOWN", "Temperature at which clocks are slowed down (in C)."),
        ("SHUTDOWN_TEMP", "SHUTDOWN", "Temperature at which the GPU shuts down (in C)."),
        ("GPU_MAX_OP_TEMP", "GPU_MAX", "Highest operating temperature of the GPU (in C)."),
        ("MEM_MAX_OP_TEMP", "MEM_MAX", "Highest operating temperature of the memory (in C)."),
    ):
        yield GpuField(f"DCGM_FI_DEV_{name}", _G, text, _ask_threshold(threshold))


def _ask_threshold(name: str) -> Ask:
    def ask(nvml: Nvml, gpu: Handle) -> float:
        which = getattr(nvml, f"NVML_TEMPERATURE_THRESHOLD_{name}")
        return float(nvml.nvmlDeviceGetTemperatureThreshold(gpu, which))

    return ask


def _build_power() -> Iterator[GpuField]:
    yield GpuField(
        "DCGM_FI_DEV_POWER_USAGE",
        _G,
        "Power draw (in W).",
        lambda nvml, gpu: nvml.nvmlDeviceGetPowerUsage(gpu) / 1000,
    )
    yield GpuField(
        "DCGM_FI_DEV_ENFORCED_POWER_LIMIT",
        _G,
        "Power limit in force (in W).",
        lambda nvml, gpu: nvml.nvmlDeviceGetEnforcedPowerLimit(gpu) / 1000,
    )
    yield GpuField(
        "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION",
        _C,
        "Total energy consumption since boot (in mJ).",
        lambda nvml, gpu: nvml.nvmlDeviceGetTotalEnergyConsumption(gpu),
    )
    yield GpuField(
        "DCGM_FI_DEV_FAN_SPEED",
        _G,
        "Fan speed (in %).",
        lambda nvml, gpu: nvml.nvmlDeviceGetFanSpeed(gpu),
    )
    for name, policy in (("POWER", "POWER"), ("THERMAL", "THERMAL")):
        text = f"Throttling duration due to {policy.lower()} constraints (in ns)."
        yield GpuField(f"DCGM_FI_DEV_{name}_VIOLATION", _C, text, _ask_violation(policy))


def _ask_violation(policy: str) -> Ask:
    def ask(nvml: Nvml, gpu: Handle) -> float:
        which = getattr(nvml, f"NVML_PERF_POLICY_{policy}")
        return float(nvml.nvmlDeviceGetViolationStatus(gpu, which).violationTime)

    return ask


def _build_utilization() -> Iterator[GpuField]:
    yield GpuField(
        "DCGM_FI_DEV_GPU_UTIL",
        _G,
        "GPU utilization (in %).",
        lambda nvml, gpu: nvml.nvmlDeviceGetUtilizationRates(gpu).gpu,
    )
    yield GpuField(
        "DCGM_FI_DEV_MEM_COPY_UTIL",
        _G,
        "Memory utilization (in %).",
        lambda nvml, gpu: nvml.nvmlDeviceGetUtilizationRates(gpu).memory,
    )
    yield GpuField(
        "DCGM_FI_DEV_ENC_UTIL",
        _G,
        "Encoder utilization (in %).",
        lambda nvml, gpu: nvml.nvmlDeviceGetEncoderUtilization(gpu)[0],
    )
    yield GpuField(
        "DCGM_FI_DEV_DEC_UTIL",
        _G,
        "Decoder utilization (in %).",
        lambda nvml, gpu: nvml.nvmlDeviceGetDecoderUtilization(gpu)[0],
    )


def _build_links() -> Iterator[GpuField]:
    yield GpuField(
        "DCGM_FI_DEV_PCIE_REPLAY_COUNTER",
        _C,
        "Total number of PCIe retries.",
        lambda nvml, gpu: nvml.nvmlDeviceGetPcieReplayCounter(gpu),
    )
    yield GpuField(
        "DCGM_FI_DEV_PCIE_LINK_GEN",
        _G,
        "PCIe generation in use.",
        lambda nvml, gpu: nvml.nvmlDeviceGetCurrPcieLinkGeneration(gpu),
    )
    yield GpuField(
        "DCGM_FI_DEV_PCIE_LINK_WIDTH",
        _G,
        "PCIe lanes in use.",
        lambda nvml, gpu: nvml.nvmlDeviceGetCurrPcieLinkWidth(gpu),
    )
    for way, direction in (("TX", "transmit"), ("RX", "receive")):
        text = f"Bytes over PCIe, {direction}."
        name = f"jipyo_gpu_pcie_{direction}_bytes_total"
        yield GpuField(name, _C, text, _ask_counter(f"NVML_FI_DEV_PCIE_COUNT_{way}_BYTES", 1))
        text = f"Bytes of data over all NVLinks, {direction}."
        name = f"jipyo_gpu_nvlink_{direction}_bytes_total"
        yield GpuField(
            name, _C, text, _ask_counter(f"NVML_FI_DEV_NVLINK_THROUGHPUT_DATA_{way}", 1024)
        )


_ALL_LINKS = 0xFFFFFFFF


def _ask_counter(field: str, scale: int) -> Ask:
    """A counter among the field values; for NVLink the sum of all links."""

    def ask(nvml: Nvml, gpu: Handle) -> float:
        which = getattr(nvml, field)
        return (
            _read_field_value(nvml, gpu, (which, _ALL_LINKS) if "NVLINK" in field else which)
            * scale
        )

    return ask


def _read_field_value(nvml: Nvml, gpu: Handle, field: int | tuple[int, int]) -> float:
    value = nvml.nvmlDeviceGetFieldValues(gpu, [field])[0]
    nvml._nvmlCheckReturn(value.nvmlReturn)  # noqa: SLF001 - a field value fails on its own
    member = {
        nvml.NVML_VALUE_TYPE_DOUBLE: "dVal",
        nvml.NVML_VALUE_TYPE_UNSIGNED_INT: "uiVal",
        nvml.NVML_VALUE_TYPE_UNSIGNED_LONG: "ulVal",
        nvml.NVML_VALUE_TYPE_UNSIGNED_LONG_LONG: "ullVal",
        nvml.NVML_VALUE_TYPE_SIGNED_LONG_LONG: "sllVal",
        nvml.NVML_VALUE_TYPE_SIGNED_INT: "siVal",
    }[value.valueType]
    return float(getattr(value.value, member))


_ROWS = ("CORRECTABLE_REMAPPED_ROWS", "UNCORRECTABLE_REMAPPED_ROWS", "ROW_REMAP_PENDING",
         "ROW_REMAP_FAILURE")  # fmt: skip


def _build_faults() -> Iterator[GpuField]:
    for bits, kind in (("SBE", "CORRECTED"), ("DBE", "UNCORRECTED")):
        for name, since in (("VOL", "VOLATILE"), ("AGG", "AGGREGATE")):
            text = f"Total number of {kind.lower()} {since.lower()} ECC errors."
            yield GpuField(f"DCGM_FI_DEV_ECC_{bits}_{name}_TOTAL", _C, text, _ask_ecc(kind, since))
    for index, name in enumerate(_ROWS):
        is_counter = name.endswith("ROWS")
        text = (
            "Remapped rows of memory." if is_counter else "Whether remapping waits or has failed."
        )
        yield GpuField(
            f"DCGM_FI_DEV_{name}", _C if is_counter else _G, text, _ask_remapped_rows(index)
        )


def _ask_ecc(kind: str, since: str) -> Ask:
    def ask(nvml: Nvml, gpu: Handle) -> float:
        error = getattr(nvml, f"NVML_MEMORY_ERROR_TYPE_{kind}")
        counter = getattr(nvml, f"NVML_{since}_ECC")
        return float(nvml.nvmlDeviceGetTotalEccErrors(gpu, error, counter))

    return ask


def _ask_remapped_rows(index: int) -> Ask:
    return lambda nvml, gpu: float(nvml.nvmlDeviceGetRemappedRows(gpu)[index])
