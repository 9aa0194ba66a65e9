"""Remote write bodies are read as protobuf's own library reads them, whichever path is taken."""

import contextlib
import struct
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.collect.receive.batch import ReceivedBatch
from jipyo.collect.receive.remote_write import RemoteWriteParser
from jipyo.model.errors import MalformedBody
from jipyo.model.labels import Labels
from jipyo.model.sample import STALE_BITS, MetricMetadata, MetricType, Scrape
from jipyo.wire import protobuf as wire

NOW_MS = 1_793_500_000_000


def bits(value: float) -> int:
    return int(np.array([value]).view(np.uint64)[0])


def found(pushed: ReceivedBatch) -> Counter[Any]:
    return Counter(
        (labels.pairs, scrape.t_ms, value)
        for scrape in pushed.scrapes
        for labels, value in zip(scrape.series, scrape.values.view(np.uint64).tolist(), strict=True)
    )


VALUES = st.one_of(
    st.floats(width=64),
    st.just(0.0),
    st.just(-0.0),
    st.sampled_from([STALE_BITS, 0x7FF8000000000001, 0xFFF0000000000003]).map(
        lambda raw: float(np.array([raw], np.uint64).view(np.float64)[0])
    ),
)
TIMES = st.one_of(
    st.integers(NOW_MS, NOW_MS + 100_000),
    st.integers(-(2**63), 2**63 - 1),
    st.sampled_from([0, -1, 1 << 35, (1 << 42) - 1, 1 << 42]),
)
SAMPLES = st.lists(st.tuples(VALUES, TIMES), max_size=3)
NAMES = st.sampled_from(["a", "b", "instance", "한글", "x" * 130])
SERIES = st.tuples(
    st.dictionaries(NAMES, st.sampled_from(["1", "ab", "값", "y" * 200]), max_size=4),
    SAMPLES,
    st.sampled_from(["", "odd"]),
)
REQUESTS = st.lists(st.lists(SERIES, max_size=6), min_size=1, max_size=3)


def v1(oracle: Any, series: Any) -> bytes:
    request = oracle.v1()
    for labels, samples, odd in series:
        one = request.timeseries.add(odd=odd)
        for name, value in {"__name__": "m", **labels}.items():
            one.labels.add(name=name, value=value)
        for value, t_ms in samples:
            one.samples.add(value=value, timestamp=t_ms)
    return bytes(request.SerializeToString())


def v2(oracle: Any, series: Any, start_ms: int = 0) -> bytes:
    symbols = {"": 0}
    request = oracle.v2()
    for labels, samples, odd in series:
        one = request.timeseries.add(odd=odd)
        for pair in {"__name__": "m", **labels}.items():
            one.labels_refs.extend(symbols.setdefault(word, len(symbols)) for word in pair)
        for value, t_ms in samples:
            one.samples.add(value=value, timestamp=t_ms, start_timestamp=start_ms)
    request.symbols.extend(symbols)
    return bytes(request.SerializeToString())


def sent(series: Any) -> Counter[Any]:
    return Counter(
        (Labels.of({"__name__": "m", **labels}).pairs, t_ms, bits(value))
        for labels, samples, _ in series
        for value, t_ms in samples
    )


@given(requests=REQUESTS)
def test_every_sample_that_protobuf_writes_is_read_back_bit_for_bit(
    oracle: Any, requests: Any
) -> None:
    first, second = RemoteWriteParser(), RemoteWriteParser()
    for series in requests:
        for _ in range(2):  # the second time by the short path
            assert found(first.parse_v1(v1(oracle, series))) == sent(series)
            assert found(second.parse_v2(v2(oracle, series))) == sent(series)
            assert found(second.parse_v2(v2(oracle, series, NOW_MS))) == sent(series)


@given(requests=REQUESTS)
def test_what_was_read_before_changes_nothing(oracle: Any, requests: Any) -> None:
    knowing = RemoteWriteParser()
    for series in requests * 2:
        body = v1(oracle, series)
        known, fresh = knowing.parse_v1(body).scrapes, RemoteWriteParser().parse_v1(body).scrapes
        assert [as_tuple(scrape) for scrape in known] == [as_tuple(scrape) for scrape in fresh]


def as_tuple(scrape: Scrape) -> tuple[object, ...]:
    return scrape.t_ms, scrape.series, scrape.values.tobytes()


def read(version: int, body: bytes, reader: RemoteWriteParser | None = None) -> ReceivedBatch:
    reader = reader or RemoteWriteParser()
    return reader.parse_v2(body) if version == 2 else reader.parse_v1(body)


