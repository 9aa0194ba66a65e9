"""NVIDIA GPUs through NVML, under dcgm-exporter's names, labels and units."""

from __future__ import annotations

import contextlib
import ctypes
import logging
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import pynvml

from jipyo.collect.gpu.fields import GpuField, Handle, Nvml, build_fields, build_memory_fields
from jipyo.collect.gpu.processes import GpuUser, identify_user
from jipyo.collect.limits import LIMIT_S, LimitedCalls
from jipyo.collect.members import READ_ERRORS, SkippedMembers
from jipyo.model.errors import CollectError
from jipyo.model.family import Row, family
from jipyo.model.sample import MetricType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from jipyo.collect.limits import CallOutcome
    from jipyo.model.family import Family
    from jipyo.model.reading import ReadingNote

__all__ = ["Gpu", "GpuOptions"]

_LOG = logging.getLogger(__name__)
_LABELS = ("gpu", "UUID", "pci_bus_id", "device", "modelName", "GPU_I_PROFILE", "GPU_I_ID")


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuOptions:
    """Where processes are looked up by their id."""

    proc: str = "/proc"


@dataclass(slots=True)
class _Device:
    """A GPU that NVML has opened."""

    handle: Handle
    labels: tuple[str, ...]
    refused: set[str] = field(default_factory=set)
    """Fields that this GPU or driver does not have; they are not read again."""
    failed: str = ""
    """The last error of this reading that is no lack of support."""


@dataclass(slots=True)
class _Xids:
    """The XID events of a GPU since we started; they outlive the GPU."""

    last: float = 0.0
    count: int = 0


@dataclass(frozen=True, slots=True)
class _Part:
    """A whole GPU, or a MIG instance of one."""

    handle: Handle
    labels: tuple[str, ...]


class _Lost(Exception):  # noqa: N818 - it is what happened, and never leaves this file
    """The GPU fell off the bus, or the driver went away under it."""


