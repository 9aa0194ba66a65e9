"""OTLP metrics, protobuf or JSON -> samples under the names of Prometheus.

opentelemetry-proto/docs/specification.md; names, labels and series are those of Prometheus'
own OTLP endpoint (storage/remote/otlptranslator). Exponential histograms are not kept.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality, Metric

from jipyo.collect.receive import otlp_names as names
from jipyo.collect.receive.batch import ReceivedBatch, Rows, build_scrapes
from jipyo.model.labels import METRIC_NAME, Labels
from jipyo.model.sample import STALE_BITS, MetricMetadata
from jipyo.wire.elements import WorkLimit
from jipyo.wire.otlp import build_schema, format_non_finite, format_value, parse_message

if TYPE_CHECKING:
    from opentelemetry.proto.common.v1.common_pb2 import KeyValue

_NO_VALUE = 1
"""The flag `no recorded value` of a point, which ends its series."""
_STALE = STALE_BITS.to_bytes(8, "little")
_NANOS = 1_000_000
_MAX_INFO_TIMES = 100
_BATCH = 1000
"""After so many points we look whether anybody still waits for them."""
_INFO_INTERVAL_MS = 150_000
"""`target_info` is written so often, half of the time that PromQL looks back."""
_TOO_LATE = "differences older than the newest of their series"
_DELTA = AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA
_CUMULATIVE = AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE


_SCHEMA = build_schema(ExportMetricsServiceRequest.DESCRIPTOR)


def parse_request(
    body: bytes, *, as_json: bool, work_limit: WorkLimit | None = None
) -> ExportMetricsServiceRequest:
    """Parse the request in a body.

    Raises:
        MalformedBody: they hold none.
        TooLarge: it has more elements than allowed.
    """
    request = ExportMetricsServiceRequest()
    # Exemplars name traces in hexadecimal, which the library would take for base64.
    prepare = _drop_exemplars if as_json else None
    return parse_message(body, request, _SCHEMA, prepare, work_limit or WorkLimit())


def _drop_exemplars(item: dict[str, Any]) -> dict[str, Any]:
    item.pop("exemplars", None)
    return item


@dataclass(slots=True)
class _Accumulator:
    """The samples of a request, collected while it is walked."""

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


class OtlpConverter:
    """Converts the requests of all senders, and sums deltas to totals.

    Not for two threads at once: `convert` and `commit` belong together.
    """

    def __init__(self, *, max_sums: int = 1_000_000) -> None:
        """Sum the differences of at most so many series; beyond that all begin again."""
        self._max_sums = max_sums
        self._sums: dict[Labels, Sum] = {}
        self._fresh: dict[Labels, Sum] = {}
        self._rows = Rows()

    def convert(
        self, request: ExportMetricsServiceRequest, work_limit: WorkLimit | None = None
    ) -> ReceivedBatch:
        """The samples of a request; `left_out` counts the points that are not kept.

        Differences count only once `commit` is called: a sender that was refused sends the
        same ones again.
        """
        self._fresh = {}
        work_limit = work_limit or WorkLimit()
        batch = _Accumulator()
        for resource in request.resource_metrics:
            work_limit.check_waiting()
            target = names.split_resource(_read_attributes(resource.resource.attributes))
            before = len(batch.t_ms)
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    work_limit.check_waiting()
                    self._convert_metric(metric, target.labels, batch, work_limit)
            times = batch.t_ms[before:]
            if target.info and target.labels and times:
                info = Labels.of({**target.info, **target.labels, METRIC_NAME: "target_info"})
                for t_ms in _choose_info_times(min(times), max(times)):
                    batch.put(info, t_ms, 1.0, stale=False)
        scrapes = build_scrapes(
            batch.series,
            np.array(batch.t_ms, np.int64),
            np.frombuffer(bytes(batch.values), "<f8"),
            self._rows,
        )
        return ReceivedBatch(scrapes, tuple(batch.metadata.values()), batch.left_out)

    def commit(self) -> None:
        """Keep the sums of the last request, once its samples are on disk."""
        if len(self._sums) > self._max_sums:
            self._sums.clear()  # a counter that begins again is what PromQL expects
        self._sums.update(self._fresh)
        self._fresh = {}

    def _convert_metric(
        self,
        metric: Metric,
        target: Mapping[str, str],
        batch: _Accumulator,
        work_limit: WorkLimit,
    ) -> None:
        """Add a metric's points to the batch."""
        kind = metric.WhichOneof("data")
        if kind is None:
            return
        data = getattr(metric, kind)
        temporality = getattr(data, "aggregation_temporality", _CUMULATIVE)
        convert = _CONVERTERS.get(kind)
        monotonic = kind == "sum" and data.is_monotonic
        translated = names.translate_metric(metric.name, metric.unit, kind, monotonic=monotonic)
        if translated is None or convert is None or temporality not in (_CUMULATIVE, _DELTA):
            batch.leave_out(kind, len(data.data_points))
            return
        batch.metadata[translated.name] = MetricMetadata(
            translated.name, translated.type, metric.description, translated.unit
        )
        for index, point in enumerate(data.data_points):
            if not index % _BATCH:
                work_limit.check_waiting()
            own = {**names.translate_labels(_read_attributes(point.attributes)), **target}
            parts = [
                (Labels.of({**own, **more, METRIC_NAME: translated.name + suffix}), value)
                for suffix, more, value in convert(point)
            ]
            self._convert_point(point, parts, batch, adds_up=temporality == _DELTA)

    def _convert_point(
        self, point: Any, parts: list[tuple[Labels, float]], batch: _Accumulator, *, adds_up: bool
    ) -> None:
        t_ms = point.time_unix_nano // _NANOS
        if point.flags & _NO_VALUE:
            for labels, _ in parts:
                batch.put(labels, t_ms, 0.0, stale=True)
            return
        totals = [self._add_difference(*part, t_ms) if adds_up else part[1] for part in parts]
        for (labels, _), total in zip(parts, totals, strict=True):
            if total is None:
                batch.leave_out(_TOO_LATE, 1)
            else:
                batch.put(labels, t_ms, total, stale=False)

    def _add_difference(self, labels: Labels, difference: float, t_ms: int) -> float | None:
        """The sum of a series' differences so far; None where this one comes too late."""
        last_ms, total = self._fresh.get(labels) or self._sums.get(labels) or (-1, 0.0)
        if t_ms < last_ms:
            return None
        if t_ms > last_ms:  # the same time is the same difference, sent again
            total += difference
            self._fresh[labels] = t_ms, total
        return total


