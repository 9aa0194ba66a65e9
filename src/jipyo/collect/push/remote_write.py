"""Prometheus remote write 1.0 and 2.0: bytes -> samples.

The messages are prometheus.WriteRequest (prompb/types.proto, remote.proto) and
io.prometheus.write.v2.Request (prompb/io/prometheus/write/v2/types.proto). Walking a
message costs more than all the rest, so series are known again by the bytes that name them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from jipyo.collect.push import wire
from jipyo.collect.push.body import BadBody
from jipyo.collect.push.pushed import Pushed, Rows, scrapes
from jipyo.model.labels import METRIC_NAME, Labels
from jipyo.model.sample import MetricMetadata, MetricType

_TYPES = (
    MetricType.UNKNOWN,
    MetricType.COUNTER,
    MetricType.GAUGE,
    MetricType.HISTOGRAM,
    MetricType.UNKNOWN,  # gauge histogram
    MetricType.SUMMARY,
    MetricType.INFO,
    MetricType.STATESET,
)
_TYPES_V2 = {
    1: MetricType.COUNTER,
    2: MetricType.GAUGE,
    3: MetricType.HISTOGRAM,
    5: MetricType.SUMMARY,
    6: MetricType.INFO,
    7: MetricType.STATESET,
}
_MOST_KNOWN = 1_000_000
K = TypeVar("K")

# How a series with one sample ends: field 2, its length, the value, the time in six bytes.
# A value of 0 is not written at all.
_VALUE_AND_TIME = b"\x12\x10\x09"
_TIME_ALONE = b"\x12\x07\x10"
_ZERO = bytes(8)
_TAIL = 14
_LAST = 5


@dataclass(slots=True)
class _Taken:
    """The samples of a request as they come."""

    series: list[Labels] = field(default_factory=list)
    tails: list[bytes] = field(default_factory=list)
    """Eight bytes of value and six of time, for samples read at a glance."""
    walked: list[Labels] = field(default_factory=list)
    values: bytearray = field(default_factory=bytearray)
    times: list[int] = field(default_factory=list)
    metadata: list[MetricMetadata] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)

    def leave_out(self, what: str) -> None:
        self.left_out[what] = self.left_out.get(what, 0) + 1

    def pushed(self, rows: Rows) -> Pushed:
        glanced = np.frombuffer(b"".join(self.tails), np.uint8).reshape(-1, _TAIL)
        values = np.concatenate(
            (
                np.ascontiguousarray(glanced[:, :8]).view("<f8").ravel(),
                np.frombuffer(bytes(self.values), "<f8"),
            )
        )
        times = np.concatenate((_six_byte_times(glanced[:, 8:]), np.array(self.times, np.int64)))
        found = scrapes([*self.series, *self.walked], times, values, rows)
        return Pushed(found, tuple(self.metadata), self.left_out)


def _six_byte_times(digits: np.ndarray[tuple[int, int], np.dtype[np.uint8]]) -> np.ndarray:
    """Varints of six bytes each, shape (samples, 6), as numbers."""
    more = digits >= 0x80
    if not more[:, :_LAST].all() or more[:, _LAST:].any():
        raise wire.damaged("a time that does not end")
    weights = np.int64(1) << (7 * np.arange(6, dtype=np.int64))
    times: np.ndarray = (digits & 0x7F).astype(np.int64) @ weights
    return times


class RemoteWrite:
    """Reads the requests of all senders; it knows series again that it has seen."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._by_bytes: dict[bytes, Labels] = {}
        self._by_words: dict[tuple[str, ...], Labels] = {}
        self._rows: Rows = {}

    def read_v1(self, body: bytes) -> Pushed:
        """The samples of a prometheus.WriteRequest, decompressed.

        Raises:
            BadBody: it is no such message, or a series in it has no valid name.
        """
        taken = _Taken()
        known = _bounded(self._by_bytes)
        for number, value in wire.fields(body):
            if number == 1:
                self._series_v1(wire.message(value), known, taken)
            elif number == 3:
                taken.metadata.append(_metadata_v1(wire.message(value)))
        return taken.pushed(self._rows)

    def _series_v1(self, data: bytes, known: dict[bytes, Labels], taken: _Taken) -> None:
        # If the bytes before are a whole series that we know, those behind are its sample.
        if data[-18:-15] == _VALUE_AND_TIME and data[-7] == 0x10:
            labels = known.get(data[:-18])
            if labels is not None:
                taken.series.append(labels)
                taken.tails.append(data[-15:-7] + data[-6:])
                return
        elif data[-9:-6] == _TIME_ALONE:
            labels = known.get(data[:-9])
            if labels is not None:
                taken.series.append(labels)
                taken.tails.append(_ZERO + data[-6:])
                return
        _walk_v1(data, known, taken)

    def read_v2(self, body: bytes) -> Pushed:
        """The samples of an io.prometheus.write.v2.Request, decompressed.

        Raises:
            BadBody: it is no such message, or a series in it has no valid name.
        """
        symbols: list[str] = []
        series: list[bytes] = []
        for number, value in wire.fields(body):
            if number == 4:
                symbols.append(wire.text(value))
            elif number == 5:
                series.append(wire.message(value))
        if not symbols or symbols[0]:
            raise wire.damaged("the first symbol must be empty")
        taken = _Taken()
        known = _bounded(self._by_words)
        for data in series:
            _walk_v2(data, symbols, known, taken)
        return taken.pushed(self._rows)