class Gpu:
    """All GPUs; every field fails alone, and a lost GPU is searched for again."""

    def __init__(
        self,
        options: GpuOptions | None = None,
        *,
        nvml: Nvml = pynvml,
        who: Callable[[str, int], GpuUser] = identify_user,
        limit_s: float = LIMIT_S,
    ) -> None:
        """Nothing is loaded before the first `collect`; a GPU may take `limit_s` to answer."""
        self._options = options or GpuOptions()
        self._nvml = nvml
        self._who = who
        self._devices: list[_Device] = []
        self._events: Any = None
        self._open = False
        self._limits = LimitedCalls("dcgm", limit_s)
        self._skipped = SkippedMembers("dcgm")
        self._unopened: dict[int, Exception] = {}
        """GPUs that NVML counts and cannot open, by index, with its error."""
        self._xids: dict[str, _Xids] = {}
        self._labels: dict[str, tuple[str, ...]] = {}
        """Every GPU ever seen, by UUID: one that is missing reads as down, not as nothing."""
        self._fields = build_fields()
        self._memory = build_memory_fields()
        self._absent = (
            nvml.NVMLError_NotSupported,
            nvml.NVMLError_FunctionNotFound,
            nvml.NVMLError_NoPermission,
            nvml.NVMLError_InvalidArgument,
            nvml.NVMLError_ArgumentVersionMismatch,
            nvml.NVMLLibraryMismatchError,  # not an NVMLError
        )
        self._gone = (
            nvml.NVMLError_GpuIsLost,
            nvml.NVMLError_Uninitialized,
            nvml.NVMLError_NotFound,
            nvml.NVMLError_ResetRequired,
        )

    def collect(self, t_ms: int) -> list[Family] | None:
        """Every GPU; None where there is no NVML library or driver, and never was.

        Raises:
            CollectError: the driver does not fit its library or does not respond, or the GPUs
                seen before are gone.
        """
        self._skipped.begin()
        [opened] = self._limits.run({"NVML": self._ensure_open}).values()
        if opened.error is not None:
            raise opened.error
        if not opened.result:
            return None
        rows: dict[str, list[Row]] = {}
        up: dict[str, bool] = dict.fromkeys(self._labels, False)
        outcomes = self._limits.run(
            {f"GPU {device.labels[0]}": partial(self._read_gpu, device) for device in self._devices}
        )
        for device, outcome in zip(self._devices, outcomes.values(), strict=True):
            up[device.labels[1]] = outcome.error is None
            for name, more in (outcome.result or {}).items():
                rows.setdefault(name, []).extend(more)
        self._note_failures(outcomes)
        self._limits.run({"GPU events": self._poll_events})
        if (self._unopened or not all(up.values())) and not self._limits.hanging():
            # What is lost can only be found again by a fresh start.
            self._limits.run({"NVML": self._close})
        return list(self._build_families(rows, up))

    def notes(self) -> tuple[ReadingNote, ...]:
        """GPUs that do not respond, could not be opened or are lost."""
        return (*self._limits.notes(), *self._skipped.notes())

    def _note_failures(self, outcomes: Mapping[str, CallOutcome[dict[str, list[Row]]]]) -> None:
        for name, outcome in outcomes.items():
            if outcome.error is not None and name not in self._limits.hanging():
                self._skipped.record("gpu", name, outcome.error)
        for index, error in self._unopened.items():
            self._skipped.record("gpu", f"GPU {index}", error)

    def _close(self) -> None:
        self._open, self._devices, self._events = False, [], None
        with contextlib.suppress(self._nvml.NVMLError):
            self._nvml.nvmlShutdown()

    def _ensure_open(self) -> bool:
        if self._open:
            return True
        nvml = self._nvml
        try:
            nvml.nvmlInit()
        except nvml.NVMLError_LibRmVersionMismatch as error:
            raise CollectError("collect.gpu_driver", hint="collect.gpu_driver.hint") from error
        except nvml.NVMLError as error:
            if self._labels:
                raise CollectError(
                    "collect.gpu_lost", hint="collect.gpu_lost.hint", reason=str(error)
                ) from error
            return False
        self._open = True
        self._devices = list(self._find_devices())
        self._events = self._register_events()
        self._labels.update({device.labels[1]: device.labels for device in self._devices})
        if not self._labels and not self._unopened:
            self._close()  # the driver may find its GPUs later
            return False
        return True

    def _find_devices(self) -> Iterator[_Device]:
        nvml = self._nvml
        self._unopened = {}
        try:
            count = nvml.nvmlDeviceGetCount()
        except nvml.NVMLError as error:
            _LOG.debug("GPUs cannot be counted: %s", error)
            return
        for index in range(count):
            try:
                handle = nvml.nvmlDeviceGetHandleByIndex(index)
                yield _Device(handle, self._read_identity(index, handle))
            except nvml.NVMLError as error:
                self._unopened[index] = error

    def _read_identity(self, index: int, handle: Handle) -> tuple[str, ...]:
        nvml = self._nvml
        uuid = nvml.nvmlDeviceGetUUID(handle)

        def read_bus_id() -> str:
            bus = nvml.nvmlDeviceGetPciInfo(handle).busId
            return bus.decode() if isinstance(bus, bytes) else str(bus)

        return (
            str(index),
            uuid,
            self._read_or_default(read_bus_id, ""),
            self._read_or_default(
                lambda: f"nvidia{nvml.nvmlDeviceGetMinorNumber(handle)}", f"nvidia{index}"
            ),
            self._read_or_default(lambda: nvml.nvmlDeviceGetName(handle), ""),
            "",
            "",
        )

    def _read_or_default(self, ask: Callable[[], str], default: str) -> str:
        with contextlib.suppress(*self._absent):
            return ask()
        return default

    def _read_gpu(self, device: _Device) -> dict[str, list[Row]]:
        """All of one GPU, by metric.

        Raises:
            _Lost: the GPU is gone, or answers nothing but errors.
        """
        rows: dict[str, list[Row]] = {}
        device.failed = ""
        whole = _Part(device.handle, device.labels)
        self._read_fields(device, whole, self._fields, rows)
        instances = list(self._list_mig_instances(device))
        for part in instances or [whole]:
            self._read_fields(device, part, self._memory, rows)
        if device.failed and not rows:
            raise _Lost(device.failed)
        self._read_users(device, rows)
        return rows

    def _read_fields(
        self,
        device: _Device,
        part: _Part,
        wanted: Iterable[GpuField],
        rows: dict[str, list[Row]],
    ) -> None:
        for gpu_field in wanted:
            name = gpu_field.name
            if name not in device.refused:
                value = self._call(partial(gpu_field.ask, self._nvml, part.handle), device, name)
                if value is not None:
                    rows.setdefault(name, []).append((part.labels, float(value)))

    def _call(self, ask: Callable[[], Any], device: _Device, name: str) -> Any:
        """The result of a call, or None where this GPU does not support it.

        Raises:
            _Lost: the GPU is gone.
        """
        try:
            return ask()
        except self._gone as error:
            raise _Lost(str(error)) from error
        except self._absent:
            device.refused.add(name)
        except self._nvml.NVMLError as error:
            device.failed = str(error)
            _LOG.debug("gpu %s: %s: %s", device.labels[0], name, error)
        except (*READ_ERRORS, AttributeError, TypeError) as error:
            # An answer, or a release of the bindings, that differs from what we know.
            self._skipped.record("field", name, error)
        return None

    def _list_mig_instances(self, device: _Device) -> Iterator[_Part]:
        nvml = self._nvml
        if "mig" in device.refused:
            return
        mode = self._call(lambda: nvml.nvmlDeviceGetMigMode(device.handle), device, "mig")
        if mode is None or mode[0] != nvml.NVML_DEVICE_MIG_ENABLE:
            return
        for index in range(nvml.nvmlDeviceGetMaxMigDeviceCount(device.handle)):
            try:
                handle = nvml.nvmlDeviceGetMigDeviceHandleByIndex(device.handle, index)
                profile = nvml.nvmlDeviceGetName(handle).rpartition("MIG ")[2]
                number = str(nvml.nvmlDeviceGetGpuInstanceId(handle))
            except nvml.NVMLError:
                continue  # there are fewer instances than there could be
            yield _Part(handle, (*device.labels[:5], profile, number))

    def _read_users(self, device: _Device, rows: dict[str, list[Row]]) -> None:
        used: dict[int, float] = {}
        for name in (
            "nvmlDeviceGetComputeRunningProcesses",
            "nvmlDeviceGetGraphicsRunningProcesses",
        ):
            if name in device.refused:
                continue
            ask = getattr(self._nvml, name)
            for process in self._call(partial(ask, device.handle), device, name) or ():
                if process.usedGpuMemory is not None:  # None on some virtual GPUs
                    used[process.pid] = max(used.get(process.pid, 0.0), process.usedGpuMemory)
        sums: dict[GpuUser, float] = {}
        for pid, size in used.items():
            user = self._who(self._options.proc, pid)
            sums[user] = sums.get(user, 0.0) + size
        rows.setdefault(_USERS, []).extend(
            ((*device.labels[:5], user.process, user.model), size) for user, size in sums.items()
        )

    def _register_events(self) -> Any:
        """A queue of XID events; None where the driver has none (containers, WSL)."""
        nvml = self._nvml
        try:
            events = nvml.nvmlEventSetCreate()
        except (nvml.NVMLError, *self._absent):
            return None
        for device in self._devices:
            with contextlib.suppress(nvml.NVMLError, *self._absent):
                kind = nvml.nvmlEventTypeXidCriticalError
                nvml.nvmlDeviceRegisterEvents(device.handle, kind, events)
                self._xids.setdefault(device.labels[1], _Xids())
        return events

    def _poll_events(self) -> None:
        nvml = self._nvml
        # By handle: the event is often the reason why its GPU answers nothing any more.
        uuids = {_find_address(device.handle): device.labels[1] for device in self._devices}
        for _ in range(_MOST_EVENTS):
            if self._events is None:
                return
            try:
                event = nvml.nvmlEventSetWait_v2(self._events, 0)
            except (nvml.NVMLError, *self._absent):
                return  # a timeout: there is none
            uuid = uuids.get(_find_address(event.device))
            if uuid is not None:
                xids = self._xids.setdefault(uuid, _Xids())
                xids.last = float(event.eventData)
                xids.count += 1

    def _build_families(self, rows: dict[str, list[Row]], up: dict[str, bool]) -> Iterator[Family]:
        for uuid, xids in self._xids.items():
            labels = self._labels[uuid]
            rows.setdefault("DCGM_FI_DEV_XID_ERRORS", []).append((labels, xids.last))
            rows.setdefault("jipyo_gpu_xid_errors_total", []).append((labels, float(xids.count)))
        for each in (*self._fields, *self._memory, *_XIDS):
            if rows.get(each.name):
                yield family(each.kind, each.name, each.text, _LABELS, rows[each.name])
        if rows.get(_USERS):
            names = (*_LABELS[:5], "process", "model")
            text = "GPU memory used by a program, all its processes together."
            yield family(MetricType.GAUGE, _USERS, text, names, rows[_USERS])
        state: list[Row] = [(self._labels[uuid], float(is_up)) for uuid, is_up in up.items()]
        seen = {self._labels[uuid][0] for uuid in up}
        state += [
            ((str(index), "", "", f"nvidia{index}", "", "", ""), 0.0)
            for index in self._unopened
            if str(index) not in seen
        ]
        text = "Whether a GPU that is, or was seen before, answers."
        yield family(MetricType.GAUGE, "jipyo_gpu_up", text, _LABELS, state)
        yield from self._skipped.families()
        yield from self._limits.families()


def _find_address(handle: Handle) -> object:
    """What tells two handles of NVML apart: where they point to."""
    try:
        return ctypes.cast(handle, ctypes.c_void_p).value
    except (ctypes.ArgumentError, TypeError):
        return handle


_USERS = "jipyo_gpu_process_memory_used_bytes"
_MOST_EVENTS = 10_000
_XIDS = (
    GpuField(
        "DCGM_FI_DEV_XID_ERRORS",
        MetricType.GAUGE,
        "Value of the last XID error encountered.",
        lambda nvml, gpu: 0.0,
    ),
    GpuField(
        "jipyo_gpu_xid_errors_total",
        MetricType.COUNTER,
        "XID errors since jipyo started, the same one each time.",
        lambda nvml, gpu: 0.0,
    ),
)
