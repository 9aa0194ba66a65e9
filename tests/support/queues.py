"""Weeks of services whose breaking rate is known exactly: M/M/1, latency exp(C - rate)."""

from __future__ import annotations

import numpy as np

from jipyo.analysis.capacity.history import CapacityObjective, LoadHistory, Resource

BOUNDS_S = np.array([0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0])
WINDOW_S = 900.0
HOUR_MS = 3_600_000
BEGIN_MS = 1_764_000_000_000


def draw_day_rates(peak: float, days: float, random: np.random.Generator) -> np.ndarray:
    """A rate for each quarter of an hour: quiet nights, quieter weekends, noise."""
    hour = np.arange(int(days * 96)) / 4
    day = 0.1 + 0.9 * np.sin(np.pi * (hour % 24) / 24) ** 2
    weekend = np.where(hour // 24 % 7 >= 5, 0.7, 1.0)
    return peak * day * weekend * np.exp(random.normal(0, 0.05, len(hour))) / 1.08


def count_latencies(
    rates: np.ndarray, capacity: float | np.ndarray, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """(requests, buckets) of an M/M/1 queue: P(latency > x) = exp(-(C - rate) x)."""
    left = np.maximum(capacity - rates, 1e-3)
    reached = 1 - np.exp(-left[:, None] * BOUNDS_S)
    shares = np.diff(reached, axis=1, prepend=0.0, append=1.0)
    requests = random.poisson(rates * WINDOW_S)
    return requests.astype(float), random.multinomial(requests, shares).astype(float)


def make_history(
    capacity: float | np.ndarray = 10.0,
    peak: float = 8.0,
    *,
    days: float = 7,
    busy: str = "true",
    seed: int = 1,
) -> LoadHistory:
    """A history of one server that answers `capacity` requests/s when it is fully busy."""
    random = np.random.default_rng(seed)
    rates = draw_day_rates(peak, days, random)
    requests, buckets = count_latencies(rates, capacity, random)
    use = np.clip(requests / WINDOW_S / capacity, 0, 1)
    shown = {
        "true": use,
        "curved": np.sqrt(use),
        "misleading": use / 2.5,
        "noise": random.uniform(0, 1, len(use)),
        "percent": use * 100,
        "steady": np.full(len(use), 0.4),
        "absent": np.full(len(use), np.nan),
    }
    resources = () if busy == "none" else (Resource("CPU", shown[busy]),)
    t_ms = BEGIN_MS + np.arange(1, len(rates) + 1) * int(WINDOW_S * 1000)
    errors = np.zeros(len(rates))
    return LoadHistory(t_ms, WINDOW_S, requests, errors, buckets, BOUNDS_S, resources)


def break_rate(capacity: float, objective: CapacityObjective) -> float:
    """Where `objective` breaks: exp(-(C - rate) T) = 1 - quantile."""
    return capacity + np.log(objective.most_slow) / objective.latency_s
