"""Units in the head of a column, and numbers on their decimal points."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from jipyo.i18n import LANGS, Lang
from jipyo.model.figure import Delta, ProportionEstimate
from jipyo.reports.document import ColumnHead, Quantity, Share, Table, phrase
from jipyo.reports.render.numbers import find_shared_unit, plan_numbers
from jipyo.reports.wording import Localizer
from reports.documents import PERIOD, build_figure

if TYPE_CHECKING:
    from jipyo.reports.document import Inline

TITLE = phrase("reports.column.average")


def build_table(*cells: Inline, numeric: bool = True) -> Table:
    heads = (ColumnHead(TITLE, numeric=False), ColumnHead(TITLE, numeric=numeric))
    return Table("t", "", heads, tuple(("x", cell) for cell in cells))


@pytest.mark.parametrize(
    ("cells", "unit"),
    [
        ((build_figure(25.5), Quantity(3, "percent"), None), "%"),
        ((Quantity(0.85, "seconds"), Quantity(0.2, "seconds")), "ms"),
        ((Quantity(0.85, "seconds"), Quantity(3, "seconds")), ""),  # ms and s
        ((Quantity(1, "count"),), ""),
        ((Delta(1, "point"), Delta(-2, "point")), "pp"),
        ((build_figure(1), Share(0.5)), ""),
        ((replace(build_figure(1), proportion=ProportionEstimate(9, 1, 2)),), ""),
        ((replace(build_figure(1), estimated=True),), ""),
        ((build_figure(None), build_figure(1)), ""),
        ((None,), ""),
        ((), ""),
    ],
)
def test_only_a_unit_that_all_numbers_share_goes_to_the_head(
    cells: tuple[Inline, ...], unit: str
) -> None:
    assert find_shared_unit(cells, Localizer.for_period(PERIOD, "en")) == unit


@pytest.mark.parametrize("lang", LANGS)
def test_a_number_with_the_unit_of_the_head_is_what_it_was_with_its_own(lang: Lang) -> None:
    localizer = Localizer.for_period(PERIOD, lang)
    cells = (build_figure(25.5), build_figure(3), build_figure(1_234))
    columns = plan_numbers(build_table(*cells), localizer)
    head = localizer.format(TITLE)
    assert columns.heads[1] == (f"{head}(%)" if lang == "ko" else f"{head} (%)")
    assert columns.units == ("", "%")
    assert columns.decimals == (0, 1)


@pytest.mark.parametrize(
    ("text", "pad"),
    [("25.5", "0"), ("3", ".00"), ("1.25", ""), ("–", ""), ("<0.1", ""), ("−3", ".00")],
)
def test_what_a_number_lacks_behind_its_point_is_filled_up(text: str, pad: str) -> None:
    cells = (Quantity(25.5, "count"), Quantity(1.25, "count"))
    columns = plan_numbers(build_table(*cells), Localizer.for_period(PERIOD, "ko"))
    assert columns.pad(text, 1) == pad


def test_a_column_of_text_is_left_alone() -> None:
    table = build_table(build_figure(25.5), numeric=False)
    columns = plan_numbers(table, Localizer.for_period(PERIOD, "en"))
    assert (columns.units[1], columns.decimals[1]) == ("", 0)
