"""Remote write, over real HTTP: what is stored, and whether to send again."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import cramjam
import pytest

from jipyo.model.errors import StoreError, StoreFull, UnsupportedMediaType
from jipyo.web.ingest.remote_write import find_message_name
from jipyo.wire import protobuf as wire
from web.ingest.conftest import NOW_MS, Place, Places

if TYPE_CHECKING:
    from jipyo.model.sample import Appended, MetricMetadata, Scrape

V1 = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}
V2 = {**V1, "Content-Type": "application/x-protobuf;proto=io.prometheus.write.v2.Request"}
WRITTEN = "x-prometheus-remote-write-{}-written"
Make = Callable[..., bytes]


def field(number: int, payload: bytes) -> bytes:
    return wire.encode_varint(number << 3 | 2) + wire.encode_varint(len(payload)) + payload


def sample(value: float = 1.5, t_ms: int = NOW_MS) -> bytes:
    return field(2, b"\x09" + struct.pack("<d", value) + b"\x10" + wire.encode_varint(t_ms))


def v1(name: str = "m", *samples: bytes) -> bytes:
    label = field(1, field(1, b"__name__") + field(2, name.encode()))
    return field(1, label + b"".join(samples or (sample(),)))


def v2(name: str = "m", *parts: bytes) -> bytes:
    symbols = b"".join(field(4, word.encode()) for word in ("", "__name__", name))
    return symbols + field(5, field(1, b"\x01\x02") + b"".join(parts or (sample(),)))


def snappy(body: bytes) -> bytes:
    return bytes(cramjam.snappy.compress_raw(body))


class Full:
    """A store whose disk is full."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def append(self, scrapes: Sequence[Scrape]) -> Appended:
        raise self._error

    def describe(self, metadata: Sequence[MetricMetadata]) -> None:
        pass


@pytest.mark.parametrize(("headers", "body"), [(V1, v1()), (V2, v2())])
def test_what_is_kept_is_answered_with_204(
    place: Place, headers: dict[str, str], body: bytes
) -> None:
    for _ in range(2):  # and the same once more, as after a lost answer
        answer = place.write(snappy(body), headers)
        assert (answer.status, answer.body) == (204, b"")
    assert place.kept() == {"m": [1.5]}
    assert place.counted("jipyo_receive_samples_total")[("remote_write",)] >= 1


def test_only_2_0_is_told_how_much_was_written(place: Place) -> None:
    answer = place.write(snappy(v2("m", sample(1), sample(2, NOW_MS + 1))), V2)
    counts = [
        answer.headers[WRITTEN.format(name)] for name in ("samples", "histograms", "exemplars")
    ]
    assert counts == ["2", "0", "0"]
    assert not any("written" in name for name in place.write(snappy(v1()), V1).headers)


@pytest.mark.parametrize(
    "content_type",
    ["", "application/x-protobuf;proto=prometheus.WriteRequest", "Application/X-Protobuf"],
)
def test_1_0_has_several_names(place: Place, content_type: str) -> None:
    assert place.write(snappy(v1()), {**V1, "Content-Type": content_type}).status == 204


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({**V1, "Content-Type": "application/json"}, snappy(v1()), 415),
        ({**V1, "Content-Type": "application/x-protobuf;proto=io.other.Request"}, b"", 415),
        ({**V1, "Content-Encoding": "zstd"}, snappy(v1()), 415),
        (V1, b"no snappy", 400),
        (V1, snappy(v1()[:-1]), 400),
        (V2, snappy(v1()), 400),
        (V1, snappy(bytes(2 << 20)), 413),
    ],
)
def test_what_cannot_be_read_is_refused_for_good(
    places: Places, headers: dict[str, str], body: bytes, status: int
) -> None:
    answer = places(max_body_bytes=1 << 20).write(body, headers)
    assert answer.status == status
    assert answer.body
    assert "retry-after" not in answer.headers


