"""`web:` how the dashboard and the API are served."""

from __future__ import annotations

from jipyo.schema import SIZE, SWITCH, TEXT, WHOLE, Key, between, list_of, record
from jipyo.web import Options as WebOptions

WEB = record(
    WebOptions,
    (
        Key("allowed_hosts", list_of(TEXT)),
        Key("max_body_size", between(SIZE, "1KiB", "1TiB"), field="max_body_bytes"),
        Key("lifecycle", SWITCH),
        Key("max_connections", between(WHOLE, "16", "100000")),
    ),
)
