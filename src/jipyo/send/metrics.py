"""The metrics of sending, named as Prometheus names its own (`prometheus_remote_storage_*`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.model.family import family, single
from jipyo.model.sample import MetricType
from jipyo.model.secret import redact_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from jipyo.model.family import Family, Row
    from jipyo.send.sender import Sender

_C, _G = MetricType.COUNTER, MetricType.GAUGE
_NAMES = ("remote_name", "url")
_FIGURES: tuple[tuple[MetricType, str, str, Callable[[Sender], float]], ...] = (
    (_G, "samples_pending", "Samples that wait.", lambda s: s.cursor.pending_samples),
    (_G, "bytes_pending", "What they take on disk.", lambda s: s.cursor.pending_bytes),
    (_G, "queue_limit_bytes", "How much may wait.", lambda s: s.options.queue_bytes),
    (_C, "samples_total", "Samples delivered.", lambda s: s.counts.samples),
    (_C, "bytes_total", "Bytes of their messages, uncompressed.", lambda s: s.counts.bytes),
    (_C, "requests_total", "Requests, with those that failed.", lambda s: s.counts.requests),
    (_C, "requests_failed_total", "Requests to be sent again.", lambda s: s.counts.failures),
    (_C, "samples_retried_total", "Samples sent again.", lambda s: s.counts.retried),
    (_C, "send_duration_seconds_total", "Time in requests.", lambda s: s.counts.seconds),
    (_G, "shards", "Requests on their way together.", lambda s: s.shards),
    (_G, "failing", "Whether the last requests failed.", lambda s: s.is_failing),
    (
        _G,
        "queue_highest_sent_timestamp_seconds",
        "Time of the newest sample delivered.",
        lambda s: s.counts.newest_sent_ms / 1000,
    ),
)
_REASONS: tuple[tuple[str, Callable[[Sender], float]], ...] = (
    ("queue_full", lambda s: s.cursor.dropped_samples),
    ("rejected", lambda s: s.counts.rejected),
    ("repeated", lambda s: s.counts.repeated),
    ("relabelled", lambda s: s.counts.relabelled),
    ("damaged", lambda s: s.cursor.damaged_samples),
)
"""Why samples were dropped."""


def list_families(
    senders: Sequence[Sender], size_bytes: int, newest_ms: int, now_ms: int
) -> Iterator[Family]:
    """What was sent to each destination; `newest_ms` is the newest sample of the queue."""
    keys = [(sender.options.name, redact_url(sender.options.url)) for sender in senders]
    for kind, name, text, read in _FIGURES:
        rows = [(key, float(read(one))) for key, one in zip(keys, senders, strict=True)]
        yield family(kind, f"jipyo_remote_write_{name}", text, _NAMES, rows)
    dropped: list[Row] = [
        ((*key, reason), float(read(one)))
        for key, one in zip(keys, senders, strict=True)
        for reason, read in _REASONS
    ]
    text = "Samples that are not sent, by reason."
    yield family(_C, "jipyo_remote_write_samples_dropped_total", text, (*_NAMES, "reason"), dropped)
    lags = [(key, find_lag_s(one, now_ms)) for key, one in zip(keys, senders, strict=True)]
    text = "Age of the oldest sample that is being sent; 0 where none is."
    yield family(_G, "jipyo_remote_write_lag_seconds", text, _NAMES, lags)
    text = "Size of the queue on disk."
    yield single(_G, "jipyo_remote_write_queue_bytes", text, float(size_bytes))
    text = "Time of the newest sample in the queue."
    yield single(_G, "jipyo_remote_write_highest_timestamp_seconds", text, newest_ms / 1000)


def find_lag_s(sender: Sender, now_ms: int) -> float:
    """How old the oldest sample is that is tried at the moment, in seconds."""
    oldest_ms = sender.oldest_waiting_ms
    return 0.0 if oldest_ms is None else max(now_ms - oldest_ms, 0) / 1000
