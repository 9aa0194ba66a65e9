"""Small reports and blocks, made without a store."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from jipyo.analysis.thresholds import State
from jipyo.model.bilingual import Bilingual
from jipyo.model.calendar import PeriodKind, period_containing
from jipyo.model.figure import Figure, Fold
from jipyo.reports.document import (
    Band,
    Chart,
    ChartLine,
    DayMatrix,
    Mark,
    MatrixCell,
    MatrixRow,
    Quotient,
    Report,
    Rounding,
    ScoreResult,
    ScoreRow,
    ScoreSheet,
    ThresholdLine,
    phrase,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.reports.document import Block, Inline

SEOUL = ZoneInfo("Asia/Seoul")
DAY = date(2026, 11, 21)
MINUTE = 60_000
HOUR = 60 * MINUTE
PERIOD = period_containing(PeriodKind.DAY, DAY, SEOUL)
START = PERIOD.start_ms
NAME = Bilingual("응답 시간", "Response time")


def build_report(*blocks: Block) -> Report:
    return Report(
        kind="daily",
        number="JIPYO-D-20261121",
        title=phrase("reports.daily.title"),
        period=PERIOD,
        cut_ms=PERIOD.end_ms,
        step_ms=MINUTE,
        made_ms=PERIOD.end_ms + HOUR,
        instances=("node-1",),
        catalogue="0" * 64,
        state=State.OK,
        blocks=blocks,
    )


def build_figure(value: float | None, unit: str = "percent") -> Figure:
    return Figure(
        metric="m", value=value, unit=unit, fold=Fold.AVERAGE, expr="m", series="{}",
        exporter="e", start_ms=0, end_ms=HOUR, step_ms=MINUTE, samples=60, coverage=1.0,
    )  # fmt: skip


def build_chart(
    *lines: Sequence[float],
    names: Sequence[str] = (),
    thresholds: Sequence[ThresholdLine] = (),
    ghost: Sequence[float] | None = None,
    others: tuple[Sequence[float], Sequence[float]] | None = None,
    unit: str = "percent",
    caption: Inline = "caption",
) -> Chart:
    """A chart from the day's first minute on; lines have no name where none is given."""

    def line(values: Sequence[float], name: str = "") -> ChartLine:
        return ChartLine(name, np.array(values, np.float64))

    named = names or [""] * len(lines)
    return Chart(
        id="chart-m",
        title=NAME,
        unit=unit,
        start_ms=PERIOD.start_ms,
        step_ms=MINUTE,
        lines=tuple(line(values, name) for values, name in zip(lines, named, strict=True)),
        others=(line(others[0]), line(others[1])) if others else None,
        others_count=3 if others else 0,
        ghost=line(ghost) if ghost else None,
        thresholds=tuple(thresholds),
        worse=1,
        caption=caption,
    )


def build_matrix(*rows: str) -> DayMatrix:
    """Rows of signs, one a day from the day on; a blank is a day that is not due."""
    marks = {mark.sign: mark for mark in Mark}
    days = tuple(DAY + timedelta(days=at) for at in range(max(map(len, rows))))

    def build_cell(sign: str) -> MatrixCell | None:
        return MatrixCell(marks[sign], "because") if sign in marks else None

    return DayMatrix(
        id="m",
        caption="caption",
        days=days,
        days_off=days[:1],
        rows=tuple(MatrixRow(NAME, tuple(map(build_cell, signs))) for signs in rows),
    )


def build_scores() -> ScoreSheet:
    """An availability at its minimum, a count that missed, and one that nobody entered."""
    shared = {"name": NAME, "how": "how", "is_typed": False, "otherwise": 0.0}
    return ScoreSheet(
        id="s",
        caption="caption",
        rows=(
            ScoreRow(
                **shared,  # type: ignore[arg-type]
                unit="%", decimals=2, weight=30, target=99.95, minimum=99.9, higher_is_better=True,
                value=99.91, quotient=Quotient(numerator=44_480.5, denominator=44_520.0,
                                               factor=100.0, rounding=Rounding.DOWN),
                bands=(Band(99.95, 100), Band(99.92, 95), Band(99.9, 90)),
                points=90, score=27.0, result=ScoreResult.MINIMUM,
            ),
            ScoreRow(
                **shared,  # type: ignore[arg-type]
                unit="count", decimals=0, weight=10, target=1, minimum=None,
                higher_is_better=False, value=2.0, quotient=None, bands=(Band(1, 100),),
                points=0, score=0.0, result=ScoreResult.MISSED,
            ),
            ScoreRow(
                **{**shared, "is_typed": True},  # type: ignore[arg-type]
                unit="points", decimals=1, weight=10, target=90, minimum=80,
                higher_is_better=True, value=None, quotient=None, bands=(Band(90, 100),),
                points=None, score=None, result=ScoreResult.NOT_ENTERED,
            ),
        ),
        entered_weight=40,
        total=27.0,
        percent=67.5,
        rounding=Rounding.DOWN,
    )  # fmt: skip
