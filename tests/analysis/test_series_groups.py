"""Series of a metric narrowed by matchers, and taken together by a label."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from analysis.shaped import measured
from jipyo.alerts.matchers import parse_matchers
from jipyo.analysis.series_groups import (
    fold_series,
    group_series,
    keep_worst_series,
    select_series,
)
from jipyo.catalogue import Across, Direction, ReportShape
from jipyo.model.labels import Labels
from jipyo.model.result import Matrix

if TYPE_CHECKING:
    from jipyo.source.metric_data import MetricData

ROWS = {("a", "0"): [1.0, 4.0], ("a", "1"): [3.0, np.nan], ("b", "0"): [5.0, 6.0]}


def build(across: Across = Across.MAX, direction: Direction = Direction.NEUTRAL) -> MetricData:
    data = measured("1")
    values = np.array(list(ROWS.values()))
    metric = replace(
        data.metric, thresholds=None, direction=direction, report=ReportShape(across=(across,))
    )
    series = tuple(Labels.of({"host": host, "gpu": gpu}) for host, gpu in ROWS)
    matrix = Matrix(series, np.array([0, 1000]), values, ~np.isnan(values))
    return replace(
        data, metric=metric, matrix=matrix, queries=data.queries * 3, expressions=(("e", "x"),)
    )


@pytest.mark.parametrize(
    ("text", "hosts"),
    [("", 3), ('host="a"', 2), ('host=~"a|b", gpu!="0"', 1), ('{gpu="9"}', 0)],
)
def test_matchers_leave_the_series_that_they_select(text: str, hosts: int) -> None:
    assert len(select_series(build(), parse_matchers(text)).matrix.series) == hosts


@pytest.mark.parametrize(
    ("across", "direction", "expected"),
    [
        (Across.MAX, Direction.HIGHER_IS_WORSE, [[3, 4], [5, 6]]),
        (Across.MAX, Direction.LOWER_IS_WORSE, [[1, 4], [5, 6]]),
        (Across.MIN, Direction.NEUTRAL, [[1, 4], [5, 6]]),
        (Across.SUM, Direction.NEUTRAL, [[4, 4], [5, 6]]),
        (Across.AVG, Direction.NEUTRAL, [[2, 4], [5, 6]]),
    ],
)
def test_series_of_a_label_become_one(
    across: Across, direction: Direction, expected: list[list[float]]
) -> None:
    matrix = group_series(build(across, direction), ["host"]).matrix
    assert [dict(one.pairs) for one in matrix.series] == [{"host": "a"}, {"host": "b"}]
    assert matrix.values.tolist() == expected


def test_a_label_that_tells_all_apart_or_none_changes_nothing() -> None:
    assert group_series(build(), ["host", "gpu"]).matrix.series == build().matrix.series
    assert group_series(build(), []).matrix.series == build().matrix.series


def test_all_series_fold_into_one_row() -> None:
    assert fold_series(build(Across.SUM)).tolist() == [9, 10]


def test_a_limit_keeps_the_worst_series_in_their_order() -> None:
    hosts = [dict(one.pairs) for one in keep_worst_series(build(), 2).matrix.series]
    assert hosts == [{"host": "a", "gpu": "0"}, {"host": "b", "gpu": "0"}]
    (low,) = keep_worst_series(build(direction=Direction.LOWER_IS_WORSE), 1).matrix.series
    assert low["gpu"] == "0"
    assert keep_worst_series(build(), 3).matrix.series == build().matrix.series
