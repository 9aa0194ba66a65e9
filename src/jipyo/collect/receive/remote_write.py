"""Prometheus remote write 1.0 and 2.0: bytes -> samples.

The messages are prometheus.WriteRequest (prompb/types.proto, remote.proto) and
io.prometheus.write.v2.Request (prompb/io/prometheus/write/v2/types.proto). Walking a
message costs more than all the rest, so series are known again by the bytes that name them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from jipyo.collect.receive.batch import ReceivedBatch, Rows, build_scrapes
from jipyo.collect.receive.uniform import (
    TAIL,
    TIME_ALONE,
    VALUE_AND_TIME,
    UniformSeries,
    read_labels_v1,
    split_series_v1,
    split_series_v2,
)
from jipyo.model.labels import METRIC_NAME, Labels
from jipyo.model.sample import MetricMetadata, MetricType
from jipyo.wire import protobuf as wire
from jipyo.wire.elements import PACKED, LightSchema, Schema, WorkLimit

if TYPE_CHECKING:
    import numpy.typing as npt

    from jipyo.model.sample import Mask, Times

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
_LEFT_OUT_V1 = {3: "exemplars", 4: "histograms"}
_LEFT_OUT_V2 = {3: "histograms", 4: "exemplars"}
_FIELDS_V1 = (1, 3)
_MESSAGES_OF_SERIES: Schema = {2: {}, 3: {}, 4: {}, 5: {}}
_SCHEMA_V1: Schema = {1: {1: LightSchema(), **_MESSAGES_OF_SERIES}, 3: {}}
_SCHEMA_V2: Schema = {4: {}, 5: {1: PACKED, **_MESSAGES_OF_SERIES}}
_BATCH = 10_000
"""After so many series we look whether anybody still waits for them."""
_MAX_SHOWN = 300
_SYMBOL, _SERIES, _METADATA = 0x22, 0x2A, 0x2A
_LISTEN_EVERY = 64
_SMALLEST_V2 = 20
_NUMBER = np.dtype(np.int32).itemsize

_TIME_KEY = 0x10
_ZERO = bytes(8)
_TIME = 9
_LAST = 5
_NO_TAIL = bytes(8) + b"\x10\x80\x80\x80\x80\x80\x00"
"""The tail of a sample that is not of this form."""
_PARTS = {
    MetricType.HISTOGRAM: ("_bucket", "_count", "_sum"),
    MetricType.SUMMARY: ("_count", "_sum"),
}


@dataclass(slots=True)
class _Accumulator:
    """The samples of a request, collected while it is walked."""

    series: list[Labels] = field(default_factory=list)
    tails: list[bytes] = field(default_factory=list)
    """Of the samples: eight bytes of value, the key of the time, six bytes of time."""
    other: list[tuple[int, bytes, int]] = field(default_factory=list)
    """Samples of another form: which, the bytes of the value, the time."""
    metadata: dict[str, MetricMetadata] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    invalid: int = 0
    example: str = ""

    def leave_out(self, what: str) -> None:
        self.left_out[what] = self.left_out.get(what, 0) + 1

    def reject(self, pairs: list[tuple[str, str]], samples: int) -> None:
        """A series that breaks the rules takes only its own samples with it."""
        self.invalid += samples
        self.example = self.example or str(pairs)[:_MAX_SHOWN]

    def put(self, labels: Labels, sample: bytes) -> None:
        """A sample of any form; its message may have unknown fields."""
        self.other.append((len(self.series), *_read_sample(sample)))
        self.series.append(labels)
        self.tails.append(_NO_TAIL)

    def build(self, rows: Rows) -> ReceivedBatch:
        tails = np.frombuffer(b"".join(self.tails), np.uint8).reshape(-1, TAIL)
        values = tails[:, :8].copy().view(np.uint64).ravel()
        times, whole = _read_six_byte_times(tails[:, _TIME:])
        whole &= tails[:, _TIME - 1] == _TIME_KEY
        # What only looked like it, because its message holds other fields, is read as it is.
        for at in np.flatnonzero(~whole).tolist():
            self.other.append((at, *_read_sample(b"\x09" + tails[at].tobytes())))
        for at, value, t_ms in self.other:
            values[at], times[at] = int.from_bytes(value, "little"), t_ms
        scrapes = build_scrapes(self.series, times, values.view(np.float64), rows)
        metadata = tuple(self.metadata.values())
        return ReceivedBatch(scrapes, metadata, self.left_out, self.invalid, self.example)


def _read_six_byte_times(digits: npt.NDArray[np.uint8]) -> tuple[Times, Mask]:
    """Varints of six bytes each, shape (samples, 6), as numbers, and a mask of the valid ones."""
    more = digits >= 0x80
    weights = np.int64(1) << (7 * np.arange(6, dtype=np.int64))
    times: Times = (digits & 0x7F).astype(np.int64) @ weights
    whole: Mask = more[:, :_LAST].all(axis=1) & ~more[:, _LAST]
    return times, whole


class RemoteWriteParser:
    """Parses the requests of all senders, and recognises series that it has seen.

    Not for two threads at once.
    """

    def __init__(self, *, max_series: int = 1_000_000) -> None:
        """Remember at most `max_series` series; beyond that all are forgotten."""
        self._max_series = max_series
        self._by_bytes: dict[bytes, Labels] = {}
        self._words: list[str] = []
        self._numbers: dict[bytes, int] = {}
        self._by_numbers: dict[bytes, Labels] = {}
        self._requests = 0
        self._rows = Rows()

    def parse_v1(self, body: bytes, work_limit: WorkLimit | None = None) -> ReceivedBatch:
        """The samples of a prometheus.WriteRequest, decompressed.

        Raises:
            MalformedBody: it is no such message.
            TooLarge: it has more elements than allowed.
        """
        work_limit = work_limit or WorkLimit()
        work_limit.check_protobuf(body, _SCHEMA_V1)
        if len(self._by_bytes) > self._max_series:
            self._by_bytes.clear()  # churn has made them too many
        batch = _Accumulator()
        if self._add_uniform_v1(body, batch):
            return batch.build(self._rows)
        for index, (number, value) in enumerate(wire.iter_fields(body)):
            if not index % _BATCH:
                work_limit.check_waiting()
            if number == 1:
                _add_series_v1(wire.read_message(value), self._by_bytes, batch)
            elif number == 3:
                about = _read_metadata_v1(wire.read_message(value))
                batch.metadata[about.metric] = about
        return batch.build(self._rows)

    def _add_uniform_v1(self, body: bytes, batch: _Accumulator) -> bool:
        """Add the samples of a request of the usual form; whether it is one."""
        split = split_series_v1(body)
        if split is None:
            return False
        names, tails = split
        known = self._by_bytes
        try:
            batch.series = [known[name] for name in names]
        except KeyError:
            if not all(name in known or self._learn_name_v1(name) for name in names):
                return False
            batch.series = [known[name] for name in names]
        batch.tails = [tails]
        return True

    def _learn_name_v1(self, name: bytes) -> bool:
        fields = read_labels_v1(name)
        labels = None if fields is None else _build_labels(_read_pairs(fields))
        if labels is not None:
            self._by_bytes[name] = labels
        return labels is not None

    def parse_v2(self, body: bytes, work_limit: WorkLimit | None = None) -> ReceivedBatch:
        """The samples of an io.prometheus.write.v2.Request, decompressed.

        Raises:
            MalformedBody: it is no such message.
            TooLarge: it has more elements than allowed.
        """
        work_limit = work_limit or WorkLimit()
        work_limit.check_protobuf(body, _SCHEMA_V2)
        work_limit.check_waiting()
        batch = _Accumulator()
        symbols, rest = _split_symbols(body)
        uniform = split_series_v2(rest)
        series = [] if uniform else _split_series_v2(rest, symbols, batch)
        parts = [refs for refs, _, _ in series]
        references = uniform.references if uniform else wire.join_packed(parts)
        if (symbols or len(references[1])) and symbols[:1] != [b""]:
            raise wire.malformed_message("the first symbol must be empty")
        keys = self._list_keys(symbols, references)
        # Every series of every request repeats its metadata, so it is not read each time.
        self._requests += 1
        is_listening = self._requests % _LISTEN_EVERY == 1
        if uniform is not None:
            known = [self._by_numbers[key] for key in keys if key in self._by_numbers]
            if not is_listening and len(known) == len(keys):
                batch.series, batch.tails = known, [uniform.tails]
                return batch.build(self._rows)
            series = _list_series_v2(uniform)
        for key, (_, samples, metadata) in zip(keys, series, strict=True):
            labels = self._by_numbers.get(key)
            if labels is None or is_listening:
                labels = self._resolve_labels(key, samples, batch)
                if metadata and labels is not None and labels.metric not in batch.metadata:
                    about = _read_metadata_v2(metadata, symbols, labels.metric)
                    batch.metadata[labels.metric] = about
            if labels is not None:
                _add_samples_v2(labels, samples, batch)
        return batch.build(self._rows)

    def _list_keys(self, symbols: list[bytes], references: wire.Packed) -> list[bytes]:
        """What each series is known by: the numbers that its words have with us."""
        numbers, ends = wire.read_packed_varints(*references)
        if len(numbers) and numbers.max() >= len(symbols):
            raise wire.malformed_message("a symbol that is not in the table")
        names = self._number_symbols(symbols)[numbers].tobytes()
        return [names[start:end] for start, end in pairwise([0, *(ends * _NUMBER).tolist()])]

    def _number_symbols(self, symbols: list[bytes]) -> npt.NDArray[np.int32]:
        """Our number of each symbol; all are forgotten where churn has made them too many."""
        if max(len(self._words), len(self._by_numbers)) > self._max_series:
            self._words.clear()
            self._numbers.clear()
            self._by_numbers.clear()
        numbers = self._numbers
        for word in symbols:
            if word not in numbers:
                self._words.append(wire.read_text(word))
                numbers[word] = len(numbers)
        return np.array([numbers[word] for word in symbols], np.int32)

    def _resolve_labels(
        self, key: bytes, samples: bytes | list[bytes], batch: _Accumulator
    ) -> Labels | None:
        known = self._by_numbers.get(key)
        if known is not None:
            return known
        words = [self._words[number] for number in np.frombuffer(key, np.int32).tolist()]
        if len(words) % 2:
            raise wire.malformed_message("a label without a value")
        pairs = list(zip(words[::2], words[1::2], strict=True))
        labels = _build_labels(pairs)
        if labels is None:
            batch.reject(pairs, 1 if isinstance(samples, bytes) else len(samples))
        else:
            self._by_numbers[key] = labels
        return labels


def _build_labels(pairs: list[tuple[str, str]]) -> Labels | None:
    """A label set; None where it breaks the rules of the specification.

    A label must have a name, and no name may repeat; the metric must have one.
    """
    names = [name for name, _ in pairs]
    if "" in names or len(set(names)) != len(names):
        return None
    labels = Labels.of(pairs)
    return labels if METRIC_NAME in labels else None


def _read_sample(data: bytes) -> tuple[bytes, int]:
    """The bytes of the value, and the timestamp."""
    value, t_ms = _ZERO, 0
    for number, part in wire.iter_fields(data):
        if number == 1:
            value = wire.read_double_bytes(part)
        elif number == 2:
            t_ms = wire.read_signed(part)
    return value, t_ms


# ---------------------------------------------------------------------------------------- 1.0


def _add_series_v1(data: bytes, known: dict[bytes, Labels], batch: _Accumulator) -> None:
    # If the bytes before are a whole series that we know, those behind are its sample.
    if data[-18:-15] == VALUE_AND_TIME:
        labels = known.get(data[:-18])
        if labels is not None:
            batch.series.append(labels)
            batch.tails.append(data[-15:])
            return
    elif data[-9:-6] == TIME_ALONE:
        labels = known.get(data[:-9])
        if labels is not None:
            batch.series.append(labels)
            batch.tails.append(_ZERO + data[-7:])
            return
    _walk_v1(data, known, batch)


def _walk_v1(data: bytes, known: dict[bytes, Labels], batch: _Accumulator) -> None:
    """Add a series that is new, or has anything but one plain sample."""
    pairs: list[tuple[str, str]] = []
    samples: list[bytes] = []
    for number, value in wire.iter_fields(data):
        if number == 1:
            pairs.append(_read_pair(wire.read_message(value)))
        elif number == 2:
            samples.append(wire.read_message(value))
        elif number in _LEFT_OUT_V1:
            batch.leave_out(_LEFT_OUT_V1[number])
    labels = _build_labels(pairs)
    if labels is None:
        batch.reject(pairs, len(samples))
        return
    for sample in samples:
        batch.put(labels, sample)
    prefix = _slice_labels(data, len(pairs))
    if prefix:
        known[prefix] = labels


def _read_pairs(fields: bytes) -> list[tuple[str, str]]:
    return [_read_pair(wire.read_message(value)) for _, value in wire.iter_fields(fields)]


def _slice_labels(data: bytes, labels: int) -> bytes:
    """The bytes of so many labels; none where they are not first and adjacent."""
    at = 0
    for _ in range(labels):
        if data[at : at + 1] != b"\x0a":
            return b""
        size, behind = wire.read_varint(data, at + 1)
        at = behind + size
    return data[:at]


def _read_pair(data: bytes) -> tuple[str, str]:
    name = value = ""
    for number, part in wire.iter_fields(data):
        if number == 1:
            name = wire.read_text(part)
        elif number == 2:
            value = wire.read_text(part)
    return name, value


def _read_metadata_v1(data: bytes) -> MetricMetadata:
    fields: dict[int, wire.Value] = dict(wire.iter_fields(data))
    number = wire.read_signed(fields.get(1, 0))
    return MetricMetadata(
        wire.read_text(fields.get(2, b"")),
        _TYPES[number] if 0 <= number < len(_TYPES) else MetricType.UNKNOWN,
        wire.read_text(fields.get(4, b"")),
        wire.read_text(fields.get(5, b"")),
    )


# ---------------------------------------------------------------------------------------- 2.0

_Split = tuple[bytes, bytes | list[bytes], bytes]
"""Of a series: the references to its labels, its sample's tail or its samples, its metadata."""


