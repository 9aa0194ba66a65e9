"""From bad requests to the alert: the burn metrics of the catalogue over the series of a day."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from jipyo.analysis.objectives import Result
from jipyo.analysis.slo.budget import list_burn_rates
from jipyo.analysis.slo.counts import SloCounts, SloTally
from jipyo.analysis.slo.objective import RatioIndicator, ServiceLevelObjective
from jipyo.analysis.slo.result import SloResult
from jipyo.analysis.thresholds import Severity, judge_history
from jipyo.app.slo import build_slo_series
from jipyo.catalogue import load
from jipyo.model.bilingual import Bilingual
from jipyo.model.labels import Labels
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.source.metric_data import read_metric
from support.levels import DAY_MS, MINUTE_MS, NOV_1_MS
from support.memory import MemoryStore

if TYPE_CHECKING:
    from jipyo.model.sample import Values

OBJECTIVE = ServiceLevelObjective(
    id="errors",
    name=Bilingual("에러", "Errors"),
    target=Fraction("0.999"),
    indicators=(RatioIndicator("t", bad="b"),),
)
PERIOD = OBJECTIVE.period.find(NOV_1_MS, ZoneInfo("Asia/Seoul"))
START_MS = NOV_1_MS + 4 * DAY_MS
"""When requests begin to fail."""
REQUESTS = 1000.0
"""A minute."""


def store_burn_rates(bad: Values, minutes: int) -> Embedded:
    """The series of the minutes after the start; `bad` is of each minute since then."""
    before = 3 * 1440
    edges = START_MS + MINUTE_MS * np.arange(-before, len(bad) + 1)
    failed = np.concatenate((np.zeros(before), bad))
    counts = SloCounts(edges, REQUESTS - failed, failed, np.zeros(len(failed)))
    store = MemoryStore()
    rows: dict[Labels, list[float]] = {}
    times = list(range(START_MS, START_MS + minutes * MINUTE_MS + 1, MINUTE_MS))
    for t_ms in times:
        result = SloResult(
            objective=OBJECTIVE, labels=Labels.of({"job": "api"}), name="", period=PERIOD,
            cut_ms=t_ms, tally=SloTally(1, 0), compliance=None, budget=1, budget_left=None,
            result=Result.UNKNOWN, burn_rates=list_burn_rates(OBJECTIVE, counts, t_ms),
            expressions={},
        )  # fmt: skip
        for labels, value in build_slo_series(result):
            rows.setdefault(labels, []).append(value)
    for labels, values in rows.items():
        store.put(labels, times, values)
    return Embedded(store, Engine())


def find_firing(source: Embedded, metric_id: str, minutes: int) -> tuple[list[int], Severity]:
    """The minutes after the start in which a metric fires, and how gravely."""
    metric = load().get(metric_id)
    assert metric is not None
    assert metric.thresholds is not None
    end_ms = START_MS + minutes * MINUTE_MS
    matrix = read_metric(source, metric, START_MS, end_ms, MINUTE_MS).matrix
    assert [dict(labels.pairs) for labels in matrix.series] == [{"job": "api", "slo": "errors"}]
    history = judge_history(
        matrix.t_ms, matrix.values, matrix.present, metric.thresholds, metric.direction
    )
    severity = history.severity[0]
    firing = np.flatnonzero(severity >= Severity.WARNING)
    return firing.tolist(), Severity(int(severity.max()))


@pytest.mark.parametrize(
    ("metric_id", "bad", "for_minutes", "first", "last", "severity"),
    [
        # 5% fail, 50 times too many: the hour is at 14.4 after 18 minutes, two more for `for`
        ("app.error_budget.burn_1h", 50.0, 30, 20, 33, Severity.CRITICAL),
        # 2% fail: 20 times; the hour is at 14.4 after 44 minutes, and half an hour is not enough
        ("app.error_budget.burn_1h", 20.0, 30, None, None, Severity.OK),
        # the six hours are at 6 after 44 minutes, fifteen more
        ("app.error_budget.burn_6h", 50.0, 90, 59, 116, Severity.CRITICAL),
        # the day is at 3 after 87 minutes, an hour more
        ("app.error_budget.burn_1d", 50.0, 240, 147, 352, Severity.WARNING),
    ],
)
def test_an_alert_comes_when_it_matters_and_goes_soon_after_the_end(
    metric_id: str,
    bad: float,
    for_minutes: int,
    first: int | None,
    last: int | None,
    severity: Severity,
) -> None:
    minutes = for_minutes + 150
    failed = np.zeros(minutes)
    failed[:for_minutes] = bad
    firing, gravest = find_firing(store_burn_rates(failed, minutes), metric_id, minutes)
    ends = (firing[0], firing[-1]) if firing else (None, None)
    assert ends == (first, last)
    assert gravest in (severity, Severity.PENDING)
