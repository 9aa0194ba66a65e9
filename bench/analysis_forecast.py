"""How right forecasts are, and what they cost, beside other libraries.

MASE: mean absolute error over the mean absolute difference from day to day of the history
(daily series: from week to week). WIS: weighted interval score of the median and the 80 and
95 % intervals (Bracher et al. 2021). relMASE and relWIS: geometric mean over the cases of the
figure over that of repeating the last day (daily series: week), both at least .01; what failed
or was refused counts as that. Real series in two parts, and made ones with two seeds: figures
are of the part that nothing was tuned on, unless JIPYO_ANALYSIS_PART=tune.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bench.analysis_data import JUDGE, Case, make_cases
from bench.analysis_peers import forecast_by_peers
from bench.analysis_shapes import make_shapes
from jipyo.analysis.forecast import Forecast, forecast
from jipyo.analysis.regular_series import DAY_MS, HOUR_MS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.model.sample import Values

FLOOR = 0.01
INTERVALS = ((0, 4, 0.05), (1, 3, 0.2))
HORIZONS = (("24 h", HOUR_MS, 24), ("168 h", HOUR_MS, 168), ("30 d", DAY_MS, 30))


@dataclass(frozen=True, slots=True)
class Score:
    """One method over many cases."""

    mase: float
    wis: float
    """Relative to the seasonal naive, both."""
    cover_80: float
    cover_95: float
    failed: float
    milliseconds: float

    def row(self, name: str) -> str:
        """A line of a table."""
        return (
            f"| {name} | {self.mase:.3f} | {self.wis:.3f} | {self.cover_80:.3f}"
            f" | {self.cover_95:.3f} | {self.failed:.2f} | {self.milliseconds:.1f} |"
        )


def find_period(case: Case) -> int:
    """A day of hours, a week of days."""
    return case.history.day if case.history.day > 1 else case.history.week


def repeat_period(case: Case, period: int) -> Values:
    """The seasonal naive forecast, shape (5, steps), with normal intervals."""
    values, steps = case.history.values, len(case.future)
    period = min(period, len(values) // 2)
    ahead = np.arange(steps)
    middle = values[len(values) - period + ahead % period]
    error = np.sqrt(np.mean((values[period:] - values[:-period]) ** 2)) * np.sqrt(
        ahead // period + 1
    )
    return np.stack([middle + z * error for z in (-1.96, -1.2816, 0, 1.2816, 1.96)])


def find_scale(case: Case) -> float:
    """The mean absolute difference from period to period of the history."""
    period, values = find_period(case), case.history.values
    return float(np.mean(np.abs(values[period:] - values[:-period]))) or 1.0


def score_errors(case: Case, quantiles: Values) -> tuple[float, float, float, float]:
    """MASE, scaled WIS, and the shares inside the 80 and the 95 % interval."""
    known = ~np.isnan(case.future)
    truth, guess = case.future[known], quantiles[:, known]
    error = np.abs(truth - guess[2])
    total, inside = error / 2, []
    for low, high, alpha in INTERVALS:
        below = np.maximum(guess[low] - truth, 0)
        above = np.maximum(truth - guess[high], 0)
        total = total + alpha / 2 * (guess[high] - guess[low]) + below + above
        slack = 1e-9 * float(np.ptp(case.history.values))
        inside.append(float(((below <= slack) & (above <= slack)).mean()))
    scale = find_scale(case)
    return float(error.mean()) / scale, float(total.mean()) / 2.5 / scale, inside[1], inside[0]


def score(cases: list[Case], results: list[Values | None], seconds: list[float]) -> Score:
    """The figures of one method."""
    naive = [repeat_period(case, find_period(case)) for case in cases]
    pairs = zip(cases, results, naive, strict=True)
    own = np.array([score_errors(c, r if r is not None else n) for c, r, n in pairs])
    base = np.array([score_errors(c, n) for c, n in zip(cases, naive, strict=True)])
    ratio = np.log(np.maximum(own[:, :2], FLOOR) / np.maximum(base[:, :2], FLOOR)).mean(axis=0)
    failed = np.mean([result is None for result in results])
    mase, wis = np.exp(ratio).tolist()
    cover_80, cover_95 = own[:, 2:].mean(axis=0).tolist()
    return Score(mase, wis, cover_80, cover_95, float(failed), 1000 * float(np.mean(seconds)))


def forecast_ours(cases: list[Case]) -> tuple[list[Values | None], list[float]]:
    """Our quantiles and CPU seconds for every case."""
    results: list[Values | None] = []
    seconds = []
    for case in cases:
        started = time.process_time()
        found = forecast(case.history, len(case.future))
        seconds.append(time.process_time() - started)
        results.append(found.quantiles if isinstance(found, Forecast) else None)
    return results, seconds


def compare(cases: list[Case]) -> Iterator[tuple[str, Score]]:
    """Every method's name and figures."""
    yield "jipyo", score(cases, *forecast_ours(cases))
    nothing = [0.0] * len(cases)
    day, week = cases[0].history.day, cases[0].history.week
    for name, period in (("last day", day), ("last week", week)):
        if period > 1:
            yield name, score(cases, [repeat_period(case, period) for case in cases], nothing)
    for name, results, seconds in forecast_by_peers(cases):
        yield name, score(cases, results, seconds)


def time_import() -> float:
    """Seconds that a fresh process takes to import the forecasts, numpy included."""
    code = "import time; t = time.perf_counter(); import jipyo.analysis.forecast"
    command = [sys.executable, "-c", f"{code}; print(time.perf_counter() - t)"]
    return min(float(subprocess.check_output(command)) for _ in range(3))


def time_forecasts() -> dict[str, float]:
    """Forecasts a second and core at 1,008 points, by horizon."""
    speeds = {}
    for name, step_ms, steps in HORIZONS[:2]:
        cases = [c for c in make_shapes(JUDGE, step_ms, steps) if len(c.history.values) == 1008]
        seconds = sum(min(forecast_ours([case])[1][0] for _ in range(3)) for case in cases)
        speeds[name] = len(cases) / seconds
    return speeds


def measure() -> None:
    """Print all tables."""
    part = os.environ.get("JIPYO_ANALYSIS_PART", JUDGE)
    for name, step_ms, steps in HORIZONS:
        for kind, cases in (
            ("real", make_cases(part, step_ms, steps)),
            ("made", make_shapes(part, step_ms, steps)),
        ):
            if not cases:
                continue
            print(f"\n### {name} ahead, {kind} series, {len(cases)} forecasts\n")
            print("| method | relMASE | relWIS | cover 80 | cover 95 | none | CPU ms |")
            print("|---|---|---|---|---|---|---|")
            for method, figures in compare(cases):
                print(figures.row(method), flush=True)
    speeds = ", ".join(f"{name}: {speed:.0f}" for name, speed in time_forecasts().items())
    print(f"\nForecasts a second and core at 1,008 points: {speeds}; import {time_import():.2f} s")
