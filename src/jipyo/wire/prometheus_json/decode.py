"""Answers of the Prometheus HTTP API, read: bytes in, arrays out, no I/O.

Every function takes a whole body and raises

- `QueryError` where the server answered with an error; its kind is the `errorType`, or
  INTERNAL where that is unknown,
- `MalformedBody` where the body is not an answer of the API, with the place in it.

Native histograms are rejected: the values of `model.result` are floats.
Source of the format: https://prometheus.io/docs/prometheus/latest/querying/api/.
"""

from __future__ import annotations

import reprlib
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import orjson

from jipyo.model.errors import MalformedBody, QueryError, QueryErrorKind
from jipyo.model.labels import Labels
from jipyo.model.result import (
    Cardinality,
    Matrix,
    QueryResult,
    QueryStats,
    RawMatrix,
    Scalar,
    String,
    Value,
    Vector,
)
from jipyo.model.sample import MetricMetadata, MetricType, SeriesBlock
from jipyo.wire.prometheus_json.plain_matrix import NUMBER_BYTES, read_plain_matrix

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jipyo.model.sample import Times, Values

PARTIAL = "not all storage nodes responded"
"""The warning for `isPartial`, by which a cluster of VictoriaMetrics names it."""
_WARNING_KEYS = (b'"warnings"', b'"isPartial"')
_KINDS = {kind.value: kind for kind in QueryErrorKind}
_TYPES = {kind.value: kind for kind in MetricType}
_MAX_SECONDS = 2**63 / 1000
_EXCERPT = 60
_TYPE_NAMES: Mapping[type, str] = {
    dict: "an object",
    list: "a list",
    str: "a string",
    int: "an integer",
}
_T = TypeVar("_T")


def decode_instant(body: bytes, t_ms: int) -> QueryResult:
    """The answer of `/query`: a Scalar, String, Vector or RawMatrix.

    Args:
        body: the whole body.
        t_ms: the time of the query, for a Vector without samples.
    """
    data, warnings, infos = _open_envelope(body)
    kind, result = _get_result(data)
    value: Value
    match kind:
        case "scalar":
            times_ms, texts = _split_points([result], "data.result")
            value = Scalar(int(times_ms[0]), _read_numbers(texts, "data.result").item())
        case "string":
            times_ms, texts = _split_points([result], "data.result")
            value = String(int(times_ms[0]), texts[0])
        case "vector":
            value = _read_vector(result, t_ms)
        case "matrix":
            value = _read_raw(result)
        case _:
            raise _build_error(
                "data.resultType", f"an instant query cannot be answered by {kind!r}"
            )
    return QueryResult(value, warnings, infos, _read_stats(data))


def decode_range(body: bytes, t_ms: Times) -> QueryResult:
    """The answer of `/query_range` as a Matrix; a point that is missing is absent.

    Args:
        body: the whole body.
        t_ms: the steps of the query, ascending, shape (steps,).
    """
    plain = read_plain_matrix(body, t_ms)
    data, warnings, infos = _open_envelope(body if plain is None else plain.envelope)
    kind, result = _get_result(data)
    if kind != "matrix":
        raise _build_error("data.resultType", f"a range query cannot be answered by {kind!r}")
    if plain is None:
        matrix = _read_matrix(result, t_ms)
    else:
        series = [
            _read_labels(metric, f"data.result[{at}].metric")
            for at, metric in enumerate(plain.metrics)
        ]
        matrix = Matrix(_check_distinct(series), t_ms, plain.values, plain.present)
    return QueryResult(matrix, warnings, infos, _read_stats(data))


def decode_series(body: bytes) -> list[Labels]:
    """The answer of `/series`, sorted."""
    data, _, _ = _open_envelope(body)
    return sorted(_read_labels(item, f"data[{at}]") for at, item in _enumerate_list(data, "data"))


def decode_names(body: bytes) -> list[str]:
    """The answer of `/labels` and `/label/<name>/values`, sorted."""
    data, _, _ = _open_envelope(body)
    return sorted(_expect(item, str, f"data[{at}]") for at, item in _enumerate_list(data, "data"))


def decode_warnings(body: bytes) -> tuple[str, ...]:
    """The warnings of any successful answer."""
    if not any(key in body for key in _WARNING_KEYS):
        return ()
    _, warnings, _ = _open_envelope(body)
    return warnings


def decode_metadata(body: bytes) -> list[MetricMetadata]:
    """The answer of `/metadata`, a row for each type, help and unit of a metric."""
    data, _, _ = _open_envelope(body)
    rows = []
    for metric, items in _expect(data, dict, "data").items():
        for at, item in _enumerate_list(items, f"data.{metric}"):
            place = f"data.{metric}[{at}]"
            fields = _expect(item, dict, place)
            texts = (
                _expect(fields.get(name, ""), str, f"{place}.{name}")
                for name in ("type", "help", "unit")
            )
            kind, help_, unit = texts
            rows.append(MetricMetadata(metric, _TYPES.get(kind, MetricType.UNKNOWN), help_, unit))
    return rows


