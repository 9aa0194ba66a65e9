"""Functions of each number, of dates and of the query, a case a line and beside plain Python."""

import calendar
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.model.errors import QueryError
from jipyo.model.labels import Labels
from jipyo.model.result import Matrix, Scalar, Vector
from jipyo.promql import Engine, Feature, Options
from jipyo.promql.engine.functions.dates import DATE_FUNCTIONS, extract_part
from jipyo.promql.engine.functions.elementwise import (
    ELEMENTWISE,
    clip_values,
    pick_greater,
    pick_smaller,
    round_to_multiple,
)
from support.memory import MemoryStore

ENGINE = Engine(Options(features=frozenset(Feature)))
NAN, INF = math.nan, math.inf
FLOATS = st.floats() | st.integers(-(10**6), 10**6).map(float)


def number(expr: str, t_ms: int = 0) -> float:
    """The value of a scalar, or of the only series of a vector."""
    value = ENGINE.instant(MemoryStore(), expr, t_ms).value
    if isinstance(value, Scalar):
        return value.value
    assert isinstance(value, Vector)
    (only,) = value.values.tolist()
    return float(only)


def same(got: float, expected: float) -> bool:
    return (math.isnan(got) and math.isnan(expected)) or got == expected


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        ("abs(vector(-1.5))", 1.5),
        ("abs(vector(-Inf))", INF),
        ("ceil(vector(1.2))", 2),
        ("ceil(vector(-1.2))", -1),
        ("floor(vector(1.8))", 1),
        ("floor(vector(-1.2))", -2),
        ("sgn(vector(-3))", -1),
        ("sgn(vector(0))", 0),
        ("sgn(vector(7))", 1),
        ("sgn(vector(NaN))", NAN),
        ("sqrt(vector(9))", 3),
        ("sqrt(vector(-1))", NAN),
        ("exp(vector(0))", 1),
        ("exp(vector(1000))", INF),
        ("exp(vector(-Inf))", 0),
        ("ln(vector(1))", 0),
        ("ln(vector(0))", -INF),
        ("ln(vector(-1))", NAN),
        ("ln(vector(Inf))", INF),
        ("log2(vector(8))", 3),
        ("log10(vector(1000))", 3),
        ("sin(vector(0))", 0),
        ("cos(vector(0))", 1),
        ("tan(vector(0))", 0),
        ("asin(vector(2))", NAN),
        ("acos(vector(1))", 0),
        ("atan(vector(Inf))", math.pi / 2),
        ("sinh(vector(0))", 0),
        ("cosh(vector(0))", 1),
        ("tanh(vector(Inf))", 1),
        ("asinh(vector(0))", 0),
        ("acosh(vector(1))", 0),
        ("acosh(vector(0))", NAN),
        ("atanh(vector(1))", INF),
        ("deg(vector(pi()))", 180),
        ("rad(vector(180))", math.pi),
        ("pi()", math.pi),
        # round: to the nearest, halves up, or to a multiple.
        ("round(vector(2.5))", 3),
        ("round(vector(-2.5))", -2),
        ("round(vector(1.49))", 1),
        ("round(vector(Inf))", INF),
        ("round(vector(NaN))", NAN),
        ("round(vector(1234), 100)", 1200),
        ("round(vector(1250), 100)", 1300),
        ("round(vector(0.27), 0.1)", 0.3),
        ("round(vector(5), 0)", NAN),
        # clamp: NaN stays, a lower bound above the upper one gives nothing.
        ("clamp(vector(5), 1, 3)", 3),
        ("clamp(vector(-5), 1, 3)", 1),
        ("clamp(vector(2), 1, 3)", 2),
        ("clamp(vector(NaN), 1, 3)", NAN),
        ("clamp(vector(2), NaN, 3)", NAN),
        ("clamp_min(vector(2), 3)", 3),
        ("clamp_max(vector(4), 3)", 3),
        ("clamp_max(vector(4), -Inf)", -INF),
        # Scalars of the query.
        ("scalar(vector(3))", 3),
        ("vector(3)", 3),
        ("time()", 0),
        ("min_of(1, 2)", 1),
        ("max_of(1, 2)", 2),
        ("max_of(NaN, Inf)", INF),
        ("min_of(NaN, -Inf)", -INF),
        ("min_of(NaN, 1)", NAN),
        ("start()", 0),
        ("end()", 0),
        ("range()", 0),
        ("step()", 0),
    ],
)
def test_a_function_of_one_number(expr: str, expected: float) -> None:
    assert number(expr) == pytest.approx(expected, rel=1e-15, nan_ok=True)


@pytest.mark.parametrize("expr", ["clamp(vector(2), 3, 1)", "clamp(vector(NaN), 3, 1)"])
def test_bounds_in_the_wrong_order_give_nothing(expr: str) -> None:
    value = ENGINE.instant(MemoryStore(), expr, 0).value
    assert isinstance(value, Vector)
    assert value.series == ()


