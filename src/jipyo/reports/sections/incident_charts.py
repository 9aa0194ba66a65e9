"""The course of incidents: their metrics around them, with the deployments and the start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.model.bilingual import Bilingual
from jipyo.reports.charts.build import list_threshold_lines
from jipyo.reports.document import (
    Block,
    Chart,
    ChartLine,
    ChartMark,
    Charts,
    Heading,
    MarkKind,
    Moment,
    phrase,
)
from jipyo.reports.sections.metric_charts import mark_events

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jipyo.alerts.events.event import Event
    from jipyo.alerts.incident.incident import Incident
    from jipyo.reports.incident_courses import IncidentCourse
    from jipyo.reports.inputs import ReportInputs


def build_incident_charts(inputs: ReportInputs) -> Iterator[Block]:
    """For each incident whose course was read small charts of its metrics."""
    for incident, _ in inputs.incidents:
        courses = [one for one in inputs.courses if one.incident == incident.number]
        if courses:
            yield Heading(
                f"incident-{incident.number}",
                phrase("chapters.incident", n=incident.number, start=Moment(incident.began_ms)),
                level=2,
            )
            yield draw_courses(incident, courses, inputs.events)


def draw_courses(
    incident: Incident, courses: Sequence[IncidentCourse], events: Sequence[Event]
) -> Charts:
    """Two charts side by side, each with the moments at which something was changed or began."""
    marks = (
        *mark_events(
            event for event in events if courses[0].start_ms < event.t_ms <= incident.began_ms
        ),
        ChartMark(
            MarkKind.OUTAGE,
            incident.began_ms,
            phrase("chapters.mark.began"),
            incident.recovered_ms,
        ),
    )
    return Charts(tuple(_draw_course(one, marks) for one in courses), columns=2)


def _draw_course(course: IncidentCourse, marks: Sequence[ChartMark]) -> Chart:
    metric = course.metric
    return Chart(
        id=f"incident-{course.incident}-{metric.id.replace('.', '-')}",
        title=Bilingual(*(f"{metric.name(lang)} {course.name}".strip() for lang in ("ko", "en"))),
        unit=metric.unit.value,
        start_ms=course.start_ms,
        step_ms=course.step_ms,
        lines=(ChartLine("", course.values),),
        others=None,
        others_count=0,
        ghost=None,
        thresholds=tuple(list_threshold_lines(metric)),
        worse=metric.direction.sign,
        caption=None,
        alt=phrase(
            "chapters.incident.alt",
            n=course.incident,
            metric=metric.name,
            start=Moment(course.start_ms),
        ),
        marks=tuple(marks),
    )
