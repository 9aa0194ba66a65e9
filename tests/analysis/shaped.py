"""Metrics and measurements made up for tests: a value a minute, `.` where there is none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from jipyo.catalogue import (
    Across,
    Direction,
    Metric,
    MetricGroup,
    MetricQuery,
    Origin,
    ReportShape,
    Statistic,
    Summary,
    Thresholds,
    Unit,
)
from jipyo.model.bilingual import Bilingual
from jipyo.model.labels import Labels
from jipyo.model.result import Matrix
from jipyo.source.metric_data import MetricData

T0_MS = 1_795_186_800_000  # 2026-11-21 00:00 in Seoul
MINUTE_MS = 60_000

METRIC = Metric(
    id="system.cpu.utilization",
    group=MetricGroup.SYSTEM,
    name=Bilingual("CPU 전체 사용률", "CPU utilisation"),
    description=Bilingual("비율", "Share"),
    unit=Unit.PERCENT,
    direction=Direction.HIGHER_IS_WORSE,
    labels=("instance",),
    required=True,
    idle_without_data=False,
    window_ms=300_000,
    thresholds=None,
    objective=None,
    report=ReportShape(summaries=(Summary.MAX,), across=(Across.MAX,)),
    remedy=None,
    queries=(MetricQuery(exporter="node_exporter", promql="cpu"),),
    where="test:1",
)
FULL = MetricQuery(exporter="node_exporter", promql="cpu")
MEAN = MetricQuery(exporter="triton", promql="mean", statistic=Statistic.MEAN)


def levels(
    warning: float | None = 70,
    critical: float | None = 85,
    *,
    minutes: int = 0,
    recover_warning: float | None = None,
    recover_critical: float | None = None,
) -> Thresholds:
    return Thresholds(
        warning=warning,
        critical=critical,
        for_ms=minutes * MINUTE_MS,
        recover_warning=recover_warning,
        recover_critical=recover_critical,
        origin=Origin.SPECIFICATION,
        note=None,
    )


def metric(**changes: Any) -> Metric:
    return replace(METRIC, **{"thresholds": levels(), **changes})


def matrix(*rows: str, names: tuple[dict[str, str], ...] = ()) -> Matrix:
    cells = [row.split() for row in rows]
    names = names or tuple({"instance": f"host{i}"} for i in range(len(rows)))
    steps = len(cells[0]) if cells else 0
    shape = (len(rows), steps)
    present = np.array([[cell != "." for cell in row] for row in cells], bool).reshape(shape)
    numbers = [[0.0 if cell == "." else float(cell) for cell in row] for row in cells]
    values = np.array(numbers, np.float64).reshape(shape)
    t_ms = T0_MS + MINUTE_MS * np.arange(steps, dtype=np.int64)
    return Matrix(tuple(Labels.of(name) for name in names), t_ms, values, present)


def measured(
    *rows: str,
    of: Metric | None = None,
    names: tuple[dict[str, str], ...] = (),
    given: tuple[MetricQuery, ...] = (),
    n: tuple[str, ...] = (),
) -> MetricData:
    """`n` has the number of cases of each value, written as the rows are."""
    queries = given or (FULL,) * len(rows)
    cases = matrix(*n)
    counted = np.where(cases.present, cases.values, np.nan) if n else None
    return MetricData(of or metric(), matrix(*rows, names=names), queries, (), (), counted)
