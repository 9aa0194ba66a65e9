"""The month against a count of every second, on random histories.

The plain tests take some; `python -m bench contract_oracle` takes ten thousand.
"""

from __future__ import annotations

from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from jipyo.model.calendar import start_of_day
from jipyo.sla.evaluate import evaluate_month, find_time, find_window
from jipyo.sla.holidays import find_days_off
from jipyo.sla.profile import Measure
from sla.histories import History, add_late_data, make_history
from sla.reference import Counts, count_month


def find_difference(history: History) -> str:
    """What differs from the count of every second; empty where nothing does."""
    window = find_window(history.system, history.month, history.now_ms)
    if window is None:
        return ""
    expected = _count(history, window)
    time = find_time(
        history.profile, history.system, history.month, history.now_ms, history.records
    )
    account = time.account
    found = {
        "outside": account.outside_hours_ms,
        "planned": account.planned_ms,
        "unmeasured": account.unmeasured_ms,
        "outage": account.outage_ms,
        "not_counted": account.not_counted_ms,
        "up": account.up_ms,
        "counted": time.counted_ms,
        "listed": sum(line.counted_ms for line in time.outages),
        "excluded": sum(line.excluded_ms for line in time.planned),
        "daily": sum(day.account.up_ms for day in time.days),
        "calendar": sum(day.account.calendar_ms for day in time.days),
    }
    asked = {
        **{name: getattr(expected, name) * 1000 for name in list(found)[:7]},
        "listed": expected.counted * 1000,
        "excluded": expected.planned * 1000,
        "daily": expected.up * 1000,
        "calendar": window[1] - window[0],
    }
    differences = [
        f"{name}: {found[name]} for {asked[name]}" for name in found if found[name] != asked[name]
    ]
    return "; ".join([*differences, *_compare_lines(history, expected)])


def _count(history: History, window: tuple[int, int]) -> Counts:
    system, zone = history.system, ZoneInfo(history.month.zone)
    start_s = 0 if system.start is None else start_of_day(system.start, zone) // 1000
    days_off = find_days_off(history.profile.hours.holidays, system.days_off, system.working_days)
    cut = window[0] // 1000, window[1] // 1000
    return count_month(history.profile, cut, start_s, zone, history.records, days_off)


def _compare_lines(history: History, expected: Counts) -> list[str]:
    month = evaluate_month(
        history.profile, history.system, history.month, history.now_ms, history.records
    )
    n, seconds = len(expected.restores), expected.restores
    assert history.profile.restore is not None
    allowed_s = history.profile.restore.allowed_ms // 1000
    up, promised = expected.availability
    values = {
        Measure.AVAILABILITY: Fraction(100 * up, promised) if promised else None,
        Measure.OUTAGES: Fraction(n),
        Measure.MEAN_RESTORE: Fraction(sum(seconds), 60 * n) if n else Fraction(0),
        Measure.LONGEST_RESTORE: Fraction(max(seconds, default=0), 60),
        Measure.RESTORED_IN_TIME: (
            Fraction(100 * sum(one <= allowed_s for one in seconds), n) if n else Fraction(100)
        ),
    }
    wrong = [
        f"{line.indicator.id}: {line.value} for {value}"
        for line in month.lines
        for value in [values[line.indicator.measure]]
        if line.value != (None if value is None else float(value))
    ]
    charged_ms = sum(line.charged_ms for line in month.outages)
    if charged_ms != 1000 * expected.charged:
        wrong.append(f"charged: {charged_ms} for {1000 * expected.charged}")
    return wrong


@pytest.mark.parametrize("seed", range(30))
def test_every_second_of_a_random_month_is_counted_as_the_rules_say(seed: int) -> None:
    history = make_history(seed)

    assert find_difference(history) == ""
    assert find_difference(add_late_data(history, seed)) == ""
