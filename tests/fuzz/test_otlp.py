"""OTLP metrics, protobuf and JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)

from fuzz.driver import Surface, assert_short_form
from fuzz.messages import Shape, build_message
from jipyo.collect.receive import otlp

if TYPE_CHECKING:
    from random import Random

_KINDS = {"double": "double", "fixed64": "double", "sfixed64": "double", "string": "text"}
_KIND_OF_TYPE = {1: "double", 6: "fixed64", 9: "text", 12: "text", 16: "fixed64"}
"""By the number of a type in descriptor.proto; all others are varints."""


def describe(descriptor: Any, depth: int = 7) -> Shape:
    """The shape of a message of the protocol."""
    return {
        about.number: describe(about.message_type, depth - 1)
        if about.message_type is not None and depth
        else "packed"
        if about.is_packed
        else _KIND_OF_TYPE.get(about.type, "varint")
        for about in descriptor.fields
    }


SHAPE = describe(ExportMetricsServiceRequest.DESCRIPTOR)
_NUMBERS: tuple[Any, ...] = (0, 1, -1, 1.5, "1", "1.5", "x", 1e400, True, None, 10**25, [], {})
_NAMES = ("", "a", "한글", "\ud800", "http.server.duration", "a b", "9")


def build_json(random: Random) -> bytes:
    """A request with one metric, every value of which may be anything."""

    def either(plain: Any) -> Any:
        return plain if random.random() < 0.9 else random.choice(_NUMBERS)

    attributes = [
        {"key": random.choice(_NAMES), "value": either({"stringValue": random.choice(_NAMES)})},
        {"key": "n", "value": either({"arrayValue": {"values": [{"intValue": "1"}]}})},
    ]
    point = {
        "attributes": either(attributes),
        "timeUnixNano": either("1795400000000000000"),
        random.choice(("asInt", "asDouble", "count")): random.choice(_NUMBERS),
        "explicitBounds": either([1, 2, "NaN"]),
        "bucketCounts": either(["1", 2, 3]),
        "quantileValues": either([{"quantile": 0.5, "value": 1}]),
        "flags": either(0),
    }
    data = {
        "dataPoints": either([point]),
        "aggregationTemporality": either(random.choice((0, 1, 2, "x"))),
        "isMonotonic": either(True),
    }
    kind = random.choice(("gauge", "sum", "histogram", "exponentialHistogram", "summary", "x"))
    metric = {"name": random.choice(_NAMES), "unit": either("ms"), kind: either(data)}
    scopes = [{"scope": either({"name": "s"}), "metrics": either([metric])}]
    resource = {"resource": either({"attributes": attributes}), "scopeMetrics": either(scopes)}
    return json.dumps({"resourceMetrics": either([resource])}).encode()


def read(body: bytes, *, as_json: bool) -> None:
    converter = otlp.OtlpConverter()
    for _ in range(2):  # the second time there are sums
        batch = converter.convert(otlp.parse_request(body, as_json=as_json))
        converter.commit()
        assert all(labels.metric for scrape in batch.scrapes for labels in scrape.series), "BUG"


SURFACES = [
    Surface(
        name="otlp-protobuf",
        feed=lambda body: read(body, as_json=False),
        tokens=(b"\x0a\x00", b"\x12\x00", b"\x1a\x00"),
        generate=lambda random: build_message(random, SHAPE, 12),
        s_per_byte=20e-6,
    ),
    Surface(
        name="otlp-json",
        feed=lambda body: read(body, as_json=True),
        tokens=(b'"\\ud800"', b"Infinity", b"NaN", b"-1", b'""', b"null", b"{}", b"[]", b","),
        generate=build_json,
        s_per_byte=20e-6,
    ),
]


@pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.name)
def test_a_request_is_converted_or_refused(surface: Surface) -> None:
    assert_short_form(surface)
