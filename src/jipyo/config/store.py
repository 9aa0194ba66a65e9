"""`store:` how samples are kept."""

from __future__ import annotations

from jipyo import tsdb
from jipyo.schema import DURATION, SIZE, WHOLE, Key, between, nullable, record

STORE = record(
    tsdb.Options,
    (
        Key("retention", nullable(between(DURATION, "1d", "36500d")), field="retention_ms"),
        Key("retention_size", nullable(between(SIZE, "64MiB", "1000TiB")), field="retention_bytes"),
        Key("out_of_order", nullable(DURATION), field="out_of_order_ms"),
        Key("future", DURATION, field="future_ms"),
        Key("series_limit", between(WHOLE, "1000", "1000000000")),
        Key("cache", between(SIZE, "0MiB", "1TiB"), field="cache_bytes"),
    ),
)