def decode_cardinality(body: bytes) -> Cardinality:
    """The answer of `/status/tsdb`."""
    data, _, _ = _open_envelope(body)
    head = _expect(_expect(data, dict, "data").get("headStats", {}), dict, "data.headStats")

    def read_ranking(name: str) -> tuple[tuple[str, int], ...]:
        places = ((f"data.{name}[{at}]", row) for at, row in _enumerate_list(data.get(name), name))
        rows = ((place, _expect(row, dict, place)) for place, row in places)
        return tuple(
            (
                _expect(row.get("name"), str, f"{place}.name"),
                _expect(row.get("value"), int, f"{place}.value"),
            )
            for place, row in rows
        )

    return Cardinality(
        series=_expect(head.get("numSeries", 0), int, "data.headStats.numSeries"),
        label_pairs=_expect(head.get("numLabelPairs", 0), int, "data.headStats.numLabelPairs"),
        series_by_metric=read_ranking("seriesCountByMetricName"),
        values_by_label=read_ranking("labelValueCountByLabelName"),
        bytes_by_label=read_ranking("memoryInBytesByLabelName"),
        series_by_pair=read_ranking("seriesCountByLabelValuePair"),
    )


def _open_envelope(body: bytes) -> tuple[Any, tuple[str, ...], tuple[str, ...]]:
    """The `data` of a successful answer with its warnings and infos.

    Raises:
        QueryError: the answer is an error.
        MalformedBody: it is neither.
    """
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        excerpt = body[:_EXCERPT].decode("utf-8", "replace")
        raise _build_error("body", f"no JSON ({error}): {excerpt!r}") from error
    match _expect(answer, dict, "body").get("status"):
        case "error":
            kind = _KINDS.get(str(answer.get("errorType")), QueryErrorKind.INTERNAL)
            raise QueryError(kind, _expect(answer.get("error", ""), str, "error"))
        case "success":
            texts = (
                tuple(
                    _expect(text, str, name) for _, text in _enumerate_list(answer.get(name), name)
                )
                for name in ("warnings", "infos")
            )
            warnings, infos = texts
            if answer.get("isPartial") is True:
                warnings = (*warnings, PARTIAL)
            data, stats = answer.get("data"), answer.get("stats")
            if isinstance(data, dict) and stats is not None:
                data.setdefault("stats", stats)
            return data, warnings, infos
        case status:
            raise _build_error("status", f"{status!r} is neither 'success' nor 'error'")


def _get_result(data: object) -> tuple[str, Any]:
    fields = _expect(data, dict, "data")
    return _expect(fields.get("resultType"), str, "data.resultType"), fields.get("result")


def _read_vector(result: object, t_ms: int) -> Vector:
    series, points = [], []
    for at, item in _enumerate_list(result, "data.result"):
        fields = _expect_floats(item, f"data.result[{at}]")
        series.append(_read_labels(fields.get("metric"), f"data.result[{at}].metric"))
        points.append(fields.get("value"))
    times_ms, texts = _split_points(points, "data.result.value")
    if len(times_ms) and (times_ms != times_ms[0]).any():
        raise _build_error("data.result", "the samples of a vector have different times")
    return Vector(
        int(times_ms[0]) if len(times_ms) else t_ms,
        _check_distinct(series),
        _read_numbers(texts, "data.result"),
    )


def _read_matrix(result: object, t_ms: Times) -> Matrix:
    rows = list(_read_series(result))
    values = np.zeros((len(rows), len(t_ms)))
    present = np.zeros(values.shape, np.bool_)
    for row, (place, _, times_ms, numbers) in enumerate(rows):
        step = np.searchsorted(t_ms, times_ms)
        beside = np.append(t_ms, -1)[step] != times_ms
        beside |= step == len(t_ms)
        if beside.any():
            raise _build_error(place, f"{times_ms[beside][0] / 1000} is no step of the query")
        values[row, step], present[row, step] = numbers, True
    return Matrix(_check_distinct([labels for _, labels, _, _ in rows]), t_ms, values, present)


def _read_raw(result: object) -> RawMatrix:
    """Raw samples; series with the same times share a block."""
    blocks: dict[bytes, list[tuple[Labels, Times, Values]]] = {}
    for _, labels, times_ms, numbers in _read_series(result):
        blocks.setdefault(times_ms.tobytes(), []).append((labels, times_ms, numbers))
    _check_distinct([labels for rows in blocks.values() for labels, _, _ in rows])
    return RawMatrix(
        tuple(
            SeriesBlock(
                tuple(labels for labels, _, _ in rows),
                rows[0][1],
                np.stack([numbers for _, _, numbers in rows]),
            )
            for rows in blocks.values()
        )
    )


