"""Expositions of AI servers, written from what each server declares: names, labels, boundaries."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

DECLARATIONS = Path(__file__).parents[1] / "collect" / "fixtures" / "ai"
PROMPT, CACHED, OUTPUT, DRAFTED, ACCEPTED = 200, 80, 50, 40, 30
"""Tokens of one completed request."""
RUNNING, WAITING, KV_CACHE = 12, 3, 0.42

Spread = tuple[tuple[float, int], ...]
SPREADS: Mapping[str, Spread] = {
    "first_token": ((0.2, 90), (0.7, 7), (3.0, 3)),
    "response": ((0.6, 80), (0.9, 16), (4.0, 4)),
    "inter_token": ((0.02, 99), (0.3, 1)),
    "queue": ((0.05, 96), (0.4, 4)),
}
"""Seconds, and how many of each hundred requests took so long."""
_LABEL_VALUES = {
    "finished_reason": ("stop", "length", "abort", "error", "repetition"),
    "reason": ("capacity", "deferred"),
    "tp_rank": ("0", "1"),
    "err": ("overloaded",),
    "is_streaming": ("true",),
    "gen_ai_operation_name": ("chat", "embeddings"),
    "gen_ai_token_type": ("input", "output"),
    "team_alias": ("search",),
}
_MODEL_LABELS = {
    "model",
    "model_name",
    "requested_model",
    "litellm_model_name",
    "gen_ai_request_model",
}


@dataclass(frozen=True, slots=True)
class Traffic:
    """What an engine has done since it started, in requests."""

    completed: int = 0
    errors: int = 0
    aborted: int = 0
    rejected: int = 0
    preempted: int = 0

    @property
    def all(self) -> int:
        """Every request that was accepted."""
        return self.completed + self.errors + self.aborted


@dataclass(frozen=True, slots=True)
class Server:
    """An AI server of a version, and the families that it declares."""

    exporter: str
    version: str
    families: Mapping[str, Mapping[str, Any]]

    def write(self, model: str, traffic: Traffic, spreads: Mapping[str, Spread] = SPREADS) -> str:
        """The exposition that it would serve after this traffic, whose requests took so long."""
        lines = itertools.chain.from_iterable(
            _write_family(name, family, model, traffic, spreads)
            for name, family in self.families.items()
        )
        return "\n".join([*lines, ""])


def read_server(version: str) -> Server:
    """The server that is declared in the file of this name, such as `vllm-0.33.0`."""
    data = json.loads((DECLARATIONS / f"{version}.json").read_text("utf-8"))
    return Server(data["server"], version, data["families"])


def list_versions() -> list[str]:
    """Every server of which there are declarations."""
    return sorted(file.stem for file in DECLARATIONS.glob("*.json"))


def _count_within(spread: Sequence[tuple[float, int]], seconds: float, n: int) -> int:
    """How many of n requests took at most so long."""
    return n * sum(weight for value, weight in spread if value <= seconds) // 100


def _write_family(
    name: str,
    family: Mapping[str, Any],
    model: str,
    traffic: Traffic,
    spreads: Mapping[str, Spread],
) -> Iterator[str]:
    kind = family["type"]
    sample = f"{name}_total" if kind == "counter" and not family.get("bare") else name
    yield f"# TYPE {sample} {kind}"
    names = family.get("labels", [])
    choices = [
        [model] if label in _MODEL_LABELS else _LABEL_VALUES.get(label, ("0",)) for label in names
    ]
    for values in itertools.product(*choices):
        for labels in _split_by_outcome(dict(zip(names, values, strict=True)), family):
            if kind == "histogram":
                yield from _write_histogram(sample, labels, family, traffic, spreads)
            else:
                yield f"{_format_series(sample, labels)} {_find_value(family, labels, traffic)}"


def _split_by_outcome(
    labels: dict[str, str], family: Mapping[str, Any]
) -> Iterator[dict[str, str]]:
    """The label sets of a family that distinguishes outcomes by labels of its own."""
    outcomes: list[dict[str, str]] = [{}]
    if family.get("of") == "dynamo_requests":
        outcomes = [
            {"status": "success", "error_type": ""},
            {"status": "error", "error_type": "internal"},
            {"status": "error", "error_type": "cancelled"},
        ]
    elif family.get("of") == "litellm_failed":
        outcomes = [{"exception_status": "500"}, {"exception_status": "400"}]
    elif "error_type" in labels:
        outcomes = [{"error_type": ""}, {"error_type": "500"}]
    for outcome in outcomes:
        yield {**labels, **outcome}


def _find_value(family: Mapping[str, Any], labels: Mapping[str, str], traffic: Traffic) -> float:
    """A gauge's value or a counter's count."""
    by_outcome = {
        "finished": {"stop": "completed", "abort": "aborted", "error": "errors"},
        "dynamo_requests": {"": "completed", "internal": "errors", "cancelled": "aborted"},
        "litellm_failed": {"500": "errors", "400": "rejected"},
    }
    of = family.get("of", "all" if family["type"] == "counter" else "")
    if of in by_outcome:
        at = {"finished": "finished_reason", "dynamo_requests": "error_type"}
        field = by_outcome[of].get(labels[at.get(of, "exception_status")])
        return getattr(traffic, field) if field else 0
    if of == "waiting_by_reason":
        return WAITING if labels["reason"] == "capacity" else 0
    values: dict[str, float] = {
        "": 1,
        "running": RUNNING,
        "waiting": WAITING,
        "kv_cache": KV_CACHE,
        "draft_acceptance": ACCEPTED / DRAFTED,
        "all": traffic.all,
        "completed": traffic.completed,
        "successful": traffic.completed,
        "errors": traffic.errors,
        "rejected": traffic.rejected if labels.get("reason") != "deferred" else 0,
        "unsuccessful": traffic.errors + traffic.aborted,
        "preempted": traffic.preempted,
        "prompt_tokens": PROMPT * traffic.completed,
        "cached_tokens": CACHED * traffic.completed,
        "output_tokens": OUTPUT * traffic.completed,
        "drafted": DRAFTED * traffic.completed,
        "accepted": ACCEPTED * traffic.completed,
    }
    return values[of]


def _write_histogram(
    name: str,
    labels: Mapping[str, str],
    family: Mapping[str, Any],
    traffic: Traffic,
    spreads: Mapping[str, Spread],
) -> Iterator[str]:
    failed = labels.get("error_type", "") != ""
    n = traffic.errors if failed else traffic.completed
    of = family.get("of", "")
    tokens = {"input": PROMPT, "output": OUTPUT}.get(labels.get("gen_ai_token_type", ""), PROMPT)
    spread = spreads.get(of, ((float(tokens), 100),))
    for edge in family["buckets"]:
        bucket = {**labels, "le": repr(float(edge))}
        yield f"{_format_series(f'{name}_bucket', bucket)} {_count_within(spread, edge, n)}"
    yield f"{_format_series(f'{name}_bucket', {**labels, 'le': '+Inf'})} {n}"
    total = n * sum(value * weight for value, weight in spread) / 100
    yield f"{_format_series(f'{name}_sum', labels)} {total}"
    yield f"{_format_series(f'{name}_count', labels)} {n}"


def _format_series(name: str, labels: Mapping[str, str]) -> str:
    pairs = ",".join(f'{key}="{value}"' for key, value in labels.items() if value)
    return f"{name}{{{pairs}}}" if pairs else name
