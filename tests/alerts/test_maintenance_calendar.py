"""Maintenance windows by calendar, in a zone whose clocks are moved."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from jipyo.alerts.maintenance_calendar import expand_maintenance
from jipyo.alerts.options import Maintenance

BERLIN = ZoneInfo("Europe/Berlin")
HOUR_MS = 3_600_000
NIGHTLY = Maintenance(name="backup", schedule="30 2 * * *", duration_ms=HOUR_MS, approval="7")


def at(text: str) -> int:
    """A moment; one with an offset where the clocks show a time twice."""
    moment = datetime.fromisoformat(text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=BERLIN)
    return int(moment.timestamp() * 1000)


@pytest.mark.parametrize(
    ("start", "end", "begins"),
    [
        ("2027-01-04 00:00", "2027-01-06 00:00", ["2027-01-04 02:30", "2027-01-05 02:30"]),
        ("2027-01-04 03:29", "2027-01-04 03:30", ["2027-01-04 02:30"]),  # it still lasts
        ("2027-01-04 03:30", "2027-01-05 02:30", []),
        ("2027-01-04 02:29", "2027-01-04 02:30", []),
        ("2027-03-28 00:00", "2027-03-29 00:00", ["2027-03-28 03:00+02:00"]),  # 02:30 is skipped
        ("2027-10-31 00:00", "2027-11-01 00:00", ["2027-10-31 02:30+02:00"]),  # shown twice
    ],
)
def test_a_window_comes_again_by_the_clocks_on_the_wall(
    start: str, end: str, begins: list[str]
) -> None:
    windows = expand_maintenance([NIGHTLY], at(start), at(end), BERLIN)
    assert [one.start_ms for one in windows] == [at(each) for each in begins]
    assert all(one.end_ms - one.start_ms == HOUR_MS for one in windows)
    assert {(one.approval, one.who) for one in windows} <= {("7", "")}
    assert len({one.id for one in windows}) == len(windows)


def test_several_schedules_are_in_one_order() -> None:
    weekly = Maintenance(name="patches", schedule="0 1 * * mon", duration_ms=3 * HOUR_MS)
    windows = expand_maintenance(
        [NIGHTLY, weekly], at("2027-01-04 00:00"), at("2027-01-05 00:00"), BERLIN
    )
    assert [one.name for one in windows] == ["patches", "backup"]


@pytest.mark.parametrize(
    ("announced", "entered", "known", "ahead"),
    [
        (None, "01-01", None, False),
        ("01-02", "01-03", "01-03", True),  # known from its entry
        ("01-05", "01-05", "01-05", True),
        ("01-02", "01-06", "01-06", False),  # entered when the work was over
        ("01-06", "01-06", "01-06", False),
    ],
)
def test_an_announcement_counts_from_its_entry(
    announced: str | None, entered: str, known: str | None, ahead: bool
) -> None:
    (window,) = expand_maintenance(
        [NIGHTLY], at("2027-01-05 12:00"), at("2027-01-06 12:00"), BERLIN
    )

    def find(day: str | None) -> int | None:
        return None if day is None else at(f"2027-{day} 10:00")

    window = replace(window, announced_ms=find(announced), entered_ms=find(entered) or 0)
    assert (window.known_ms, window.is_announced_ahead) == (find(known), ahead)


def test_a_schedule_is_announced_on_a_day() -> None:
    schedule = replace(NIGHTLY, announced=date(2027, 1, 5))
    windows = expand_maintenance([schedule], at("2027-01-04 00:00"), at("2027-01-06 00:00"), BERLIN)
    assert [one.is_announced_ahead for one in windows] == [False, True]
