"""A report on a terminal, at the widths that terminals have."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console

from jipyo.i18n import LANGS, Lang
from jipyo.reports.document import ColumnHead, Table, phrase
from jipyo.reports.render.text import draw_spark, print_report, share_width
from reports.documents import build_matrix, build_report, build_scores
from reports.render.test_blocks import BLOCKS

if TYPE_CHECKING:
    from jipyo.reports.document import Block

TITLE = phrase("reports.section.findings")


def show(*blocks: Block, lang: Lang = "en", width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False, emoji=False)
    print_report(build_report(*blocks), lang, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: type(block).__name__)
def test_every_type_of_block_fits_the_width(block: Any, width: int, lang: Lang) -> None:
    text = show(block, lang=lang, width=width)
    assert max(map(cell_len, text.splitlines())) <= width
    assert lang == "ko" or not re.search("[가-힣]", text.partition("\n\n")[2])


@pytest.mark.parametrize(("width", "parts"), [(60, 3), (80, 2), (130, 1)])
def test_the_days_of_a_month_stand_side_by_side_where_there_is_room(width: int, parts: int) -> None:
    text = show(build_matrix("○△×– " + "○" * 26), width=width)
    assert text.count("Item ") == parts
    assert [text.count(sign) for sign in "△×–"] == [1, 1, 1 + text.count(" – Sat")]
    assert "96.6%" in text


def test_signs_of_days_stand_below_their_numbers() -> None:
    lines = show(build_matrix("○" * 20, "×" * 20), lang="ko", width=100).splitlines()
    head = next(line for line in lines if line.startswith("점검 항목"))
    signs = next(line for line in lines if "×" in line)
    for match in re.finditer(r"\d+", head):
        assert signs[match.end() - 1 - (len(head) - len(head.lstrip()))] in "× "
    assert signs.count("×") == 20


def test_long_texts_share_the_width_and_short_ones_stay_whole() -> None:
    assert share_width([5, 10], 80) == [5, 10]
    widths = share_width([5, 400, 100], 84)
    assert widths[0] == 5
    assert sum(widths) <= 80
    assert widths[1] > widths[2] > 20


def test_korean_cells_fold_within_their_columns() -> None:
    head = (ColumnHead(TITLE, numeric=False), ColumnHead(TITLE, numeric=False))
    table = Table("t", "caption", head, (("가나다 " * 30, "라마바 " * 30),))
    text = show(table, lang="ko")
    assert max(map(cell_len, text.splitlines())) <= 80
    assert text.count("가나다") == 30


def test_scores_show_what_is_to_be_filled_and_the_score() -> None:
    text = show(build_scores(), width=120)
    assert "67.50" in text
    assert text.count("to fill") == 2


def test_a_spark_shows_the_greatest_value_of_each_part() -> None:
    assert draw_spark(np.array([0.0, 1.0, 7.0, 0.0, np.nan, np.nan]), 3) == "▁█ "
    assert draw_spark(np.full(4, np.nan), 2) == "  "
    assert draw_spark(np.ones(4), 2) == "▁▁"
