"""The decoder reads what the encoder writes, and refuses anything else with its place."""

import contextlib
import json
import math
import random
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.i18n import texts
from jipyo.model.errors import MalformedBody, QueryError, QueryErrorKind
from jipyo.model.labels import EMPTY, Labels
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
from jipyo.wire.prometheus_json import decode, encode
from jipyo.wire.prometheus_json.plain_matrix import read_plain_matrix

FLOATS = st.one_of(
    st.floats(width=64),
    st.integers(-(10**6), 10**6).map(float),
    st.sampled_from([0.0, -0.0, math.nan, math.inf, -math.inf, 5e-324, 1e-7, 1e21, 1.7e308]),
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
LABELS = st.dictionaries(TEXTS, TEXTS, max_size=3).map(Labels.of)
SERIES = st.lists(LABELS, unique=True, max_size=5).map(lambda series: tuple(sorted(series)))
MOMENTS = st.integers(-(2**42), 2**42)
NOTES = st.lists(TEXTS, max_size=2).map(tuple)


def written(value: Value, **more: object) -> bytes:
    return b"".join(encode.answer(QueryResult(value, **more)))  # type: ignore[arg-type]


def bits(values: np.ndarray) -> list[bytes]:
    """Any NaN is as good as another in text; all else is compared bit for bit, -0 too."""
    return [b"NaN" if math.isnan(value) else np.float64(value).tobytes() for value in values.flat]


def instant(body: bytes, t_ms: int = 0) -> Value:
    return decode.decode_instant(body, t_ms).value


# Round trips.


@given(MOMENTS, FLOATS)
def test_a_scalar_comes_back(t_ms: int, value: float) -> None:
    back = instant(written(Scalar(t_ms, value)))
    assert isinstance(back, Scalar)
    assert back.t_ms == t_ms
    assert bits(np.array([back.value])) == bits(np.array([value]))


@given(MOMENTS, st.text(st.characters(exclude_categories=["Cs"])))
def test_a_string_comes_back(t_ms: int, text: str) -> None:
    assert instant(written(String(t_ms, text))) == String(t_ms, text)


@given(MOMENTS, SERIES, st.data())
def test_a_vector_comes_back(t_ms: int, series: tuple[Labels, ...], data: st.DataObject) -> None:
    values = np.array(data.draw(st.lists(FLOATS, min_size=len(series), max_size=len(series))))
    back = instant(written(Vector(t_ms, series, values)), t_ms)
    assert isinstance(back, Vector)
    assert (back.t_ms, back.series) == (t_ms, series)
    assert bits(back.values) == bits(values)


@st.composite
def matrices(draw: st.DrawFn) -> Matrix:
    """Some points absent; every series has at least one, for others are not written."""
    series = draw(SERIES)
    steps = draw(st.integers(1, 6))
    step_ms = draw(st.sampled_from([1, 250, 1000, 15_000, 60_000, 86_400_000]))
    start_ms = draw(st.one_of(MOMENTS, st.integers(10**12, 2 * 10**12)))
    shape = len(series), steps
    flat = st.lists(FLOATS, min_size=shape[0] * steps, max_size=shape[0] * steps)
    mask = st.lists(st.booleans(), min_size=shape[0] * steps, max_size=shape[0] * steps)
    present = np.array(draw(mask), bool).reshape(shape)
    present[:, draw(st.integers(0, steps - 1))] = True
    t_ms = start_ms + step_ms * np.arange(steps, dtype=np.int64)
    return Matrix(series, t_ms, np.array(draw(flat), float).reshape(shape), present)


def test_a_series_without_labels_is_closed_before_the_next() -> None:
    series = (Labels.of({}), Labels.of({"a": "b"}))
    matrix = Matrix(series, np.array([0]), np.ones((2, 1)), np.ones((2, 1), np.bool_))
    back = decode.decode_range(written(matrix), matrix.t_ms).value
    assert isinstance(back, Matrix)
    assert back.series == series


@given(matrices())
def test_a_matrix_comes_back_with_its_holes(matrix: Matrix) -> None:
    back = decode.decode_range(written(matrix), matrix.t_ms).value
    assert isinstance(back, Matrix)
    assert back.series == matrix.series
    assert np.array_equal(back.t_ms, matrix.t_ms)
    assert np.array_equal(back.present, matrix.present)
    assert bits(back.values[back.present]) == bits(matrix.values[matrix.present])


@given(matrices())
def test_a_matrix_in_plain_form_is_read_as_any_other_json(matrix: Matrix) -> None:
    body = written(matrix)
    plain = read_plain_matrix(body, matrix.t_ms)
    spaced = json.dumps(json.loads(body), indent=1).encode()
    assert read_plain_matrix(spaced, matrix.t_ms) is None
    same = decode.decode_range(spaced, matrix.t_ms).value
    assert isinstance(same, Matrix)
    if plain is None:
        assert not same.series
        return
    assert [Labels.of(metric) for metric in plain.metrics] == list(same.series)
    assert np.array_equal(plain.present, same.present)
    assert bits(plain.values) == bits(same.values)


@pytest.mark.parametrize(
    "points",
    [
        '[1,"2"],[1,"3"]',
        '[2,"2"],[1,"3"]',
        '[9,"2"]',
        '[1,"2",3]',
        "[1,2]",
        '["1","2"]',
        '[1,"1_000"]',
        '[1,"infinity"]',
        '[1,""]',
        '[1e999,"2"]',
        '[[1,"2"]]',
        '[1,"2"],["histograms"]',
    ],
)
def test_points_in_any_other_form_are_left_to_the_general_reader(points: str) -> None:
    body = (
        '{"status":"success","data":{"resultType":"matrix","result":'
        f'[{{"metric":{{"a":"b"}},"values":[{points}]}}]}}}}'
    ).encode()
    assert read_plain_matrix(body, STEPS) is None
    with pytest.raises(MalformedBody):
        decode.decode_range(body, STEPS)


@given(matrices())
def test_raw_samples_come_back(matrix: Matrix) -> None:
    # One block a series: the rows of a matrix have different holes.
    blocks = tuple(
        SeriesBlock((labels,), matrix.t_ms[here], matrix.values[row : row + 1, here])
        for row, (labels, here) in enumerate(zip(matrix.series, matrix.present, strict=True))
    )
    back = instant(written(RawMatrix(blocks)))
    assert isinstance(back, RawMatrix)

    def samples(raw: RawMatrix) -> dict[Labels, tuple[list[int], list[bytes]]]:
        return {
            labels: (block.t_ms.tolist(), bits(row))
            for block in raw.blocks
            for labels, row in zip(block.series, block.values, strict=True)
        }

    assert samples(back) == samples(RawMatrix(blocks))
    times = [block.t_ms.tobytes() for block in back.blocks]
    assert len(set(times)) == len(times)


@given(NOTES, NOTES)
def test_warnings_and_infos_come_back(warnings: tuple[str, ...], infos: tuple[str, ...]) -> None:
    back = decode.decode_instant(written(Scalar(0, 1.0), warnings=warnings, infos=infos), 0)
    assert (back.warnings, back.infos) == (warnings, infos)


def test_statistics_come_back() -> None:
    stats = QueryStats(samples=1200, series=7, seconds=0.25)
    result = QueryResult(Scalar(0, 1.0), stats=stats)
    assert decode.decode_instant(b"".join(encode.answer(result, stats=True)), 0).stats == stats
    assert decode.decode_instant(b"".join(encode.answer(result)), 0).stats == QueryStats()


@given(SERIES)
def test_series_come_back(series: tuple[Labels, ...]) -> None:
    assert decode.decode_series(b"".join(encode.label_sets(series))) == list(series)


@given(st.lists(TEXTS))
def test_label_names_come_back_sorted(names: list[str]) -> None:
    assert decode.decode_names(encode.data(names)) == sorted(names)


# Answers of other servers.


def answer(kind: str, result: object, **more: object) -> bytes:
    data = {"resultType": kind, "result": result}
    return json.dumps({"status": "success", "data": data, **more}).encode()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1.0),
        ("+1", 1.0),
        ("-0", -0.0),
        ("1.5e3", 1500.0),
        ("2E-3", 0.002),
        ("0.1", 0.1),
        ("NaN", math.nan),
        ("+Inf", math.inf),
        ("-Inf", -math.inf),
        ("Inf", math.inf),
        ("1.7976931348623157e+308", 1.7976931348623157e308),
    ],
)
def test_a_number_is_read_as_go_writes_it(text: str, value: float) -> None:
    back = instant(answer("scalar", [0, text]))
    assert isinstance(back, Scalar)
    assert bits(np.array([back.value])) == bits(np.array([value]))