def _choose_info_times(first_ms: int, last_ms: int) -> tuple[int, ...]:
    """The timestamps of `target_info` beside samples of this range, as in Prometheus."""
    # A sender with a broken clock must not make millions of them.
    earliest_ms = max(first_ms, last_ms - _MAX_INFO_TIMES * _INFO_INTERVAL_MS)
    return (*range(earliest_ms, last_ms, _INFO_INTERVAL_MS), last_ms)


def _convert_number(point: Any) -> Iterator[Part]:
    integer = point.WhichOneof("value") == "as_int"
    yield "", {}, float(point.as_int if integer else point.as_double)


def _convert_histogram(point: Any) -> Iterator[Part]:
    running = 0
    for bound, count in zip(point.explicit_bounds, point.bucket_counts, strict=False):
        running += count
        if bound != math.inf:
            yield "_bucket", {"le": _format_bound(bound)}, float(running)
    yield "_bucket", {"le": "+Inf"}, float(point.count)
    yield "_count", {}, float(point.count)
    if point.HasField("sum"):
        yield "_sum", {}, point.sum


def _convert_summary(point: Any) -> Iterator[Part]:
    for quantile in point.quantile_values:
        yield "", {"quantile": _format_bound(quantile.quantile)}, quantile.value
    yield "_count", {}, float(point.count)
    yield "_sum", {}, point.sum


def _format_bound(value: float) -> str:
    """As Go's `FormatFloat(value, 'f', -1, 64)`: the shortest digits, never an exponent."""
    return (
        np.format_float_positional(value, trim="-")
        if math.isfinite(value)
        else format_non_finite(value)
    )


_CONVERTERS: Mapping[str, Callable[[Any], Iterator[Part]]] = {
    "gauge": _convert_number,
    "sum": _convert_number,
    "histogram": _convert_histogram,
    "summary": _convert_summary,
}


def _read_attributes(pairs: Iterable[KeyValue]) -> Iterator[tuple[str, str]]:
    return ((pair.key, format_value(pair.value)) for pair in pairs)
