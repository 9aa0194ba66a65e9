"""Widths of the columns of a printed table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.reports.render.columns import plan_widths

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
