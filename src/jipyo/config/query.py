"""`query:` what a PromQL query may cost."""

from __future__ import annotations

from dataclasses import replace

from jipyo import promql
from jipyo.promql import FEATURE_NAMES, Features, parse_features
from jipyo.schema import (
    DURATION,
    SECONDS,
    WHOLE,
    Key,
    between,
    convert,
    list_of,
    one_of,
    record,
)


def show_features(features: Features) -> str:
    """Features as the file would write them."""
    return f"[{', '.join(sorted(feature.value for feature in features))}]"


_FEATURES = replace(
    convert(list_of(one_of(FEATURE_NAMES)), lambda names, _: parse_features(names)),
    show=show_features,
)

QUERY = record(
    promql.Options,
    (
        Key("lookback", between(DURATION, "1s", "1d"), field="lookback_ms"),
        Key("max_samples", between(WHOLE, "1", "1000000000000")),
        Key("max_points", between(WHOLE, "1", "1000000000")),
        Key("timeout", between(SECONDS, "1ms", "1d"), field="timeout_s"),
        Key("features", _FEATURES),
        Key("max_concurrency", between(WHOLE, "1", "10000")),
    ),
)
