"""How right anomaly scores are, and what they cost.

The score is that of the Numenta Anomaly Benchmark (standard profile: 100 finds every labelled
window at once, 0 says nothing) on its realAWSCloudwatch files, where JIPYO_ANALYSIS_DATA has
`nab/`, and on made-up series. Our threshold is the product's, which was chosen on other made-up
series; the peer's, a windowed Gaussian, is the one that is best on the same made-up series, and
beside it the one that is best on the files themselves.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np

from bench.anomaly_series import STEP_MS, make_corpus
from bench.nab import Labelled, Numbers, Outcome, judge, read_corpus, score_windowed_gaussian
from jipyo.analysis.anomaly import AnomalyDetector, dump_detector

SEED = 30_261
"""Nothing was tuned on it."""
TUNED = 1
SERIES = 60
THRESHOLDS = np.arange(2.5, 14, 0.25)


def score_ours(series: Labelled) -> Numbers:
    """The detector's score of every sample, at its own times."""
    detector = AnomalyDetector([series.name], [""], STEP_MS)
    pairs = zip(series.t_ms.tolist(), series.values[:, None], strict=True)
    return np.array([detector.step(t_ms, values).score[0] for t_ms, values in pairs])


def choose_threshold(corpus: list[Labelled], scores: list[Numbers]) -> float:
    """The one with the best score on this corpus."""
    return float(max(THRESHOLDS, key=lambda one: judge(corpus, scores, float(one)).score))


def print_row(name: str, threshold: float, outcome: Outcome) -> None:
    """A line of the table."""
    print(
        f"| {name} | {threshold:.2f} | {outcome.score:.1f} | {outcome.found} of {outcome.windows}"
        f" | {outcome.false_per_1000:.2f} |",
        flush=True,
    )


def compare(title: str, corpus: list[Labelled], elsewhere: float) -> tuple[Outcome, Outcome]:
    """Ours and the peer's with a threshold from elsewhere; prints the table."""
    ours = [score_ours(series) for series in corpus]
    peer = [score_windowed_gaussian(series.values) for series in corpus]
    print(f"\n### Anomalies, {title}: {sum(map(len, ours)):,} samples\n")
    print("| method | threshold | score | windows found | false alerts per 1,000 |")
    print("|---|---|---|---|---|")
    outcome, other = judge(corpus, ours, 1.0), judge(corpus, peer, elsewhere)
    best = choose_threshold(corpus, peer)
    print_row("jipyo", 1.0, outcome)
    print_row("windowed Gaussian", elsewhere, other)
    print_row("windowed Gaussian, best here", best, judge(corpus, peer, best))
    return outcome, judge(corpus, peer, best)


def time_steps(series: int, steps: int) -> tuple[float, float]:
    """Samples a second and core, and bytes of state a series."""
    values = np.random.default_rng(SEED).normal(50, 5, (steps, series))
    keys = [str(number) for number in range(series)]
    detector = AnomalyDetector(keys, ["host"] * series, STEP_MS)
    started = time.process_time()
    for at, row in enumerate(values):
        detector.step(at * STEP_MS, row)
    spent = time.process_time() - started
    return series * steps / spent, len(dump_detector(detector)) / series


def measure() -> None:
    """Print all tables."""
    tuned = make_corpus(TUNED, SERIES)
    elsewhere = choose_threshold(tuned, [score_windowed_gaussian(one.values) for one in tuned])
    made, _ = compare("made-up series", make_corpus(SEED, SERIES), elsewhere)
    folder = Path(os.environ.get("JIPYO_ANALYSIS_DATA", "/nonexistent")) / "nab"
    goals = [("false alerts per 1,000, made", "<= 0.5", f"{made.false_per_1000:.2f}")]
    if folder.exists():
        ours, peer = compare("NAB realAWSCloudwatch", read_corpus(folder), elsewhere)
        goals.append(
            ("points over the best windowed Gaussian", ">= 12", f"{ours.score - peer.score:.1f}")
        )
        goals.append(("false alerts per 1,000, NAB", "<= 0.5", f"{ours.false_per_1000:.2f}"))
    for series in (1000, 1):
        speed, size = time_steps(series, 500)
        goal = ">= 50,000" if series > 1 else "–"
        goals.append((f"samples/s and core, {series} series at once", goal, f"{speed:,.0f}"))
        goals.append((f"bytes of a checkpoint a series, of {series}", "–", f"{size:,.0f}"))
    print("\n| figure | goal | reached |\n|---|---|---|")
    for row in goals:
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    measure()