@pytest.mark.parametrize(
    ("seconds", "t_ms"),
    [
        (0, 0),
        (1435781430.781, 1435781430781),
        (1435781430, 1435781430000),
        (1.4357814307e9, 1435781430700),
        (-1.5, -1500),
        (0.0004, 0),
        (4102444800.999, 4102444800999),
    ],
)
def test_times_are_rounded_to_milliseconds(seconds: float, t_ms: int) -> None:
    assert instant(answer("scalar", [seconds, "1"])) == Scalar(t_ms, 1.0)


def test_a_vector_without_samples_has_the_time_of_the_query() -> None:
    vector = instant(answer("vector", []), 1234)
    assert isinstance(vector, Vector)
    assert (vector.t_ms, vector.series, vector.values.tolist()) == (1234, (), [])


def test_a_matrix_without_series_has_the_steps_of_the_query() -> None:
    matrix = decode.decode_range(answer("matrix", []), np.arange(0, 5000, 1000)).value
    assert isinstance(matrix, Matrix)
    assert matrix.values.shape == matrix.present.shape == (0, 5)


def test_missing_steps_are_absent_and_not_nan() -> None:
    result = [{"metric": {"a": "1"}, "values": [[1, "NaN"], [3, "5"]]}]
    matrix = decode.decode_range(answer("matrix", result), np.arange(0, 5000, 1000)).value
    assert isinstance(matrix, Matrix)
    assert matrix.present.tolist() == [[False, True, False, True, False]]
    assert math.isnan(matrix.values[0, 1])
    assert matrix.values[0, 3] == 5


