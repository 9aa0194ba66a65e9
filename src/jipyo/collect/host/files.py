"""The kernel's file trees, and how their files are read."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from jipyo.collect.members import Skip, ignore_skipped
from jipyo.model.regex import compile_pattern

_CHUNK = 1 << 16
IsExcluded = Callable[[str], bool]
"""Whether a device, a mount point or the like is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """Where this host's trees are mounted; in a container, `/host/proc` and the like."""

    proc: str = "/proc"
    sys: str = "/sys"
    root: str = "/"
    skip: Skip = ignore_skipped
    """Gets every member of a group (a disk, a CPU) that cannot be read in these trees."""


def exclude_nothing(name: str) -> bool:
    """Leave out nothing."""
    return False


def exclude_matching(pattern: str) -> IsExcluded:
    """Leave out where RE2 finds the pattern; nothing where it is empty, as in node_exporter.

    Raises:
        re2.error: it is not RE2.
    """
    if not pattern:
        return exclude_nothing
    search = compile_pattern(pattern).search
    return lambda name: search(name) is not None


def read_bytes(path: str) -> bytes:
    """A whole file of /proc or /sys, whose size is not known in advance."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        parts = []
        while part := os.read(fd, _CHUNK):
            parts.append(part)
        return b"".join(parts)
    finally:
        os.close(fd)


def read_text(path: str) -> str:
    """A whole file as text; the kernel promises no encoding."""
    return read_bytes(path).decode("utf-8", "replace")


def read_value(path: str) -> str | None:
    """A file of one value, or None where it cannot be read."""
    try:
        return read_text(path).strip()
    except OSError:
        return None


def read_number(path: str) -> float | None:
    """A file of one number (decimal or 0x…), or None where it has none."""
    value = read_value(path)
    if value is None:
        return None
    try:
        return float(int(value, 0)) if value.startswith("0x") else float(value)
    except ValueError:
        return None
