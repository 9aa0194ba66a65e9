"""OTLP metrics, protobuf or JSON -> samples under the names that Prometheus gives them.

opentelemetry-proto/docs/specification.md; names, labels and series are those of Prometheus'
own OTLP endpoint (storage/remote/otlptranslator). Exponential histograms are not kept.
"""

from __future__ import annotations

import base64
import json
import math
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

from jipyo.collect.receive import otlp_names as names
from jipyo.collect.receive.batch import ReceivedBatch, Rows, scrapes
from jipyo.model.errors import MalformedBody
from jipyo.model.labels import METRIC_NAME, Labels
from jipyo.model.sample import STALE_BITS, MetricMetadata

if TYPE_CHECKING:
    from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

_NO_VALUE = 1
"""The flag of a point that says "there is nothing any more"."""
_STALE = STALE_BITS.to_bytes(8, "little")
_NANOS = 1_000_000
_WRITTEN_SMALL, _WRITTEN_LARGE = 1e-6, 1e21
"""Between them JSON writes numbers without an exponent (ECMAScript, and Go after it)."""
_INFO_MOST = 100
_INFO_MS = 150_000
"""`target_info` is written so often, half of the time that PromQL looks back."""
_MOST_SUMS = 1_000_000
_TOO_LATE = "differences older than the newest of their series"
_DELTA = AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA
_CUMULATIVE = AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE


def parse(body: bytes, *, as_json: bool) -> ExportMetricsServiceRequest:
    """The request that the bytes hold.

    Raises:
        MalformedBody: they hold none.
    """
    request = ExportMetricsServiceRequest()
    try:
        if as_json:
            told = _without_exemplars(body)
            if not isinstance(told, dict):
                raise MalformedBody("wire.damaged", reason="no JSON object")
            json_format.ParseDict(told, request, ignore_unknown_fields=True)
        else:
            request.ParseFromString(body)
    except (DecodeError, json_format.ParseError, ValueError, RecursionError) as error:
        raise MalformedBody("wire.damaged", reason=str(error)[:200]) from error
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
Sum = tuple[int, float]
"""The time in milliseconds of the newest difference, and what all have come to."""


class Otlp:
    """Reads the requests of all senders; it adds up what they send as differences.

    Not for two threads at once: `read` and `keep` belong together.
    """

    def __init__(self) -> None:
        """Nothing has been sent yet."""
        self._sums: dict[Labels, Sum] = {}
        self._fresh: dict[Labels, Sum] = {}
        self._rows: Rows = {}

    def read(self, request: ExportMetricsServiceRequest) -> ReceivedBatch:
        """The samples of a request; `left_out` counts the points that are not kept.

        Differences count only once `keep` is called: a sender that was refused sends the
        same ones again.
        """
        self._fresh = {}
        taken = _Taken()
        for resource in request.resource_metrics:
            target = names.target(_attributes(resource.resource.attributes))
            before = len(taken.t_ms)
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    self._metric(metric, target.labels, taken)
            times = taken.t_ms[before:]
            if target.info and target.labels and times:
                info = Labels.of({**target.info, **target.labels, METRIC_NAME: "target_info"})
                for t_ms in _info_times(min(times), max(times)):
                    taken.put(info, t_ms, 1.0, stale=False)
        found = scrapes(
            taken.series,
            np.array(taken.t_ms, np.int64),
            np.frombuffer(bytes(taken.values), "<f8"),
            self._rows,
        )
        return ReceivedBatch(found, tuple(taken.metadata.values()), taken.left_out)

    def keep(self) -> None:
        """What was read last is on disk."""
        if len(self._sums) > _MOST_SUMS:
            self._sums.clear()  # a counter that begins again is what PromQL expects
        self._sums.update(self._fresh)
        self._fresh = {}

    def _metric(self, metric: Metric, target: Mapping[str, str], taken: _Taken) -> None:
        """Take a metric's points."""
        kind = metric.WhichOneof("data")
        if kind is None:
            return
        data = getattr(metric, kind)
        temporality = getattr(data, "aggregation_temporality", _CUMULATIVE)
        reader = _READERS.get(kind)
        shape = names.shape(metric.name, metric.unit, kind, monotonic=_is_monotonic(kind, data))
        if shape is None or reader is None or temporality not in (_CUMULATIVE, _DELTA):
            taken.leave_out(kind, len(data.data_points))
            return
        taken.metadata[shape.name] = MetricMetadata(
            shape.name, shape.type, metric.description, shape.unit
        )
        for point in data.data_points:
            own = {**names.labels(_attributes(point.attributes)), **target}
            parts = [
                (Labels.of({**own, **more, METRIC_NAME: shape.name + suffix}), value)
                for suffix, more, value in reader(point)
            ]
            self._point(point, parts, taken, adds_up=temporality == _DELTA)

    def _point(
        self, point: Any, parts: list[tuple[Labels, float]], taken: _Taken, *, adds_up: bool
    ) -> None:
        t_ms = point.time_unix_nano // _NANOS
        if point.flags & _NO_VALUE:
            for labels, _ in parts:
                taken.put(labels, t_ms, 0.0, stale=True)
            return
        totals = [self._added(*part, t_ms) if adds_up else part[1] for part in parts]
        for (labels, _), total in zip(parts, totals, strict=True):
            if total is None:
                taken.leave_out(_TOO_LATE, 1)
            else:
                taken.put(labels, t_ms, total, stale=False)

    def _added(self, labels: Labels, difference: float, t_ms: int) -> float | None:
        """What a series has come to by its differences; None where this one comes too late."""
        last_ms, total = self._fresh.get(labels) or self._sums.get(labels) or (-1, 0.0)
        if t_ms < last_ms:
            return None
        if t_ms > last_ms:  # the same time is the same difference, sent again
            total += difference
            self._fresh[labels] = t_ms, total
        return total


