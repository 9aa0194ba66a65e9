"""Parameters are taken and refused as Prometheus does."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.model.errors import QueryError
from jipyo.web.http import params
from jipyo.web.http.message import WebRequest


@pytest.mark.parametrize(
    ("text", "t_ms"),
    [
        ("0", 0),
        ("1.5", 1500),
        ("-1.5", -1500),
        ("1793500000.123", 1793500000123),
        ("1.9996", 2000),
        ("1e3", 1_000_000),
        (".5", 500),
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T09:00:00.25+09:00", 250),
        ("1969-12-31T23:59:59.123456789Z", -877),
        ("2026-02-30T00:00:00Z", None),
        ("-292273086-05-16T16:47:06Z", params.MIN_TIME_MS),
        ("292277025-08-18T07:12:54.999999999Z", params.MAX_TIME_MS),
        ("yesterday", None),
        ("", None),
        ("NaN", None),
        ("Inf", None),
        ("1e300", None),
        ("1_000", None),
        (" 1", None),
        ("٣", None),
    ],
)
def test_a_time_is_unix_seconds_or_rfc_3339(text: str, t_ms: int | None) -> None:
    assert params.parse_time_ms(text) == t_ms


@given(st.integers(-(10**12), 10**13))
def test_every_millisecond_survives_as_decimal_seconds(t_ms: int) -> None:
    assert params.parse_time_ms(f"{t_ms / 1000:.3f}") == t_ms


@pytest.mark.parametrize(
    ("text", "nanos"),
    [
        ("15", 15 * 10**9),
        ("0.5", 5 * 10**8),
        ("-5", -5 * 10**9),
        ("1m", 60 * 10**9),
        ("1h30m", 5400 * 10**9),
        ("1y2w3d4h5m6s7ms", (365 * 86400 + 17 * 86400 + 4 * 3600 + 306) * 10**9 + 7 * 10**6),
    ],
)
def test_a_duration_is_seconds_or_units_from_long_to_short(text: str, nanos: int) -> None:
    assert params.parse_duration_ns(text) == nanos


@pytest.mark.parametrize(
    "text", ["", "x", "1m1h", "1.5h", "1000y", "m", "1h ", "-1h", "1h1h", "٣s"]
)
def test_what_is_no_duration_is_said_so(text: str) -> None:
    with pytest.raises(QueryError, match="to a valid duration"):
        params.parse_duration_ns(text)


def test_a_duration_beyond_int64_overflows() -> None:
    with pytest.raises(QueryError, match="It overflows int64"):
        params.parse_duration_ns("1e30")


def test_the_form_comes_before_the_address_and_bytes_survive() -> None:
    fields = params.parse_fields(
        b"query=up&match[]=a", b"query=down&match%5B%5D=b&n=%ED%95%9C&x=%ff&e="
    )
    assert fields == {
        "query": ["up", "down"],
        "match[]": ["a", "b"],
        "n": ["한"],
        "x": ["\udcff"],
        "e": [""],
    }


def test_a_form_of_endless_fields_is_refused() -> None:
    with pytest.raises(QueryError, match="error parsing form values"):
        params.parse_fields(b"a=1&" * 20_000, b"")


@pytest.mark.parametrize(("text", "limit"), [("", 0), ("0", 0), ("40000", 40000), ("+1", 1)])
def test_a_limit_is_a_whole_number(text: str, limit: int) -> None:
    assert params.read_limit(WebRequest({"limit": [text]})) == limit


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x", 'strconv.Atoi: parsing "x": invalid syntax'),
        ("-1", "limit must be non-negative"),
    ],
)
def test_a_wrong_limit_names_the_parameter(text: str, reason: str) -> None:
    with pytest.raises(QueryError) as error:
        params.read_limit(WebRequest({"limit": [text]}))
    assert error.value.message == f'invalid parameter "limit": {reason}'


@pytest.mark.parametrize(("text", "t_ms"), [("", 7), ("1.5", 1500), ("1970-01-01T00:00:01Z", 1000)])
def test_a_time_may_be_left_out(text: str, t_ms: int) -> None:
    assert params.read_time(WebRequest({"time": [text]}), "time", 7) == t_ms


@pytest.mark.parametrize(
    ("read", "message"),
    [
        (
            lambda request: params.read_time(request, "t", 0),
            'invalid parameter "t": invalid time value for \'t\': cannot parse "x" to a valid '
            "timestamp",
        ),
        (
            lambda request: params.read_required_time(request, "t"),
            'invalid parameter "t": cannot parse "x" to a valid timestamp',
        ),
        (
            lambda request: params.read_required_time(request, "missing"),
            'invalid parameter "missing": cannot parse "" to a valid timestamp',
        ),
        (
            lambda request: params.read_duration_ns(request, "t"),
            'invalid parameter "t": cannot parse "x" to a valid duration',
        ),
    ],
)
def test_a_wrong_parameter_is_named(read: Callable[[WebRequest], int], message: str) -> None:
    with pytest.raises(QueryError) as error:
        read(WebRequest({"t": ["x"]}))
    assert error.value.message == message


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("5", 5),
        ("+5", 5),
        ("-5", -5),
        ("", None),
        ("5.0", None),
        ("1e3", None),
        ("٣", None),
        ("9" * 18, int("9" * 18)),
        ("9" * 19, None),
    ],
)
def test_a_whole_number_is_what_atoi_accepts(text: str, number: int | None) -> None:
    assert params.parse_int(text) == number


@pytest.mark.parametrize(
    ("text", "quoted"),
    [("a", '"a"'), ('"', '"\\""'), ("\n", '"\\n"'), ("가", '"가"'), ("\udcff", '"\ufffd"')],
)
def test_quoted_text_is_always_valid_json(text: str, quoted: str) -> None:
    assert params.quote(text) == quoted


def test_fields_and_language_of_a_request() -> None:
    request = WebRequest({"a": ["1", "2"], "lang": ["en"]}, headers={"content-type": "A/B; c=d"})
    assert (request.first("a"), request.first("b")) == ("1", "")
    assert (request.values("a"), request.values("b")) == (["1", "2"], ())
    assert (request.language("ko"), WebRequest().language("ko")) == ("en", "ko")
    assert WebRequest({"lang": ["fr"]}).language("en") == "en"
    assert (request.media_type, WebRequest().media_type) == ("a/b", "")
