"""OTLP over HTTP: the response is in the request's form, losses are a partial success."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from google.rpc import status_pb2
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)

from web.ingest.conftest import NOW_MS, Place, Places

PROTOBUF = "application/x-protobuf"
JSON = "application/json"


def otlp(*values: float, kind: Any = 2, exponential: bool = False) -> ExportMetricsServiceRequest:
    message = ExportMetricsServiceRequest()
    metric = message.resource_metrics.add().scope_metrics.add().metrics.add(name="m")
    if exponential:
        metric.exponential_histogram.data_points.add(time_unix_nano=NOW_MS * 1_000_000)
        return message
    metric.sum.aggregation_temporality = kind
    for step, value in enumerate(values):
        metric.sum.data_points.add(time_unix_nano=(NOW_MS + step) * 1_000_000, as_double=value)
    return message


@pytest.mark.parametrize("path", ["/v1/metrics", "/api/v1/otlp/v1/metrics"])
def test_otlp_is_answered_in_the_form_it_came_in(place: Place, path: str) -> None:
    answer = place.post(path, otlp(1).SerializeToString(), Content_Type=PROTOBUF)
    assert (answer.status, answer.headers["content-type"]) == (200, PROTOBUF)
    assert not ExportMetricsServiceResponse.FromString(answer.body).HasField("partial_success")
    body = gzip.compress(b'{"resourceMetrics": []}')
    answer = place.post(path, body, Content_Type=f"{JSON}; charset=utf-8", Content_Encoding="gzip")
    assert (answer.status, answer.json) == (200, {})
    assert place.kept() == {"m": [1]}


def test_a_point_that_is_not_kept_is_a_partial_success(place: Place) -> None:
    body = otlp(exponential=True).SerializeToString()
    answer = place.post("/v1/metrics", body, Content_Type=PROTOBUF)
    told = ExportMetricsServiceResponse.FromString(answer.body).partial_success
    assert (answer.status, told.rejected_data_points) == (200, 1)
    assert "exponential_histogram" in told.error_message


def test_differences_count_once_though_they_are_sent_again(places: Places) -> None:
    place = places(max_samples_per_s=1)
    first = otlp(5, 5, kind=1).SerializeToString()
    assert place.post("/v1/metrics", first, Content_Type=PROTOBUF).status == 200
    late = otlp(0, 0, 7, kind=1)
    del late.resource_metrics[0].scope_metrics[0].metrics[0].sum.data_points[:2]
    again = late.SerializeToString()
    assert place.post("/v1/metrics", again, Content_Type=PROTOBUF).status == 429
    for _ in range(2):
        place.clock_ms[0] += 5000
        assert place.post("/v1/metrics", again, Content_Type=PROTOBUF).status == 200
    assert place.kept() == {"m": [5, 10, 17]}


def test_otlp_errors_are_a_status_message(place: Place) -> None:
    answer = place.post("/v1/metrics", b"\xff", Content_Type=PROTOBUF)
    assert (answer.status, answer.headers["content-type"]) == (400, PROTOBUF)
    assert "damaged" in status_pb2.Status.FromString(answer.body).message
    answer = place.post("/v1/metrics", b"{", Content_Type=JSON)
    assert (answer.status, answer.headers["content-type"]) == (400, JSON)
    assert "damaged" in answer.json["message"]
    assert place.post("/v1/metrics", b"", Content_Type="text/plain").status == 415
