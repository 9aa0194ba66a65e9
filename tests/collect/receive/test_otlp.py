"""OTLP metrics become the samples that Prometheus' own OTLP endpoint makes of them."""

import base64
import contextlib
import json
import math
from typing import Any

import numpy as np
import pytest
from google.protobuf import json_format
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)

from jipyo.collect.receive import otlp, otlp_names
from jipyo.collect.receive.batch import ReceivedBatch
from jipyo.model.errors import MalformedBody
from jipyo.model.sample import STALE_BITS, MetricMetadata, MetricType
from support.timing import measure_cpu_s

NOW_MS = 1_793_500_000_000
NOW_NS = NOW_MS * 1_000_000
Json = dict[str, Any]


def request(*metrics: Json, resource: Json | None = None) -> ExportMetricsServiceRequest:
    told = {"service.name": "shop"} if resource is None else resource
    body = {
        "resourceMetrics": [
            {
                "resource": {"attributes": attributes(told)},
                "scopeMetrics": [{"scope": {"name": "s"}, "metrics": list(metrics)}],
            }
        ]
    }
    return otlp.parse_request(json.dumps(body).encode(), as_json=True)


def attributes(pairs: Json) -> list[Json]:
    kinds = {str: "stringValue", bool: "boolValue", int: "intValue", float: "doubleValue"}
    return [
        {"key": key, "value": value if isinstance(value, dict) else {kinds[type(value)]: value}}
        for key, value in pairs.items()
    ]


def point(value: float | None = None, at_ms: int = NOW_MS, **more: Any) -> dict:
    told = {} if value is None else {"asDouble": value}
    return {"timeUnixNano": str(at_ms * 1_000_000), **told, **more}


def found(pushed: ReceivedBatch) -> dict[str, float]:
    return {
        str(labels): value
        for scrape in pushed.scrapes
        for labels, value in zip(scrape.series, scrape.values.tolist(), strict=True)
    }


def total(kind: int, *points: Json, monotonic: bool = True) -> Json:
    data = {"aggregationTemporality": kind, "isMonotonic": monotonic, "dataPoints": list(points)}
    return {"name": "requests", "sum": data}


DELTA, CUMULATIVE = 1, 2


@pytest.mark.parametrize(
    ("name", "unit", "kind", "monotonic", "wanted"),
    [
        ("http.server.duration", "s", "histogram", False, "http_server_duration_seconds"),
        ("http.server.duration", "ms", "histogram", False, "http_server_duration_milliseconds"),
        ("requests", "1", "sum", True, "requests_total"),
        ("requests.total.count", "", "sum", True, "requests_count_total"),
        ("cpu.utilization", "1", "gauge", False, "cpu_utilization_ratio"),
        ("ratio.of.cpu", "1", "gauge", False, "of_cpu_ratio"),
        ("active", "{request}", "gauge", False, "active"),
        ("active", "By{x}", "gauge", False, "active"),
        ("traffic", "By/s", "gauge", False, "traffic_bytes_per_second"),
        ("traffic", "{packet}/s", "gauge", False, "traffic_per_second"),
        ("traffic", "By/{packet}", "gauge", False, "traffic_bytes"),
        ("traffic", "x/min", "gauge", False, "traffic_x_per_min"),
        ("bytes.in.memory", "By", "gauge", False, "bytes_in_memory"),
        ("a  b--c", "", "gauge", False, "a_b_c"),
        ("5xx", "", "gauge", False, "_5xx"),
        ("name:part", "", "gauge", False, "name:part"),
        ("x", "°C/w", "gauge", False, "x_C_per_week"),
        ("x", "b^", "gauge", False, "x_b_"),
    ],
)
def test_a_metric_is_named_as_prometheus_names_it(
    name: str, unit: str, kind: str, monotonic: bool, wanted: str
) -> None:
    metric = otlp_names.translate_metric(name, unit, kind, monotonic=monotonic)
    assert metric is not None
    assert metric.name == wanted


def test_a_metric_without_a_letter_in_its_name_is_left_out() -> None:
    gauge = {"name": "...", "gauge": {"dataPoints": [point(1)]}}
    pushed = otlp.OtlpConverter().convert(request(gauge, {"name": "empty"}))
    assert pushed.scrapes == ()
    assert pushed.left_out == {"gauge": 1}


