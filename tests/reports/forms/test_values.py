"""How a slot's value is written: as the report prints it, or as the form asks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jipyo.analysis.thresholds import State
from jipyo.model.errors import ReportError
from jipyo.model.figure import Delta
from jipyo.reports.document import Badge, Day, Duration, ExactTime, Moment, Quantity, Share
from jipyo.reports.forms.values import (
    FixedNumber,
    SlotValue,
    find_cell_number,
    normalise,
    parse_format,
    write_value,
)
from jipyo.reports.wording import Localizer
from reports.documents import DAY, HOUR, PERIOD, START, build_figure

KO = Localizer.for_period(PERIOD, "ko")
GIB = 1024.0**3


@pytest.mark.parametrize(
    ("value", "options", "text"),
    [
        (build_figure(91.26), "", "91.3%"),
        (build_figure(91.26), "2", "91.26%"),
        (build_figure(91.26), "소수 0", "91%"),
        (build_figure(91.26), "숫자만", "91.3"),
        (build_figure(91.26), "단위 없이|1", "91.3"),
        (build_figure(91.26), "unit", "%"),
        (build_figure(None), "", "–"),
        (build_figure(None), "2", "–"),
        (None, "숫자만", "–"),
        (Quantity(3 * GIB, "bytes"), "", "3GiB"),
        (Quantity(3 * GIB, "bytes"), "MiB", "3,072MiB"),
        (Quantity(3 * GIB, "bytes"), "GiB|2|number", "3.00"),
        (Quantity(0.81, "seconds"), "", "810ms"),
        (Quantity(0.81, "seconds"), "초|2", "0.81초"),
        (Quantity(0.81, "seconds"), "s|2", "0.81초"),
        (Duration(HOUR), "분", "60분"),
        (ExactTime(90_000), "", "1분 30초"),
        (ExactTime(90_000), "분|1|숫자만", "1.5"),
        (Share(0.99999), "", "99.9%"),
        (Share(0.99999), "2", "99.90%"),
        (Share(1.0), "0", "100%"),
        (Delta(-0.004, "point"), "1", "0.0%p"),
        (12345, "", "12,345"),
        (12345, "1", "12,345.0"),
        (FixedNumber(97.5, 2), "", "97.50"),
        (FixedNumber(97.5, None), "", "97.5"),
        (FixedNumber(97.5, 2), "0", "98"),
        (FixedNumber(-0.001, 2), "", "0.00"),
        (Day(DAY), "iso", "2026-11-21"),
        (Day(DAY), "", "2026년 11월 21일 (토)"),
        (Badge(State.OK), "", "정상"),
    ],
)
def test_values_are_written_as_asked(value: SlotValue, options: str, text: str) -> None:
    wanted = parse_format([one for one in options.split("|") if one], "x")
    assert write_value(value, wanted, KO, "x") == text


@pytest.mark.parametrize(
    ("value", "option", "key"),
    [
        ("글", "2", "forms.no_number"),
        (Badge(State.OK), "숫자만", "forms.no_number"),
        (build_figure(1.0), "iso", "forms.no_number"),
        (build_figure(1.0), "GiB", "forms.other_unit"),
        (Duration(5), "MiB", "forms.other_unit"),
        (build_figure(1.0), "굵게", "forms.unknown_option"),
        (build_figure(1.0), "12", "forms.unknown_option"),
        (build_figure(1.0), "", "forms.unknown_option"),
    ],
)
def test_what_makes_no_sense_is_an_error(value: SlotValue, option: str, key: str) -> None:
    with pytest.raises(ReportError) as error:
        write_value(value, parse_format([option], "{{x}}"), KO, "{{x}}")
    assert error.value.key == key
    assert KO.texts.error(error.value)


@pytest.mark.parametrize(
    ("value", "options", "number"),
    [
        (build_figure(91.256), [], (91.256, "percent")),
        (build_figure(91.256), ["1"], (91.3, "percent")),
        (build_figure(None), [], None),
        (build_figure(float("nan")), [], None),
        (Quantity(GIB, "bytes"), ["MiB"], (1024.0, "mebibyte")),
        (FixedNumber(97.5, 2), [], (97.5, "count")),
        (Share(0.99999), [], (99.9, "percent")),
        (replace(build_figure(0.5), unit="ratio"), [], (0.5, "ratio")),
        (5, ["unit"], None),
        (Moment(START), [], None),
        ("5", [], None),
    ],
)
def test_a_cell_of_a_workbook_gets_a_number(
    value: SlotValue, options: list[str], number: tuple[float, str] | None
) -> None:
    assert find_cell_number(value, parse_format(options, "x")) == number


def test_names_are_compared_without_case_spaces_dots_and_forms_of_unicode() -> None:
    decomposed = "\u1100\u1161"  # 가, as macOS writes it
    assert normalise(f" CPU_사용 률-{decomposed}") == normalise("cpu사용률가")
    assert normalise("내용·대상") == normalise("내용ㆍ대상")
    assert normalise("a.b") != normalise("ab")
    assert normalise("No.") == normalise("no")
