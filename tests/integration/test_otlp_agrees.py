"""The same OTLP, sent to a real Prometheus and to jipyo: the same names, labels and values.

Where the two differ on purpose stands in `docs/receivers.md`, and in `DIFFERENT` here.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
import pytest
import urllib3
from google.protobuf import json_format
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.common.v1 import common_pb2 as common
from opentelemetry.proto.metrics.v1 import metrics_pb2 as pb
from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider, ObservableCounter
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    MetricExporter,
    MetricExportResult,
    MetricsData,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.resources import Resource

from support.product import up
from support.services import binary, free_port, running

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.integration

Found = dict[tuple[tuple[str, str], ...], list[list[Any]] | str]
CUMULATIVE, DELTA = AggregationTemporality.CUMULATIVE, AggregationTemporality.DELTA
NOW_NS = int(time.time()) * 10**9


@dataclass(frozen=True)
class Both:
    """A Prometheus that takes OTLP, and jipyo."""

    prometheus: str
    jipyo: str

    @property
    def endpoints(self) -> tuple[str, str]:
        return f"{self.prometheus}/api/v1/otlp/v1/metrics", f"{self.jipyo}/v1/metrics"

    def kept(self, job: str) -> tuple[Found, Found]:
        """All samples under a job, in Prometheus and in jipyo."""
        return kept(self.prometheus, job), kept(self.jipyo, job)

    def send(self, job: str, *metrics: pb.Metric, as_json: bool = False) -> tuple[int, int]:
        """The same request to both; what each answered."""
        request = ExportMetricsServiceRequest()
        resource = request.resource_metrics.add()
        identity = {"service.name": job, "service.instance.id": "i", "host.name": "h"}
        resource.resource.attributes.extend(pair(*one) for one in identity.items())
        resource.scope_metrics.add().metrics.extend(metrics)
        body, kind = request.SerializeToString(), "application/x-protobuf"
        if as_json:
            written = json_format.MessageToJson(request, use_integers_for_enums=True)
            body, kind = written.encode(), "application/json"
        said = [
            urllib3.request("POST", url, body=body, headers={"Content-Type": kind}, retries=False)
            for url in self.endpoints
        ]
        return said[0].status, said[1].status


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    folder = tmp_path_factory.mktemp("otlp")
    (folder / "prometheus.yml").write_text("storage: {tsdb: {out_of_order_time_window: 10m}}\n")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [
        binary("prometheus"),
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/prometheus",
        f"--web.listen-address=127.0.0.1:{port}",
        "--web.enable-otlp-receiver",
        "--enable-feature=otlp-deltatocumulative",
    ]
    with (
        running(command, f"{url}/-/ready", folder / "prometheus.log"),
        up(folder / "data") as product,
    ):
        yield Both(url, product.url)


def kept(url: str, job: str) -> Found:
    fields = {"query": f'{{job="{job}"}}[1h]', "time": str(time.time() + 60)}
    answer = urllib3.request("GET", f"{url}/api/v1/query", fields=fields, retries=False)
    assert answer.status == 200, answer.data
    result = orjson.loads(answer.data)["data"]["result"]
    return {
        tuple(sorted(one["metric"].items())): one.get("values", "a histogram") for one in result
    }


# --- a real SDK


class Twice(MetricExporter):
    """Hands everything to two exporters, which must both succeed."""

    def __init__(self, first: MetricExporter, second: MetricExporter) -> None:
        super().__init__(first._preferred_temporality, first._preferred_aggregation)
        self._exporters = first, second

    def export(
        self, metrics_data: MetricsData, timeout_millis: float = 10_000, **more: Any
    ) -> MetricExportResult:
        said = [one.export(metrics_data, timeout_millis, **more) for one in self._exporters]
        assert set(said) == {MetricExportResult.SUCCESS}, said
        return MetricExportResult.SUCCESS

    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        return all(one.force_flush(timeout_millis) for one in self._exporters)

    def shutdown(self, timeout_millis: float = 10_000, **more: Any) -> None:
        for one in self._exporters:
            one.shutdown(timeout_millis, **more)


def measured(both: Both, temporality: AggregationTemporality, **resource: Any) -> None:
    """A program that counts and measures in every way the SDK has."""
    instruments: list[type] = [Counter, Histogram, ObservableCounter]
    kinds = dict.fromkeys(instruments, temporality)
    exporters = [
        OTLPMetricExporter(endpoint=url, preferred_temporality=kinds) for url in both.endpoints
    ]
    reader = PeriodicExportingMetricReader(Twice(*exporters), export_interval_millis=1e9)
    provider = MeterProvider([reader], resource=Resource.create(resource), shutdown_on_exit=False)
    meter = provider.get_meter("shop.lib", "1.2", attributes={"scope.x": "y"})
    turns: list[int] = []

    def watched(_: CallbackOptions) -> list[Observation]:
        return [Observation(3 * len(turns), {"cpu.mode": "user"}), Observation(0.5)]

    orders = meter.create_counter("orders", unit="{order}", description="Orders.")
    received = meter.create_counter("net.io.bytes", unit="By")
    requests = meter.create_counter("http.requests_total", unit="1")
    active = meter.create_up_down_counter("http.server.active-requests", unit="{request}")
    latency = meter.create_histogram("http.server.duration", unit="s")
    edges = [1, 2.5, 1e6]
    sizes = meter.create_histogram(
        "rpc.size", unit="KiBy", explicit_bucket_boundaries_advisory=edges
    )
    share = meter.create_gauge("cpu.utilization", unit="1")
    speed = meter.create_gauge("disk/speed", unit="MBy/s")
    meter.create_observable_counter("process.cpu.time", [watched], unit="ms")
    meter.create_observable_gauge("queue.depth", [watched], unit="%")
    for turn in range(3):
        turns.append(turn)
        orders.add(2, {"http.method": "GET", "2nd": "x", "_own": "y", "ok": True, "n": 7})
        orders.add(1, {"a.b": "dot", "a_b": "line", "ratio": 0.5, "list": ["p", "q"]})
        received.add(1500)
        requests.add(1, {"empty": "", "quote": 'a"b\\c\nd', "text": "글"})
        active.add(1 - turn % 2)
        latency.record(0.3 * turn, {"route": "/"})
        latency.record(7, {"route": "/"})
        sizes.record(3)
        share.set(0.25 * turn)
        speed.set(-1.5)
        assert reader.force_flush()
        time.sleep(0.02)
    provider.shutdown()


@pytest.mark.parametrize("temporality", [CUMULATIVE, DELTA], ids=["cumulative", "delta"])
@pytest.mark.parametrize(
    "resource",
    [
        {
            "service.namespace": "eu",
            "service.instance.id": "i-1",
            "host.name": "node-1",
            "process.command_args": ["a", "b"],
            "os.build": 7,
        },
        {},
    ],
    ids=["known", "bare"],
)
def test_what_an_sdk_exports_is_the_same_in_prometheus_and_here(
    both: Both, resource: dict[str, Any], temporality: AggregationTemporality
) -> None:
    service = f"shop-{len(resource)}-{temporality.name}"
    measured(both, temporality, **resource, **{"service.name": service})
    space = resource.get("service.namespace")
    theirs, ours = both.kept(f"{space}/{service}" if space else service)
    assert ours == theirs
    assert len(theirs) > 30
    names = {dict(labels)["__name__"] for labels in theirs}
    assert {
        "orders_total",
        "net_io_bytes_total",
        "http_server_active_requests",
        "http_server_duration_seconds_bucket",
        "rpc_size_kibibytes_sum",
        "cpu_utilization_ratio",
        "disk_speed_megabytes_per_second",
        "process_cpu_time_milliseconds_total",
        "queue_depth_percent",
        "target_info",
    } <= names


# --- what no SDK lets one send, as a collector may pass it on


def pair(key: str, value: str | common.AnyValue = "v") -> common.KeyValue:
    typed = value if isinstance(value, common.AnyValue) else common.AnyValue(string_value=value)
    return common.KeyValue(key=key, value=typed)


def number(value: float = 1.5, **more: Any) -> pb.NumberDataPoint:
    return pb.NumberDataPoint(**{"as_double": value, "time_unix_nano": NOW_NS, **more})


def gauge(name: str = "g", unit: str = "", **more: Any) -> pb.Metric:
    return pb.Metric(name=name, unit=unit, gauge=pb.Gauge(data_points=[number(**more)]))


def total(
    name: str = "c",
    unit: str = "",
    *,
    rising: bool = True,
    kind: pb.AggregationTemporality.ValueType = pb.AGGREGATION_TEMPORALITY_CUMULATIVE,
) -> pb.Metric:
    data = pb.Sum(data_points=[number()], is_monotonic=rising, aggregation_temporality=kind)
    return pb.Metric(name=name, unit=unit, sum=data)


def histogram(**more: Any) -> pb.Metric:
    fields = {
        "time_unix_nano": NOW_NS,
        "count": 6,
        "sum": 3.5,
        "bucket_counts": [1, 2, 3],
        "explicit_bounds": [0.1, 1],
        **more,
    }
    point = pb.HistogramDataPoint(**{name: one for name, one in fields.items() if one is not None})
    data = pb.Histogram(
        aggregation_temporality=pb.AGGREGATION_TEMPORALITY_CUMULATIVE, data_points=[point]
    )
    return pb.Metric(name="h", unit="s", histogram=data)


def summary(**more: Any) -> pb.Metric:
    at = pb.SummaryDataPoint.ValueAtQuantile
    values = [at(quantile=q, value=q * 2) for q in (0, 0.5, 0.99, 1)]
    point = pb.SummaryDataPoint(
        time_unix_nano=NOW_NS, count=5, sum=2.5, quantile_values=values, **more
    )
    return pb.Metric(name="s", unit="ms", summary=pb.Summary(data_points=[point]))


def array(*values: common.AnyValue) -> common.AnyValue:
    return common.AnyValue(array_value=common.ArrayValue(values=values))


NAMES = ["1st.metric", "ümläut", "a..b--c", "total", "_lead", "__two", ":colon:x", "a_total_b",
         "ratio", "x.ratio", "a.seconds", "A/B", "..a..", "a__b", "http.total.seconds"]  # fmt: skip
UNITS = ["", "1", "s", "foo/s", "By/{x}", "1/s", "m/s", "%/min", "kBy/mo", "{x}/s", "{x}",
         "By/s/s", "h", "a b", "/s", "s/", "°C", "{a}b", "req_/x", "W.h", "10^9"]  # fmt: skip
KEYS = ["a-b", "__reserved", "__name__", "_x", "9x", "a.b.", "job", "instance", "le", "quantile",
        "ünder", "a__b", "--a", "_", "otel_scope_name"]  # fmt: skip
ATTRIBUTES = {
    "int": common.AnyValue(int_value=-5),
    "bool": common.AnyValue(bool_value=True),
    "large": common.AnyValue(double_value=1e21),
    "long": common.AnyValue(double_value=1.2345678901234568e20),
    "small": common.AnyValue(double_value=1e-7),
    "less": common.AnyValue(double_value=0.00001),
    "zero": common.AnyValue(double_value=-0.0),
    "nan": common.AnyValue(double_value=math.nan),
    "array": array(common.AnyValue(double_value=1e-7), common.AnyValue(string_value="x<&>")),
    "map": common.AnyValue(kvlist_value=common.KeyValueList(values=[pair("b"), pair("a")])),
    "bytes": common.AnyValue(bytes_value=b"\x00\xff"),
    "none": common.AnyValue(),
}
SAME: dict[str, pb.Metric] = {
    **{f"gauge named {name}": gauge(name) for name in NAMES},
    **{f"counter named {name}": total(name, "s") for name in NAMES},
    **{f"gauge in {unit}": gauge("u", unit) for unit in UNITS},
    **{f"counter in {unit}": total("u", unit) for unit in UNITS},
    **{f"label {key}": gauge(attributes=[pair(key)]) for key in KEYS},
    **{f"value {kind}": gauge(attributes=[pair("a", one)]) for kind, one in ATTRIBUTES.items()},
    "labels that become one": gauge(attributes=[pair("a.b", "1"), pair("a-b", "2")]),
    "a label twice": gauge(attributes=[pair("a", "1"), pair("a", "2")]),
    "no value any more": gauge(flags=1),
    "not a number": gauge(value=math.nan),
    "infinite": gauge(value=-math.inf),
    "nanoseconds": gauge(time_unix_nano=NOW_NS + 1_999_999),
    "a sum that may fall": total(rising=False),
    "differences that may fall": total(rising=False, kind=pb.AGGREGATION_TEMPORALITY_DELTA),
    "summary": summary(),
    "summary without a value": summary(flags=1),
    "histogram": histogram(),
    "histogram without a sum": histogram(sum=None),
    "histogram without buckets": histogram(bucket_counts=[], explicit_bounds=[]),
    "histogram with one bucket": histogram(bucket_counts=[6], explicit_bounds=[]),
    "histogram with an infinite bound": histogram(explicit_bounds=[0.1, math.inf]),
    "histogram whose buckets are fewer": histogram(count=9),
    "histogram with odd bounds": histogram(explicit_bounds=[1e-7, 1e21]),
    "histogram without a value": histogram(flags=1),
    "nothing in it": pb.Metric(name="eg", gauge=pb.Gauge()),
    "later and earlier": pb.Metric(
        name="two",
        gauge=pb.Gauge(
            data_points=[number(time_unix_nano=NOW_NS - back * 10**9) for back in (400, 100, 0)]
        ),
    ),
}


@pytest.mark.parametrize("as_json", [False, True], ids=["protobuf", "json"])
def test_whatever_a_collector_passes_on_is_the_same(both: Both, as_json: bool) -> None:
    wrong = {}
    for number_of, (what, metric) in enumerate(SAME.items()):
        job = f"case-{as_json}-{number_of}"
        said = both.send(job, metric, as_json=as_json)
        theirs, ours = both.kept(job)
        if ours != theirs or said != (200, 200):
            wrong[what] = said, theirs, ours
    assert wrong == {}


DIFFERENT: dict[str, tuple[pb.Metric, tuple[int, int], set[str], set[str]]] = {
    # what: (metric, both statuses, names in Prometheus, names here)
    "exponential histogram": (
        pb.Metric(
            name="e",
            exponential_histogram=pb.ExponentialHistogram(
                aggregation_temporality=pb.AGGREGATION_TEMPORALITY_CUMULATIVE,
                data_points=[
                    pb.ExponentialHistogramDataPoint(
                        time_unix_nano=NOW_NS,
                        count=3,
                        positive=pb.ExponentialHistogramDataPoint.Buckets(
                            offset=0, bucket_counts=[1, 2]
                        ),
                    )
                ],
            ),
        ),
        (200, 200),
        {"e", "target_info"},
        set(),
    ),
    "an attribute whose name has nothing that a label may have": (
        gauge(attributes=[pair("한글")]),
        (500, 200),
        set(),
        {"g", "target_info"},
    ),
    "an attribute without a name": (
        gauge(attributes=[pair("")]),
        (500, 200),
        set(),
        {"g", "target_info"},
    ),
    "a name of which nothing is left": (gauge("-"), (500, 200), set(), set()),
    "neither cumulative nor a difference": (
        total(kind=pb.AGGREGATION_TEMPORALITY_UNSPECIFIED),
        (500, 200),
        set(),
        set(),
    ),
    "too old": (gauge(time_unix_nano=1), (400, 200), set(), set()),
}


@pytest.mark.parametrize("what", list(DIFFERENT))
def test_what_differs_differs_as_it_is_written_down(both: Both, what: str) -> None:
    metric, statuses, in_prometheus, here = DIFFERENT[what]
    job = f"different-{list(DIFFERENT).index(what)}"
    # Only beside a newer sample is one too old.
    assert both.send(f"{job}-before", gauge()) == (200, 200)
    assert both.send(job, metric) == statuses
    names = tuple({dict(labels)["__name__"] for labels in found} for found in both.kept(job))
    assert names == (in_prometheus, here)


def test_one_bad_metric_takes_a_good_one_with_it_only_in_prometheus(both: Both) -> None:
    assert both.send("mixed", gauge("good"), gauge("-")) == (500, 200)
    theirs, ours = both.kept("mixed")
    assert theirs == {}
    assert {dict(labels)["__name__"] for labels in ours} == {"good", "target_info"}
