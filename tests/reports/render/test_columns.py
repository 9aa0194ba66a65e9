"""Widths of the columns of a printed table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.reports.render.columns import choose_size, plan_widths

CELL = st.text("가나 abc0123456789", max_size=60)


@given(st.data(), st.integers(1, 9), st.integers(0, 5))
def test_the_columns_fill_the_page(data: st.DataObject, columns: int, rows: int) -> None:
    heads = data.draw(st.lists(CELL, min_size=columns, max_size=columns))
    row = st.lists(CELL, min_size=columns, max_size=columns)
    cells = data.draw(st.lists(row, min_size=rows, max_size=rows))
    numeric = data.draw(st.lists(st.booleans(), min_size=columns, max_size=columns))
    widths = plan_widths(heads, cells, numeric, 8.6, 482)
    assert sum(widths) == pytest.approx(482)
    assert min(widths) > 0


def test_a_number_keeps_its_line_and_a_text_wraps() -> None:
    text = "응답 시간이 임계치를 넘은 구간의 길이와 최댓값 " * 8
    name, number = plan_widths(
        ("지표", "최대"), [[text, "1,234,567.89ms"]], (False, True), 8.6, 482
    )
    assert number < 100
    assert name > 380


def test_room_that_nobody_needs_goes_to_texts() -> None:
    name, number = plan_widths(("지표", "값"), [["CPU", "1"]], (False, True), 8.6, 482)
    assert number < 25
    assert name > 450


def test_what_cannot_be_broken_keeps_its_width_where_there_is_too_little_room() -> None:
    heads = ("지표", *("긴머리글이라좁힐수없음",) * 9, "상태")
    rows = [["CPU", *("123,456,789,012,345",) * 9, "mmmm위험"]]
    numeric = (False, *(True,) * 9, False)
    free = plan_widths(heads, rows, numeric, 7.2, 482)
    held = plan_widths(heads, rows, numeric, 7.2, 482, (*(False,) * 10, True))
    assert held[-1] > free[-1]
    assert sum(held) == pytest.approx(482)


@pytest.mark.parametrize(("columns", "size"), [(3, 8.8), (12, 7.2)])
def test_a_table_that_is_too_wide_is_set_in_smaller_type(columns: int, size: float) -> None:
    heads, row = ["열"] * columns, ["1,234,567.89"] * columns
    assert choose_size(heads, [row], [True] * columns, (8.8, 7.2), 482) == size
