"""Anomalies: a streaming score for every series, and what deviates from what expectation."""

from jipyo.analysis.anomaly.checkpoint import dump_detector, load_detector
from jipyo.analysis.anomaly.detector import AnomalyDetector
from jipyo.analysis.anomaly.result import Anomaly, Expectation, JointAnomaly, Scores
from jipyo.analysis.anomaly.wording import describe_anomaly, describe_joint_anomaly

__all__ = [
    "Anomaly",
    "AnomalyDetector",
    "Expectation",
    "JointAnomaly",
    "Scores",
    "describe_anomaly",
    "describe_joint_anomaly",
    "dump_detector",
    "load_detector",
]
