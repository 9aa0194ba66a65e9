"""OTLP metrics, protobuf or JSON -> samples under the names that Prometheus gives them.

opentelemetry-proto/docs/specification.md; names and labels by the specification's
"Prometheus and OpenMetrics Compatibility". Exponential histograms are not kept.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from google.protobuf import json_format
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality, Metric

from jipyo.collect.exposition import format_value
from jipyo.collect.push import otlp_names as names
from jipyo.collect.push.body import BadBody
from jipyo.collect.push.pushed import Pushed, Rows, scrapes
from jipyo.model.labels import METRIC_NAME, Labels
from jipyo.model.sample import STALE_BITS, MetricMetadata

if TYPE_CHECKING:
    from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

_NO_VALUE = 1
"""The flag of a point that says "there is nothing any more"."""
_STALE = STALE_BITS.to_bytes(8, "little")
_NANOS = 1_000_000
_MOST_SUMS = 1_000_000
_DELTA = AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA
_CUMULATIVE = AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE


def parse(body: bytes, *, as_json: bool) -> ExportMetricsServiceRequest:
    """The request that the bytes hold.

    Raises:
        BadBody: they hold none.
    """
    request = ExportMetricsServiceRequest()
    try:
        if as_json:
            json_format.ParseDict(_without_exemplars(body), request, ignore_unknown_fields=True)
        else:
            request.ParseFromString(body)
    except (DecodeError, json_format.ParseError, ValueError, RecursionError) as error:
        raise BadBody("push.damaged", reason=str(error)[:200]) from error
    return request


def _without_exemplars(body: bytes) -> Any:
    """Exemplars name traces in hexadecimal, which the library would take for base64."""
    return json.loads(body, object_hook=lambda item: _dropped(item, "exemplars"))


def _dropped(item: dict[str, Any], key: str) -> dict[str, Any]:
    item.pop(key, None)
    return item


@dataclass(slots=True)
class _Taken:
    """The samples of a request as they come."""

    series: list[Labels] = field(default_factory=list)
    t_ms: list[int] = field(default_factory=list)
    values: bytearray = field(default_factory=bytearray)
    metadata: dict[str, MetricMetadata] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)

    def leave_out(self, what: str, points: int) -> None:
        self.left_out[what] = self.left_out.get(what, 0) + points

    def put(self, labels: Labels, t_ms: int, value: float, *, stale: bool) -> None:
        self.series.append(labels)
        self.t_ms.append(t_ms)
        self.values += _STALE if stale else np.float64(value).tobytes()


Part = tuple[str, Mapping[str, str], float]
"""Suffix of the name, labels beside the point's own, value."""


class Otlp:
    """Reads the requests of all senders; it adds up what they send as differences."""

    def __init__(self) -> None:
        """Nothing has been sent yet."""
        self._sums: dict[Labels, float] = {}
        self._rows: Rows = {}

    def read(self, request: ExportMetricsServiceRequest) -> Pushed:
        """The samples of a request; `left_out` counts the points that are not kept."""
        if len(self._sums) > _MOST_SUMS:
            self._sums.clear()  # a counter that begins again is what PromQL expects
        taken = _Taken()
        for resource in request.resource_metrics:
            target = names.target(_attributes(resource.resource.attributes))
            last_ms = 0
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    last_ms = max(last_ms, self._metric(metric, target.labels, taken))
            if target.info and last_ms:
                info = Labels.of({**target.info, **target.labels, METRIC_NAME: "target_info"})
                taken.put(info, last_ms, 1.0, stale=False)
        found = scrapes(
            taken.series,
            np.array(taken.t_ms, np.int64),
            np.frombuffer(bytes(taken.values), "<f8"),
            self._rows,
        )
        return Pushed(found, tuple(taken.metadata.values()), taken.left_out)

    def _metric(self, metric: Metric, target: Mapping[str, str], taken: _Taken) -> int:
        """Take a metric's points; the time of the newest in milliseconds."""
        kind = metric.WhichOneof("data")
        if kind is None:
            return 0
        data = getattr(metric, kind)
        temporality = getattr(data, "aggregation_temporality", _CUMULATIVE)
        reader = _READERS.get(kind)
        if reader is None or temporality not in (_CUMULATIVE, _DELTA):
            taken.leave_out(kind, len(data.data_points))
            return 0
        shape = names.shape(metric.name, metric.unit, kind, monotonic=_is_monotonic(kind, data))
        taken.metadata[shape.name] = MetricMetadata(
            shape.name, shape.type, metric.description, shape.unit
        )
        adds_up = temporality == _DELTA and kind != "gauge"
        last_ms = 0
        for point in data.data_points:
            t_ms = point.time_unix_nano // _NANOS
            last_ms = max(last_ms, t_ms)
            own = {**names.labels(_attributes(point.attributes)), **target}
            stale = bool(point.flags & _NO_VALUE)
            for suffix, more, value in reader(point):
                labels = Labels.of({**own, **more, METRIC_NAME: shape.name + suffix})
                total = self._added(labels, value) if adds_up and not stale else value
                taken.put(labels, t_ms, total, stale=stale)
        return last_ms

    def _added(self, labels: Labels, difference: float) -> float:
        """What a series has come to by its differences."""
        total = self._sums[labels] = self._sums.get(labels, 0.0) + difference
        return total


def _is_monotonic(kind: str, data: Any) -> bool:
    return kind == "sum" and data.is_monotonic


def _number(point: Any) -> Iterator[Part]:
    integer = point.WhichOneof("value") == "as_int"
    yield "", {}, float(point.as_int if integer else point.as_double)


def _histogram(point: Any) -> Iterator[Part]:
    running = 0
    for bound, count in zip(point.explicit_bounds, point.bucket_counts, strict=False):
        running += count
        yield "_bucket", {"le": format_value(bound)}, running
    yield "_bucket", {"le": "+Inf"}, point.count
    yield "_count", {}, point.count
    if point.HasField("sum"):
        yield "_sum", {}, point.sum


def _summary(point: Any) -> Iterator[Part]:
    for one in point.quantile_values:
        yield "", {"quantile": format_value(one.quantile)}, one.value
    yield "_count", {}, point.count
    yield "_sum", {}, point.sum


_READERS: Mapping[str, Callable[[Any], Iterator[Part]]] = {
    "gauge": _number,
    "sum": _number,
    "histogram": _histogram,
    "summary": _summary,
}


def _attributes(pairs: Iterable[KeyValue]) -> Iterator[tuple[str, str]]:
    return ((pair.key, _text(pair.value)) for pair in pairs)


def _text(value: AnyValue) -> str:
    """An attribute as a label's value; what is not plain is written as JSON."""
    kind = value.WhichOneof("value")
    if kind == "string_value":
        return value.string_value
    if kind == "bool_value":
        return "true" if value.bool_value else "false"
    if kind in ("int_value", "double_value"):
        return format_value(getattr(value, kind))
    return "" if kind is None else json_format.MessageToJson(value, indent=None)
