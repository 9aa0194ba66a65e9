import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.i18n import texts
from jipyo.i18n.numbers import digits


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"), (-0.0, "0"), (70, "70"), (70.04, "70.0"), (54.23, "54.2"), (99.96, "100"),
        (0.1, "0.1"), (0.05432, "0.0543"), (0.00012345, "0.0001"), (1234567.8, "1,234,568"),
        (100, "100"), (100.4, "100"), (1.2345, "1.23"), (9.999, "10.0"), (-3.456, "-3.46"),
        (0.00001, "<0.0001"), (-0.00001, ">-0.0001"), (14.4, "14.4"), (1000.5, "1,000"),
        (1e15, "1e+15"), (-1.5e300, "-1.5e+300"),
        (math.nan, "NaN"), (math.inf, "∞"), (-math.inf, "-∞"),
    ],
)  # fmt: skip
def test_a_number_has_three_significant_digits(value: float, text: str) -> None:
    assert digits(value) == text


@pytest.mark.parametrize(
    ("value", "unit", "ko", "en"),
    [
        (54.2, "percent", "54.2 %", "54.2 %"),
        (0.5, "ratio", "0.5", "0.5"),
        (3, "count", "3", "3"),
        (0, "bytes", "0 B", "0 B"),
        (1023, "bytes", "1,023 B", "1,023 B"),
        (1023.99 * 1024, "bytes", "1.00 MiB", "1.00 MiB"),
        (1.5 * 2**30, "bytes", "1.5 GiB", "1.5 GiB"),
        (5e18, "bytes", "4,441 PiB", "4,441 PiB"),
        (2048, "bytes_per_second", "2 KiB/s", "2 KiB/s"),
        (math.inf, "bytes", "∞ B", "∞ B"),
        (0, "seconds", "0초", "0 s"),
        (0.000_002, "seconds", "2 µs", "2 µs"),
        (0.85, "seconds", "850 ms", "850 ms"),
        (0.99996, "seconds", "1.00초", "1.00 s"),
        (2, "seconds", "2초", "2 s"),
        (600, "seconds", "10분", "10 min"),
        (10_800, "seconds", "3시간", "3 h"),
        (864_000, "seconds", "10일", "10 d"),
        (math.nan, "seconds", "NaN초", "NaN s"),
        (14, "days", "14일", "14 days"),
        (81, "celsius", "81 °C", "81 °C"),
        (130.4, "watt", "130 W", "130 W"),
        (14.4, "factor", "14.4배", "14.4×"),
        (102.5, "requests_per_second", "102건/초", "102 req/s"),
        (None, "percent", "자료 없음", "no data"),
    ],
)  # fmt: skip
def test_a_value_is_said_with_its_unit(value: float | None, unit: str, ko: str, en: str) -> None:
    assert texts("ko").number(value, unit) == ko
    assert texts("en").number(value, unit) == en


@given(st.floats(min_value=1e-3, max_value=1e15))
def test_what_is_written_is_the_value_within_half_a_percent(value: float) -> None:
    assert float(digits(value).replace(",", "")) == pytest.approx(value, rel=0.06)
