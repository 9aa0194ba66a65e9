"""Who uses a GPU's memory: the program, and the model it serves where its command says so."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_MODEL_OPTION = re.compile(
    r"(?:^|\0)(?:--served-model-name|--model-name|--model-id|--model-path|--model|-m)(?:=|\0)"
    r"([^\0]+)"
)
_VLLM_SERVE = re.compile(r"(?:^|/)vllm\0serve\0([^\0-][^\0]*)")
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
    if re.search(r"(?:^|\0)-m\0[\w.]+\0", words) and "python" in words.partition("\0")[0]:
        words = re.sub(r"(^|\0)-m\0[^\0]+", "", words, count=1)  # python -m module
    found = _VLLM_SERVE.search(words) or _MODEL_OPTION.search(words)
    return found[1].rstrip("/").rpartition("/")[2] if found else ""