PLAIN: Mapping[str, Callable[[float], float]] = {
    "abs": abs,
    "acos": math.acos,
    "acosh": math.acosh,
    "asin": math.asin,
    "asinh": math.asinh,
    "atan": math.atan,
    "atanh": math.atanh,
    "ceil": math.ceil,
    "cos": math.cos,
    "cosh": math.cosh,
    "deg": math.degrees,
    "exp": math.exp,
    "floor": math.floor,
    "ln": math.log,
    "log10": math.log10,
    "log2": math.log2,
    "rad": math.radians,
    "sgn": lambda x: float((x > 0) - (x < 0)),
    "sin": math.sin,
    "sinh": math.sinh,
    "sqrt": math.sqrt,
    "tan": math.tan,
    "tanh": math.tanh,
}


def test_every_elementwise_function_has_a_plain_reference() -> None:
    assert PLAIN.keys() == ELEMENTWISE.keys()


@pytest.mark.parametrize("name", PLAIN)
@given(value=st.floats(-1e6, 1e6))
def test_an_elementwise_function_is_that_of_the_mathematics(name: str, value: float) -> None:
    try:
        expected = PLAIN[name](value)
    except (ValueError, OverflowError):
        return  # beyond the domain: the table above says what comes of it
    with np.errstate(all="ignore"):
        got = float(ELEMENTWISE[name](np.array([value]))[0])
    assert got == pytest.approx(expected, rel=1e-12, abs=1e-300)


@given(FLOATS, FLOATS)
def test_the_smaller_and_the_greater_are_those_of_go(a: float, b: float) -> None:
    """Go's math.Min and math.Max: an infinity of the right sign wins even over NaN."""

    def go_min(x: float, y: float) -> float:
        if -INF in (x, y):
            return -INF
        return NAN if math.isnan(x) or math.isnan(y) else min(x, y)

    one, two = np.array([a]), np.array([b])
    assert same(pick_smaller(one, two)[0], go_min(a, b))
    assert same(pick_greater(one, two)[0], -go_min(-a, -b))


@given(FLOATS, st.floats(-1e9, 1e9), st.floats(0, 1e9))
def test_a_clipped_number_lies_between_the_limits(value: float, low: float, size: float) -> None:
    high = low + size
    clipped = float(clip_values(np.array([value]), np.array([low]), np.array([high]))[0])
    if math.isnan(value):
        assert math.isnan(clipped)
    else:
        assert clipped == min(max(value, low), high)


@given(st.integers(-(10**6), 10**6), st.sampled_from([0.25, 0.5, 1.0, 2.0, 8.0, 64.0]))
def test_rounding_to_a_power_of_two_is_exact(value: int, multiple: float) -> None:
    rounded = float(round_to_multiple(np.array([value / 3]), np.array([multiple]))[0])
    assert rounded % multiple == 0
    assert abs(rounded - value / 3) <= multiple / 2 * (1 + 1e-12)


# Dates.


@pytest.mark.parametrize(
    ("moment", "parts"),
    [
        # day_of_month day_of_week day_of_year days_in_month hour minute month year
        ("1970-01-01T00:00:00", (1, 4, 1, 31, 0, 0, 1, 1970)),
        ("1969-12-31T23:59:59", (31, 3, 365, 31, 23, 59, 12, 1969)),
        ("2000-02-29T12:30:15", (29, 2, 60, 29, 12, 30, 2, 2000)),
        ("1900-02-28T00:00:00", (28, 3, 59, 28, 0, 0, 2, 1900)),
        ("2024-12-31T23:00:00", (31, 2, 366, 31, 23, 0, 12, 2024)),
        ("2026-11-29T06:07:08", (29, 0, 333, 30, 6, 7, 11, 2026)),
        ("2100-03-01T00:00:00", (1, 1, 60, 31, 0, 0, 3, 2100)),
    ],
)
def test_the_parts_of_a_date(moment: str, parts: tuple[int, ...]) -> None:
    seconds = datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()
    names = sorted(DATE_FUNCTIONS)
    got = tuple(number(f"{name}(vector({seconds:.0f}))") for name in names)
    assert dict(zip(names, got, strict=True)) == dict(zip(names, map(float, parts), strict=True))


@given(st.integers(-11_676_096_000, 13_569_465_600))  # 1600 to 2400
def test_the_parts_of_a_date_are_those_of_the_calendar(seconds: int) -> None:
    moment = datetime.fromtimestamp(seconds, UTC)
    expected = {
        "day_of_month": moment.day,
        "day_of_week": moment.isoweekday() % 7,
        "day_of_year": moment.timetuple().tm_yday,
        "days_in_month": calendar.monthrange(moment.year, moment.month)[1],
        "hour": moment.hour,
        "minute": moment.minute,
        "month": moment.month,
        "year": moment.year,
    }
    moments = np.array([seconds], np.float64)
    assert {name: int(extract_part(name, moments)[0]) for name in DATE_FUNCTIONS} == expected


