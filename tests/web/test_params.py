"""Parameters are taken and refused as Prometheus does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.model.errors import QueryError
from jipyo.web.http import params
from jipyo.web.http.params import Form
from jipyo.web.prometheus.query import unescaped


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
    assert params.time_ms(text) == t_ms


@given(st.integers(-(10**12), 10**13))
def test_every_millisecond_survives_as_decimal_seconds(t_ms: int) -> None:
    assert params.time_ms(f"{t_ms / 1000:.3f}") == t_ms


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
    assert params.duration_ns(text) == nanos


@pytest.mark.parametrize("text", ["", "x", "1m1h", "1.5h", "1000y", "m"])
def test_what_is_no_duration_is_said_so(text: str) -> None:
    with pytest.raises(QueryError, match="to a valid duration"):
        params.duration_ns(text)


def test_a_duration_beyond_int64_overflows() -> None:
    with pytest.raises(QueryError, match="It overflows int64"):
        params.duration_ns("1e30")


def test_the_form_comes_before_the_address_and_bytes_survive() -> None:
    found = params.fields(b"query=up&match[]=a", b"query=down&match%5B%5D=b&n=%ED%95%9C&x=%ff&e=")
    assert found == {
        "query": ["up", "down"],
        "match[]": ["a", "b"],
        "n": ["한"],
        "x": ["\udcff"],
        "e": [""],
    }


def test_a_form_of_endless_fields_is_refused() -> None:
    with pytest.raises(QueryError, match="error parsing form values"):
        params.fields(b"a=1&" * 20_000, b"")


@pytest.mark.parametrize(("text", "limit"), [("", 0), ("0", 0), ("40000", 40000), ("+1", 1)])
def test_a_limit_is_a_whole_number(text: str, limit: int) -> None:
    assert params.limit(Form({"limit": [text]})) == limit


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x", 'strconv.Atoi: parsing "x": invalid syntax'),
        ("-1", "limit must be non-negative"),
    ],
)
def test_a_wrong_limit_names_the_parameter(text: str, reason: str) -> None:
    with pytest.raises(QueryError) as error:
        params.limit(Form({"limit": [text]}))
    assert error.value.message == f'invalid parameter "limit": {reason}'


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("job", "job"),
        ("U__http_2e_status_code", "U__http_2e_status_code"),
        ("U__http_2e_status__code", "http.status_code"),
        ("U___ac00_", "가"),
        ("U___AC00_b", "가b"),
        ("U__a_zz_", "U__a_zz_"),
        ("U__a_1234567_", "U__a_1234567_"),
        ("U__a_d800_", "U__a_d800_"),
        ("U__a_110000_", "U__a_110000_"),
        ("U__a_", "U__a_"),
    ],
)
def test_utf8_names_are_read_from_their_escaped_form(name: str, read: str) -> None:
    assert unescaped(name) == read


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_every_name_survives_escaping(name: str) -> None:
    def written(char: str) -> str:
        if char == "_":
            return "__"
        return char if char.isascii() and char.isalnum() else f"_{ord(char):x}_"

    assert unescaped("U__" + "".join(map(written, name))) == name
