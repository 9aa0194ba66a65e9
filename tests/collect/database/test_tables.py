"""Rows of tables as metrics."""

from __future__ import annotations

import datetime
import math
from decimal import Decimal
from typing import Any

import pytest

from collect.helpers import samples
from jipyo.collect.database.tables import ColumnMetric, build_families, to_number
from jipyo.model.sample import MetricType

MOMENT = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
WANTED = [
    ColumnMetric("a", MetricType.COUNTER, "First."),
    ColumnMetric("b", MetricType.GAUGE, "Second."),
]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("ON", 1),
        ("no", 0),
        ("Yes", 1),
        ("disabled", 0),
        ("Connecting", 0),
        (True, 1),
        (False, 0),
        (7, 7),
        ("7.5", 7.5),
        (" 8 ", 8),
        ("-1e3", -1000),
        (b"3", 3),
        (bytearray(b"on"), 1),
        (Decimal("0.25"), 0.25),
        (MOMENT, 1767225600),
        ("inf", math.inf),
    ],
)
def test_words_and_types_of_columns_are_numbers(value: Any, expected: float) -> None:
    assert to_number(value) == expected


@pytest.mark.parametrize("value", [None, "", "utf8mb4", b"\xff", "1,5", "0x10", "NaN"])
def test_what_is_no_number_is_nan(value: Any) -> None:
    assert math.isnan(to_number(value))


@pytest.mark.parametrize(
    ("rows", "labels", "expected"),
    [
        ([], ("n",), {}),
        ([{"n": "x", "a": 1, "b": 2}], ("n",), {'p_a{n="x"}': 1, 'p_b{n="x"}': 2}),
        ([{"n": "x", "a": 1}], ("n",), {'p_a{n="x"}': 1}),  # an older version has no b
        ([{"n": None, "a": 1}], ("n",), {"p_a": 1}),
        ([{"n": 5, "a": 1}], ("n",), {'p_a{n="5"}': 1}),
        ([{"a": None, "b": 2}], (), {"p_b": 2}),
        ([{"a": "word", "b": "word"}], (), {}),
        ([{"n": "x", "a": 1}, {"n": "y", "a": None}], ("n",), {'p_a{n="x"}': 1}),
    ],
)
def test_columns_become_families(
    rows: list[dict[str, Any]], labels: tuple[str, ...], expected: dict[str, float]
) -> None:
    assert samples(build_families("p_", rows, labels, WANTED)) == expected


def test_a_family_has_the_type_and_the_help_of_its_column() -> None:
    first, second = build_families("p_", [{"a": 1, "b": 1}], (), WANTED)
    assert (first.type, first.help) == (MetricType.COUNTER, "First.")
    assert (second.type, second.help) == (MetricType.GAUGE, "Second.")
