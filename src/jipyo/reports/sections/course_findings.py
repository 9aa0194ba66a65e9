"""Courses as findings of the first page: what went the bad way and is not beyond a threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.analysis.thresholds import State
from jipyo.reports.document import Duration, Finding, Phrase, Quantity, Share, phrase
from jipyo.reports.sections.metric_course import describe_course

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from jipyo.catalogue import Metric
    from jipyo.reports.data import ReportData, ReportMetric

_UP = frozenset(("chapters.course.rising", "chapters.course.rose"))
_DOWN = frozenset(("chapters.course.falling", "chapters.course.fell"))


def find_courses(data: ReportData, covered: Container[str]) -> Iterator[tuple[float, Finding]]:
    """A finding for each required metric that went the bad way, weighed by its nearness to it.

    Of a day there is none, and none of what has another finding: the metrics in `covered`, and
    what is beyond its thresholds.
    """
    for entry in data.judged:
        series, metric = entry.now.series[0], entry.metric
        if not metric.required or metric.id in covered or entry.now.state is not State.OK:
            continue
        course = describe_course(metric, series, entry.now.window, data.period.zone)
        if course is None or not goes_bad(metric, course):
            continue
        yield (
            _measure_nearness(entry),
            Finding(
                State.OK,
                phrase(
                    f"{course.key}.sentence", subject=entry.subject(series), **dict(course.values)
                ),
                (phrase("reports.finding.first_threshold", threshold=entry.threshold()),),
                phrase(
                    "reports.basis",
                    exporter=series.exporter,
                    step=Duration(series.worst.step_ms),
                    samples=series.worst.samples,
                    coverage=Share(series.worst.coverage),
                ),
            ),
        )


def goes_bad(metric: Metric, course: Phrase) -> bool:
    """Whether a course leads in the direction in which the metric is bad."""
    if course.key in _UP | _DOWN:
        rise = 1.0 if course.key in _UP else -1.0
    else:
        values = dict(course.values)
        before, after = values["before"], values["after"]
        assert isinstance(before, Quantity), "BUG: a level that is no number"
        assert isinstance(after, Quantity), "BUG: a level that is no number"
        rise = after.value - before.value
    return rise * metric.direction.sign > 0


def _measure_nearness(entry: ReportMetric) -> float:
    """How near the worst value came to the first threshold: 1 there, less before it."""
    worst, threshold = entry.now.series[0].worst.value, entry.threshold().value
    if not worst or not threshold:
        return 0.0
    return worst / threshold if entry.metric.direction.sign > 0 else threshold / worst
