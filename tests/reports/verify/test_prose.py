"""Numbers of prose are found as people write them, and traced to the figures of a report."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.reports.verify.numbers import WrittenMoment, find_numbers
from jipyo.reports.verify.prose import FactBook, TracedNumber, trace_numbers
from reports.verify.month import ENGLISH, KOREAN, REPORT, TRUE_TEXTS
from reports.verify.mutations import change_texts


@pytest.fixture(scope="module")
def book() -> FactBook:
    return FactBook(REPORT)


def trace(book: FactBook, line: str) -> list[TracedNumber]:
    return list(book.trace(line, list(find_numbers(line))))


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("요청 1,234건", [("count", 1234, 1)]),
        ("99.91%", [("percent", 99.91, 0.01)]),
        ("99.91 percent", [("percent", 99.91, 0.01)]),
        ("1.2%p 늘어 −3.5℃", [("point", 1.2, 0.1), ("celsius", -3.5, 0.1)]),
        ("+1.2 pp", [("point", 1.2, 0.1)]),
        ("2시간 3분", [("seconds", 7380, 60)]),
        ("41분 30초, 44,303분 15초", [("seconds", 2490, 1), ("seconds", 2658195, 1)]),
        ("2 h 3 min", [("seconds", 7380, 60)]),
        ("41 minutes and 30 seconds", [("seconds", 2490, 1)]),
        ("1.81초, 850ms", [("seconds", 1.81, 0.01), ("seconds", 0.85, 0.001)]),
        ("3만 건", [("count", 3e4, 1e4)]),
        ("1억 2,000만 건", [("count", 1.2e8, 1e4)]),
        ("1만 2,044명", [("count", 12044, 1)]),
        ("1.5만 건", [("count", 15000, 1000)]),
        ("12.3 million requests", [("count", 12.3e6, 1e5)]),
        ("25.5 GiB", [("bytes", 25.5 * 2**30, 0.1 * 2**30)]),
        ("3.42TiB", [("bytes", 3.42 * 2**40, 0.01 * 2**40)]),
        ("1.5 MiB/s", [("bytes_per_second", 1.5 * 2**20, 0.1 * 2**20)]),
        ("1.6 MWh", [("kilowatt_hours", 1600, 100)]),
        ("10~20%", [("percent", 10, 1), ("percent", 20, 1)]),
        ("10 to 20%", [("percent", 10, 1), ("percent", 20, 1)]),
        ("5–7분", [("seconds", 300, 60), ("seconds", 420, 60)]),
        ("GPU 3", [("", 3, 1)]),
        ("91.87점", [("points", 91.87, 0.01)]),
        ("236.4건/s", [("per_second", 236.4, 0.1)]),
        ("-", []),
        ("no number, 세 번", []),
    ],
)
def test_quantities_are_read_with_unit_and_rounding(
    text: str, numbers: list[tuple[str, float, float]]
) -> None:
    found = [(one.dimension, one.value, one.step) for one in find_numbers(text)]
    assert [one[0] for one in found] == [one[0] for one in numbers]
    for (_, value, step), (_, expected, expected_step) in zip(found, numbers, strict=True):
        assert value == pytest.approx(expected)
        assert step == pytest.approx(expected_step)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("10. 14. 14:05", WrittenMoment(None, 10, 14, 14, 5)),
        ("2026. 10. 14.(수) 14:05", WrittenMoment(2026, 10, 14, 14, 5)),
        ("10월 14일", WrittenMoment(None, 10, 14)),
        ("2026년 10월 14일 오후 2시 5분", WrittenMoment(2026, 10, 14, 14, 5)),
        ("10월 14일 14시", WrittenMoment(None, 10, 14, 14)),
        ("2026-10-14 14:05:09", WrittenMoment(2026, 10, 14, 14, 5, 9)),
        ("2026-10-14T14:05", WrittenMoment(2026, 10, 14, 14, 5)),
        ("14 Oct 14:05", WrittenMoment(None, 10, 14, 14, 5)),
        ("14 October 2026 at 14:05", WrittenMoment(2026, 10, 14, 14, 5)),
        ("October 14, 2026", WrittenMoment(2026, 10, 14)),
        ("14:46:30", WrittenMoment(hour=14, minute=46, second=30)),
        ("2026년 10월", WrittenMoment(2026, 10)),
        ("October 2026", WrittenMoment(2026, 10)),
        ("10월", WrittenMoment(None, 10)),
    ],
)
def test_dates_and_times_are_read_as_far_as_they_are_written(
    text: str, moment: WrittenMoment
) -> None:
    assert [one.moment for one in find_numbers(text)] == [moment]


@pytest.mark.parametrize(
    "name", ["v2.4.1", "db-1:5432", "10.0.0.1:80", "p95", "JIPYO-M-202610", "3a92f44fb45", "H100"]
)
def test_names_with_digits_are_no_quantities(name: str) -> None:
    assert [(one.text, one.dimension) for one in find_numbers(f"On {name}.")] == [(name, "name")]


def test_a_number_says_where_it_stands() -> None:
    found = list(find_numbers("first\n  and 12 of\r\n\n34%"))
    assert [(one.line, one.column, one.text) for one in found] == [(2, 7, "12"), (4, 1, "34%")]


@pytest.mark.parametrize("text", TRUE_TEXTS)
def test_a_true_text_raises_no_alarm(book: FactBook, text: str) -> None:
    assert [one.mention.text for one in trace(book, text) if one.fact is None] == []


def test_200_changed_texts_are_found(book: FactBook) -> None:
    changed = change_texts(TRUE_TEXTS, 200, seed=18)
    languages = (
        {one.original in KOREAN for one in changed},
        {one.original in ENGLISH for one in changed},
    )
    assert languages == ({True, False}, {True, False})
    missed = [one for one in changed if all(each.fact for each in trace(book, one.text))]
    assert missed == []


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("디스크 사용률은 43.2%였습니다.", "43.2%"),
        ("Memory utilisation was 91.2% at its peak.", "91.2%"),
        ("Generated tokens: 12,044.", "12,044"),
        ("10월 22일 데이터베이스 장애가 있었습니다.", "10월 22일"),
        ("v2.4.2 was deployed.", "v2.4.2"),
        ("정확도는 92.48%입니다.", "92.48%"),
        ("CPU 사용률은 최대 912%였습니다.", "912%"),
    ],
)
def test_a_figure_of_something_else_does_not_count(book: FactBook, text: str, written: str) -> None:
    assert [one.mention.text for one in trace(book, text) if one.fact is None] == [written]


def test_a_day_at_the_head_of_a_row_counts_with_a_value_of_its_row(book: FactBook) -> None:
    assert all(one.fact for one in trace(book, "일별 시간: 10월 3일은 0분"))
    assert trace(book, "일별 시간: 10월 3일은 7분")[0].fact is None


def test_lines_are_traced_one_by_one() -> None:
    found = trace_numbers("CPU 사용률 43.2%\n\nCPU utilisation 43.3%\n", REPORT)
    assert [(one.mention.line, one.fact is not None) for one in found] == [(1, True), (3, False)]


@given(st.text(alphabet="0123456789.,:%만억시간분초월일 GiBmsOct-~+−()p\n년", max_size=80))
def test_any_text_is_read(text: str) -> None:
    for one in find_numbers(text):
        line = text.splitlines()[one.line - 1]
        assert one.text
        assert line[one.column - 1 :].startswith(one.text)
