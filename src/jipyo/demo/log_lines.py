"""Lines that the services of the made-up server wrote, as files that are then imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jipyo.demo.day import DAY_MS, make_day
from jipyo.model.calendar import local_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.demo.day import DemoDay
    from jipyo.demo.story import Story

_A_STEP = {"portal": 0.16, "chat-api": 0.22, "vllm": 0.12}
"""Lines in 15 s at a usual peak."""
_TEMPLATES: dict[str, tuple[tuple[str, float, str], ...]] = {
    "portal": (
        ("INFO", 0.7, "GET /portal/page/{a} completed in {b} ms"),
        ("INFO", 0.28, "session {c} opened for department {a}"),
        ("WARN", 0.02, "slow query took {b} ms: select from consultation"),
    ),
    "chat-api": (
        ("INFO", 0.75, "answered request {c} with model qwen3-14b in {b} ms, {a} tokens"),
        ("INFO", 0.22, "retrieved {a} passages in {b} ms for request {c}"),
        ("WARN", 0.03, "request {c} retried after {b} ms: upstream busy"),
    ),
    "vllm": (
        ("INFO", 0.97, "Avg prompt throughput: {b}.4 tokens/s, Running: {a} reqs, Waiting: 0 reqs"),
        ("WARN", 0.03, "request {c} aborted by the client after {b} ms"),
    ),
}
_LEAKING = ("WARN", "connection pool HikariPool-1 has {a} of 40 connections idle longer than {b} s")
"""Only the new version writes it, from its deployment on."""
_FAILING = (
    ("ERROR", "could not get a connection from HikariPool-1 within {b} ms, request {c}"),
    ("ERROR", "POST /v1/chat/completions failed with 503 after {b} ms, request {c}"),
)


def write_lines(story: Story, seed: int, number: int) -> dict[str, list[str]]:
    """The lines of a day by UTC, by service, in the order of time."""
    day = make_day(story, seed, number)
    found: dict[str, list[str]] = {}
    for service, rate in _A_STEP.items():
        rng = np.random.default_rng((seed, number, *service.encode()))
        found[service] = [text for _, text in sorted(_write_service(day, service, rate, rng))]
    return found


def _write_service(
    day: DemoDay, service: str, rate: float, rng: np.random.Generator
) -> Iterator[tuple[int, str]]:
    silent = day.during(day.story.maintenance)
    counts = rng.poisson(np.where(silent, 0.0, rate * day.load))
    templates = _TEMPLATES[service]
    chosen = rng.choice(len(templates), counts.sum(), p=[share for _, share, _ in templates])
    for t_ms, which in zip(np.repeat(day.t_ms, counts).tolist(), chosen.tolist(), strict=True):
        level, _, text = templates[which]
        yield _write(day, t_ms, level, text, rng)
    if service == "portal":
        leaking = (day.t_ms >= day.story.deployed_ms) & (day.t_ms < day.story.outage.end_ms)
        for t_ms in day.t_ms[leaking][::2].tolist():
            yield _write(day, t_ms, *_LEAKING, rng)
    if service != "vllm":
        level, text = _FAILING[service == "chat-api"]
        for t_ms in np.repeat(day.t_ms[day.during(day.story.outage)], 8).tolist():
            yield _write(day, t_ms, level, text, rng)


def _write(
    day: DemoDay, t_ms: int, level: str, text: str, rng: np.random.Generator
) -> tuple[int, str]:
    a, b, c = (int(one) for one in rng.integers((3, 20, 1 << 28), (39, 900, 1 << 32)))
    t_ms += int(rng.integers(0, 15_000))
    moment = local_time(t_ms, day.story.zone).isoformat(timespec="milliseconds")
    return t_ms, f"{moment} {level} {text.format(a=a, b=b, c=f'{c:08x}')}"


def list_days(start_ms: int, end_ms: int) -> range:
    """The days by UTC that a stretch touches."""
    return range(start_ms // DAY_MS, -(-end_ms // DAY_MS))
