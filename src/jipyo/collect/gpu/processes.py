"""Who uses a GPU's memory: the program, and the model it serves where its command says so."""

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
"""Where a model's name stands on a command line, the name that clients see first."""
_MODULE = re.compile(r"^([^\0]*python[^\0]*)\0-m\0[^\0]+")
_UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class User:
    """A program, and the model it was told to serve; empty where it was told none."""

    process: str
    model: str


def user(proc: str, pid: int) -> User:
    """Who this is; "unknown" where the process is in another namespace or has ended."""
    try:
        words = Path(proc, str(pid), "cmdline").read_bytes().decode("utf-8", "replace")
    except OSError:
        return User(_UNKNOWN, "")
    name = words.partition("\0")[0].rpartition("/")[2]
    return User(name or _UNKNOWN, _model(words))


def _model(words: str) -> str:
    words = _MODULE.sub(r"\1", words)  # in "python -m vllm", -m names no model
    found = next(filter(None, (pattern.search(words) for pattern in _SERVED)), None)
    return found[1].rstrip("/").rpartition("/")[2] if found else ""
