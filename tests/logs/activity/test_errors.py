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
    ("hours", "most", "interval_s"),
    [(1, 30, 120), (24, 30, 3600), (0.001, 30, 1), (24 * 15, 30, 43_200), (24 * 16, 30, None)],
)
def test_intervals_are_round(hours: float, most: int, interval_s: int | None) -> None:
    found = choose_interval(round(hours * HOUR_NS), most)
    assert found == (None if interval_s is None else interval_s * SECOND)