def test_a_label_without_a_value_is_none() -> None:
    result = [{"metric": {"a": "", "b": "1"}, "value": [0, "1"]}]
    vector = instant(answer("vector", result))
    assert isinstance(vector, Vector)
    assert vector.series == (Labels.of({"b": "1"}),)


def test_null_is_an_empty_list_as_go_writes_it() -> None:
    assert decode.decode_series(b'{"status":"success","data":null}') == []
    assert decode.decode_names(b'{"status":"success","data":null,"warnings":null}') == []
    vector = instant(answer("vector", None))
    assert isinstance(vector, Vector)
    assert vector.series == ()


def test_unknown_fields_are_ignored() -> None:
    body = answer("scalar", [0, "1"], isPartial=False, trace={"x": 1})
    assert instant(body) == Scalar(0, 1.0)


def test_metadata_has_a_row_for_each_type() -> None:
    body = encode.data(
        {
            "up": [{"type": "gauge", "help": "Up.", "unit": ""}],
            "x": [{"type": "counter", "help": "", "unit": "bytes"}, {"type": "gaugehistogram"}],
        }
    )
    assert decode.decode_metadata(body) == [
        MetricMetadata("up", MetricType.GAUGE, "Up."),
        MetricMetadata("x", MetricType.COUNTER, "", "bytes"),
        MetricMetadata("x", MetricType.UNKNOWN),
    ]


def test_cardinality_has_the_totals_and_rankings_of_the_head() -> None:
    body = encode.data(
        {
            "headStats": {"numSeries": 508, "numLabelPairs": 1234, "chunkCount": 937},
            "seriesCountByMetricName": [{"name": "a", "value": 40}, {"name": "b", "value": 2}],
            "labelValueCountByLabelName": [{"name": "__name__", "value": 211}],
            "memoryInBytesByLabelName": [{"name": "__name__", "value": 8266}],
            "seriesCountByLabelValuePair": [{"name": "job=prometheus", "value": 425}],
        }
    )
    assert decode.decode_cardinality(body) == Cardinality(
        series=508,
        label_pairs=1234,
        series_by_metric=(("a", 40), ("b", 2)),
        values_by_label=(("__name__", 211),),
        bytes_by_label=(("__name__", 8266),),
        series_by_pair=(("job=prometheus", 425),),
    )
    assert decode.decode_cardinality(encode.data({})) == Cardinality(0, 0, (), (), (), ())


# Errors.


@pytest.mark.parametrize("kind", QueryErrorKind)
def test_an_error_keeps_its_kind_and_text(kind: QueryErrorKind) -> None:
    body = encode.error(kind.value, "1:5: parse error: unclosed left parenthesis")
    for read in READERS:
        with pytest.raises(QueryError) as error:
            read(body)
        assert error.value.kind is kind
        assert error.value.message == "1:5: parse error: unclosed left parenthesis"


