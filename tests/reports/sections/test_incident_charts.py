"""The course of incidents: charts with the start and the deployments before it."""

from __future__ import annotations

import numpy as np

from jipyo.alerts.events.event import Event, EventKind
from jipyo.reports.document import Chart, Charts, Heading, MarkKind
from jipyo.reports.incident_courses import IncidentCourse
from jipyo.reports.sections.incident_charts import build_incident_charts
from jipyo.reports.wording import Localizer
from reports.chapter_data import CATALOGUE, HOUR, MINUTE, build_incident, build_inputs
from reports.chapter_months import MONTH
from reports.quoting import list_leaves

BEGAN = MONTH.period.start_ms + 13 * 24 * HOUR + 14 * HOUR
START = BEGAN - 3 * HOUR


def course(number: int, metric_id: str, name: str = "") -> IncidentCourse:
    metric = CATALOGUE.get(metric_id)
    assert metric is not None
    return IncidentCourse(number, metric, name, START, MINUTE, np.linspace(0, 100, 400))


def test_an_incident_has_a_chart_for_each_metric_with_what_came_before() -> None:
    incident = build_incident(31, ["app.error_rate"], BEGAN, BEGAN + 40 * MINUTE)
    events = [
        Event(t_ms=START - HOUR, kind=EventKind.DEPLOYMENT, text="too early"),
        Event(t_ms=BEGAN - 13 * MINUTE, kind=EventKind.DEPLOYMENT, text="v2.4.1"),
        Event(t_ms=BEGAN + MINUTE, kind=EventKind.DEPLOYMENT, text="too late"),
    ]
    courses = (course(31, "app.error_rate"), course(31, "db.connections", "db-1"))
    inputs = build_inputs(MONTH, incidents=(incident,), events=tuple(events), courses=courses)
    heading, charts = list_leaves(build_incident_charts(inputs))
    localizer = Localizer.for_period(MONTH.period, "ko")
    assert isinstance(heading, Heading)
    assert localizer.format(heading.text) == "장애 #31 전후의 지표(10. 14. 14:00 발생)"
    assert isinstance(charts, Charts)
    titles = [localizer.format(chart.title) for chart in charts.items]
    assert titles == ["API 에러율", "DB 커넥션 사용률 db-1"]
    for chart in charts.items:
        assert isinstance(chart, Chart)
        assert [(mark.kind, localizer.format(mark.text)) for mark in chart.marks] == [
            (MarkKind.DEPLOYMENT, "v2.4.1"),
            (MarkKind.OUTAGE, "발생"),
        ]
        assert chart.marks[1].end_ms == BEGAN + 40 * MINUTE
        assert chart.thresholds
        assert "장애 #31" in localizer.format(chart.alt)


def test_incidents_without_a_course_have_no_charts() -> None:
    incident = build_incident(1, ["app.error_rate"], BEGAN, None)
    assert list(build_incident_charts(build_inputs(MONTH, incidents=(incident,)))) == []
