import json
import math
from pathlib import Path

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


CASES: list[tuple[float, str, str, str]] = json.loads(
    Path(__file__).with_name("number_cases.json").read_text(encoding="utf-8")
)
"""Value, unit, Korean and English text; the dashboard's own formatting is held to them too."""


@pytest.mark.parametrize(
    ("value", "unit", "ko", "en"),
    [
        *CASES,
        (math.inf, "bytes", "∞B", "∞ B"),
        (math.nan, "seconds", "NaN초", "NaN s"),
        (None, "percent", "데이터 없음", "no data"),
    ],
)
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
