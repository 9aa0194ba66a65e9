import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jipyo.i18n import LANGS, Lang, texts
from jipyo.i18n.numbers import choose_unit, format_digits


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
    assert format_digits(value) == text


@pytest.mark.parametrize(
    ("value", "unit", "ko", "en"),
    [
        (54.2, "percent", "54.2%", "54.2%"),
        (0.5, "ratio", "0.5", "0.5"),
        (3, "count", "3", "3"),
        (0, "bytes", "0B", "0 B"),
        (1023, "bytes", "1,023B", "1,023 B"),
        (1023.99 * 1024, "bytes", "1.00MiB", "1.00 MiB"),
        (1.5 * 2**30, "bytes", "1.5GiB", "1.5 GiB"),
        (-2048, "bytes", "-2KiB", "-2 KiB"),
        (5e18, "bytes", "4,441PiB", "4,441 PiB"),
        (2048, "bytes_per_second", "2KiB/s", "2 KiB/s"),
        (math.inf, "bytes", "∞B", "∞ B"),
        (0, "seconds", "0초", "0 s"),
        (0.000_002, "seconds", "2µs", "2 µs"),
        (0.85, "seconds", "850ms", "850 ms"),
        (0.99996, "seconds", "1.00초", "1.00 s"),
        (2, "seconds", "2초", "2 s"),
        (119.9, "seconds", "2.00분", "2.00 min"),
        (600, "seconds", "10분", "10 min"),
        (10_800, "seconds", "3시간", "3 h"),
        (864_000, "seconds", "10일", "10 d"),
        (math.nan, "seconds", "NaN초", "NaN s"),
        (1.7976931348623157e308, "seconds", "2.08e+303일", "2.08e+303 d"),
        (14, "days", "14일", "14 days"),
        (1, "days", "1일", "1 day"),
        (1.0, "requests", "1건", "1 request"),
        (0, "requests", "0건", "0 requests"),
        (81, "celsius", "81°C", "81 °C"),
        (130.4, "watt", "130W", "130 W"),
        (14.4, "factor", "14.4배", "14.4×"),
        (5, "per_second", "5건/초", "5/s"),
        (5, "per_minute", "5건/분", "5/min"),
        (102.5, "requests_per_second", "102건/초", "102 req/s"),
        (40, "pages_per_second", "40페이지/초", "40 pages/s"),
        (1, "packets_per_second", "1패킷/초", "1 packet/s"),
        (None, "percent", "데이터 없음", "no data"),
    ],
)  # fmt: skip
def test_a_value_has_its_unit(value: float | None, unit: str, ko: str, en: str) -> None:
    assert texts("ko").number(value, unit) == ko
    assert texts("en").number(value, unit) == en


@given(st.floats(min_value=1e-3, max_value=1e15))
def test_a_formatted_number_is_close_to_its_value(value: float) -> None:
    assert float(format_digits(value).replace(",", "")) == pytest.approx(value, rel=0.06)


@given(st.floats(allow_nan=False), st.sampled_from(["bytes", "bytes_per_second", "seconds"]))
@example(1.795e308, "seconds")  # rounds to infinity
def test_a_scaled_value_keeps_its_sign_and_is_no_longer_than_before(
    value: float, unit: str
) -> None:
    scaled = choose_unit(value, unit)
    assert math.copysign(1, scaled.value) == math.copysign(1, value) or value == 0
    assert unit != "bytes" or abs(scaled.value) <= abs(value)


@pytest.mark.parametrize("lang", LANGS)
@given(value=st.floats(), unit=st.sampled_from(["percent", "bytes", "seconds", "days", "factor"]))
def test_a_percent_sign_never_follows_a_space(lang: Lang, value: float, unit: str) -> None:
    text = texts(lang).number(value, unit)
    assert " %" not in text
    assert lang == "en" or " " not in text


@pytest.mark.parametrize(
    ("unit", "ko", "en"),
    [
        ("percent", "%", "%"), ("count", "", ""), ("days", "일", "days"), ("bytes", "B", "B"),
        ("requests", "건", "requests"), ("tokens_per_joule", "토큰/J", "tokens/J"),
    ],
)  # fmt: skip
def test_an_axis_is_labelled_in_the_plural(unit: str, ko: str, en: str) -> None:
    assert texts("ko").unit(unit) == ko
    assert texts("en").unit(unit) == en
