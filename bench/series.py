"""The data of the benches: 1,000 series at 15 s of ten hosts, the same on every machine.

A host has 100 series: 40 CPU counters in 0.01 s, 20 gauges (memory, load, sizes), 10 network
counters, 22 histogram buckets and 8 GPU gauges. Half a per mille of the scrapes is missing,
one per cent comes up to 39 ms late, counters fall back now and then.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from jipyo.model.labels import Labels
from jipyo.model.sample import SeriesBlock, Times, Values

if TYPE_CHECKING:
    from collections.abc import Iterator

DAY_MS = 86_400_000
END_MS = 1_793_491_200_000 + 7 * DAY_MS
"""2026-11-08T00:00:00Z."""
STEP_MS = 15_000
HOSTS = 10
_MODES = (("user", 0.7), ("system", 0.25), ("iowait", 0.05), ("softirq", 0.01))
_EDGES = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)

Numbers = npt.NDArray[np.float64]


@dataclass
class _Host:
    """One host while its series are made."""

    number: int
    rng: np.random.Generator
    load: Numbers
    kept: npt.NDArray[np.bool_]
    labels: list[Labels] = field(default_factory=list)
    values: list[Numbers] = field(default_factory=list)

    def add(self, name: str, values: Numbers, **labels: str) -> None:
        own = {"__name__": name, "instance": f"host{self.number:02d}:9100", "job": "node"}
        self.labels.append(Labels.of({**own, **labels}))
        self.values.append(values[self.kept])

    def counter(self, rises: Numbers) -> Numbers:
        total = np.cumsum(rises)
        for at in np.sort(self.rng.choice(len(total), max(1, len(total) // 20_000))):
            total[at:] -= total[at]
        return total


def hosts(days: int, *, count: int = HOSTS, end_ms: int = END_MS) -> Iterator[SeriesBlock]:
    """One block a host: 100 series over their common times, `days` up to `end_ms`."""
    for number in range(count):
        yield _host(number, days * DAY_MS // STEP_MS, end_ms - days * DAY_MS)


def _host(number: int, samples: int, start_ms: int) -> SeriesBlock:
    rng = np.random.default_rng((7, number, samples))
    t_ms = start_ms + int(rng.integers(200, 14_800)) + STEP_MS * np.arange(samples)
    t_ms = t_ms + np.where(rng.random(samples) < 0.01, rng.integers(1, 40, samples), 0)
    wave = np.sin(np.arange(samples) * (2 * np.pi * STEP_MS / DAY_MS) + rng.uniform(0, 6))
    noise = np.convolve(rng.normal(0, 0.08, samples + 39), np.full(40, 1 / 6.3), "valid")
    host = _Host(
        number,
        rng,
        np.clip(0.35 + 0.25 * wave + noise, 0.01, 0.97),
        rng.random(samples) >= 0.0005,
    )
    for add in (_cpu, _gauges, _network, _buckets, _gpu):
        add(host)
    return SeriesBlock(tuple(host.labels), t_ms[host.kept], np.stack(host.values))


def _cpu(host: _Host) -> None:
    for cpu in range(8):
        busy = np.clip(host.load + host.rng.normal(0, 0.05, len(host.load)), 0, 1)
        for mode, share in (("idle", 0.0), *_MODES):
            seconds = STEP_MS / 1000 * (busy * share if share else 1 - busy)
            ticks = np.floor(host.counter(seconds) * 100)
            host.add("node_cpu_seconds_total", np.round(ticks / 100, 2), cpu=str(cpu), mode=mode)


def _gauges(host: _Host) -> None:
    samples, rng = len(host.load), host.rng
    for slot in map(str, range(5)):
        used = 64e9 * (0.4 + 0.3 * host.load) + np.cumsum(rng.normal(0, 2e7, samples))
        host.add("node_memory_Active_bytes", np.floor(used.clip(0) / 4096) * 4096, slot=slot)
        load1 = 8 * host.load + np.cumsum(rng.normal(0, 0.05, samples))
        host.add("node_load1", np.round(load1, 2), slot=slot)
        size = 256e9 + np.repeat(rng.integers(0, 5, samples // 240 + 1), 240)[:samples] * 4096.0
        host.add("node_memory_MemTotal_bytes", size.astype(np.float64), slot=slot)
        written = np.cumsum(rng.integers(0, 3, samples) * 4096 * (rng.random(samples) < 0.3))
        host.add("node_filesystem_avail_bytes", np.floor(1e11 - written), slot=slot)


def _network(host: _Host) -> None:
    for device in range(5):
        for way in ("receive", "transmit"):
            rises = host.rng.poisson(8e4 * (0.2 + host.load) * (device + 1)) * 15.0
            host.add(
                f"node_network_{way}_bytes_total",
                np.floor(host.counter(rises.astype(np.float64))),
                device=f"eth{device}",
            )


def _buckets(host: _Host) -> None:
    for handler in range(2):
        requests = host.rng.poisson(300 * host.load + 20)
        below = 1 - np.exp(-np.array(_EDGES) / (0.08 + 0.05 * handler))
        shares = np.diff(np.concatenate(([0.0], below, [1.0])))
        counts = np.cumsum(np.cumsum(host.rng.multinomial(requests, shares), axis=1), axis=0)
        restart = int(host.rng.integers(len(counts)))
        counts[restart:] -= counts[restart]
        for number, edge in enumerate([*map(str, _EDGES), "+Inf"]):
            host.add(
                "http_request_duration_seconds_bucket",
                counts[:, number].astype(float),
                handler=f"/h{handler}",
                le=edge,
            )


def _gpu(host: _Host) -> None:
    samples, rng = len(host.load), host.rng
    for gpu in map(str, range(4)):
        used = np.clip(host.load + rng.normal(0, 0.1, samples), 0, 1)
        host.add("nvidia_gpu_utilization", np.round(100 * used), gpu=gpu)
        heat = 35 + 45 * host.load + rng.normal(0, 0.7, samples)
        host.add("nvidia_gpu_temperature", np.round(heat), gpu=gpu)


def scrapes(block: SeriesBlock) -> Iterator[tuple[int, Values]]:
    """The samples of a block moment by moment: time and values (series,)."""
    columns = np.ascontiguousarray(block.values.T)
    yield from zip(block.t_ms.tolist(), columns, strict=True)


__all__ = ["DAY_MS", "END_MS", "HOSTS", "STEP_MS", "Times", "hosts", "scrapes"]
