"""`receive:` what others may send: remote write, OTLP, text, push groups."""

from __future__ import annotations

from jipyo.schema import SIZE, WHOLE, Key, between, record
from jipyo.web import ReceiverOptions

RECEIVE = record(
    ReceiverOptions,
    (
        Key("max_body_size", between(SIZE, "1KiB", "1TiB"), field="max_body_bytes"),
        Key("max_elements", between(WHOLE, "1000", "1000000000")),
        Key("max_samples_per_second", between(WHOLE, "1", "1000000000"), field="max_samples_per_s"),
        Key("max_concurrency", between(WHOLE, "1", "256")),
    ),
)
