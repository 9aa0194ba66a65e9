"""The courses of incidents, read from a store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from jipyo.model.calendar import start_of_day
from jipyo.model.labels import Labels
from jipyo.reports.incident_courses import (
    MOST_COURSES,
    MOST_INCIDENTS,
    choose_times,
    gather_courses,
)
from reports.chapter_data import CATALOGUE, HOUR, MINUTE, build_incident
from reports.days import DAY, SEOUL, Day, Site, Trouble, filled, source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jipyo.source import Embedded

START = start_of_day(DAY, SEOUL)
END = START + 24 * HOUR
CPU, MEMORY, DISK = (f"system.{name}.utilization" for name in ("cpu", "memory", "disk"))
LABELS = Labels.of({"instance": "ai-node-1"})


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    folder: Path = tmp_path_factory.mktemp("courses")
    with filled(folder, Site(), Day(troubles=(Trouble("cpu", 14, 14.75, 0.6),))) as store:
        yield source(store)


def test_a_course_shows_the_minutes_around_its_incident(embedded: Embedded) -> None:
    began_ms = START + 14 * HOUR
    incident = build_incident(1, [CPU], began_ms, began_ms + 45 * MINUTE, labels=LABELS)
    (course,) = gather_courses(embedded, CATALOGUE, [incident], END)
    assert (course.incident, course.metric.id, course.step_ms) == (1, CPU, MINUTE)
    assert course.start_ms == began_ms - 3 * HOUR
    assert course.values.size == 6 * 60 + 45
    worst_ms = course.start_ms + (int(np.nanargmax(course.values)) + 1) * MINUTE
    assert began_ms < worst_ms <= began_ms + 50 * MINUTE


def test_each_metric_has_one_course_and_what_has_none_is_left_out(embedded: Embedded) -> None:
    began_ms = START + 14 * HOUR
    ids = [CPU, CPU, "system.collection.failed", "no.such.metric", "app.error_rate", MEMORY]
    incident = build_incident(1, ids, began_ms, began_ms + HOUR, labels=LABELS)
    courses = gather_courses(embedded, CATALOGUE, [incident], END)
    assert sorted(course.metric.id for course in courses) == sorted([CPU, MEMORY])
    assert len(courses) <= MOST_COURSES


def test_of_many_incidents_the_longest_are_read_in_the_order_of_time(embedded: Embedded) -> None:
    ranked = [
        build_incident(n, [CPU], START + n * HOUR, START + (2 * n) * HOUR, labels=LABELS)
        for n in range(1, 6)
    ]
    courses = gather_courses(embedded, CATALOGUE, ranked, END)
    assert [course.incident for course in courses] == [3, 4, 5]
    assert len(courses) == MOST_INCIDENTS
    assert gather_courses(embedded, CATALOGUE, [], END) == ()


@pytest.mark.parametrize(("duration_h", "step_min"), [(0.5, 1), (2, 1), (3, 2), (24, 4), (300, 4)])
def test_a_long_incident_is_drawn_with_longer_steps_and_only_its_beginning(
    duration_h: float, step_min: int
) -> None:
    end_ms = START + round(duration_h * HOUR)
    incident, _ = build_incident(1, [CPU], START, end_ms)
    start_ms, step_ms, t_ms = choose_times(incident, END + 400 * HOUR)
    assert step_ms == step_min * MINUTE
    assert len(t_ms) <= 480
    assert (start_ms, t_ms[0]) == (START - 3 * HOUR, start_ms + step_ms)
    assert t_ms[-1] <= START + min(duration_h, 24) * HOUR + 3 * HOUR


def test_an_open_incident_is_drawn_up_to_where_the_data_end() -> None:
    incident, _ = build_incident(1, [CPU], END - HOUR, None)
    _, _, t_ms = choose_times(incident, END)
    assert t_ms[-1] == END
