"""Series of five-minute values for the tests of anomalies."""

from __future__ import annotations

import numpy as np

from jipyo.analysis.anomaly import AnomalyDetector

STEP_MS = 300_000
START_MS = 1_794_787_200_000  # Monday, 2026-11-16 00:00 UTC
DAY = 288


def working_days(days, seed=1):
    """A load with a hump by day, low at weekends, with noise."""
    at = np.arange(days * DAY)
    hump = np.clip(np.sin((at % DAY / DAY - 0.25) * 2 * np.pi), 0, 1)
    weekend = np.isin(at // DAY % 7, (5, 6))
    rng = np.random.default_rng(seed)
    return 20 + 40 * np.where(weekend, 0.1, 1) * hump + rng.normal(0, 1, len(at))


def step_through(table, detector=None):
    """All scores of a table (moments, series), and the detector after them."""
    if detector is None:
        keys = [f"series{n}" for n in range(table.shape[1])]
        detector = AnomalyDetector(keys, ["host"] * len(keys), STEP_MS)
    scores = [detector.step(START_MS + at * STEP_MS, row) for at, row in enumerate(table)]
    return scores, detector
