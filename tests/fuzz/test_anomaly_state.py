"""The stored state of the anomaly detection."""

from __future__ import annotations

import numpy as np

from fuzz.driver import Surface, assert_short_form
from jipyo.analysis.anomaly import AnomalyDetector, dump_detector, load_detector


def load(body: bytes) -> None:
    detector = load_detector(body)
    detector.step(0, np.zeros(len(detector.keys)))


def dump() -> bytes:
    detector = AnomalyDetector(["cpu", "메모리"], ["web-1", "web-1"], 60_000)
    for minute in range(5):
        detector.step(minute * 60_000, np.array([minute, np.nan]))
    return dump_detector(detector)


SURFACES = [Surface(name="anomaly-state", feed=load, seeds=(dump(),))]


def test_any_bytes_are_the_state_or_the_error_that_is_promised():
    assert_short_form(SURFACES[0])
