"""Status lines of model servers -> the metrics that the servers would export themselves."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

_NUMBER = rb"([0-9]+(?:\.[0-9]+)?)"
_VLLM = re.compile(
    rb"(?:Engine ([0-9]+): )?Avg prompt throughput: " + _NUMBER + rb" tokens/s, "
    rb"Avg generation throughput: " + _NUMBER + rb" tokens/s, Running: ([0-9]+) reqs, "
    rb"(?:Swapped: [0-9]+ reqs, )?(?:Waiting|Pending): ([0-9]+) reqs, "
    rb"GPU (?:KV )?cache usage: " + _NUMBER + rb"%"
)
_SGLANG = re.compile(
    rb"#running-req: ([0-9]+),.*?token usage: " + _NUMBER + rb",.*?"
    rb"gen throughput \(token/s\): " + _NUMBER + rb"(?:,.*?#queue-req: ([0-9]+))?"
)
WORD = b"throughput"
"""In every status line."""
_NS = 10**9
VLLM_INTERVAL_NS = 10 * _NS
"""Between two of vLLM's lines, unless they show that it is set to less."""
GAUGES = {
    "vllm:num_requests_running": "Requests that are running, from the log",
    "vllm:num_requests_waiting": "Requests that are waiting, from the log",
    "vllm:kv_cache_usage_perc": "Share of the KV cache that is used, from the log",
    "sglang:num_running_reqs": "Requests that are running, from the log",
    "sglang:num_queue_reqs": "Requests that are waiting, from the log",
    "sglang:token_usage": "Share of the KV cache that is used, from the log",
    "sglang:gen_throughput": "Generated tokens a second, from the log",
}
COUNTERS = {
    "vllm:prompt_tokens_total": "Prompt tokens: throughput in the log times its interval",
    "vllm:generation_tokens_total": "Generated tokens: throughput in the log times its interval",
    "sglang:generation_tokens_total": "Generated tokens: throughput in the log times its interval",
}


@dataclass(slots=True)
class EngineStatus:
    """What the status lines of an engine add up to."""

    values: dict[str, float] = field(default_factory=dict)
    """By the metric's name."""
    last_ns: int | None = None
    interval_ns: int = VLLM_INTERVAL_NS


class StatusTracker:
    """Reads the status lines of batches in order of time."""

    def __init__(self) -> None:
        """Begin without engines."""
        self._engines: dict[tuple[str, str], EngineStatus] = {}

    @property
    def engines(self) -> Mapping[tuple[str, str], EngineStatus]:
        """By service and engine (empty where the line names none)."""
        return self._engines

    def add(self, service: str, times_ns: NDArray[np.int64], messages: Sequence[bytes]) -> None:
        """Read the messages that follow."""
        for row, message in enumerate(messages):
            if WORD not in message:
                continue
            t_ns = int(times_ns[row])
            if found := _VLLM.search(message):
                self._read_vllm(service, t_ns, found)
            elif found := _SGLANG.search(message):
                self._read_sglang(service, t_ns, found)

    def to_json(self) -> list[Any]:
        """What `from_json` reads."""
        return [
            [*key, status.values, status.last_ns, status.interval_ns]
            for key, status in self._engines.items()
        ]

    @classmethod
    def from_json(cls, content: Sequence[Any]) -> StatusTracker:
        """The state as it was."""
        tracker = cls()
        for service, engine, values, last_ns, interval_ns in content:
            tracker._engines[service, engine] = EngineStatus(values, last_ns, interval_ns)
        return tracker

    def _read_vllm(self, service: str, t_ns: int, found: re.Match[bytes]) -> None:
        status = self._find(service, (found[1] or b"").decode())
        gap_ns = VLLM_INTERVAL_NS if status.last_ns is None else t_ns - status.last_ns
        if gap_ns >= _NS:
            status.interval_ns = min(status.interval_ns, gap_ns)
        # An idle server writes no lines, and the line after that is of one interval only.
        interval_s = max(min(gap_ns, status.interval_ns), 0) / _NS
        status.last_ns = t_ns
        prompt, generated, running, waiting, cache = (float(text) for text in found.groups()[1:])
        _count(status, "vllm:prompt_tokens_total", prompt * interval_s)
        _count(status, "vllm:generation_tokens_total", generated * interval_s)
        status.values["vllm:num_requests_running"] = running
        status.values["vllm:num_requests_waiting"] = waiting
        status.values["vllm:kv_cache_usage_perc"] = cache / 100

    def _read_sglang(self, service: str, t_ns: int, found: re.Match[bytes]) -> None:
        status = self._find(service, "")
        running, usage, generated, queued = found.groups()
        # Its throughput is that since the line before, however long ago.
        gap_ns = 0 if status.last_ns is None else max(t_ns - status.last_ns, 0)
        status.last_ns = t_ns
        _count(status, "sglang:generation_tokens_total", float(generated) * gap_ns / _NS)
        status.values["sglang:num_running_reqs"] = float(running)
        status.values["sglang:token_usage"] = float(usage)
        status.values["sglang:gen_throughput"] = float(generated)
        if queued is not None:
            status.values["sglang:num_queue_reqs"] = float(queued)

    def _find(self, service: str, engine: str) -> EngineStatus:
        return self._engines.setdefault((service, engine), EngineStatus())


def _count(status: EngineStatus, name: str, more: float) -> None:
    status.values[name] = status.values.get(name, 0.0) + more