@pytest.mark.parametrize("version", [1, 2])
def test_a_body_cut_at_any_byte_is_told_and_nothing_else_happens(oracle: Any, version: int) -> None:
    series = [({"a": "1" * n}, [(1.5, NOW_MS)], "") for n in range(1, 4)]
    series.append(({"b": "2"}, [(1.5, NOW_MS), (2.5, NOW_MS + 1)], "odd"))
    whole = (v2 if version == 2 else v1)(oracle, series)
    oracle_class = oracle.v2 if version == 2 else oracle.v1
    for end in range(len(whole)):
        knowing = RemoteWriteParser()
        read(version, whole, knowing)
        for reader in (knowing, RemoteWriteParser()):
            try:
                read(version, whole[:end], reader)
            except MalformedBody:
                continue
            oracle_class.FromString(whole[:end])


@given(body=st.binary(max_size=200), version=st.sampled_from([1, 2]))
def test_any_bytes_are_read_or_refused(body: bytes, version: int) -> None:
    with contextlib.suppress(MalformedBody):
        read(version, body)


@given(data=st.data(), version=st.sampled_from([1, 2]))
def test_any_damage_is_read_or_refused_and_poisons_nothing(
    oracle: Any, data: st.DataObject, version: int
) -> None:
    series = [({"a": str(n)}, [(1.5, NOW_MS)], "") for n in range(4)]
    whole = (v2 if version == 2 else v1)(oracle, series)
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    reader = RemoteWriteParser()
    with contextlib.suppress(MalformedBody):
        read(version, bytes(damaged), reader)
    assert found(read(version, whole, reader)) == sent(series)


def field(number: int, payload: bytes) -> bytes:
    return wire.encode_varint(number << 3 | 2) + wire.encode_varint(len(payload)) + payload


def label(name: str, value: str) -> bytes:
    return field(1, name.encode()) + field(2, value.encode())


NAMED = field(1, label("__name__", "m"))
A_TIME = b"\x10" + wire.encode_varint(NOW_MS)
VALUE = b"\x09" + struct.pack("<d", 1.5)


@pytest.mark.parametrize(
    "sample",
    [
        VALUE + A_TIME,
        A_TIME + VALUE,  # the other order
        VALUE + b"\x18\x01" + A_TIME,  # a field that we do not know
        VALUE + b"\x10\x81\x80\x80\x01\x18\x01" + A_TIME,  # the last time counts
        VALUE + b"\x10\x85\x80\x80\x01\x18\x01",  # sixteen bytes, but the time has four
    ],
)
def test_a_sample_of_any_form_is_read_alike_by_both_paths(oracle: Any, sample: bytes) -> None:
    reader = RemoteWriteParser()
    plainly = field(1, NAMED + field(2, VALUE + A_TIME))
    reader.parse_v1(plainly)
    body = field(1, NAMED + field(2, sample))
    [one] = oracle.v1.FromString(body).timeseries[0].samples
    wanted = Counter({((("__name__", "m"),), one.timestamp, bits(one.value)): 1})
    assert found(reader.parse_v1(body)) == found(RemoteWriteParser().parse_v1(body)) == wanted
    two = field(4, b"") + field(4, b"__name__") + field(4, b"m")
    body = two + field(5, field(1, b"\x01\x02") + field(2, sample))
    assert found(RemoteWriteParser().parse_v2(body)) == wanted


def test_a_key_written_the_long_way_does_not_rename_another_series() -> None:
    reader = RemoteWriteParser()
    long_key = b"\x8a\x00" + field(1, label("b", "2"))[1:]
    reader.parse_v1(field(1, NAMED + long_key + field(2, VALUE + A_TIME)))
    pushed = reader.parse_v1(field(1, NAMED + field(2, VALUE + A_TIME)))
    assert [scrape.series for scrape in pushed.scrapes] == [(Labels.of({"__name__": "m"}),)]


def test_samples_of_one_time_keep_their_order_whatever_their_form() -> None:
    reader = RemoteWriteParser()
    reader.parse_v1(field(1, NAMED + field(2, VALUE + A_TIME)))
    later = b"\x09" + struct.pack("<d", 9.0)
    body = field(1, NAMED + field(2, later + b"\x18\x01" + A_TIME))
    body += field(1, NAMED + field(2, VALUE + A_TIME))
    [scrape] = reader.parse_v1(body).scrapes
    assert scrape.values.tolist() == [9.0, 1.5]


@pytest.mark.parametrize(
    "pairs",
    [
        [("job", "x")],
        [("__name__", "m"), ("", "x")],
        [("__name__", "m"), ("a", "1"), ("a", "2")],
        [("__name__", "")],
        [],
    ],
)
def test_a_series_with_bad_labels_takes_only_its_own_samples_with_it(
    oracle: Any, pairs: list[tuple[str, str]]
) -> None:
    good = [({"a": "1"}, [(1.5, NOW_MS)], "")]
    bad = b"".join(field(1, label(*pair)) for pair in pairs) + field(2, VALUE + A_TIME) * 2
    pushed = RemoteWriteParser().parse_v1(v1(oracle, good) + field(1, bad))
    assert found(pushed) == sent(good)
    assert pushed.invalid == 2
    request = oracle.v2.FromString(v2(oracle, good))
    one = request.timeseries.add()
    for word in (word for pair in pairs for word in pair):
        one.labels_refs.append(len(request.symbols))
        request.symbols.append(word)
    one.samples.add(value=1, timestamp=NOW_MS)
    pushed = RemoteWriteParser().parse_v2(request.SerializeToString())
    assert found(pushed) == sent(good)
    assert pushed.invalid == 1


