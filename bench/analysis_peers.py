"""Forecasts of other libraries, run by an interpreter that has them.

`python -m venv V; V/bin/pip install --group bench-analysis; JIPYO_ANALYSIS_PEERS=V/bin/python`.
They need pandas, numba and Stan and so are no dependency of ours.
"""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.analysis_data import Case
    from jipyo.model.sample import Values

PEERS = ("Prophet", "MSTL + AutoARIMA", "AutoETS", "DynOptTheta")
CHILD = r"""
import json, logging, sys, time, warnings
warnings.filterwarnings("ignore")
logging.disable(50)
import numpy as np, pandas as pd
from prophet import Prophet
from statsforecast.models import MSTL, AutoARIMA, AutoETS, DynamicOptimizedTheta

def prophet(values, steps, periods, frequency):
    times = pd.date_range("2026-06-01", periods=len(values) + steps, freq=frequency)
    np.random.seed(1)
    model = Prophet()
    model.fit(pd.DataFrame({"ds": times[: len(values)], "y": values}))
    draws = model.predictive_samples(pd.DataFrame({"ds": times[len(values):]}))["yhat"]
    return np.quantile(draws, [.025, .1, .5, .9, .975], axis=1).tolist()

def stats(make):
    def run(values, steps, periods, frequency):
        out = make(periods).forecast(y=values, h=steps, level=[80, 95])
        return [list(map(float, out[k])) for k in ("lo-95", "lo-80", "mean", "hi-80", "hi-95")]
    return run

MODELS = {
    "Prophet": prophet,
    "MSTL + AutoARIMA": stats(lambda p: MSTL(season_length=p, trend_forecaster=AutoARIMA())),
    "AutoETS": stats(lambda p: AutoETS(season_length=p[0])),
    "DynOptTheta": stats(lambda p: DynamicOptimizedTheta(season_length=p[0])),
}
for line in sys.stdin:
    name, values, steps, periods, frequency = json.loads(line)
    started = time.process_time()
    try:
        result = MODELS[name](np.array(values), steps, periods, frequency)
    except Exception as error:
        result = str(error)
    print(json.dumps([result, time.process_time() - started]), flush=True)
"""


def forecast_by_peers(cases: list[Case]) -> Iterator[tuple[str, list[Values | None], list[float]]]:
    """Each peer's name, its quantiles of shape (5, steps) and its CPU seconds for every case.

    None where it failed or answered with something that is not finite.
    """
    python = os.environ.get("JIPYO_ANALYSIS_PEERS")
    if not python:
        return
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    with subprocess.Popen(
        [python, "-c", CHILD],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env=os.environ | threads,
    ) as child:  # fmt: skip
        assert child.stdin is not None
        assert child.stdout is not None
        for name in PEERS:
            answers = []
            for case in cases:
                day = case.history.day > 1
                periods = list(case.history.periods) or [24 if day else 7]
                line = [name, case.history.values.tolist(), len(case.future), periods]
                child.stdin.write(json.dumps([*line, "h" if day else "D"]) + "\n")
                child.stdin.flush()
                answers.append(json.loads(child.stdout.readline()))
            yield name, [read_answer(answer[0]) for answer in answers], [a[1] for a in answers]


def read_answer(answer: object) -> Values | None:
    """The quantiles of an answer, None for the text of an error."""
    quantiles = np.array(answer, np.float64) if isinstance(answer, list) else np.array([np.nan])
    return quantiles if np.isfinite(quantiles).all() else None
