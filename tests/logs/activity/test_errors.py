"""Errors: their share over time, services, templates, exceptions; and exact times."""

from __future__ import annotations

import math
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from jipyo.logs.activity.errors import summarise_errors
from jipyo.logs.activity.exact_times import find_exact_times
from jipyo.logs.activity.intervals import choose_interval
from jipyo.logs.evaluate import BatchLogSource
from jipyo.logs.query import LogQuery
from support.log_batches import SECOND, START_NS, make_batch

SEOUL = ZoneInfo("Asia/Seoul")
HOUR_NS = 3600 * SECOND
QUERY = LogQuery(
    start_ns=START_NS // HOUR_NS * HOUR_NS, end_ns=START_NS // HOUR_NS * HOUR_NS + 5 * HOUR_NS
)


def build_source() -> BatchLogSource:
    rows: list[dict[str, object]] = [
        {"t": 10, "message": "ok"},
        {"t": 20, "message": "bad", "level": "ERROR", "error.type": "ValueError"},
        {"t": 4000, "message": "bad", "level": "ERROR"},
        {"t": 4100, "message": "worse", "level": "FATAL"},
        {"t": 4200, "message": "hm", "level": "WARN"},
    ]
    return BatchLogSource([make_batch("api", rows), make_batch("web", rows[:1])])


def test_errors_are_counted_over_time_by_service_and_template() -> None:
    found = summarise_errors(build_source(), QUERY, HOUR_NS, SEOUL)
    assert (found.records, found.errors, found.share) == (6, 3, 0.5)
    assert found.levels == {"info": 2, "warn": 1, "error": 2, "fatal": 1}
    assert found.records_over_time.sum() == 6
    assert found.errors_over_time.sum() == 3
    assert [(one.service, one.records, one.errors) for one in found.services] == [
        ("api", 5, 3),
        ("web", 1, 0),
    ]
    assert [(one.text, one.n) for one in found.templates] == [("bad", 2), ("worse", 1)]
    assert found.exceptions == (("ValueError", 1),)


def test_without_records_the_share_is_unknown() -> None:
    assert math.isnan(summarise_errors(BatchLogSource([]), QUERY, HOUR_NS, SEOUL).share)


def test_only_so_many_templates_are_listed_and_all_are_counted() -> None:
    found = summarise_errors(build_source(), QUERY, HOUR_NS, SEOUL, 1)
    assert (len(found.templates), found.template_count) == (1, 2)


def test_times_to_the_hour_are_made_exact() -> None:
    source = build_source()
    answer = source.templates(QUERY)
    rough = replace(
        answer,
        resolution_ns=HOUR_NS,
        templates=tuple(
            replace(
                one,
                first_ns=one.first_ns // HOUR_NS * HOUR_NS,
                last_ns=(one.last_ns // HOUR_NS + 1) * HOUR_NS - 1,
            )
            for one in answer.templates
        ),
    )
    assert find_exact_times(source, QUERY, rough, rough.templates) == answer.templates


@pytest.mark.parametrize(
    ("zone", "hours", "interval_s"),
    [
        ("UTC", 1, 120),
        ("UTC", 24, 3600),
        ("UTC", 0.001, 1),
        ("UTC", 24 * 15, 43_200),
        ("UTC", 24 * 16, None),
        ("Asia/Seoul", 24, 3600),
        ("Asia/Seoul", 48, 10_800),  # every two hours would begin at 23:00
        ("Asia/Seoul", 24 * 9, None),
        ("Asia/Kolkata", 24, None),  # half an hour is too short, and an hour begins at 05:30
        ("Asia/Kolkata", 12, 1800),
    ],
)
def test_intervals_are_round_on_the_clocks_of_the_zone(
    zone: str, hours: float, interval_s: int | None
) -> None:
    start_ns = QUERY.start_ns
    found = choose_interval(start_ns, start_ns + round(hours * HOUR_NS), 30, ZoneInfo(zone))
    assert found == (None if interval_s is None else interval_s * SECOND)
