"""What we send, our own receiver and protobuf's library read back bit for bit."""

from collections import Counter
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from jipyo.collect.receive.batch import ReceivedBatch
from jipyo.collect.receive.remote_write import RemoteWriteParser
from jipyo.model.labels import Labels
from jipyo.model.sample import STALE_BITS, MetricMetadata, MetricType, SeriesBlock
from jipyo.wire.remote_write import RemoteWriteEncoder

NOW_MS = 1_793_500_000_000
VALUES = st.one_of(
    st.floats(width=64),
    st.sampled_from([0.0, -0.0]),
    st.sampled_from([STALE_BITS, 0x7FF8000000000001, 0xFFF0000000000003]).map(
        lambda raw: float(np.array([raw], np.uint64).view(np.float64)[0])
    ),
)
TIMES = st.one_of(
    st.integers(NOW_MS, NOW_MS + 100_000),
    st.integers(-(2**62), 2**62),
    st.sampled_from([0, -1, (1 << 35) - 1, 1 << 35, (1 << 42) - 1, 1 << 42]),
)
NAMES = st.sampled_from(["a", "b", "instance", "지역", "x" * 130])
TEXTS = st.sampled_from(["1", "ab", "서울", "y" * 200, 'a"\n\\'])
LABELS = st.dictionaries(NAMES, TEXTS, max_size=4).map(
    lambda labels: Labels.of({"__name__": "m", **labels})
)


@st.composite
def blocks(draw: Any) -> list[SeriesBlock]:
    made = []
    for names in draw(st.lists(st.lists(LABELS, min_size=1, max_size=4, unique=True), max_size=3)):
        times = sorted(draw(st.sets(TIMES, min_size=1, max_size=3)))
        count = len(names) * len(times)
        values = draw(st.lists(VALUES, min_size=count, max_size=count))
        shape = len(names), len(times)
        made.append(
            SeriesBlock(tuple(names), np.array(times, np.int64), np.array(values).reshape(shape))
        )
    return made


def written(sent: list[SeriesBlock]) -> Counter[Any]:
    return Counter(
        (labels.pairs, t_ms, value)
        for block in sent
        for labels, row in zip(block.series, block.values.view(np.uint64), strict=True)
        for t_ms, value in zip(block.t_ms.tolist(), row.tolist(), strict=True)
    )


def found(pushed: ReceivedBatch) -> Counter[Any]:
    return Counter(
        (labels.pairs, scrape.t_ms, value)
        for scrape in pushed.scrapes
        for labels, value in zip(scrape.series, scrape.values.view(np.uint64).tolist(), strict=True)
    )


@given(requests=st.lists(blocks(), min_size=1, max_size=3))
def test_our_receiver_reads_what_we_send_bit_for_bit(requests: list[list[SeriesBlock]]) -> None:
    encoder, parser = RemoteWriteEncoder(max_series=5), RemoteWriteParser()
    for sent in requests:
        assert found(parser.parse_v1(encoder.encode_v1(sent))) == written(sent)
        assert found(parser.parse_v2(encoder.encode_v2(sent))) == written(sent)


def bits(value: float) -> int:
    return int(np.array([value]).view(np.uint64)[0])


@given(sent=blocks())
def test_protobuf_reads_what_we_send(oracle: Any, sent: list[SeriesBlock]) -> None:
    one = oracle.v1.FromString(RemoteWriteEncoder().encode_v1(sent))
    assert list(one_samples(one)) == list(in_order(sent))
    two = oracle.v2.FromString(RemoteWriteEncoder().encode_v2(sent))
    assert len(set(two.symbols)) == len(two.symbols)
    assert two.symbols[0] == ""
    assert [
        (labels_of(series, two.symbols), sample.timestamp)
        for series in two.timeseries
        for sample in series.samples
    ] == [(pairs, t_ms) for pairs, t_ms in in_order(sent)]


def one_samples(request: Any) -> Any:
    for series in request.timeseries:
        pairs = tuple((label.name, label.value) for label in series.labels)
        yield from ((pairs, sample.timestamp) for sample in series.samples)


def labels_of(series: Any, symbols: Any) -> tuple[tuple[str, str], ...]:
    words = [symbols[reference] for reference in series.labels_refs]
    return tuple(zip(words[::2], words[1::2], strict=True))


def in_order(sent: list[SeriesBlock]) -> Any:
    for block in sent:
        for labels in block.series:
            yield from ((labels.pairs, t_ms) for t_ms in block.t_ms.tolist())


def test_type_help_and_unit_go_with_the_samples() -> None:
    about = MetricMetadata("요청_total", MetricType.COUNTER, "요청 수", "requests")
    block = SeriesBlock(
        (Labels.of({"__name__": "요청_total"}),), np.array([NOW_MS]), np.array([[1.0]])
    )
    encoder, parser = RemoteWriteEncoder(), RemoteWriteParser()
    assert parser.parse_v1(encoder.encode_v1([block], [about])).metadata == (about,)
    assert parser.parse_v2(encoder.encode_v2([block], lambda _: about)).metadata == (about,)


def test_a_golden_request_of_each_version() -> None:
    block = SeriesBlock((Labels.of({"__name__": "m"}),), np.array([1 << 35]), np.array([[1.0]]))
    name = b"\n\r\n\x08__name__\x12\x01m"
    sample = b"\x12\x10\t\x00\x00\x00\x00\x00\x00\xf0?\x10\x80\x80\x80\x80\x80\x01"
    assert RemoteWriteEncoder().encode_v1([block]) == b"\n!" + name + sample
    symbols = b'"\x00"\x08__name__"\x01m'
    assert RemoteWriteEncoder().encode_v2([block]) == (
        symbols + b"*\x16" + b"\n\x02\x01\x02" + sample
    )
