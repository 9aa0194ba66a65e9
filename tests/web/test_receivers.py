"""What senders are told, over real HTTP: whether it is kept, and whether to send again."""

import base64
import gzip
import json
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cramjam
import pytest
from google.rpc import status_pb2
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)

from jipyo.collect.receive.push_groups import PushGroups
from jipyo.model.errors import StoreError, StoreFull
from jipyo.model.labels import Labels
from jipyo.model.sample import Appended, MetricMetadata, Scrape
from jipyo.model.store import Appender
from jipyo.tsdb import Store
from jipyo.web.ingest import ReceiverOptions, Receivers
from jipyo.wire import protobuf as wire

from .conftest import Answer, Client, Serve

NOW_MS = 1_793_500_000_000
V1 = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}
V2 = {**V1, "Content-Type": "application/x-protobuf;proto=io.prometheus.write.v2.Request"}
WRITTEN = "x-prometheus-remote-write-{}-written"


def field(number: int, payload: bytes) -> bytes:
    return wire.number(number << 3 | 2) + wire.number(len(payload)) + payload


def sample(value: float = 1.5, t_ms: int = NOW_MS) -> bytes:
    return field(2, b"\x09" + struct.pack("<d", value) + b"\x10" + wire.number(t_ms))


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


@dataclass
class Place:
    """A server with receivers over a store of its own."""

    client: Client
    store: Store
    receivers: Receivers
    groups: PushGroups
    clock_s: list[float]

    def post(self, path: str, body: bytes, method: str = "POST", **headers: str) -> Answer:
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        return self.client.ask(method, path, body=body, headers=named)

    def write(self, body: bytes, headers: dict) -> Answer:
        return self.client.ask("POST", "/api/v1/write", body=body, headers=headers)

    def kept(self) -> dict[str, list[float]]:
        return {
            str(labels): values.tolist()
            for block in self.store.select([], 0, NOW_MS * 2)
            for labels, values in zip(block.series, block.values, strict=True)
        }

    def counted(self, name: str) -> dict[tuple[str, ...], float]:
        return {
            tuple(value for key, value in one.labels.pairs if key != "__name__"): one.value
            for family in self.receivers.families()
            for one in family.samples
            if one.labels.metric == name
        }


@pytest.fixture
def places(tmp_path: Path, serve: Serve) -> Iterator:
    with Store.open(tmp_path / "data", now_ms=lambda: NOW_MS) as store:

        def place(appender: Appender | None = None, **options: int) -> Place:
            clock_s = [0.0]
            groups = PushGroups(tmp_path / "pushed.json")
            receivers = Receivers(
                appender or store,
                groups,
                lambda: NOW_MS,
                ReceiverOptions(**options),
                monotonic_s=lambda: clock_s[0],
            )
            client = serve(routes=receivers.routes())
            return Place(client, store, receivers, groups, clock_s)

        yield place


@pytest.fixture
def place(places) -> Place:
    return places()


# ------------------------------------------------------------------------------- remote write


@pytest.mark.parametrize(("headers", "body"), [(V1, v1()), (V2, v2())])
def test_what_is_kept_is_answered_with_204(place: Place, headers: dict, body: bytes) -> None:
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
def test_what_cannot_be_read_is_refused_for_good(places, headers, body, status) -> None:
    answer = places(max_body_bytes=1 << 20).write(body, headers)
    assert answer.status == status
    assert answer.body
    assert "retry-after" not in answer.headers


@pytest.mark.parametrize(("headers", "make"), [(V1, v1), (V2, v2)])
def test_of_a_partial_write_the_rest_is_kept_and_told(place: Place, headers, make) -> None:
    future = sample(9, NOW_MS + 10 * 86_400_000)
    answer = place.write(snappy(make("m", sample(), future)), headers)
    assert answer.status == 400
    assert answer.body == b"1 samples kept, others refused: 1 too far in the future"
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
def test_histograms_that_are_not_kept_are_told(place: Place, headers, make, number) -> None:
    answer = place.write(snappy(make("m", sample(), field(number, b"\x19" + bytes(8)))), headers)
    assert answer.status == 400
    assert b"1 histograms (not kept here)" in answer.body
    assert place.kept() == {"m": [1.5]}
    assert sum(place.counted("jipyo_receive_left_out_total").values()) == 1


def test_exemplars_are_left_out_in_silence(place: Place) -> None:
    assert place.write(snappy(v1("m", sample(), field(3, b""))), V1).status == 204
    assert sum(place.counted("jipyo_receive_left_out_total").values()) == 1


@pytest.mark.parametrize(
    "error", [StoreFull("receive.not_kept", path="p", reason="full"), StoreError("web.internal")]
)
def test_a_full_disk_asks_to_send_again(places, error: Exception) -> None:
    answer = places(Full(error)).write(snappy(v1()), V1)
    assert answer.status == 503
    assert int(answer.headers["retry-after"]) > 0


def test_a_fault_of_ours_is_told_as_such(places, caplog: pytest.LogCaptureFixture) -> None:
    assert places(Full(ValueError("x"))).write(snappy(v1()), V1).status == 500
    assert "failed" in caplog.text


def test_who_sends_too_fast_is_asked_to_wait(places) -> None:
    place = places(max_samples_per_s=1)
    two = v1("m", sample(1), sample(2, NOW_MS + 1))
    assert place.write(snappy(two), V1).status == 204  # one request may overdraw
    answer = place.write(snappy(v1("m", sample(3, NOW_MS + 2))), V1)
    assert (answer.status, answer.headers["retry-after"]) == (429, "1")
    place.clock_s[0] += 5
    assert place.write(snappy(v1("m", sample(3, NOW_MS + 2))), V1).status == 204
    assert place.kept() == {"m": [1, 2, 3]}


