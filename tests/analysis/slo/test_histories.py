"""Objectives beside plain loops over the raw samples of random histories, to the last request.

`make histories` has 10,000 of them.
"""

import os
from fractions import Fraction

import pytest

from analysis.slo.histories import (
    BURN_MINUTES,
    MINUTE_MS,
    History,
    apply,
    count,
    expect_burn_rate,
    make_history,
)
from jipyo.analysis.slo.evaluate import SloEvaluator
from jipyo.analysis.slo.objective import MissingData, SloBasis
from jipyo.analysis.slo.read import CountReader
from jipyo.analysis.slo.result import RefusalReason, SloResult
from jipyo.promql import Engine
from jipyo.source.embedded import Embedded
from jipyo.source.inventory import take_inventory

HISTORIES = int(os.environ.get("JIPYO_HISTORIES", "30"))


def evaluate(history: History) -> SloResult:
    source = Embedded(history.fill(), Engine())
    inventory = take_inventory(source, history.now_ms)
    evaluator = SloEvaluator(CountReader(source), inventory, history.period, history.now_ms)
    (result,) = evaluator.evaluate(history.objective)
    return result


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_an_objective_is_what_plain_loops_over_the_samples_make_of_it(seed: int) -> None:
    history = make_history(seed)
    objective, period = history.objective, history.period
    result, cut_ms = evaluate(history), history.now_ms // MINUTE_MS * MINUTE_MS
    counts = count(history, period.start_ms, cut_ms)
    good, bad = apply(history, counts)
    if result.refusal is not None:
        assert result.refusal.reason is RefusalReason.NO_DATA
        assert (good, bad) == (0, 0)
        return
    assert (result.tally.good, result.tally.bad) == (good, bad)
    share = 1 - objective.target
    allowed = share * (good + bad)
    if objective.basis is SloBasis.TIME:
        assert result.tally.missing == counts[2]
        ignored = counts[2] if objective.missing is MissingData.IGNORE else 0
        allowed = share * (Fraction(period.duration_ms, MINUTE_MS) - ignored)
    if good + bad:
        assert result.compliance == float(Fraction(good, good + bad))
        assert result.budget_left == float(1 - bad / allowed)
    for burn, minutes in zip(result.burn_rates, BURN_MINUTES, strict=True):
        assert burn.rate == expect_burn_rate(history, minutes), burn