@pytest.mark.parametrize(
    ("key", "wanted"),
    [
        ("http.method", "http_method"),
        ("a..b", "a__b"),
        ("2nd", "key_2nd"),
        ("_own", "key_own"),
        ("__own", "__own"),
        ("한", "key_"),
        ("", "_"),
    ],
)
def test_an_attribute_is_named_as_prometheus_names_it(key: str, wanted: str) -> None:
    assert otlp_names.translate_label_name(key) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("text", "text"),
        (True, "true"),
        (12345678, "12345678"),
        (1.0, "1"),
        (0.25, "0.25"),
        (1e21, "1e+21"),
        (1e-7, "1e-7"),
        (-2.5e-12, "-2.5e-12"),
        (0.00001, "0.00001"),
        (-0.0, "-0"),
        (1.2345678901234568e20, "123456789012345680000"),
        ({"arrayValue": {"values": [{"doubleValue": 1e-7}, {"doubleValue": 2.0}]}}, "[1e-7,2]"),
        (math.inf, "+Inf"),
        ({"arrayValue": {"values": [{"stringValue": "a"}, {"intValue": "2"}]}}, '["a",2]'),
        (
            {
                "kvlistValue": {
                    "values": [
                        {"key": "b", "value": {"boolValue": False}},
                        {"key": "a", "value": {"stringValue": "글"}},
                    ]
                }
            },
            '{"a":"글","b":false}',
        ),
        ({"bytesValue": base64.b64encode(b"\x00\xff").decode()}, "AP8="),
    ],
)
def test_an_attribute_of_any_kind_becomes_text(value: Any, wanted: str) -> None:
    if value == math.inf:
        value = {"doubleValue": "Infinity"}
    gauge = {"name": "g", "gauge": {"dataPoints": [point(1, attributes=attributes({"x": value}))]}}
    [scrape] = otlp.OtlpConverter().convert(request(gauge)).scrapes
    assert scrape.series[0]["x"] == wanted


def test_attributes_that_are_called_the_same_are_joined() -> None:
    told = attributes({"a.b": "2", "a_b": "3", "empty": {}})
    gauge = {"name": "g", "gauge": {"dataPoints": [point(1, attributes=told)]}}
    assert list(found(otlp.OtlpConverter().convert(request(gauge)))) == ['g{a_b="2;3",job="shop"}']


def test_a_name_with_very_many_values_costs_what_they_are_long() -> None:
    def translate() -> None:
        labels = otlp_names.translate_labels((f"a{sign}", "x" * 9) for sign in "-." * 100_000)
        assert labels == {"a_": ";".join(["x" * 9] * 200_000)}

    assert measure_cpu_s(translate) < 2


def test_a_resource_becomes_job_instance_and_target_info() -> None:
    resource = {
        "service.name": "shop",
        "service.namespace": "eu",
        "service.instance.id": "i1",
        "host.name": "h",
    }
    gauge = {"name": "g", "gauge": {"dataPoints": [{**point(), "asInt": "7"}]}}
    assert found(otlp.OtlpConverter().convert(request(gauge, resource=resource))) == {
        'g{instance="i1",job="eu/shop"}': 7,
        'target_info{host_name="h",instance="i1",job="eu/shop"}': 1,
    }


@pytest.mark.parametrize(
    ("seconds", "wanted"),
    [
        ([0], [0]),
        ([400, 100, 0], [0, 150, 300, 400]),
        ([0, 150], [0, 150]),
        ([-10_000_000, 0], [-15_000 + 150 * i for i in range(100)] + [0]),
    ],
)
def test_target_info_is_found_wherever_the_samples_are(
    seconds: list[int], wanted: list[int]
) -> None:
    points = [point(1, NOW_MS + 1000 * s) for s in seconds]
    gauge = {"name": "g", "gauge": {"dataPoints": points}}
    resource = {"service.name": "shop", "host.name": "h"}
    pushed = otlp.OtlpConverter().convert(request(gauge, resource=resource))
    info = sorted(
        (scrape.t_ms - NOW_MS) // 1000
        for scrape in pushed.scrapes
        if any(labels["__name__"] == "target_info" for labels in scrape.series)
    )
    assert info == wanted


def test_a_resource_that_names_no_service_has_no_target_info() -> None:
    gauge = {"name": "g", "gauge": {"dataPoints": [point(1)]}}
    pushed = otlp.OtlpConverter().convert(request(gauge, resource={"host.name": "h"}))
    assert found(pushed) == {"g": 1}