@pytest.mark.parametrize(("headers", "make"), [(V1, v1), (V2, v2)])
def test_of_a_partial_write_the_rest_is_kept_and_told(
    place: Place, headers: dict[str, str], make: Make
) -> None:
    future = sample(9, NOW_MS + 10 * 86_400_000)
    answer = place.write(snappy(make("m", sample(), future)), headers)
    assert answer.status == 400
    assert answer.body == b"1 samples stored, others rejected: 1 too far in the future"
    assert place.kept() == {"m": [1.5]}
    assert answer.headers.get(WRITTEN.format("samples")) == (None if headers == V1 else "1")
    rejected = place.counted("jipyo_receive_rejected_samples_total")
    assert list(rejected.values()) == [1]


def test_a_bad_series_does_not_take_the_others_with_it(place: Place) -> None:
    bad = field(1, field(1, field(1, b"job") + field(2, b"x")) + sample())
    answer = place.write(snappy(v1() + bad), V1)
    assert answer.status == 400
    assert b"1 invalid labels" in answer.body
    assert b"[('job', 'x')]" in answer.body
    assert place.kept() == {"m": [1.5]}


@pytest.mark.parametrize(("headers", "make", "number"), [(V1, v1, 4), (V2, v2, 3)])
def test_histograms_that_are_not_kept_are_told(
    place: Place, headers: dict[str, str], make: Make, number: int
) -> None:
    answer = place.write(snappy(make("m", sample(), field(number, b"\x19" + bytes(8)))), headers)
    assert answer.status == 400
    assert b"1 histograms (not stored)" in answer.body
    assert place.kept() == {"m": [1.5]}
    assert sum(place.counted("jipyo_receive_left_out_total").values()) == 1


def test_exemplars_are_left_out_in_silence(place: Place) -> None:
    assert place.write(snappy(v1("m", sample(), field(3, b""))), V1).status == 204
    assert sum(place.counted("jipyo_receive_left_out_total").values()) == 1


@pytest.mark.parametrize(
    "error", [StoreFull("receive.not_kept", path="p", reason="full"), StoreError("web.internal")]
)
def test_a_full_disk_asks_to_send_again(places: Places, error: Exception) -> None:
    answer = places(Full(error)).write(snappy(v1()), V1)
    assert answer.status == 503
    assert int(answer.headers["retry-after"]) > 0


def test_a_fault_of_ours_is_told_as_such(places: Places, caplog: pytest.LogCaptureFixture) -> None:
    assert places(Full(ValueError("x"))).write(snappy(v1()), V1).status == 500
    assert "failed" in caplog.text


def test_who_sends_too_fast_is_asked_to_wait(places: Places) -> None:
    place = places(max_samples_per_s=1)
    two = v1("m", sample(1), sample(2, NOW_MS + 1))
    assert place.write(snappy(two), V1).status == 204  # one request may overdraw
    answer = place.write(snappy(v1("m", sample(3, NOW_MS + 2))), V1)
    assert (answer.status, answer.headers["retry-after"]) == (429, "1")
    place.clock_ms[0] += 5000
    assert place.write(snappy(v1("m", sample(3, NOW_MS + 2))), V1).status == 204
    assert place.kept() == {"m": [1, 2, 3]}


@pytest.mark.parametrize(
    ("content_type", "message"),
    [
        ("", "prometheus.WriteRequest"),
        ("application/x-protobuf", "prometheus.WriteRequest"),
        ("application/x-protobuf; proto=prometheus.WriteRequest", "prometheus.WriteRequest"),
        (
            'application/x-protobuf;proto="io.prometheus.write.v2.Request"',
            "io.prometheus.write.v2.Request",
        ),
        ("APPLICATION/X-PROTOBUF;charset=x", "prometheus.WriteRequest"),
    ],
)
def test_the_content_type_names_the_message(content_type: str, message: str) -> None:
    assert find_message_name(content_type) == message


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-protobuf;proto=other", "application/x-protobuf;proto="],
)
def test_another_message_is_not_supported(content_type: str) -> None:
    with pytest.raises(UnsupportedMediaType):
        find_message_name(content_type)