@pytest.mark.parametrize("kind", ["422", "", "no_such_kind", None, 7])
def test_an_error_of_an_unknown_kind_is_internal(kind: object) -> None:
    body = json.dumps({"status": "error", "errorType": kind, "error": "no"}).encode()
    with pytest.raises(QueryError, match="no") as error:
        decode.decode_instant(body, 0)
    assert error.value.kind is QueryErrorKind.INTERNAL


STEPS = np.arange(0, 5000, 1000)
READERS: tuple[Callable[[bytes], object], ...] = (
    lambda body: decode.decode_instant(body, 0),
    lambda body: decode.decode_range(body, STEPS),
    decode.decode_series,
    decode.decode_names,
    decode.decode_metadata,
    decode.decode_cardinality,
)


def reason(read: Callable[[bytes], object], body: bytes) -> str:
    with pytest.raises(MalformedBody) as error:
        read(body)
    assert error.value.key == "wire.not_an_answer"
    for lang in ("ko", "en"):
        assert str(error.value.values["reason"]) in texts(lang).error(error.value)
    return str(error.value.values["reason"])


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", "body: no JSON"),
        (b"<html><title>502 Bad Gateway</title></html>", "<html><title>502 Bad Gateway"),
        (b'{"status":"success"', "body: no JSON"),
        (b"\xff\xfe", "body: no JSON"),
        (b"[" * 100_000, "body: no JSON"),
        (b"[]", "body: [] is not an object"),
        (b"null", "body: None is not an object"),
        (b"{}", "status: None is neither 'success' nor 'error'"),
        (b'{"status":1}', "status: 1 is neither"),
        (b'{"status":"error","error":[]}', "error: [] is not a string"),
        (b'{"status":"success","data":[],"warnings":[1]}', "warnings: 1 is not a string"),
        (b'{"status":"success","data":[],"infos":"x"}', "infos: 'x' is not a list"),
    ],
)
def test_what_is_no_answer_is_refused_by_every_reader(body: bytes, expected: str) -> None:
    for read in READERS:
        assert expected in reason(read, body)


ONE = {"metric": {"a": "1"}, "value": [0, "1"]}


@pytest.mark.parametrize(
    ("kind", "result", "expected"),
    [
        ("bogus", [], "data.resultType: an instant query cannot be answered by 'bogus'"),
        (None, [], "data.resultType: None is not a string"),
        ("scalar", None, "data.result[0]: None is not [seconds, string]"),
        ("scalar", [0], "data.result[0]: [0] is not [seconds, string]"),
        ("scalar", [0, "1", 2], "[0, '1', 2] is not [seconds, string]"),
        ("scalar", ["0", "1"], "['0', '1'] is not [seconds, string]"),
        ("scalar", [True, "1"], "[True, '1'] is not [seconds, string]"),
        ("scalar", [0, 1], "[0, 1] is not [seconds, string]"),
        ("scalar", [0, ""], "data.result: '' is not a number"),
        ("scalar", [0, "x"], "data.result: 'x' is not a number"),
        ("scalar", [0, "1_000"], "data.result: '1_000' is not a number"),
        ("scalar", [0, " 1"], "data.result: ' 1' is not a number"),
        ("scalar", [0, "0x10"], "data.result: '0x10' is not a number"),
        ("scalar", [0, "infinity"], "data.result: 'infinity' is not a number"),
        ("scalar", [0, "１"], "data.result: '１' is not a number"),
        ("scalar", [1e300, "1"], "the time 1e+300 is out of range"),
        ("string", [0, 1], "[0, 1] is not [seconds, string]"),
        ("vector", {}, "data.result: {} is not a list"),
        ("vector", [1], "data.result[0]: 1 is not an object"),
        ("vector", [{}], "data.result[0].metric: None is not an object"),
        ("vector", [{"metric": {}}], "data.result.value[0]: None is not [seconds, string]"),
        ("vector", [{"metric": {"a": 1}}], "data.result[0].metric.a: 1 is not a string"),
        ("vector", [{"metric": {"": "x"}}], "data.result[0].metric: a label without a name"),
        ("vector", [ONE, ONE], 'data.result: the series {a="1"} occurs twice'),
        ("vector", [ONE, {"metric": {}, "value": [1, "1"]}], "have different times"),
        (
            "vector",
            [{"metric": {}, "histogram": [0, {"count": "1"}]}],
            "data.result[0].histogram: native histograms are not supported",
        ),
        ("matrix", [{"metric": {}}], "data.result[0].values: None is not a list"),
        ("matrix", [{"metric": {}, "values": [[0, "1"], 5]}], "data.result[0].values[1]: 5 is not"),
        ("matrix", [{"metric": {}, "values": [[1, "1"], [1, "2"]]}], "the times do not ascend"),
        ("matrix", [{"metric": {}, "values": [[0, "1"], [1, "?"]]}], "'?' is not a number"),
        (
            "matrix",
            [{"metric": {}, "values": [], "histograms": []}],
            "data.result[0].histograms: native histograms are not supported",
        ),
    ],
)
def test_a_wrong_result_is_refused_with_its_place(
    kind: object, result: object, expected: str
) -> None:
    body = json.dumps({"status": "success", "data": {"resultType": kind, "result": result}})
    assert expected in reason(READERS[0], body.encode())