@pytest.mark.parametrize(
    ("symbols", "refs"),
    [
        (["x"], []),  # the first must be empty
        ([""], [1, 2]),  # not in the table
        (["", "__name__"], [1]),  # a name without a value
        ([], [1, 2]),
    ],
)
def test_a_symbol_table_that_breaks_the_rules_is_refused(
    oracle: Any, symbols: list[str], refs: list[int]
) -> None:
    request = oracle.v2(symbols=symbols)
    request.timeseries.add(labels_refs=refs)
    with pytest.raises(MalformedBody):
        RemoteWriteParser().parse_v2(request.SerializeToString())


def test_metadata_outside_the_symbol_table_is_refused(oracle: Any) -> None:
    request = oracle.v2(symbols=["", "__name__", "m"])
    request.timeseries.add(labels_refs=[1, 2]).metadata.help_ref = 9
    with pytest.raises(MalformedBody):
        RemoteWriteParser().parse_v2(request.SerializeToString())


@pytest.mark.parametrize("version", [1, 2])
def test_too_many_series_are_forgotten_and_read_anew(oracle: Any, version: int) -> None:
    reader = RemoteWriteParser(max_series=1)
    for turn in range(3):
        series = [({"a": f"{turn}-{n}"}, [(1.5, NOW_MS)], "") for n in range(3)]
        body = (v2 if version == 2 else v1)(oracle, series)
        assert found(read(version, body, reader)) == sent(series)


def test_an_empty_request_brings_nothing() -> None:
    assert (
        RemoteWriteParser().parse_v1(b"").scrapes == RemoteWriteParser().parse_v2(b"").scrapes == ()
    )


def test_references_may_come_one_by_one(oracle: Any) -> None:
    two = field(4, b"") + field(4, b"__name__") + field(4, b"m")
    body = two + field(5, b"\x08\x01\x08\x02" + field(2, VALUE + A_TIME))
    assert found(RemoteWriteParser().parse_v2(body)).total() == 1
    assert oracle.v2.FromString(body).timeseries[0].labels_refs == [1, 2]


def test_metadata_and_what_is_left_out_are_told(oracle: Any) -> None:
    request = oracle.v1()
    request.metadata.add(type=1, metric_family_name="m", help="text", unit="s")
    request.metadata.add(type=77, metric_family_name="n")
    one = request.timeseries.add()
    one.labels.add(name="__name__", value="m")
    one.exemplars.add(value=1)
    one.histograms.add(sum=1)
    pushed = RemoteWriteParser().parse_v1(request.SerializeToString())
    assert pushed.metadata == (
        MetricMetadata("m", MetricType.COUNTER, "text", "s"),
        MetricMetadata("n", MetricType.UNKNOWN),
    )
    assert pushed.left_out == {"exemplars": 1, "histograms": 1}


def test_metadata_of_2_0_belongs_to_the_family(oracle: Any) -> None:
    request = oracle.v2(symbols=["", "__name__", "m_bucket", "text", "s", "m"])
    one = None
    for refs in ([1, 2], [1, 2]):
        one = request.timeseries.add(labels_refs=refs)
        one.metadata.type, one.metadata.help_ref, one.metadata.unit_ref = 3, 3, 4
        one.samples.add(value=1, timestamp=NOW_MS)
    assert one is not None
    one.histograms.add(sum=1)
    one.exemplars.add(value=1)
    pushed = RemoteWriteParser().parse_v2(request.SerializeToString())
    assert pushed.metadata == (MetricMetadata("m", MetricType.HISTOGRAM, "text", "s"),)
    assert pushed.left_out == {"exemplars": 1, "histograms": 1}


@pytest.mark.parametrize(
    "body",
    [
        b"\x02\x00",  # a field without a number
        b"\x0b",  # a group
        b"\x80" * 11,  # a key that does not end
        b"\x08\x01",  # a number where a message is expected
        field(1, b"\x12\x00\x0a\x01\x08"),
        field(1, field(1, field(1, b"\xff"))),  # not UTF-8
        field(1, NAMED + field(2, b"\x0d\x00\x00\x00\x00")),  # a float for a double
        field(1, NAMED + field(2, b"\x12\x00")),  # bytes for a time
    ],
)
def test_what_is_no_such_message_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedBody):
        RemoteWriteParser().parse_v1(body)