def _read_series(result: object) -> Iterator[tuple[str, Labels, Times, Values]]:
    """Each series of a matrix: its place, labels, times (points,) and values (points,)."""
    for at, item in _enumerate_list(result, "data.result"):
        place = f"data.result[{at}]"
        fields = _expect_floats(item, place)
        labels = _read_labels(fields.get("metric"), f"{place}.metric")
        points = _expect(fields.get("values"), list, f"{place}.values")
        times_ms, texts = _split_points(points, f"{place}.values")
        if (np.diff(times_ms) <= 0).any():
            raise _build_error(f"{place}.values", "the times do not ascend")
        yield place, labels, times_ms, _read_numbers(texts, f"{place}.values")


def _split_points(points: list[Any], place: str) -> tuple[Times, list[str]]:
    """The times in milliseconds and the texts of `[[seconds, "value"], ...]`."""
    # Types and lengths are compared as sets: there may be a million points.
    if set(map(type, points)) <= {list} and set(map(len, points)) <= {2}:
        times, texts = [point[0] for point in points], [point[1] for point in points]
        if set(map(type, times)) <= {int, float} and set(map(type, texts)) <= {str}:
            return _convert_to_ms(np.array(times, np.float64), place), texts
    at, point = next((at, point) for at, point in enumerate(points) if not _is_point(point))
    raise _build_error(f"{place}[{at}]", f"{_shorten(point)} is not [seconds, string]")


def _convert_to_ms(seconds: Values, place: str) -> Times:
    """Seconds as whole milliseconds, shape (points,)."""
    beyond = ~(np.abs(seconds) < _MAX_SECONDS)
    if beyond.any():
        raise _build_error(place, f"the time {seconds[beyond][0]:g} is out of range")
    return np.rint(seconds * 1000).astype(np.int64)


def _is_point(point: Any) -> bool:
    return (
        type(point) is list
        and len(point) == 2
        and type(point[0]) in (int, float)
        and type(point[1]) is str
    )


def _read_numbers(texts: list[str], place: str) -> Values:
    """The numbers of the texts, among them `NaN`, `+Inf` and `-Inf`; shape (texts,)."""
    joined = ",".join(texts).encode("utf-8", "surrogatepass")
    try:
        if joined.translate(None, NUMBER_BYTES + b","):
            raise ValueError("a character that numbers do not have")
        return np.array(list(map(float, texts)), np.float64)
    except ValueError as error:
        wrong = next((text for text in texts if not _is_number(text)), "")
        raise _build_error(place, f"{_shorten(wrong)} is not a number") from error


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return not text.encode("utf-8", "surrogatepass").translate(None, NUMBER_BYTES)


def _read_labels(metric: object, place: str) -> Labels:
    fields = _expect(metric, dict, place)
    for name, value in fields.items():
        _expect(value, str, f"{place}.{name}")
    if "" in fields:
        raise _build_error(place, "a label without a name")
    return Labels.of(fields)


def _check_distinct(series: list[Labels]) -> tuple[Labels, ...]:
    if len(set(series)) < len(series):
        twice = next(labels for at, labels in enumerate(series) if labels in series[:at])
        raise _build_error("data.result", f"the series {twice} occurs twice")
    return tuple(series)


def _read_stats(data: dict[str, Any]) -> QueryStats:
    """What the query cost, as far as the server gives it.

    Prometheus does with `stats=true`, VictoriaMetrics always: beside the data, and
    `seriesFetched` is a text.
    """
    stats = data.get("stats")
    if not isinstance(stats, dict):
        return QueryStats()
    samples, timings = stats.get("samples"), stats.get("timings")
    numbers = {**stats, **(samples if isinstance(samples, dict) else {})}
    numbers |= timings if isinstance(timings, dict) else {}

    def get(name: str) -> float:
        number = numbers.get(name)
        return number if isinstance(number, int | float) else 0

    fetched = str(stats.get("seriesFetched", ""))[:18]
    return QueryStats(
        samples=int(get("totalQueryableSamples")),
        series=int(fetched) if fetched.isdecimal() else int(get("seriesTouched")),
        seconds=float(get("evalTotalTime")) or float(get("executionTimeMsec")) / 1000,
    )


def _expect_floats(item: object, place: str) -> dict[str, Any]:
    """The object of a series that has no native histograms."""
    fields = _expect(item, dict, place)
    for name in ("histogram", "histograms"):
        if name in fields:
            raise _build_error(f"{place}.{name}", "native histograms are not supported")
    return fields


def _enumerate_list(items: object, place: str) -> Iterator[tuple[int, Any]]:
    return enumerate(_expect([] if items is None else items, list, place))


def _expect(value: object, kind: type[_T], place: str) -> _T:
    """The value, if it has this type; JSON's true and false are no numbers."""
    if type(value) is not kind:
        raise _build_error(place, f"{_shorten(value)} is not {_TYPE_NAMES[kind]}")
    return value


def _shorten(value: object) -> str:
    text = reprlib.repr(value)  # of anything, however deep
    return text if len(text) <= _EXCERPT else f"{text[:_EXCERPT]}..."


def _build_error(place: str, problem: str) -> MalformedBody:
    return MalformedBody("wire.not_an_answer", reason=f"{place}: {problem}")