@pytest.mark.parametrize(
    ("kind", "result", "expected"),
    [
        ("vector", [], "a range query cannot be answered by 'vector'"),
        ("scalar", [0, "1"], "a range query cannot be answered by 'scalar'"),
        ("matrix", [{"metric": {}, "values": [[0.5, "1"]]}], "0.5 is no step of the query"),
        ("matrix", [{"metric": {}, "values": [[5, "1"]]}], "5.0 is no step of the query"),
        ("matrix", [{"metric": {}, "values": [[-1, "1"]]}], "-1.0 is no step of the query"),
    ],
)
def test_points_beside_the_steps_are_refused(kind: str, result: object, expected: str) -> None:
    assert expected in reason(READERS[1], answer(kind, result))


@pytest.mark.parametrize(
    ("read", "data", "expected"),
    [
        (decode.decode_series, {}, "data: {} is not a list"),
        (decode.decode_series, ["a"], "data[0]: 'a' is not an object"),
        (decode.decode_names, [1], "data[0]: 1 is not a string"),
        (decode.decode_metadata, [], "data: [] is not an object"),
        (decode.decode_metadata, {"up": {}}, "data.up: {} is not a list"),
        (decode.decode_metadata, {"up": [1]}, "data.up[0]: 1 is not an object"),
        (decode.decode_metadata, {"up": [{"help": 1}]}, "data.up[0].help: 1 is not a string"),
        (decode.decode_cardinality, [], "data: [] is not an object"),
        (decode.decode_cardinality, {"headStats": []}, "data.headStats: [] is not an object"),
        (
            decode.decode_cardinality,
            {"headStats": {"numSeries": True}},
            "data.headStats.numSeries: True is not an integer",
        ),
        (
            decode.decode_cardinality,
            {"seriesCountByMetricName": [{"name": "a"}]},
            "data.seriesCountByMetricName[0].value: None is not an integer",
        ),
    ],
)
def test_wrong_lists_are_refused_with_their_place(
    read: Callable[[bytes], object], data: object, expected: str
) -> None:
    assert expected in reason(read, encode.data(data))


@given(st.randoms(use_true_random=False))
def test_a_damaged_answer_is_refused_or_read_but_never_crashes(chance: random.Random) -> None:
    matrix = Matrix(
        (EMPTY, Labels.of({"a": "1"})), STEPS, np.arange(10.0).reshape(2, 5), np.ones((2, 5), bool)
    )
    body = bytearray(written(matrix, warnings=("cut",)))
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(body))
        match chance.randrange(3):
            case 0:
                body[at] = chance.randrange(256)
            case 1:
                del body[at : at + chance.randint(1, 20)]
            case _:
                body[at:at] = chance.choice([b"[", b"}", b'"', b",", b"1e999", b"null", b"\x00"])
    for read in READERS:
        with contextlib.suppress(MalformedBody, QueryError):
            read(bytes(body))


def test_a_long_value_is_cut_in_the_message() -> None:
    body = json.dumps({"status": "success", "data": "x" * 1000}).encode()
    assert len(reason(decode.decode_series, body)) < 100