HISTOGRAM: dict[str, Any] = {
    "count": "6",
    "sum": 12.5,
    "explicitBounds": [0.00001, 1, 1e17],
    "bucketCounts": ["1", "2", "0", "3"],
}


def histogram(kind: int, *points: Json) -> Json:
    data = {"aggregationTemporality": kind, "dataPoints": list(points)}
    return {"name": "d", "unit": "s", "description": "Durations.", "histogram": data}


def test_a_histogram_becomes_buckets_that_include_those_below() -> None:
    pushed = otlp.OtlpConverter().convert(request(histogram(CUMULATIVE, point(**HISTOGRAM))))
    assert found(pushed) == {
        'd_seconds_bucket{job="shop",le="0.00001"}': 1,
        'd_seconds_bucket{job="shop",le="1"}': 3,
        'd_seconds_bucket{job="shop",le="100000000000000000"}': 3,
        'd_seconds_bucket{job="shop",le="+Inf"}': 6,
        'd_seconds_count{job="shop"}': 6,
        'd_seconds_sum{job="shop"}': 12.5,
    }
    assert pushed.metadata == (
        MetricMetadata("d_seconds", MetricType.HISTOGRAM, "Durations.", "seconds"),
    )


def test_a_bound_of_infinity_stands_once_and_a_missing_sum_is_no_sum() -> None:
    one: dict[str, Any] = {
        "count": "3",
        "explicitBounds": [1, "Infinity"],
        "bucketCounts": ["1", "2", "0"],
    }
    pushed = otlp.OtlpConverter().convert(request(histogram(CUMULATIVE, point(**one))))
    assert found(pushed) == {
        'd_seconds_bucket{job="shop",le="1"}': 1,
        'd_seconds_bucket{job="shop",le="+Inf"}': 3,
        'd_seconds_count{job="shop"}': 3,
    }


def test_a_summary_becomes_quantiles_count_and_sum() -> None:
    one = point(count="4", sum=8.0, quantileValues=[{"quantile": 0.5, "value": 2}])
    summary = {"name": "s", "summary": {"dataPoints": [one]}}
    pushed = otlp.OtlpConverter().convert(request(summary))
    assert found(pushed) == {
        's{job="shop",quantile="0.5"}': 2,
        's_count{job="shop"}': 4,
        's_sum{job="shop"}': 8,
    }


def test_differences_are_added_up_once_they_are_kept() -> None:
    converter = otlp.OtlpConverter()
    seen: list[float] = []
    for step, value in enumerate([1, 2, 4]):
        sent = request(total(DELTA, point(value, NOW_MS + step)))
        converter.convert(sent)  # refused: the sender sends it again
        seen += found(converter.convert(sent)).values()
        converter.commit()
        assert list(found(converter.convert(sent)).values()) == seen[-1:]  # sent again after all
    assert seen == [1, 3, 7]


def test_differences_of_histograms_are_added_up() -> None:
    converter = otlp.OtlpConverter()
    pushed = ReceivedBatch(())
    for step in range(3):
        pushed = converter.convert(
            request(histogram(DELTA, point(at_ms=NOW_MS + step, **HISTOGRAM)))
        )
        converter.commit()
    assert found(pushed)['d_seconds_bucket{job="shop",le="1"}'] == 9
    assert found(pushed)['d_seconds_sum{job="shop"}'] == 37.5


def test_a_difference_older_than_the_newest_is_told() -> None:
    converter = otlp.OtlpConverter()
    converter.convert(request(total(DELTA, point(1))))
    converter.commit()
    pushed = converter.convert(request(total(DELTA, point(1, NOW_MS - 1))))
    assert pushed.scrapes == ()
    assert sum(pushed.left_out.values()) == 1


def test_the_sums_of_too_many_series_begin_again() -> None:
    converter = otlp.OtlpConverter(max_sums=0)
    pushed = ReceivedBatch(())
    for step in range(2):
        pushed = converter.convert(request(total(DELTA, point(1, NOW_MS + step))))
        converter.commit()
    assert list(found(pushed).values()) == [2]
    converter.convert(request())
    converter.commit()
    pushed = converter.convert(request(total(DELTA, point(1, NOW_MS + 3))))
    assert list(found(pushed).values()) == [1]


@pytest.mark.parametrize("kind", [DELTA, CUMULATIVE])
def test_a_point_without_a_value_ends_its_series(kind: int) -> None:
    pushed = otlp.OtlpConverter().convert(request(total(kind, point(flags=1))))
    [scrape] = pushed.scrapes
    assert scrape.values.view(np.uint64).tolist() == [STALE_BITS]