@pytest.mark.parametrize("seconds", [NAN, INF, -INF, 1e300, -1e300, 2.0**63])
def test_times_that_no_calendar_has_are_those_of_gos_least_time(seconds: float) -> None:
    parts = {name: float(extract_part(name, np.array([seconds]))[0]) for name in DATE_FUNCTIONS}
    assert parts["year"] == 292277026596
    assert (parts["month"], parts["day_of_month"], parts["hour"]) == (12, 4, 15)


def test_without_an_argument_the_evaluation_time_is_taken_apart() -> None:
    t_ms = 1_795_000_000_000
    moment = datetime.fromtimestamp(t_ms / 1000, UTC)
    assert number("hour()", t_ms) == moment.hour
    assert number("year()", t_ms) == moment.year
    assert number("minute()", -1) == 59


def test_dates_change_from_step_to_step() -> None:
    value = ENGINE.range(MemoryStore(), "hour()", 0, 4 * 3_600_000, 3_600_000).value
    assert isinstance(value, Matrix)
    assert value.values.tolist() == [[0, 1, 2, 3, 4]]


# Functions of the query.


@pytest.mark.parametrize(
    ("expr", "values"),
    [
        ("time()", [60, 90, 120]),
        ("start()", [60, 60, 60]),
        ("end()", [120, 120, 120]),
        ("range()", [60, 60, 60]),
        ("step()", [30, 30, 30]),
        ("vector(time())", [60, 90, 120]),
        ("time() - start()", [0, 30, 60]),
    ],
)
def test_a_range_query_knows_its_own_times(expr: str, values: list[float]) -> None:
    value = ENGINE.range(MemoryStore(), expr, 60_000, 120_000, 30_000).value
    assert isinstance(value, Matrix)
    assert value.values.tolist() == [values]


def store() -> MemoryStore:
    """`x` of three series; `y` of one that ends after 10 s."""
    made = MemoryStore()
    for name, values in (("a", [1, 2, 3]), ("b", [10, NAN, 30]), ("c", [5, 5, -INF])):
        made.put(Labels.of({"__name__": "x", "i": name}), [0, 60_000, 120_000], values)
    made.put(Labels.of({"__name__": "y"}), [0, 10_000], [7, 8])
    return made


@pytest.mark.parametrize(
    ("expr", "t_ms", "expected"),
    [
        ("scalar(y)", 10_000, 8),
        ("scalar(y)", 400_000, NAN),  # no series
        ("scalar(x)", 0, NAN),  # more than one
        ('scalar(x{i="a"})', 60_000, 2),
        ("scalar(x > 9)", 0, 10),
        ("absent(z)", 0, 1),
        ("timestamp(y)", 60_000, 10),
        ("timestamp(y * 1)", 60_000, 60),
        ('count(x{i="b"} == x{i="b"}) or vector(0)', 60_000, 0),
    ],
)
def test_functions_of_series(expr: str, t_ms: int, expected: float) -> None:
    value = ENGINE.instant(store(), expr, t_ms).value
    got = value.value if isinstance(value, Scalar) else value.values.item()  # type: ignore[union-attr]
    assert same(got, expected)


@pytest.mark.parametrize(
    ("expr", "order"),
    [
        ("sort(x)", "acb"),
        ("sort_desc(x)", "bca"),
        ('sort_by_label(x, "i")', "abc"),
        ('sort_by_label_desc(x, "i")', "cba"),
    ],
)
def test_sorting_orders_an_instant_vector(expr: str, order: str) -> None:
    value = ENGINE.instant(store(), expr, 0).value
    assert isinstance(value, Vector)
    assert "".join(labels["i"] for labels in value.series) == order


def test_nan_is_sorted_last_either_way() -> None:
    for expr in ("sort(x)", "sort_desc(x)"):
        value = ENGINE.instant(store(), expr, 60_000).value
        assert isinstance(value, Vector)
        assert value.series[-1]["i"] == "b"


def test_sorting_a_range_query_is_warned_of() -> None:
    result = ENGINE.range(store(), "sort(x)", 0, 60_000, 60_000)
    assert isinstance(result.value, Matrix)
    assert [labels["i"] for labels in result.value.series] == ["a", "b", "c"]
    (warning,) = result.warnings
    assert "sort is ineffective for range queries" in warning


@pytest.mark.parametrize(
    ("expr", "present"),
    [
        ("absent(y)", [False, True]),
        ("absent(y > 100)", [True, True]),
        ("absent_over_time(y[5m])", [False, True]),
        ("absent_over_time(y[20m])", [False, False]),
    ],
)
def test_absence_is_found_step_by_step(expr: str, present: list[bool]) -> None:
    value = ENGINE.range(store(), expr, 10_000, 610_000, 600_000).value
    assert isinstance(value, Matrix)
    assert value.series == ((Labels(()),) if any(present) else ())
    assert value.present.tolist() == ([present] if any(present) else [])


@pytest.mark.parametrize("name", ["sort_by_label", "mad_over_time", "info", "start"])
def test_an_experimental_function_needs_its_feature(name: str) -> None:
    with pytest.raises(QueryError, match=f'function "{name}" is not enabled'):
        Engine().instant(store(), f"{name}()", 0)
