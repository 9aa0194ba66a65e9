"""`query:` what a PromQL query may cost."""

from __future__ import annotations

from jipyo import promql
from jipyo.schema import DURATION, SECONDS, WHOLE, Key, between, record

QUERY = record(
    promql.Options,
    (
        Key("lookback", between(DURATION, "1s", "1d"), field="lookback_ms"),
        Key("max_samples", between(WHOLE, "1", "1000000000000")),
        Key("max_points", between(WHOLE, "1", "1000000000")),
        Key("timeout", SECONDS, field="timeout_s"),
        Key("max_concurrency", between(WHOLE, "1", "10000")),
    ),
)