def _bounded(known: dict[K, Labels]) -> dict[K, Labels]:
    """The series known so far; forgotten where churn has made them too many."""
    if len(known) > _MOST_KNOWN:
        known.clear()
    return known


def _walk_v1(data: bytes, known: dict[bytes, Labels], taken: _Taken) -> None:
    """A series not seen before, or with anything but one plain sample."""
    pairs: list[tuple[str, str]] = []
    samples: list[bytes] = []
    named = 0
    for number, value in wire.fields(data):
        if number == 1:
            pairs.append(_pair(wire.message(value)))
            named += 1 if not samples else 0
        elif number == 2:
            samples.append(wire.message(value))
        else:
            taken.leave_out({3: "exemplars", 4: "histograms"}.get(number, "unknown"))
    labels = _labels(pairs)
    for sample in samples:
        _sample(sample, labels, taken)
    if len(samples) == 1 and named == len(pairs):
        known[data[: _label_bytes(data)]] = labels


def _label_bytes(data: bytes) -> int:
    """Where the labels end: they stand first."""
    at = 0
    while at < len(data) and data[at] == 0x0A:
        size, behind = wire.varint(data, at + 1)
        at = behind + size
    return at


def _pair(data: bytes) -> tuple[str, str]:
    name = value = ""
    for number, part in wire.fields(data):
        if number == 1:
            name = wire.text(part)
        elif number == 2:
            value = wire.text(part)
    return name, value


def _labels(pairs: list[tuple[str, str]]) -> Labels:
    """A label set as the specification demands it.

    Raises:
        BadBody: a label has no name or stands twice, or the metric has no name.
    """
    names = [name for name, _ in pairs]
    if "" in names or len(set(names)) != len(names):
        raise BadBody("push.bad_labels", series=str(dict(pairs)))
    labels = Labels.of(pairs)
    if METRIC_NAME not in labels:
        raise BadBody("push.bad_labels", series=str(dict(pairs)))
    return labels


def _sample(data: bytes, labels: Labels, taken: _Taken) -> None:
    value, t_ms = _ZERO, 0
    for number, part in wire.fields(data):
        if number == 1:
            value = wire.double(part)
        elif number == 2:
            t_ms = wire.signed(part)
    taken.walked.append(labels)
    taken.values += value
    taken.times.append(t_ms)


def _metadata_v1(data: bytes) -> MetricMetadata:
    said: dict[int, wire.Value] = dict(wire.fields(data))
    return MetricMetadata(
        wire.text(said.get(2, b"")),
        _type(said.get(1, 0)),
        wire.text(said.get(4, b"")),
        wire.text(said.get(5, b"")),
    )


def _type(value: wire.Value) -> MetricType:
    number = wire.signed(value)
    return _TYPES[number] if 0 <= number < len(_TYPES) else MetricType.UNKNOWN


def _walk_v2(
    data: bytes, symbols: list[str], known: dict[tuple[str, ...], Labels], taken: _Taken
) -> None:
    refs: list[int] = []
    samples: list[bytes] = []
    metadata = b""
    for number, value in wire.fields(data):
        if number == 1:
            refs += wire.packed(value)
        elif number == 2:
            samples.append(wire.message(value))
        elif number == 5:
            metadata = wire.message(value)
        elif number in (3, 4):
            taken.leave_out({3: "histograms", 4: "exemplars"}[number])
    words = _words(refs, symbols)
    labels = known.get(words)
    if labels is None:
        labels = known[words] = _labels(list(zip(words[::2], words[1::2], strict=True)))
    for sample in samples:
        _sample_v2(sample, labels, taken)
    if metadata:
        taken.metadata.append(_metadata_v2(metadata, symbols, labels.metric))


def _sample_v2(data: bytes, labels: Labels, taken: _Taken) -> None:
    if len(data) == 16 and data[0] == 0x09 and data[9] == 0x10:
        taken.series.append(labels)
        taken.tails.append(data[1:9] + data[10:])
    else:
        _sample(data, labels, taken)


def _words(refs: list[int], symbols: list[str]) -> tuple[str, ...]:
    if len(refs) % 2:
        raise wire.damaged("a label without a value")
    try:
        return tuple([symbols[ref] for ref in refs])
    except IndexError as error:
        raise wire.damaged("a symbol that is not in the table") from error


def _metadata_v2(data: bytes, symbols: list[str], metric: str) -> MetricMetadata:
    said: dict[int, wire.Value] = dict(wire.fields(data))
    told, unit = _words([wire.signed(said.get(3, 0)), wire.signed(said.get(4, 0))], symbols)
    kind = wire.signed(said.get(1, 0))
    return MetricMetadata(metric, _TYPES_V2.get(kind, MetricType.UNKNOWN), told, unit)