def test_partial_statistics_are_read_as_far_as_they_go() -> None:
    result = QueryResult(Scalar(0, 1.0))
    body = json.loads(b"".join(encode.answer(result)))
    for stats, expected in (
        ({"samples": {"totalQueryableSamples": 5}}, replace(QueryStats(), samples=5)),
        ({"timings": {"evalTotalTime": 0.5}}, replace(QueryStats(), seconds=0.5)),
        ({"samples": None, "timings": 3}, QueryStats()),
        ("?", QueryStats()),
    ):
        body["data"]["stats"] = stats
        assert decode.decode_instant(json.dumps(body).encode(), 0).stats == expected


# The examples of https://prometheus.io/docs/prometheus/latest/querying/api/.


def test_the_documented_instant_query_is_read() -> None:
    body = b"""{
       "status" : "success",
       "data" : {
          "resultType" : "vector",
          "result" : [
             {
                "metric" : {"__name__" : "up", "job" : "prometheus", "instance" : "localhost:9090"},
                "value": [ 1435781451.781, "1" ]
             },
             {
                "metric" : {"__name__" : "up", "job" : "node", "instance" : "localhost:9100"},
                "value" : [ 1435781451.781, "0" ]
             }
          ]
       }
    }"""
    vector = instant(body)
    assert isinstance(vector, Vector)
    assert vector.t_ms == 1435781451781
    assert [str(labels) for labels in vector.series] == [
        'up{instance="localhost:9090",job="prometheus"}',
        'up{instance="localhost:9100",job="node"}',
    ]
    assert vector.values.tolist() == [1.0, 0.0]


def test_the_documented_range_query_is_read() -> None:
    body = b"""{
       "status" : "success",
       "data" : {
          "resultType" : "matrix",
          "result" : [
             {
                "metric" : {"__name__" : "up", "job" : "prometheus", "instance" : "localhost:9090"},
                "values" : [
                   [ 1435781430.781, "1" ], [ 1435781445.781, "1" ], [ 1435781460.781, "1" ]
                ]
             },
             {
                "metric" : {"__name__" : "up", "job" : "node", "instance" : "localhost:9091"},
                "values" : [
                   [ 1435781430.781, "0" ], [ 1435781445.781, "0" ], [ 1435781460.781, "1" ]
                ]
             }
          ]
       }
    }"""
    steps = 1435781430781 + 15_000 * np.arange(3, dtype=np.int64)
    matrix = decode.decode_range(body, steps).value
    assert isinstance(matrix, Matrix)
    assert matrix.present.all()
    assert matrix.values.tolist() == [[1.0, 1.0, 1.0], [0.0, 0.0, 1.0]]


def test_what_victoria_metrics_tells_of_a_query_is_read() -> None:
    body = (
        b'{"status":"success","isPartial":false,"data":{"resultType":"vector","result":[]},'
        b'"stats":{"seriesFetched": "30","executionTimeMsec":6}}'
    )
    assert decode.decode_instant(body, 0).stats == QueryStats(series=30, seconds=0.006)
    for odd in (b'"1e999"', b"[]", b"-1", b"null", b'"' + b"9" * 5000 + b'"'):
        decode.decode_instant(body.replace(b'"30"', odd), 0)


def test_the_documented_lists_are_read() -> None:
    series = b"""{"status": "success", "data": [
        {"__name__": "up", "job": "prometheus", "instance": "localhost:9090"},
        {"__name__": "process_start_time_seconds", "job": "prometheus"}
    ]}"""
    assert [labels.metric for labels in decode.decode_series(series)] == [
        "process_start_time_seconds",
        "up",
    ]
    labels = b'{"status": "success", "data": ["quantile", "__name__", "call", "code"]}'
    assert decode.decode_names(labels) == ["__name__", "call", "code", "quantile"]
    metadata = b"""{"status": "success", "data": {
        "cortex_ring_tokens": [
            {"type": "gauge", "help": "Number of tokens in the ring", "unit": ""}
        ],
        "http_requests_total": [
            {"type": "counter", "help": "Number of HTTP requests", "unit": ""},
            {"type": "counter", "help": "Amount of HTTP requests", "unit": ""}
        ]
    }}"""
    assert [(row.metric, row.type) for row in decode.decode_metadata(metadata)] == [
        ("cortex_ring_tokens", MetricType.GAUGE),
        ("http_requests_total", MetricType.COUNTER),
        ("http_requests_total", MetricType.COUNTER),
    ]


def test_the_documented_native_histogram_is_refused() -> None:
    result = [{"metric": {}, "histogram": [1435781451.781, {"count": "60", "buckets": []}]}]
    assert "native histograms are not supported" in reason(READERS[0], answer("vector", result))