def _split_symbols(body: bytes) -> tuple[list[bytes], bytes]:
    """The symbols with which a request begins, and what follows them."""
    symbols: list[bytes] = []
    at, end = 0, len(body)
    while at + 3 < end and body[at] == _SYMBOL:
        size, start = body[at + 1], at + 2
        if size > 0x7F:
            # Two bytes of length; longer ones are left to the walker.
            size, start = size + ((body[start] - 1) << 7), start + 1
            if body[at + 2] > 0x7F:
                break
        behind = start + size
        if behind > end:
            break
        symbols.append(body[start:behind])
        at = behind
    return symbols, body[at:]


def _split_series_v2(rest: bytes, symbols: list[bytes], batch: _Accumulator) -> list[_Split]:
    """The series of a request of any form; symbols among them are added to the others."""
    series: list[_Split] = []
    for number, value in wire.iter_fields(rest):
        if number in _FIELDS_V1:
            raise wire.malformed_message("this is a prometheus.WriteRequest")
        if number << 3 | 2 == _SYMBOL:
            symbols.append(wire.read_message(value))
        elif number << 3 | 2 == _SERIES:
            data = wire.read_message(value)
            series.append(_match_series_v2(data) or _walk_v2(data, batch))
    return series


def _list_series_v2(uniform: UniformSeries) -> list[_Split]:
    starts = range(0, len(uniform.tails), TAIL)
    tails = [uniform.tails[at : at + TAIL] for at in starts]
    return [(b"", tail, about) for tail, about in zip(tails, uniform.list_metadata(), strict=True)]


