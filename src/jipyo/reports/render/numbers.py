"""Numbers in the columns of a table: one unit in the head, and decimal points below one another."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jipyo.i18n.numbers import choose_unit
from jipyo.model.figure import Delta, Figure
from jipyo.reports.document import Quantity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.reports.document import Inline, Table
    from jipyo.reports.render.runs import Run
    from jipyo.reports.wording import Localizer

_NUMBER = re.compile(r"[+\u2212-]?[0-9,]+(?:\.([0-9]+))?")


@dataclass(frozen=True, slots=True)
class NumberColumns:
    """How the numbers of a table are written, a value for each of its columns."""

    heads: tuple[str, ...]
    """With the unit that all numbers of a column share."""
    units: tuple[str, ...]
    """What cells leave out, as their head says it; empty where they say it themselves."""
    decimals: tuple[int, ...]
    """Of the number that has most; 0 where a column is not aligned at the decimal point."""

    def pad(self, text: str, column: int) -> str:
        """What a bare number lacks behind its decimal point: `.00` for 5 beside 5.25."""
        most, number = self.decimals[column], _NUMBER.fullmatch(text)
        if not most or number is None:
            return ""
        missing = most - len(number[1] or "")
        return "0" * missing if number[1] else f".{'0' * missing}"


def plan_numbers(table: Table, localizer: Localizer) -> NumberColumns:
    """Units that all cells of a numeric column share go to its head."""
    heads: list[str] = []
    units: list[str] = []
    decimals: list[int] = []
    for at, column in enumerate(table.columns):
        cells = [row[at] for row in (*table.rows, *([table.totals] if table.totals else []))]
        unit = find_shared_unit(cells, localizer) if column.numeric else ""
        head = localizer.format(column.title)
        if unit and f"({unit})" not in head:
            head = localizer.texts("reports.chart.title", name=head, about=unit)
        heads.append(head)
        units.append(unit)
        texts = (drop_unit(localizer.format(cell), unit) for cell in cells)
        numbers = (_NUMBER.fullmatch(text) for text in texts)
        most = max((len(number[1] or "") for number in numbers if number), default=0)
        decimals.append(most if column.numeric else 0)
    return NumberColumns(tuple(heads), tuple(units), tuple(decimals))


def find_shared_unit(cells: Sequence[Inline], localizer: Localizer) -> str:
    """The label that all numbers end with; empty where they differ or are more than numbers."""
    labels = {_find_label(cell, localizer) for cell in cells if cell is not None}
    (label,) = labels if len(labels) == 1 else (None,)
    return label or ""


def _find_label(cell: Inline, localizer: Localizer) -> str | None:
    """The label of a number's unit; None for what is no bare number."""
    match cell:
        case Figure(estimated=True) | Figure(unit="ratio"):
            return None
        case Figure(value=value, unit=unit, proportion=None) if value is not None:
            return _label(value, unit, localizer)
        case Quantity(value, unit):
            return _label(value, unit, localizer)
        case Delta(unit="point"):
            return localizer.texts("reports.point")
        case Delta(value, unit) if unit != "factor":
            return localizer.texts.unit(unit)
        case _:
            return None


def _label(value: float, unit: str, localizer: Localizer) -> str:
    scaled = choose_unit(value, unit)
    return localizer.texts.unit(scaled.unit, scaled.value)


def drop_unit(text: str, unit: str) -> str:
    """The number alone."""
    return text.removesuffix(unit).rstrip() if unit else text


def drop_units(runs: Sequence[Run], unit: str) -> list[Run]:
    """The runs of a cell without the unit that its head has."""
    return [replace(run, text=drop_unit(run.text, unit)) for run in runs]
