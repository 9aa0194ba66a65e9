"""Crossings: when a series reaches its thresholds, how likely, and why."""

from jipyo.analysis.crossing.predict import SUSTAINED, CrossingOptions, predict_crossings
from jipyo.analysis.crossing.result import (
    Crossing,
    CrossingForecast,
    CrossingReason,
    CrossingState,
    Motion,
)
from jipyo.analysis.crossing.wording import describe_crossing, describe_reason, name_probability

__all__ = [
    "SUSTAINED",
    "Crossing",
    "CrossingForecast",
    "CrossingOptions",
    "CrossingReason",
    "CrossingState",
    "Motion",
    "describe_crossing",
    "describe_reason",
    "name_probability",
    "predict_crossings",
]
