"""The files of `/proc/PID`, read as cheaply as possible."""

from __future__ import annotations

import os
from dataclasses import dataclass

_KERNEL_THREAD = 0x00200000
_TICKS_PER_SECOND = 100.0
_ENOUGH = 1 << 14
_MOST_DIGITS = 20


@dataclass(frozen=True, slots=True)
class Stat:
    """The used words of `/proc/PID/stat`."""

    comm: str
    state: str
    kernel_thread: bool
    minor_faults: int
    major_faults: int
    user_s: float
    system_s: float
    threads: int
    start_s: float
    """Since boot."""
    virtual_bytes: int
    resident_bytes: int


@dataclass(frozen=True, slots=True)
class Proportional:
    """Memory with shared pages counted in shares, in bytes."""

    resident: float
    swapped: float


def read_once(path: str) -> bytes:
    """A small file of /proc in one call; the kernel generates it whole at the first read."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(fd, _ENOUGH)
    finally:
        os.close(fd)


def list_process_ids(proc: str) -> list[int]:
    """The ids of the current processes."""
    with os.scandir(proc) as entries:
        return [int(entry.name) for entry in entries if entry.name.isdigit()]


def read_boot_time_s(proc: str) -> float:
    """When the kernel started, in Unix seconds."""
    return find_number(read_stat(proc), b"\nbtime ")


def read_stat(proc: str) -> bytes:
    """`/proc/stat`, which can be longer than one read."""
    fd = os.open(f"{proc}/stat", os.O_RDONLY | os.O_CLOEXEC)
    try:
        return b"".join(iter(lambda: os.read(fd, 1 << 16), b""))
    finally:
        os.close(fd)


def parse_stat(data: bytes, page_size: int) -> Stat:
    """`/proc/PID/stat` (proc(5)).

    Raises:
        ValueError, IndexError: it is not what the kernel writes.
    """
    start, end = data.index(b"("), data.rindex(b")")  # the name may hold anything
    words = data[end + 2 :].split()
    if max(map(len, words)) > _MOST_DIGITS:
        raise ValueError(words)
    return Stat(
        comm=data[start + 1 : end].decode("utf-8", "replace"),
        state=words[0].decode(),
        kernel_thread=bool(int(words[6]) & _KERNEL_THREAD),
        minor_faults=int(words[7]),
        major_faults=int(words[9]),
        user_s=int(words[11]) / _TICKS_PER_SECOND,
        system_s=int(words[12]) / _TICKS_PER_SECOND,
        threads=int(words[17]),
        start_s=int(words[19]) / _TICKS_PER_SECOND,
        virtual_bytes=int(words[20]),
        resident_bytes=int(words[21]) * page_size,
    )


def find_number(data: bytes, label: bytes, default: float | None = None) -> float:
    """The number behind `label`.

    Raises:
        ValueError: there is none and no default.
    """
    at = data.find(label)
    if at < 0:
        if default is None:
            raise ValueError(label)
        return default
    return float(data[at + len(label) :].split(None, 1)[0])


def read_proportional(proc: str, pid: int) -> Proportional:
    """PSS and swapped PSS.

    Raises:
        PermissionError: no permission.
        OSError, ValueError: the process has ended.
    """
    text = read_once(f"{proc}/{pid}/smaps_rollup")
    return Proportional(
        find_number(text, b"\nPss:") * 1024, find_number(text, b"\nSwapPss:", 0.0) * 1024
    )


def count_descriptors(proc: str, pid: int) -> int | None:
    """The number of open files; None without permission."""
    folder = f"{proc}/{pid}/fd"
    try:
        # Since Linux 6.2 the folder's size is the number, which saves listing it.
        size = os.stat(folder).st_size  # noqa: PTH116 - a Path costs as much as the call
        if size:
            return size
        with os.scandir(folder) as entries:
            return sum(1 for _ in entries)
    except OSError:
        return None


def read_descriptor_limit(proc: str, pid: int) -> float:
    """The soft limit of open files; infinite where it cannot be read."""
    try:
        return find_number(read_once(f"{proc}/{pid}/limits"), b"\nMax open files")
    except (OSError, ValueError):  # also "unlimited"
        return float("inf")
