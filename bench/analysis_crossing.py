"""How right crossings are, and what they cost: 16 kinds of made-up series, fresh seeds.

28 days of hourly values, some with gaps, and a threshold; the truth is the first of three hours
in a row beyond it within the 30 days that follow. Miss: reached, and not announced; false:
announced, and not reached; error: the median of the relative error of the announced time, which
counts as twice the horizon where there is none, with the truth at least a day; covered: the
80 % interval contains the truth, or ends beyond the horizon where it is not reached. LIS: log
interval score; Brier: squared error of the probability. Lower is better for both.

Other methods' intervals are bands for each point, not those of the time; prophet is run where
JIPYO_ANALYSIS_PEERS names an interpreter that has it, on JIPYO_ANALYSIS_PEERS_CASES a kind.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bench.analysis_data import Case as ForecastCase
from bench.analysis_peers import forecast_by_peers
from bench.crossing_series import DAY, HISTORY, HORIZON, KINDS, SUSTAINED, Case, make_cases
from jipyo.analysis.crossing import predict_crossings
from jipyo.analysis.regular_series import HOUR_MS, RegularSeries, make_regular
from jipyo.catalogue import Direction

if TYPE_CHECKING:
    from bench.crossing_series import Numbers

SEEDS = (20_261, 20_262, 20_263)
"""Nothing was tuned on these."""
PER_KIND = 12


@dataclass(frozen=True)
class Answer:
    """Hours until the threshold, infinite where beyond the simulation, and the probability."""

    eta: float
    low: float
    high: float
    probability: float


def make_series(case: Case) -> RegularSeries:
    """The measured hours of a case on their grid."""
    t_ms = HOUR_MS * np.arange(HISTORY, dtype=np.int64)
    seen = np.isfinite(case.history)
    return make_regular(t_ms[seen], case.history[seen], HOUR_MS)


def predict_ours(case: Case) -> Answer:
    """What the product says."""
    forecast = predict_crossings(make_series(case), [case.threshold], Direction.HIGHER_IS_WORSE)
    found = forecast.crossings[0]
    times = (found.t_ms, found.earliest_ms, found.latest_ms)
    eta, low, high = (
        np.inf if at is None else max((at - forecast.end_ms) / HOUR_MS, 1.0) for at in times
    )
    return Answer(eta, low, high, found.probability)


def predict_linear(case: Case, window: int) -> Answer:
    """A straight line through the last `window` hours, as PromQL extrapolates; no interval."""
    values = make_series(case).values[-window:]
    slope, level = np.polyfit(np.arange(1 - len(values), 1), values, 1)
    eta = max((case.threshold - level) / slope, 1.0) if slope > 0 else np.inf
    return Answer(eta, eta, eta, float(eta <= HORIZON))


def predict_drift(case: Case) -> Answer:
    """The last day repeated, with the drift of the whole history; normal intervals."""
    values = make_series(case).values
    drift = (values[-DAY:].mean() - values[:DAY].mean()) / (len(values) - DAY)
    ahead = np.arange(1, 2 * HORIZON + 1)
    change = values[DAY:] - values[:-DAY] - DAY * drift
    spread = float(np.std(change)) * np.sqrt((ahead - 1) // DAY + 1)
    middle = np.resize(values[-DAY:], len(ahead)) + drift * ahead
    return read_bands(case, middle - 1.2816 * spread, middle, middle + 1.2816 * spread)


def read_bands(case: Case, low: Numbers, middle: Numbers, high: Numbers) -> Answer:
    """The times at which the three bands of a forecast reach the threshold."""
    eta, first, last = (find_first(band, case.threshold) for band in (middle, high, low))
    if eta <= HORIZON:
        probability = 0.95 if last <= HORIZON else 0.7
    else:
        probability = 0.3 if first <= HORIZON else 0.05
    return Answer(eta, first, last, probability)


def find_first(band: Numbers, threshold: float) -> float:
    """Hours until `SUSTAINED` values in a row reach it."""
    beyond = np.lib.stride_tricks.sliding_window_view(band >= threshold, SUSTAINED).all(axis=1)
    return float(beyond.argmax() + 1) if beyond.any() else np.inf


@dataclass(frozen=True)
class Figures:
    """The figures of one method over many cases."""

    miss: float
    false: float
    error: float
    near: float
    covered: float
    interval_score: float
    brier: float

    def row(self, name: str, milliseconds: float) -> str:
        """A line of a table."""
        return (
            f"| {name} | {self.miss:.3f} | {self.false:.3f} | {self.error:.3f} | {self.near:.3f}"
            f" | {self.covered:.3f} | {self.interval_score:.2f} | {self.brier:.3f}"
            f" | {milliseconds:.1f} |"
        )


def score(cases: list[Case], answers: list[Answer]) -> Figures:
    """All figures."""
    truth = np.array([case.truth for case in cases])
    eta, low, high, probability = np.array(
        [[one.eta, one.low, one.high, one.probability] for one in answers]
    ).T
    reached = np.isfinite(truth)
    at = np.where(reached, truth, HORIZON)
    errors = np.abs(np.minimum(eta, 2 * HORIZON) - at)[reached] / np.maximum(at[reached], DAY)
    covered = np.where(reached, (low <= at) & (at <= high), high > HORIZON)
    first, last = (np.log(np.clip(bound, 1, 2 * HORIZON)) for bound in (low, high))
    outside = np.maximum(np.log(at) - last, 0) + reached * np.maximum(first - np.log(at), 0)
    return Figures(
        average(eta[reached] > HORIZON),
        average(eta[~reached] <= HORIZON),
        float(np.median(errors)) if len(errors) else np.nan,
        average(errors <= 0.25),
        average(covered),
        average(last - first + 10 * outside),
        average((probability - reached) ** 2),
    )


def average(values: Numbers) -> float:
    """NaN of nothing."""
    return float(np.mean(values)) if len(values) else np.nan


HEAD = "| method | miss | false | error | within 25% | covered 80% | LIS | Brier | CPU ms |"
RULE = "|---|---|---|---|---|---|---|---|---|"
METHODS = {
    "jipyo": predict_ours,
    "predict_linear, 6 h": lambda case: predict_linear(case, 6),
    "predict_linear, 1 d": lambda case: predict_linear(case, DAY),
    "predict_linear, 7 d": lambda case: predict_linear(case, 7 * DAY),
    "predict_linear, 28 d": lambda case: predict_linear(case, 28 * DAY),
    "last day with drift": predict_drift,
}


def measure() -> None:
    """Print all tables."""
    cases = [case for seed in SEEDS for case in make_cases(seed, PER_KIND)]
    count = sum(np.isfinite(case.truth) for case in cases)
    print(f"\n### Crossings, {len(cases)} cases, {count} reached within 30 days\n")
    print(f"{HEAD}\n{RULE}")
    ours: list[Answer] = []
    for name, predict in METHODS.items():
        started = time.process_time()
        answers = [predict(case) for case in cases]
        spent = 1000 * (time.process_time() - started) / len(cases)
        ours = ours or answers
        print(score(cases, answers).row(name, spent), flush=True)
    print_goals(cases, ours)
    print_kinds(cases, ours)
    compare_peers()


def print_goals(cases: list[Case], answers: list[Answer]) -> None:
    """Each goal, what is reached over all seeds, and by each seed."""
    goals = {"miss": 0.08, "false": 0.05, "error": 0.05, "brier": 0.05, "interval_score": 0.75}
    whole, size = score(cases, answers), len(cases) // len(SEEDS)
    parts = [
        score(cases[at : at + size], answers[at : at + size]) for at in range(0, len(cases), size)
    ]
    print("\n| figure | goal | reached | by seed |\n|---|---|---|---|")
    for name, goal in goals.items():
        seeds = ", ".join(f"{getattr(part, name):.3f}" for part in parts)
        print(f"| {name.replace('_', ' ')} | <= {goal} | {getattr(whole, name):.3f} | {seeds} |")
    seeds = ", ".join(f"{part.covered:.3f}" for part in parts)
    print(f"| covered | .78 to .92 | {whole.covered:.3f} | {seeds} |")


def print_kinds(cases: list[Case], answers: list[Answer]) -> None:
    """Our figures by kind of series."""
    print(f"\n{HEAD.replace('method', 'kind')}\n{RULE}")
    for kind in KINDS:
        rows = [at for at, case in enumerate(cases) if case.kind == kind]
        figures = score([cases[at] for at in rows], [answers[at] for at in rows])
        print(figures.row(kind.replace("_", " "), np.nan).replace("nan", "–"))


def compare_peers() -> None:
    """Libraries on a part of the cases: a forecast of 60 days takes them a second."""
    if not os.environ.get("JIPYO_ANALYSIS_PEERS"):
        return
    cases = make_cases(SEEDS[0], int(os.environ.get("JIPYO_ANALYSIS_PEERS_CASES", "3")))
    print(f"\nOn {len(cases)} of them:\n\n{HEAD}\n{RULE}")
    print(score(cases, [predict_ours(case) for case in cases]).row("jipyo", np.nan))
    asked = [ForecastCase(case.kind, make_series(case), np.zeros(2 * HORIZON)) for case in cases]
    for name, results, seconds in forecast_by_peers(asked):
        answers = [
            Answer(np.inf, np.inf, np.inf, 0.0)
            if bands is None
            else read_bands(case, bands[1], bands[2], bands[3])
            for case, bands in zip(cases, results, strict=True)
        ]
        print(score(cases, answers).row(name, 1000 * float(np.mean(seconds))), flush=True)


if __name__ == "__main__":
    measure()
