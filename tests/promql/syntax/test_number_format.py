"""Numbers in messages and labels, as Go prints them."""

import math

import pytest

from jipyo.promql.syntax.number_format import format_openmetrics, format_short


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1.0, "1"),
        (0.5, "0.5"),
        (100_000.0, "100000"),
        (1_000_000.0, "1e+06"),
        (1_234_567.0, "1.234567e+06"),
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
        (-1e300, "-1e+300"),
        (math.nan, "NaN"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
    ],
)
def test_numbers_in_messages_are_as_go_prints_them(value: float, text: str) -> None:
    assert format_short(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.5, "0.5"), (1.0, "1.0"), (1e6, "1e+06"), (math.inf, "+Inf")]
)
def test_quantile_labels_are_as_open_metrics_wants_them(value: float, text: str) -> None:
    assert format_openmetrics(value) == text
