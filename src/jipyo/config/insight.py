"""`insight:` forecasts, dates of thresholds and anomalies, computed every hour."""

from __future__ import annotations

from dataclasses import dataclass

from jipyo.schema import DURATION, WHOLE, Key, between, record, switchable


@dataclass(frozen=True, slots=True, kw_only=True)
class InsightOptions:
    """How often, how far ahead, and at what cost at most."""

    interval_ms: int = 3_600_000
    horizon_ms: int = 7 * 86_400_000
    """How far ahead metrics are forecast."""
    crossing_horizon_ms: int = 30 * 86_400_000
    """How far ahead the crossing of thresholds is looked for."""
    workers: int = 1
    """Processes that compute at the same time."""
    max_series: int = 1000
    """Metrics that the specification requires come first."""


INSIGHT = switchable(
    record(
        InsightOptions,
        (
            Key("interval", between(DURATION, "1m", "1d"), field="interval_ms"),
            Key("horizon", between(DURATION, "1h", "30d"), field="horizon_ms"),
            Key("crossing_horizon", between(DURATION, "1d", "365d"), field="crossing_horizon_ms"),
            Key("workers", between(WHOLE, "1", "64")),
            Key("max_series", between(WHOLE, "1", "100000")),
        ),
    ),
    InsightOptions,
)
