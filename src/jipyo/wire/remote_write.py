"""Prometheus remote write 1.0 and 2.0: blocks of samples -> the message of a request.

The messages are prometheus.WriteRequest (prompb/types.proto, remote.proto) and
io.prometheus.write.v2.Request (prompb/io/prometheus/write/v2/types.proto).
`collect.receive.remote_write` reads them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.sample import MetricType
from jipyo.wire.protobuf import encode_field, encode_varint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from jipyo.model.labels import Labels
    from jipyo.model.sample import MetricMetadata, SeriesBlock, Times, Values

V1 = "prometheus.WriteRequest"
V2 = "io.prometheus.write.v2.Request"
WRITTEN = "X-Prometheus-Remote-Write-{}-Written"
"""The headers of a response of 2.0 with how many Samples, Histograms, Exemplars were stored."""

_TYPES_V1 = {
    MetricType.COUNTER: 1,
    MetricType.GAUGE: 2,
    MetricType.HISTOGRAM: 3,
    MetricType.SUMMARY: 5,
    MetricType.INFO: 6,
    MetricType.STATESET: 7,
}
_TYPES_V2 = _TYPES_V1  # the same numbers, by the names of the other message
_USUAL_MS = (1 << 35, 1 << 42)
"""From 1971 to 2109 a time takes six bytes."""
_USUAL_BYTES = 6
_SAMPLE = 2 + 9 + 1 + _USUAL_BYTES
"""A sample of a usual time: its key and length, its value, the key of its time, the time."""
_WORD = 1 << 64
_ONE_BYTE = 0x80

_varint = lru_cache(1 << 14)(encode_varint)


class RemoteWriteEncoder:
    """Writes requests, and remembers how the labels of series that it has seen are written.

    Not for two threads at once.
    """

    def __init__(self, *, max_series: int = 1_000_000) -> None:
        """Remember at most `max_series` series; beyond that all are forgotten."""
        self._max_series = max_series
        self._labels: dict[Labels, bytes] = {}

    def encode_v1(
        self, blocks: Iterable[SeriesBlock], metadata: Iterable[MetricMetadata] = ()
    ) -> bytes:
        """A prometheus.WriteRequest, not compressed."""
        if len(self._labels) > self._max_series:
            self._labels.clear()
        parts: list[bytes] = []
        for block in blocks:
            for labels, samples in zip(block.series, _encode_samples(block), strict=True):
                names = self._labels.get(labels)
                if names is None:
                    names = self._labels[labels] = encode_labels_v1(labels)
                parts += (b"\x0a", _varint(len(names) + len(samples)), names, samples)
        parts += (encode_field(3, _encode_metadata_v1(about)) for about in metadata)
        return b"".join(parts)

    def encode_v2(
        self,
        blocks: Iterable[SeriesBlock],
        find_metadata: Callable[[Labels], MetricMetadata | None] = lambda _: None,
    ) -> bytes:
        """An io.prometheus.write.v2.Request, not compressed; with the metadata of each series."""
        symbols: dict[str, int] = {"": 0}
        parts: list[bytes] = []
        for block in blocks:
            for labels, samples in zip(block.series, _encode_samples(block), strict=True):
                references = _refer(labels, symbols)
                about = find_metadata(labels)
                described = b"" if about is None else _encode_metadata_v2(about, symbols)
                size = len(references) + len(samples) + len(described)
                parts += (b"\x2a", _varint(size), references, samples, described)
        return b"".join([*(encode_field(4, word.encode()) for word in symbols), *parts])


def encode_labels_v1(labels: Labels) -> bytes:
    """The labels of a series, as 1.0 writes them within it."""
    return b"".join(
        encode_field(1, encode_field(1, name.encode()) + encode_field(2, value.encode()))
        for name, value in labels.pairs
    )


def _refer(labels: Labels, symbols: dict[str, int]) -> bytes:
    """The labels of a series as 2.0 writes them; symbols that are missing are added."""
    numbers = [symbols.setdefault(word, len(symbols)) for pair in labels.pairs for word in pair]
    if len(symbols) <= _ONE_BYTE:
        return encode_field(1, bytes(numbers))
    return encode_field(1, b"".join(map(_varint, numbers)))


def _encode_metadata_v1(about: MetricMetadata) -> bytes:
    kind = _TYPES_V1.get(about.type, 0)
    texts = ((2, about.metric), (4, about.help), (5, about.unit))
    return b"".join(
        [b"\x08", bytes([kind]), *(encode_field(n, text.encode()) for n, text in texts if text)]
    )


def _encode_metadata_v2(about: MetricMetadata, symbols: dict[str, int]) -> bytes:
    """The field `metadata` of a series."""
    numbers = [symbols.setdefault(text, len(symbols)) for text in (about.help, about.unit)]
    kind = _TYPES_V2.get(about.type, 0)
    payload = b"".join((b"\x08", bytes([kind]), b"\x18", _varint(numbers[0])))
    return encode_field(5, payload + b"\x20" + _varint(numbers[1]))


def _encode_samples(block: SeriesBlock) -> Iterator[bytes]:
    """The samples of each series of a block; both versions write them alike."""
    t_ms, values = block.t_ms, block.values
    if not len(t_ms):
        return iter([b""] * len(block.series))
    if t_ms.min() < _USUAL_MS[0] or t_ms.max() >= _USUAL_MS[1]:
        return (_encode_unusual(t_ms, row) for row in values)
    samples = np.empty((*values.shape, _SAMPLE), np.uint8)
    samples[..., :3] = (0x12, _SAMPLE - 2, 0x09)
    raw = np.ascontiguousarray(values, "<f8").view(np.uint8)
    samples[..., 3:11] = raw.reshape(*values.shape, 8)
    samples[..., 11] = 0x10
    shifts = 7 * np.arange(_USUAL_BYTES)
    digits = (t_ms[:, None] >> shifts & 0x7F) | 0x80
    digits[:, -1] &= 0x7F
    samples[..., 12:] = digits
    whole, size = samples.tobytes(), len(t_ms) * _SAMPLE
    return (whole[at : at + size] for at in range(0, len(whole), size))


def _encode_unusual(t_ms: Times, values: Values) -> bytes:
    """The samples of a series at any times, also before 1970."""
    raw = np.ascontiguousarray(values, "<f8").tobytes()
    return b"".join(
        encode_field(2, b"\x09" + raw[8 * n : 8 * n + 8] + b"\x10" + encode_varint(t % _WORD))
        for n, t in enumerate(t_ms.tolist())
    )
