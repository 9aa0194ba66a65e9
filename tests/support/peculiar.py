"""Series with everything that makes PromQL hard: gaps, resets, NaN, edges, odd times, ends."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from jipyo.model.labels import Labels
from jipyo.model.sample import STALE_BITS, SeriesBlock, Times, Values
from support.expressions import Vocabulary

SPAN_MS = 7_200_000
STEP_MS = 15_000
_EDGES = ("0.1", "0.5", "1", "2.5", "+Inf")


@dataclass(frozen=True)
class Dataset:
    """Names of one set of series; sets do not share any."""

    number: int

    @property
    def vocabulary(self) -> Vocabulary:
        return Vocabulary(
            gauges=(f"temperature{self.number}", f"queue.length{self.number}"),
            counters=(f"requests{self.number}_total", f"요청수{self.number}_total"),
            buckets=(f"latency{self.number}_seconds_bucket",),
            times=("0", "600", "1200.5", "3600", "-60", "start()", "end()"),
        )

    def series(self) -> Iterator[SeriesBlock]:
        """One block a series, from 0 to two hours."""
        rng = np.random.default_rng(self.number)
        words = self.vocabulary
        for name in words.gauges:
            for labels in _instances(name, rng):
                t_ms = _times(rng)
                yield _block(labels, t_ms, _spoiled(rng, _gauge(rng, len(t_ms))))
        for name in words.counters:
            for labels in _instances(name, rng):
                t_ms = _times(rng)
                yield _block(labels, t_ms, _spoiled(rng, _counter(rng, len(t_ms))))
        for labels in _instances(words.buckets[0], rng):
            t_ms = _times(rng)
            counts = np.cumsum(rng.poisson(3.0, (len(t_ms), len(_EDGES))), axis=1).cumsum(axis=0)
            for edge, values in zip(_EDGES, counts.T.astype(float), strict=True):
                yield _block(labels.put({"le": edge}), t_ms, values)


def _instances(name: str, rng: np.random.Generator) -> Iterator[Labels]:
    for job in ("api", "web"):
        for instance in ("a:1", "b:2", "c:3"):
            if rng.random() < 0.7:
                path = {"경로": str(rng.choice(["/", "/새"]))} if rng.random() < 0.5 else {}
                yield Labels.of({"__name__": name, "job": job, "instance": instance, **path})


def _times(rng: np.random.Generator) -> Times:
    """On whole steps, or beside them; with holes; beginning late and ending early."""
    t_ms = np.arange(0, SPAN_MS + 1, STEP_MS * int(rng.choice([1, 2, 4])), dtype=np.int64)
    kind = rng.integers(4)
    if kind == 1:
        t_ms = t_ms + rng.integers(0, 14_000)
    elif kind == 2:
        t_ms = np.unique(t_ms + rng.integers(-7_000, 7_000, len(t_ms)))
    keep = rng.random(len(t_ms)) > rng.choice([0.0, 0.05, 0.4])
    if rng.random() < 0.5:
        hole = rng.integers(0, SPAN_MS, 2)
        keep &= (t_ms < hole.min()) | (t_ms > hole.max())
    if rng.random() < 0.4:
        keep &= (t_ms >= rng.integers(0, SPAN_MS // 2)) & (
            t_ms < rng.integers(SPAN_MS // 2, SPAN_MS)
        )
    return t_ms[keep] if keep.any() else t_ms[:1]


def _gauge(rng: np.random.Generator, count: int) -> Values:
    kind = rng.integers(5)
    if kind == 0:
        return np.full(count, float(rng.choice([0.0, 1.0, 52.0, 0.1, -3.5])))
    if kind == 1:
        return rng.integers(-5, 6, count).astype(float)
    if kind == 2:
        return np.cumsum(rng.normal(0, 1, count))
    if kind == 3:
        return rng.normal(20, 5, count) * 10.0 ** rng.integers(-3, 9)
    return 100 + 10 * np.sin(np.arange(count) / 20)


def _counter(rng: np.random.Generator, count: int) -> Values:
    values = np.cumsum(rng.integers(0, 20, count)).astype(float) + rng.choice([0, 0, 1e6])
    for at in rng.integers(0, count, rng.integers(0, 4)):
        values[at:] -= values[at] - rng.integers(0, 5)
    counter: Values = np.abs(values)
    return counter


def _spoiled(rng: np.random.Generator, values: Values) -> Values:
    """Now and then a NaN, an infinity, a huge number, an end."""
    spoilers = [np.nan, np.inf, -np.inf, 1e17, -1e17]
    if rng.random() < 0.25:
        at = rng.random(len(values)) < 0.02
        values[at] = rng.choice(spoilers, int(at.sum()))
    if rng.random() < 0.5:
        ends = rng.integers(0, len(values), 2)
        values.view(np.uint64)[ends] = STALE_BITS
    return values


def _block(labels: Labels, t_ms: Times, values: Values) -> SeriesBlock:
    return SeriesBlock((labels,), t_ms, values[None, :])