# --------------------------------------------------------------------------------------- OTLP


def otlp(*values: float, kind: int = 2, exponential: bool = False) -> ExportMetricsServiceRequest:
    message = ExportMetricsServiceRequest()
    metric = message.resource_metrics.add().scope_metrics.add().metrics.add(name="m")
    if exponential:
        metric.exponential_histogram.data_points.add(time_unix_nano=NOW_MS * 1_000_000)
        return message
    metric.sum.aggregation_temporality = kind
    for step, value in enumerate(values):
        metric.sum.data_points.add(time_unix_nano=(NOW_MS + step) * 1_000_000, as_double=value)
    return message


PROTOBUF = "application/x-protobuf"
JSON = "application/json"


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


def test_differences_count_once_though_they_are_sent_again(places) -> None:
    place = places(max_samples_per_s=1)
    first = otlp(5, 5, kind=1).SerializeToString()
    assert place.post("/v1/metrics", first, Content_Type=PROTOBUF).status == 200
    late = otlp(0, 0, 7, kind=1)
    del late.resource_metrics[0].scope_metrics[0].metrics[0].sum.data_points[:2]
    again = late.SerializeToString()
    assert place.post("/v1/metrics", again, Content_Type=PROTOBUF).status == 429
    for _ in range(2):
        place.clock_s[0] += 5
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


# ------------------------------------------------------------------------------- text, groups


def test_a_text_page_is_kept_with_its_extra_labels(place: Place) -> None:
    path = "/api/v1/import/prometheus?extra_label=job=batch&extra_label=env=a%3Db"
    assert place.post(path, b"# TYPE a gauge\na 1\n").status == 204
    assert place.kept() == {'a{env="a=b",job="batch"}': [1]}
    assert [one.metric for one in place.store.metadata()] == ["a"]


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"a b c\n", 400), (b"\xff", 400), (b"a 1 99999999999999\n", 400), (b"", 204)],
)
def test_a_bad_page_is_refused_with_its_reason(place: Place, body: bytes, status: int) -> None:
    answer = place.post("/api/v1/import/prometheus", body)
    assert answer.status == status
    assert bool(answer.body) == (status == 400)


def test_openmetrics_is_read_as_such(place: Place) -> None:
    kind = "application/openmetrics-text; version=1.0.0; charset=utf-8"
    body = b"# TYPE a counter\na_total 1.0 1793499999.5\n# EOF\n"
    assert place.post("/api/v1/import/prometheus", body, Content_Type=kind).status == 204
    assert place.kept() == {"a_total": [1]}


def test_a_job_pushes_replaces_and_deletes_its_group(place: Place) -> None:
    path = "/metrics/job/eval/model/m1"
    assert place.post(path, b"a 1\nb 2\n").status == 200
    assert place.post(path, b"a 3\n").status == 200
    names = {labels.metric for labels in place.groups.read(NOW_MS).series}
    assert names == {"a", "b", "push_time_seconds"}
    assert place.post(path, b"a 4\n", "PUT").status == 200
    names = {labels.metric for labels in place.groups.read(NOW_MS).series}
    assert names == {"a", "push_time_seconds"}
    assert place.post(path, b"", "DELETE").status == 202
    assert place.groups.read(NOW_MS) is None


def coded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("job/eval", {"job": "eval"}),
        ("job/eval/", {"job": "eval", "x": ""}),
        ("job/eval/path@base64/" + coded("/a/b"), {"job": "eval", "path": "/a/b"}),
        ("job@base64/" + coded("평가").rstrip("="), {"job": "평가"}),
        ("job/eval/x@base64/=", {"job": "eval", "x": ""}),
    ],
)
def test_the_path_names_the_group(place: Place, path: str, wanted: dict) -> None:
    assert place.post(f"/metrics/{path}", b"a 1\n").status == 200
    assert Labels.of({"__name__": "a", **wanted}) in place.groups.read(NOW_MS).series


@pytest.mark.parametrize(
    "path",
    [
        "job",
        "job/",
        "instance/a",
        "job/a/x",
        "job/a/__name__/b",
        "job/a/2x/b",
        "job@base64/%25%25",
        "job@base64/_w",
    ],
)
def test_a_path_that_names_no_group_is_refused(place: Place, path: str) -> None:
    answer = place.post(f"/metrics/{path}", b"a 1\n")
    assert answer.status == 400
    assert b"job/NAME" in answer.body


def test_a_group_in_protobuf_is_refused_with_what_is_read(place: Place) -> None:
    kind = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily"
    answer = place.post("/metrics/job/a", b"\x01", Content_Type=kind)
    assert answer.status == 415
    assert b"text/plain" in answer.body


def test_pages_of_our_own_stay_where_they_are(place: Place) -> None:
    assert place.client.get("/metrics").status == 200
    assert place.client.get("/-/healthy").status == 200
    assert json.loads(place.client.get("/api/v1/status/buildinfo").body)["status"] == "success"


def test_a_browser_on_a_foreign_site_cannot_send(place: Place) -> None:
    answer = place.post("/api/v1/import/prometheus", b"a 1\n", Origin="http://evil.example")
    assert answer.status == 403
    assert place.kept() == {}
