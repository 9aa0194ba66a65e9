"""Samples sent to a real server by remote write 1.0, encoded apart from the product's own code."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import cramjam
import urllib3

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from jipyo.model.labels import Labels
    from jipyo.model.sample import Scrape

_DOUBLE, _BYTES = 1, 2
_HEADERS = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}


def _varint(number: int) -> bytes:
    parts = bytearray()
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*parts, number])


def _field(number: int, body: bytes) -> bytes:
    return _varint(number << 3 | _BYTES) + _varint(len(body)) + body


def _sample(t_ms: int, value: float) -> bytes:
    return _varint(1 << 3 | _DOUBLE) + struct.pack("<d", value) + _varint(2 << 3) + _varint(t_ms)


def encode(series: Iterable[tuple[Labels, Sequence[tuple[int, float]]]]) -> bytes:
    """A `prometheus.WriteRequest` of these series, not compressed."""
    request = bytearray()
    for labels, samples in series:
        pairs = (_field(1, name.encode()) + _field(2, text.encode()) for name, text in labels.pairs)
        message = b"".join(_field(1, pair) for pair in pairs)
        message += b"".join(_field(2, _sample(t_ms, value)) for t_ms, value in samples)
        request += _field(1, message)
    return bytes(request)


def gather(scrapes: Iterable[Scrape]) -> dict[Labels, list[tuple[int, float]]]:
    """The samples of each series, in the order of the scrapes; NaNs keep their bits."""
    series: dict[Labels, list[tuple[int, float]]] = {}
    for scrape in scrapes:
        for labels, value in zip(scrape.series, scrape.values.tolist(), strict=True):
            series.setdefault(labels, []).append((scrape.t_ms, value))
    return series


def send(url: str, series: Iterable[tuple[Labels, Sequence[tuple[int, float]]]]) -> None:
    """Push the series in one request, and fail unless the server takes them."""
    body = bytes(cramjam.snappy.compress_raw(encode(series)))
    answer = urllib3.request("POST", url, body=body, headers=_HEADERS, retries=False, timeout=60)
    assert answer.status in {200, 204}, answer.data[:500]