def _match_series_v2(data: bytes) -> _Split | None:
    """A series with one sample of 16 bytes, its fields short and in their order; else None."""
    size = len(data)
    if size < _SMALLEST_V2 or data[0] != 0x0A or data[1] > 0x7F:
        return None
    behind = data[1] + 2
    end = behind + 18
    if data[behind : behind + 3] != VALUE_AND_TIME or size < end:
        return None
    if size == end:
        return data[2:behind], data[behind + 3 : end], b""
    more = size - end - 2  # what metadata there is, behind its key and its length
    if 0 <= more <= 0x7F and data[end] == _METADATA and data[end + 1] == more:
        return data[2:behind], data[behind + 3 : end], data[end + 2 :]
    return None


def _walk_v2(data: bytes, batch: _Accumulator) -> _Split:
    refs, metadata = bytearray(), b""
    samples: list[bytes] = []
    for number, value in wire.iter_fields(data):
        if number == 1:
            refs += value if isinstance(value, bytes) else wire.encode_varint(value)
        elif number == 2:
            samples.append(wire.read_message(value))
        elif number == 5:
            metadata = wire.read_message(value)
        elif number in _LEFT_OUT_V2:
            batch.leave_out(_LEFT_OUT_V2[number])
    return bytes(refs), samples, metadata


def _add_samples_v2(labels: Labels, samples: bytes | list[bytes], batch: _Accumulator) -> None:
    if isinstance(samples, bytes):
        batch.series.append(labels)
        batch.tails.append(samples)
    else:
        for sample in samples:
            batch.put(labels, sample)


def _read_metadata_v2(data: bytes, symbols: list[bytes], metric: str) -> MetricMetadata:
    fields: dict[int, wire.Value] = dict(wire.iter_fields(data))
    refs = [wire.read_unsigned(fields.get(3, 0)), wire.read_unsigned(fields.get(4, 0))]
    if max(refs) >= len(symbols):
        raise wire.malformed_message("a symbol that is not in the table")
    description, unit = (wire.read_text(symbols[ref]) for ref in refs)
    kind = _TYPES_V2.get(wire.read_signed(fields.get(1, 0)), MetricType.UNKNOWN)
    for part in _PARTS.get(kind, ()):
        metric = metric.removesuffix(part)
    return MetricMetadata(metric, kind, description, unit)
