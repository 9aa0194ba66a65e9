"""Which records a condition holds for, a case a line."""

from __future__ import annotations

import pytest
from hypothesis import given

from jipyo.logs.evaluate import list_texts, parse_number, select, write_message, write_number
from jipyo.logs.query import (
    All,
    AnyOf,
    Between,
    Condition,
    Contains,
    Equals,
    Exists,
    HasTemplate,
    Matches,
    Not,
    StartsWith,
)
from jipyo.model.errors import LogQueryError
from support.log_batches import NGINX, batches, conditions, make_batch

BATCH = make_batch(
    "chat",
    [
        {"t": 0, "level": "ERROR", "message": "Timeout after 30 s", "user.name": "kim", "n": 30},
        {"t": 1, "level": "INFO", "message": "온도를 초과했습니다", "user.name": "", "n": -250},
        {"t": 2, "level": "UNKNOWN", "message": b"timeout \xff", "user.name": None, "n": None},
        {"t": 3, "level": "WARN", "message": "", "user.name": "Kim", "n": 0},
    ],
    decimals={"n": 2},
)


@pytest.mark.parametrize(("condition", "rows"), [
    (All(), "0123"),
    (AnyOf(()), ""),
    (Contains("TIMEOUT"), "02"),
    (Contains("TIMEOUT", exact_case=True), ""),
    (Contains("Timeout", exact_case=True), "0"),
    (Contains("도를 초과"), "1"),
    (Contains(""), "0123"),
    (Contains("k", "user.name"), "03"),
    (Contains("2.5", "n"), "1"),  # a number as it is written
    (Contains("\udcff"), "2"),  # a byte that is not UTF-8
    (Equals("user.name", "kim"), "0"),
    (Equals("user.name", ""), "1"),  # an empty text is a value
    (Equals("n", "0.30"), "0"),
    (Equals("n", "0.3"), ""),
    (Equals("n", "0.00"), "3"),
    (Equals("service", "chat"), "0123"),
    (Equals("level", "error"), "0"),
    (Equals("level", "unknown"), "2"),
    (Equals("level", "ERROR"), ""),
    (StartsWith("message", "T"), "0"),
    (StartsWith("n", "-2."), "1"),
    (Between("n", 0.3), "0"),
    (Between("n", 0.3, include_low=False), ""),
    (Between("n", None, 0.0), "13"),
    (Between("n", None, 0.0, include_high=False), "1"),
    (Between("n"), "013"),
    (Between("user.name"), ""),
    (Matches("after [0-9]+"), "0"),
    (Matches("^$"), "3"),
    (Matches("온.를"), "1"),
    (Exists("n"), "013"),
    (Exists("level"), "0123"),
    (Exists("no.such"), ""),
    (Not(Exists("n")), "2"),
    (Not(Equals("user.name", "kim")), "123"),  # also without the field
    (All((Exists("n"), Contains("timeout"))), "0"),
    (AnyOf((Equals("n", "0.00"), Contains("초과"))), "13"),
    (HasTemplate("Timeout after 30 s"), "0"),
])  # fmt: skip
def test_a_condition_holds_for_these_records(condition: Condition, rows: str) -> None:
    assert "".join(str(row) for row in select(BATCH, condition).nonzero()[0]) == rows


def test_a_pattern_that_is_not_re2_is_rejected() -> None:
    with pytest.raises(LogQueryError, match=r"logs_query.pattern"):
        select(BATCH, Matches("(?=a)"))


def test_texts_that_are_numbers_are_compared_as_numbers() -> None:
    values = ["5", "0.25", "1e3", "-7", "5 ", "0x5", "", "nan", "٥"]
    batch = make_batch("a", [{"t": 0, "n": value} for value in values])
    assert [bool(found) for found in select(batch, Between("n", -10))] == [True] * 4 + [False] * 5


@pytest.mark.parametrize(("value", "decimals", "text"), [
    (5, 0, b"5"), (250, 3, b"0.250"), (-5, 2, b"-0.05"), (0, 1, b"0.0"), (-1234, 3, b"-1.234"),
])  # fmt: skip
def test_a_number_is_written_with_all_its_decimals(value: int, decimals: int, text: bytes) -> None:
    assert write_number(value, decimals) == text
    assert parse_number(text) == value / 10**decimals


def test_a_line_is_written_from_its_fields() -> None:
    row = {
        "t": 0,
        "client.address": "10.0.0.7",
        "user.name": None,
        "http.request.method": "GET",
        "url.path": "/v1/chat",
        "http.response.status_code": 200,
        "event.duration": 12,
    }
    batch = make_batch("web", [row], layout=NGINX, decimals={"event.duration": 3})
    line = b'10.0.0.7 - - [21/Sep/2026:23:13:20 +0900] "GET /v1/chat" 200 0.012'
    assert write_message(batch, 0) == line
    assert select(batch, Contains('chat" 200 0.01')).all()


@given(batches(), conditions(), conditions())
def test_conditions_obey_the_laws_of_logic(batch, one, other) -> None:
    first, second = select(batch, one), select(batch, other)
    assert (select(batch, All((one, other))) == (first & second)).all()
    assert (select(batch, AnyOf((one, other))) == (first | second)).all()
    assert (select(batch, Not(one)) == ~first).all()


@given(batches())
def test_every_text_is_found_by_itself(batch) -> None:
    for field in (*batch.fields, "message", "service", "level"):
        for row, text in enumerate(list_texts(batch, field)):
            assert text is None or select(batch, Contains(
                text.decode("utf-8", "surrogateescape"), field, exact_case=True))[row]  # fmt: skip
