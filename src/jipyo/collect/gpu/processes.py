"""The users of a GPU's memory: the program, and the model that its command line names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_VALUE = r"(?:=|\0)([^\0]+)"
_SERVED = (
    re.compile(r"\0--(?:served-model-name|model-name)" + _VALUE),
    re.compile(r"(?:^|/)vllm\0serve\0([^\0-][^\0]*)"),
    re.compile(r"\0(?:--model-id|--model-path|--model|-m)" + _VALUE),
)
"""Where a command line has a model's name; the name that clients see comes first."""
_MODULE = re.compile(r"^([^\0]*python[^\0]*)\0-m\0[^\0]+")
_UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class GpuUser:
    """A program, and the model on its command line; empty where there is none."""

    process: str
    model: str


def identify_user(proc: str, pid: int) -> GpuUser:
    """The program of a process; "unknown" where it is in another namespace or has ended."""
    try:
        words = Path(proc, str(pid), "cmdline").read_bytes().decode("utf-8", "replace")
    except OSError:
        return GpuUser(_UNKNOWN, "")
    name = words.partition("\0")[0].rpartition("/")[2]
    words = _MODULE.sub(r"\1", words)  # in "python -m vllm", -m names no model
    match = next(filter(None, (pattern.search(words) for pattern in _SERVED)), None)
    model = match[1].rstrip("/").rpartition("/")[2] if match else ""
    return GpuUser(name or _UNKNOWN, model)
