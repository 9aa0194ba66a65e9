"""The Numenta Anomaly Benchmark's corpus and score, for the bench of anomalies.

Source: Lavin and Ahmad (2015), Evaluating real-time anomaly detection algorithms: the Numenta
Anomaly Benchmark, ICMLA; scoring of its version 1.1, standard profile.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from pathlib import Path

FALSE_POSITIVE = 0.11
_PROBATION = 0.15
_LONGEST_PROBATION = 750

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Labelled:
    """A series with its times and its windows, as pairs of indices, the second included."""

    name: str
    t_ms: npt.NDArray[np.int64]
    values: Numbers
    windows: tuple[tuple[int, int], ...]

    @property
    def probation(self) -> int:
        """Samples at the start that are not scored."""
        return min(int(_PROBATION * len(self.values)), _LONGEST_PROBATION)


def read_corpus(folder: Path) -> list[Labelled]:
    """Every file of `windows.json` in the folder."""
    windows = json.loads((folder / "windows.json").read_text("utf-8"))
    return [_read_file(folder, name, pairs) for name, pairs in sorted(windows.items())]


def _read_file(folder: Path, name: str, pairs: list[list[str]]) -> Labelled:
    with (folder / name).open(newline="") as file:
        rows = list(csv.reader(file))[1:]
    t_ms = np.array([_read_time(row[0]) for row in rows], dtype=np.int64)
    values = np.array([float(row[1]) for row in rows])
    windows = tuple(
        (
            int(np.searchsorted(t_ms, _read_time(start))),
            int(np.searchsorted(t_ms, _read_time(end), side="right")) - 1,
        )
        for start, end in pairs
    )
    return Labelled(name, t_ms, values, windows)


def _read_time(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def mark_windows(series: Labelled) -> Flags:
    """Which samples are within a window."""
    inside = np.zeros(len(series.values), dtype=np.bool_)
    for start, end in series.windows:
        inside[start : end + 1] = True
    return inside


@dataclass(frozen=True)
class Outcome:
    """What a threshold makes of the scores of a corpus."""

    score: float
    found: int
    windows: int
    false: int
    samples: int

    @property
    def false_per_1000(self) -> float:
        """Alerts outside of every window, for each 1,000 samples after probation."""
        return 1000 * self.false / self.samples


def judge(corpus: list[Labelled], scores: list[Numbers], threshold: float) -> Outcome:
    """The normalised score: 100 finds every window at once, 0 says nothing."""
    raw, found, false, windows, samples = 0.0, 0, 0, 0, 0
    for series, score in zip(corpus, scores, strict=True):
        with np.errstate(invalid="ignore"):
            alerts = score >= threshold
        alerts[: series.probation] = False
        points, hits = _judge_windows(series, alerts)
        outside = np.flatnonzero(alerts & ~mark_windows(series))
        raw += points - FALSE_POSITIVE * float(_weigh_false(series, outside).sum())
        found, false, windows = found + hits, false + len(outside), windows + len(series.windows)
        samples += len(score) - series.probation
    return Outcome(100 * (raw + windows) / (2 * windows), found, windows, false, samples)


def _judge_windows(series: Labelled, alerts: Flags) -> tuple[float, int]:
    points, hits = 0.0, 0
    for start, end in series.windows:
        inside = np.flatnonzero(alerts[start : end + 1])
        if not len(inside):
            points -= 1
            continue
        position = -(end - start + 1 - inside[0]) / (end - start + 1)
        points += float(_sigmoid(position) / _sigmoid(-1.0))
        hits += 1
    return points, hits


def _weigh_false(series: Labelled, at: npt.NDArray[np.int64]) -> Numbers:
    """From 0, just after a window, to 1, far after one or before the first."""
    weight = np.ones(len(at))
    for start, end in series.windows:
        after = at > end
        weight[after] = -_sigmoid((at[after] - end) / max(end - start, 1))
    return weight


def _sigmoid(position: npt.ArrayLike) -> Numbers:
    at = np.asarray(position, dtype=float)
    value: Numbers = np.where(at > 3, -1.0, 2 / (1 + np.exp(5 * np.minimum(at, 3.0))) - 1)
    return value


def score_windowed_gaussian(values: Numbers) -> Numbers:
    """The corpus' own simple peer: distance from the mean of 6,400 values, in deviations."""
    total = np.concatenate(([0.0], np.cumsum(values)))
    squares = np.concatenate(([0.0], np.cumsum(values**2)))
    at = np.arange(len(values))
    start, count = np.maximum(at - 6400, 0), np.maximum(np.minimum(at, 6400), 1)
    mean = (total[at] - total[start]) / count
    variance = (squares[at] - squares[start]) / count - mean**2
    score: Numbers = np.abs(values - mean) / np.sqrt(np.maximum(variance, 1e-12))
    score[:30] = 0
    return score