def _info_times(first_ms: int, last_ms: int) -> tuple[int, ...]:
    """When `target_info` is written beside samples of this time, as Prometheus does."""
    # A sender with a broken clock must not make millions of them.
    earliest_ms = max(first_ms, last_ms - _INFO_MOST * _INFO_MS)
    return (*range(earliest_ms, last_ms, _INFO_MS), last_ms)


def _is_monotonic(kind: str, data: Any) -> bool:
    return kind == "sum" and data.is_monotonic


def _number(point: Any) -> Iterator[Part]:
    integer = point.WhichOneof("value") == "as_int"
    yield "", {}, float(point.as_int if integer else point.as_double)


def _histogram(point: Any) -> Iterator[Part]:
    running = 0
    for bound, count in zip(point.explicit_bounds, point.bucket_counts, strict=False):
        running += count
        if bound != math.inf:
            yield "_bucket", {"le": _bound(bound)}, float(running)
    yield "_bucket", {"le": "+Inf"}, float(point.count)
    yield "_count", {}, float(point.count)
    if point.HasField("sum"):
        yield "_sum", {}, point.sum


def _summary(point: Any) -> Iterator[Part]:
    for one in point.quantile_values:
        yield "", {"quantile": _bound(one.quantile)}, one.value
    yield "_count", {}, float(point.count)
    yield "_sum", {}, point.sum


def _bound(value: float) -> str:
    """As Go's `FormatFloat(value, 'f', -1, 64)`: the shortest digits, never an exponent."""
    return np.format_float_positional(value, trim="-") if math.isfinite(value) else _odd(value)


def _odd(value: float) -> str:
    return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"


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
    plain = _plain(value)
    if isinstance(plain, str):
        return plain
    return "" if plain is None else _json(plain)


def _plain(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    found = getattr(value, kind) if kind else None
    if kind == "array_value":
        found = [_plain(one) for one in value.array_value.values]
    elif kind == "kvlist_value":
        found = {pair.key: _plain(pair.value) for pair in value.kvlist_value.values}
    elif kind == "bytes_value":
        found = base64.b64encode(value.bytes_value).decode()
    elif isinstance(found, float) and not math.isfinite(found):
        found = _odd(found)
    return found


def _json(plain: Any) -> str:
    """JSON as Go writes it: keys sorted, numbers by their shortest digits."""
    if isinstance(plain, dict):
        pairs = (f"{_json(key)}:{_json(plain[key])}" for key in sorted(plain))
        return f"{{{','.join(pairs)}}}"
    if isinstance(plain, list):
        return f"[{','.join(map(_json, plain))}]"
    if isinstance(plain, float):
        if plain == 0 or _WRITTEN_SMALL <= abs(plain) < _WRITTEN_LARGE:
            return np.format_float_positional(plain, trim="-")
        return np.format_float_scientific(plain, trim="-", exp_digits=1)
    return json.dumps(plain, ensure_ascii=False)
