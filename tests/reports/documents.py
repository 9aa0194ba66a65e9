"""Small reports and blocks, made without a store."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from jipyo.analysis.thresholds import State
from jipyo.model.bilingual import Bilingual
from jipyo.model.calendar import PeriodKind, period_containing
from jipyo.model.figure import Figure, Fold
from jipyo.reports.document import Chart, ChartLine, Report, ThresholdLine, phrase

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
