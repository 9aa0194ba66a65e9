"""GPUs that refuse, fail and disappear, with a driver that does what a test says."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pynvml
import pytest

from collect.helpers import of, samples
from jipyo.collect.gpu import Gpu
from jipyo.collect.gpu.processes import GpuUser
from jipyo.model.errors import CollectError

if TYPE_CHECKING:
    from collections.abc import Callable

    from jipyo.model.family import Family

NOW = 1_795_400_000_000
UNSUPPORTED = pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)
MEMORY = SimpleNamespace(total=8 << 20, free=5 << 20, used=2 << 20, reserved=1 << 20)


class FakeNvml:
    """The module pynvml with these answers; every other call is not supported.

    An answer is a value, a function of the arguments, or an error to raise.
    """

    def __init__(self, gpus: int = 1, **answers: Any) -> None:
        self.calls: list[str] = []
        self.answers: dict[str, Any] = {
            "nvmlInit": None,
            "nvmlShutdown": None,
            "nvmlDeviceGetCount": gpus,
            "nvmlDeviceGetHandleByIndex": lambda index: index,
            "nvmlDeviceGetUUID": lambda gpu: f"GPU-{gpu}",
            "nvmlDeviceGetName": "NVIDIA H100",
            "nvmlDeviceGetMemoryInfo": lambda gpu, version=None: MEMORY,
            "nvmlDeviceGetUtilizationRates": SimpleNamespace(gpu=80, memory=40),
            "nvmlDeviceGetPowerUsage": 98_000,
            "nvmlDeviceGetTemperature": lambda gpu, sensor: 71,
            **answers,
        }

    def __getattr__(self, name: str) -> Any:
        if name in self.answers:
            return lambda *args, **more: self._answer(name, *args, **more)
        if name.startswith(("nvmlDevice", "nvmlEventSet")):
            self.answers[name] = UNSUPPORTED
            return getattr(self, name)
        return getattr(pynvml, name)

    def _answer(self, name: str, *args: Any, **more: Any) -> Any:
        self.calls.append(name)
        answer = self.answers[name]
        if isinstance(answer, Exception):
            raise answer
        return answer(*args, **more) if callable(answer) else answer


def collect(nvml: FakeNvml, times: int = 1) -> dict[str, float]:
    gpu = Gpu(nvml=nvml)
    for _ in range(times - 1):
        gpu.collect(NOW)
    return samples(gpu.collect(NOW))


def metrics(found: dict[str, float]) -> set[str]:
    return {series.partition("{")[0] for series in found}


WHOLE = {
    "DCGM_FI_DEV_GPU_UTIL", "DCGM_FI_DEV_MEM_COPY_UTIL", "DCGM_FI_DEV_POWER_USAGE",
    "DCGM_FI_DEV_GPU_TEMP", "DCGM_FI_DEV_FB_TOTAL", "DCGM_FI_DEV_FB_FREE",
    "DCGM_FI_DEV_FB_USED", "DCGM_FI_DEV_FB_RESERVED", "jipyo_gpu_up",
}  # fmt: skip
COSTS = {
    "nvmlDeviceGetUtilizationRates": {"DCGM_FI_DEV_GPU_UTIL", "DCGM_FI_DEV_MEM_COPY_UTIL"},
    "nvmlDeviceGetPowerUsage": {"DCGM_FI_DEV_POWER_USAGE"},
    "nvmlDeviceGetTemperature": {"DCGM_FI_DEV_GPU_TEMP"},
    "nvmlDeviceGetMemoryInfo": {name for name in WHOLE if "_FB_" in name},
}
"""What is lost with each call."""


def test_what_the_driver_supports_is_collected() -> None:
    assert metrics(collect(FakeNvml())) == WHOLE


@pytest.mark.parametrize("call", COSTS)
@pytest.mark.parametrize(
    ("error", "again"),
    [
        (pynvml.NVML_ERROR_NOT_SUPPORTED, False),
        (pynvml.NVML_ERROR_NO_PERMISSION, False),
        (pynvml.NVML_ERROR_FUNCTION_NOT_FOUND, False),
        (pynvml.NVML_ERROR_INVALID_ARGUMENT, False),
        (pynvml.NVML_ERROR_UNKNOWN, True),
        (pynvml.NVML_ERROR_TIMEOUT, True),
        (pynvml.NVML_ERROR_MEMORY, True),
    ],
)
def test_a_call_that_fails_costs_its_fields_only(call: str, error: int, again: bool) -> None:
    nvml = FakeNvml(**{call: pynvml.NVMLError(error)})
    gpu = Gpu(nvml=nvml)
    found = samples(gpu.collect(NOW))
    assert metrics(found) == WHOLE - COSTS[call]
    assert [value for series, value in found.items() if series.startswith("jipyo_gpu_up")] == [1]
    before = nvml.calls.count(call)
    gpu.collect(NOW)
    # What the GPU does not have is not asked for again; what failed is.
    assert (nvml.calls.count(call) > before) is again


@pytest.mark.parametrize(
    "error",
    [
        pynvml.NVML_ERROR_GPU_IS_LOST,
        pynvml.NVML_ERROR_UNINITIALIZED,
        pynvml.NVML_ERROR_NOT_FOUND,
        pynvml.NVML_ERROR_RESET_REQUIRED,
    ],
)
@pytest.mark.parametrize("call", ["nvmlDeviceGetPowerUsage", "nvmlDeviceGetMemoryInfo"])
def test_a_gpu_that_is_lost_is_down_and_the_others_go_on(call: str, error: int) -> None:
    healthy = FakeNvml().answers[call]

    def lose_second(gpu: int, **more: Any) -> Any:
        if gpu == 1:
            raise pynvml.NVMLError(error)
        return healthy(gpu, **more) if callable(healthy) else healthy

    nvml = FakeNvml(3, **{call: lose_second})
    gpu = Gpu(nvml=nvml)
    up = of(gpu.collect(NOW), "jipyo_gpu_up")
    assert sorted((series.split('gpu="')[1][0], value) for series, value in up.items()) == [
        ("0", 1), ("1", 0), ("2", 1),
    ]  # fmt: skip
    assert nvml.calls.count("nvmlShutdown") == 1
    nvml.answers[call] = healthy
    assert set(of(gpu.collect(NOW), "jipyo_gpu_up").values()) == {1}
    assert nvml.calls.count("nvmlInit") == 2


def ups(families: list[Family] | None) -> dict[str, float]:
    """Whether each GPU answers, by its index."""
    up = of(families, "jipyo_gpu_up")
    return {series.split('gpu="')[1].split('"')[0]: value for series, value in up.items()}


def test_a_gpu_that_cannot_be_opened_is_down_and_found_once_it_can(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def open_gpu(index: int) -> int:
        if index == 0:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_UNKNOWN)
        return index

    nvml = FakeNvml(2, nvmlDeviceGetHandleByIndex=open_gpu)
    gpu = Gpu(nvml=nvml)
    for _ in range(2):
        families = gpu.collect(NOW)
        assert ups(families) == {"0": 0, "1": 1}
        assert len(of(families, "DCGM_FI_DEV_POWER_USAGE")) == 1
    assert caplog.messages == ["dcgm: gpu: skipped 'GPU 0': Unknown Error"]
    assert [note.key for note in gpu.notes()] == ["collect.skipped_member"]
    nvml.answers["nvmlDeviceGetHandleByIndex"] = lambda index: index
    assert ups(gpu.collect(NOW)) == {"0": 1, "1": 1}
    assert gpu.notes() == ()


@pytest.mark.parametrize("count", [0, pynvml.NVMLError(pynvml.NVML_ERROR_UNKNOWN)])
def test_gpus_that_the_driver_does_not_count_at_first_are_found_later(
    count: int | Exception,
) -> None:
    nvml = FakeNvml(nvmlDeviceGetCount=count)
    gpu = Gpu(nvml=nvml)
    assert gpu.collect(NOW) is None
    nvml.answers["nvmlDeviceGetCount"] = 4
    assert ups(gpu.collect(NOW)) == {"0": 1, "1": 1, "2": 1, "3": 1}


def test_a_gpu_that_answers_nothing_but_errors_is_down() -> None:
    nvml = FakeNvml(2)

    def fail_second(name: str) -> Callable[..., Any]:
        healthy = FakeNvml().answers[name]

        def answer(gpu: int, *args: Any, **more: Any) -> Any:
            if gpu == 1:
                raise pynvml.NVMLError(pynvml.NVML_ERROR_UNKNOWN)
            return healthy(gpu, *args, **more) if callable(healthy) else healthy

        return answer

    gpu = Gpu(nvml=nvml)
    assert ups(gpu.collect(NOW)) == {"0": 1, "1": 1}
    nvml.answers |= {name: fail_second(name) for name in COSTS}
    assert ups(gpu.collect(NOW)) == {"0": 1, "1": 0}
    assert [dict(note.values)["member"] for note in gpu.notes()] == ["GPU 1"]
    nvml.answers |= {name: FakeNvml().answers[name] for name in COSTS}
    assert ups(gpu.collect(NOW)) == {"0": 1, "1": 1}


def test_a_gpu_that_hangs_costs_itself_and_is_read_again_when_it_returns() -> None:
    gone = threading.Event()

    def read_power(gpu: int) -> int:
        if gpu == 1:
            gone.wait(30)
        return 98_000

    nvml = FakeNvml(3, nvmlDeviceGetPowerUsage=read_power)
    gpu = Gpu(nvml=nvml, limit_s=0.1)
    for _ in range(3):
        families = gpu.collect(NOW)
        assert ups(families) == {"0": 1, "1": 0, "2": 1}
        assert list(of(families, "jipyo_collect_hanging_parts")) == [
            '{collector="dcgm",part="GPU 1"}'
        ]
        assert [note.key for note in gpu.notes()] == ["collect.hangs"]
    assert nvml.calls.count("nvmlDeviceGetPowerUsage") == 3 + 2 * 2
    gone.set()
    wait_for(lambda: not gpu.notes())
    assert ups(gpu.collect(NOW)) == {"0": 1, "1": 1, "2": 1}


def test_a_driver_that_hangs_fails_the_target_with_its_name() -> None:
    gone = threading.Event()
    gpu = Gpu(nvml=FakeNvml(nvmlInit=lambda: gone.wait(30)), limit_s=0.05)
    for _ in range(2):
        with pytest.raises(CollectError) as caught:
            gpu.collect(NOW)
        assert (caught.value.key, caught.value.values["part"]) == ("collect.hangs", "NVML")
    gone.set()


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_gpus_that_were_seen_and_a_driver_that_is_gone_is_an_error() -> None:
    nvml = FakeNvml(nvmlDeviceGetPowerUsage=pynvml.NVMLError(pynvml.NVML_ERROR_GPU_IS_LOST))
    gpu = Gpu(nvml=nvml)
    gpu.collect(NOW)
    nvml.answers["nvmlInit"] = pynvml.NVMLError(pynvml.NVML_ERROR_DRIVER_NOT_LOADED)
    with pytest.raises(CollectError) as caught:
        gpu.collect(NOW)
    assert caught.value.key == "collect.gpu_lost"


@pytest.mark.parametrize(
    ("compute", "graphics", "expected"),
    [
        ([(1, 100)], [], {"a": 100}),
        ([(1, 100)], [(1, 100)], {"a": 100}),  # in both lists, used once
        ([(1, 100)], [(1, 70)], {"a": 100}),
        ([(1, 100), (2, 50)], [], {"a": 150}),  # two processes of one program
        ([(1, 100), (3, 50)], [], {"a": 100, "b": 50}),
        ([(1, None)], [], {}),  # some virtual GPUs
        ([], [], {}),
    ],
)
def test_memory_is_summed_by_program(
    compute: list[tuple[int, int | None]],
    graphics: list[tuple[int, int | None]],
    expected: dict[str, float],
) -> None:
    def list_processes(pairs: list[tuple[int, int | None]]) -> Callable[[int], list[Any]]:
        return lambda gpu: [SimpleNamespace(pid=pid, usedGpuMemory=size) for pid, size in pairs]

    nvml = FakeNvml(
        nvmlDeviceGetComputeRunningProcesses=list_processes(compute),
        nvmlDeviceGetGraphicsRunningProcesses=list_processes(graphics),
    )
    names = {1: "a", 2: "a", 3: "b"}
    gpu = Gpu(nvml=nvml, who=lambda proc, pid: GpuUser(names[pid], ""))
    found = of(gpu.collect(NOW), "jipyo_gpu_process_memory_used_bytes")
    assert {
        series.split('process="')[1].split('"')[0]: value for series, value in found.items()
    } == expected


@pytest.mark.parametrize(
    ("bus", "shown"), [(b"00000000:01:00.0", "00000000:01:00.0"), ("0000:02:00.0", "0000:02:00.0")]
)
def test_the_bus_id_is_text_whatever_the_bindings_return(bus: bytes | str, shown: str) -> None:
    nvml = FakeNvml(nvmlDeviceGetPciInfo=SimpleNamespace(busId=bus))
    [series] = of(Gpu(nvml=nvml).collect(NOW), "jipyo_gpu_up")
    assert f'pci_bus_id="{shown}"' in series


def test_an_older_driver_counts_reserved_memory_as_used() -> None:
    def old_memory(gpu: int, version: int | None = None) -> Any:
        if version is not None:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_FUNCTION_NOT_FOUND)
        return SimpleNamespace(total=8 << 20, free=5 << 20, used=3 << 20)

    found = collect(FakeNvml(nvmlDeviceGetMemoryInfo=old_memory))
    assert "DCGM_FI_DEV_FB_RESERVED" not in metrics(found)
    assert [v for series, v in found.items() if series.startswith("DCGM_FI_DEV_FB_USED")] == [3]


def test_events_of_xid_are_kept_until_another_comes() -> None:
    events = [SimpleNamespace(device=0, eventData=79), SimpleNamespace(device=0, eventData=48)]

    def wait(queue: object, timeout_ms: int) -> Any:
        if not events:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_TIMEOUT)
        return events.pop(0)

    nvml = FakeNvml(
        nvmlEventSetCreate="queue",
        nvmlDeviceRegisterEvents=None,
        nvmlEventSetWait_v2=wait,
    )
    gpu = Gpu(nvml=nvml)
    for _ in range(2):
        families = gpu.collect(NOW)
        assert list(of(families, "DCGM_FI_DEV_XID_ERRORS").values()) == [48]
        assert list(of(families, "jipyo_gpu_xid_errors_total").values()) == [2]
    events.append(SimpleNamespace(device=0, eventData=48))
    assert list(of(gpu.collect(NOW), "jipyo_gpu_xid_errors_total").values()) == [3]
    # It falls off the bus, and the event that says so comes with it.
    lost = pynvml.NVMLError(pynvml.NVML_ERROR_GPU_IS_LOST)
    nvml.answers |= {"nvmlDeviceGetPowerUsage": lost, "nvmlDeviceGetUUID": lost}
    events.append(SimpleNamespace(device=0, eventData=79))
    for _ in range(3):
        families = gpu.collect(NOW)
        assert list(of(families, "DCGM_FI_DEV_XID_ERRORS").values()) == [79]
        assert list(of(families, "jipyo_gpu_xid_errors_total").values()) == [4]
        assert ups(families)["0"] == 0


def test_without_events_there_is_no_xid_rather_than_zero() -> None:
    assert "DCGM_FI_DEV_XID_ERRORS" not in metrics(collect(FakeNvml()))


def test_a_driver_without_gpus_has_nothing() -> None:
    nvml = FakeNvml(0)
    gpu = Gpu(nvml=nvml)
    assert gpu.collect(NOW) is None