def test_what_is_not_kept_is_counted() -> None:
    exponential = {"name": "e", "exponentialHistogram": {"dataPoints": [point(), point()]}}
    pushed = otlp.OtlpConverter().convert(request(exponential, total(0, point(1))))
    assert pushed.scrapes == ()
    assert pushed.left_out == {"exponential_histogram": 2, "sum": 1}


@given(
    values=st.lists(st.floats(allow_nan=False), min_size=1, max_size=4),
    integers=st.lists(st.integers(-(2**63), 2**63 - 1), max_size=3),
    text=st.text(max_size=8),
)
def test_json_and_protobuf_say_the_same(
    values: list[float], integers: list[int], text: str
) -> None:
    message = ExportMetricsServiceRequest()
    resource = message.resource_metrics.add()
    resource.resource.attributes.add(key="service.name").value.string_value = text
    metric = resource.scope_metrics.add().metrics.add(name="m")
    for number, value in enumerate([*values, *integers]):
        one = metric.gauge.data_points.add(time_unix_nano=NOW_NS + number * 1_000_000)
        if isinstance(value, float):
            one.as_double = value
        else:
            one.as_int = value
    as_json = json_format.MessageToJson(message, use_integers_for_enums=True).encode()
    read = [
        otlp.OtlpConverter().convert(otlp.parse_request(body, as_json=how)).scrapes
        for body, how in ((message.SerializeToString(), False), (as_json, True))
    ]
    first, second = ([(s.t_ms, s.series, s.values.tobytes()) for s in one] for one in read)
    assert first == second


def test_unknown_fields_and_exemplars_with_hexadecimal_ids_do_no_harm() -> None:
    one = point(1, exemplars=[{"traceId": "5b8efff798038103d269b633813fc60c"}], newField={"a": 1})
    gauge = {"name": "g", "gauge": {"dataPoints": [one]}, "later": True}
    assert found(otlp.OtlpConverter().convert(request(gauge))) == {'g{job="shop"}': 1}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'"x"',
        b"{",
        b"\xff",
        b'{"resourceMetrics": 1}',
        b'{"resourceMetrics": [1]}',
        b'{"resourceMetrics": {"a": 1}}',
        b"[" * 100_000,
        b'{"resourceMetrics":' * 100_000,
    ],
)
def test_bad_json_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedBody):
        otlp.parse_request(body, as_json=True)


@given(st.binary(max_size=100))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    for as_json in (True, False):
        with contextlib.suppress(MalformedBody):
            otlp.OtlpConverter().convert(otlp.parse_request(body, as_json=as_json))


ODD_METRICS = [
    r'{"name":"\ud800","gauge":{"dataPoints":[{"asInt":"1"}]}}',
    r'{"name":"a","sum":{"aggregationTemporality":"\ud800"}}',
    r'{"\udfff":1,"name":"a","gauge":{"dataPoints":[{"asInt":"\ud800"}]}}',
    '{"name":"a","sum":{"aggregationTemporality":Infinity}}',
    '{"name":"a","sum":{"aggregationTemporality":-Infinity}}',
    '{"name":"a","sum":{"aggregationTemporality":99999999999999999999}}',
    '{"name":"a","sum":{"aggregationTemporality":[1]}}',
    '{"name":"a","gauge":{"dataPoints":[{"asInt":Infinity}]}}',
    '{"name":"a","gauge":{"dataPoints":[{"asInt":' + "9" * 5000 + "}]}}",
    '{"name":"a","gauge":{"dataPoints":[{"asInt":"1","flags":Infinity}]}}',
    '{"name":"a","gauge":5}',
    "[" * 100_000,
    '{"name":"a","gauge":' * 5000,
    "null",
]


@pytest.mark.parametrize("metric", ODD_METRICS, ids=lambda metric: metric[:50])
def test_odd_json_is_converted_or_refused_in_words_that_can_be_sent(metric: str) -> None:
    body = '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[%s]}]}]}' % metric  # noqa: UP031
    refused: MalformedBody | None = None
    try:
        request = otlp.parse_request(body.encode(), as_json=True)
        assert otlp.OtlpConverter().convert(request).samples == 0
    except MalformedBody as error:
        refused = error
    if refused is not None:
        assert refused.key == "wire.damaged"
        assert str(refused.values["reason"]).encode()
