"""Thirty-one days of two engines with restarts, and what they really did in each hour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.labels import Labels
from jipyo.model.sample import SeriesBlock

if TYPE_CHECKING:
    from jipyo.model.sample import Times, Values

END_MS = 1_795_186_800_000
HOURS = 31 * 24
START_MS = END_MS - HOURS * 3_600_000
MODEL = "llama"
_SCRAPES = HOURS * 60
_RESTARTS = (5_003, 5_090, 17_777, 30_001)
"""Scrapes before which an engine began anew; two of them within two hours."""


@dataclass(frozen=True, slots=True)
class EngineMonth:
    """One engine's counts for each minute, shape (minutes,)."""

    server: str
    all: Values
    within: Values
    tokens: Values

    def count_hours(self, field: str) -> Values:
        """What happened in each hour, shape (hours,)."""
        return np.asarray(getattr(self, field)).reshape(HOURS, 60).sum(axis=1)


def make_engines() -> tuple[EngineMonth, EngineMonth]:
    """Two engines under uneven load, with nights at which nothing happens."""
    random = np.random.default_rng(31)
    made = []
    for server, level in (("vllm", 40), ("sglang", 25)):
        hour = np.arange(_SCRAPES) // 60 % 24
        load = level * np.clip(np.sin((hour - 6) / 24 * 2 * np.pi), 0, None)
        requests = random.poisson(load).astype(float)
        slow = random.binomial(requests.astype(int), 0.03).astype(float)
        tokens = requests * random.integers(20, 80, _SCRAPES).astype(float)
        made.append(EngineMonth(server, requests, requests - slow, tokens))
    return made[0], made[1]


def list_blocks(engine: EngineMonth) -> list[SeriesBlock]:
    """The series that a scrape a minute gives, from one scrape before the first minute on."""
    prefix, streaming = (
        ("sglang:", {"is_streaming": "true"})
        if engine.server == "sglang"
        else ("vllm:", {"engine": "0"})
    )
    base = {"job": engine.server, "instance": f"{engine.server}:8000", "model_name": MODEL}
    names = {
        "time_to_first_token_seconds_bucket": (engine.within, {"le": "1.0"}),
        "time_to_first_token_seconds_count": (engine.all, {}),
        "generation_tokens_total": (engine.tokens, {}),
    }
    t_ms = _list_times()
    series = tuple(
        Labels.of({"__name__": f"{prefix}{name}", **base, **streaming, **labels})
        for name, (_, labels) in names.items()
    )
    values = np.stack([_count_since_restart(per_minute) for per_minute, _ in names.values()])
    return [SeriesBlock(series, t_ms, values)]


def _list_times() -> Times:
    # Scrapes never meet the edge of an hour.
    return START_MS - 7_000 + 60_000 * np.arange(_SCRAPES + 1, dtype=np.int64)


def _count_since_restart(per_minute: Values) -> Values:
    """The counter at each scrape; it begins anew before each restart's scrape."""
    counted = np.concatenate([[0.0], np.cumsum(per_minute)])
    for at in _RESTARTS:
        # What had been counted up to the last scrape before is forgotten.
        counted[at:] -= counted[at - 1]
    return counted
