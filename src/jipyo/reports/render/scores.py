"""What the cells of a score sheet and of a matrix read like, the same in every format."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from jipyo.analysis.thresholds import State
from jipyo.reports.document import Badge, Mark, ScoreResult, Share, phrase
from jipyo.sla.wording import name_unit

if TYPE_CHECKING:
    from jipyo.reports.document import MatrixRow, ScoreRow, ScoreSheet
    from jipyo.reports.wording import Localizer

SCORE_COLUMNS = (
    "indicator",
    "unit",
    "weight",
    "target",
    "minimum",
    "value",
    "points",
    "score",
    "result",
)
"""The columns of a score sheet; their headings are the texts `contract.scores.{name}`."""
NUMERIC = frozenset({"weight", "target", "minimum", "value", "points", "score"})
RESULT_STATES = {
    ScoreResult.MET: State.OK,
    ScoreResult.MINIMUM: State.WARNING,
    ScoreResult.MISSED: State.CRITICAL,
    ScoreResult.NOT_ENTERED: State.UNKNOWN,
}


STRIP_MARKS = {
    State.OK: Mark.NORMAL,
    State.PENDING: Mark.MARKED,
    State.WARNING: Mark.MARKED,
    State.CRITICAL: Mark.ABNORMAL,
    State.UNKNOWN: Mark.NOT_INSPECTED,
}
"""The worst state of a day as the mark whose sign and look it has."""


def list_score_cells(row: ScoreRow, localizer: Localizer) -> dict[str, str]:
    """The cells of an indicator but its name and its verdict, by column."""
    to_fill = localizer.texts("inspection.to_fill")
    has_value = row.value is not None
    return {
        "unit": name_unit(row.unit, localizer.texts, row.value or 0),
        "weight": write_number(row.weight),
        "target": write_number(row.target, row.decimals),
        "minimum": "–" if row.minimum is None else write_number(row.minimum, row.decimals),
        "value": to_fill if row.value is None else write_number(row.value, row.decimals),
        "points": "–" if row.points is None or not has_value else write_number(row.points),
        "score": "–" if row.score is None else write_number(row.score, 2),
    }


def build_result(row: ScoreRow) -> Badge:
    """The verdict of an indicator, in the colour of its state."""
    return Badge(RESULT_STATES[row.result], phrase(f"contract.result.{row.result.value}"))


def list_total_cells(sheet: ScoreSheet, localizer: Localizer) -> list[dict[str, str]]:
    """The rows below the indicators: the sum, and the score of 100."""
    t = localizer.texts
    weight = write_number(sheet.entered_weight)
    rows = [
        {
            "indicator": t("contract.scores.total", weight=weight),
            "weight": weight,
            "score": write_number(sheet.total, 2),
        }
    ]
    if sheet.percent is not None:
        percent = write_number(sheet.percent, 2)
        rows.append({"indicator": t("contract.scores.percent"), "score": percent})
    return rows


def write_number(value: float, decimals: int | None = None) -> str:
    """A number with its decimals, or with those that it has; never `-0`."""
    text = f"{value:,.10g}" if decimals is None else f"{value:,.{decimals}f}"
    return text.removeprefix("-") if float(text.replace(",", "")) == 0 else text


def count_marks(row: MatrixRow, *marks: Mark) -> int:
    """How many days of a row have one of these marks."""
    return sum(cell is not None and cell.mark in marks for cell in row.cells)


def measure_done(row: MatrixRow) -> float | None:
    """The share of due days that were inspected; None where none was due."""
    due = count_marks(row, *Mark)
    return None if not due else 1 - count_marks(row, Mark.NOT_INSPECTED) / due


def write_done(row: MatrixRow, localizer: Localizer) -> str:
    """The same as a percentage, rounded down."""
    done = measure_done(row)
    rounded = None if done is None else math.floor(done * 1000 + 1e-9) / 1000
    return localizer.format(None if rounded is None else Share(rounded))
