"""The first page: the verdict and the key figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.analysis.objectives import ObjectiveResult, Result
from jipyo.analysis.thresholds import State
from jipyo.reports.data import select_key_metrics
from jipyo.reports.document import (
    Block,
    Duration,
    Heading,
    Inline,
    Joined,
    Moment,
    Phrase,
    Share,
    Subject,
    Tile,
    Tiles,
    VerdictBox,
    phrase,
)
from jipyo.reports.sections.missing import name_error
from jipyo.reports.sections.objectives import describe_subject

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jipyo.reports.data import ReportData, ReportMetric

_NAMED = 3
_WHOLE = 0.995
_KEYS_WITH_DURATION = frozenset({"reports.verdict.little", "reports.verdict.part"})
_COUNTED = (State.OK, State.WARNING, State.CRITICAL, State.UNKNOWN)


def find_state(data: ReportData, results: Sequence[ObjectiveResult]) -> State:
    """The gravest state; unknown, not ok, where too little was seen to say so."""
    missed = any(result.result is Result.MISSED for result in results)
    if missed or data.count(State.CRITICAL):
        return State.CRITICAL
    if data.count(State.WARNING):
        return State.WARNING
    is_known = data.is_enough and data.judged and not data.incomplete
    return State.OK if is_known else State.UNKNOWN


def build_verdict(data: ReportData, results: Sequence[ObjectiveResult], state: State) -> VerdictBox:
    """The report's one line, and how much it rests on."""
    details: list[Inline] = [
        phrase("health.reason.incomplete", missing=name)
        for name in dict.fromkeys(map(name_error, data.incomplete))
    ]
    if data.is_running:
        details.append(phrase("reports.verdict.running", until=Moment(data.window.end_ms)))
    if data.entries:
        amount = "whole" if data.share >= _WHOLE else "part"
        details.append(_describe_amount(data, f"reports.verdict.{amount}"))
        counts = {state.value: data.count(state) for state in _COUNTED}
        idle = len(data.entries) - len(data.judged)
        missing = len(data.missing)
        details.append(phrase("reports.verdict.counts", **counts, idle=idle, missing=missing))
    if results:
        objectives = {
            result.value: sum(one.result is result for one in results) for result in Result
        }
        details.append(phrase("reports.verdict.objectives", **objectives))
    return VerdictBox(state, _describe_state(data, results, state), tuple(details))


def _describe_state(data: ReportData, results: Sequence[ObjectiveResult], state: State) -> Phrase:
    if state is State.UNKNOWN and data.incomplete:
        return phrase("reports.verdict.incomplete")
    if not data.entries:
        return phrase("reports.verdict.no_data")
    if state is State.UNKNOWN:
        key = "little" if data.judged else "not_judged"
        return _describe_amount(data, f"reports.verdict.{key}")
    if state is State.OK:
        return phrase("reports.verdict.ok", n=len(data.judged))
    beyond = [entry for entry in data.judged if entry.now.state is state]
    if not beyond:
        missed = [describe_subject(one) for one in results if one.result is Result.MISSED]
        return phrase("reports.verdict.missed", n=len(missed), names=_join_names(missed))
    subjects = [Subject(entry.metric.name) for entry in _put_topics_first(beyond)]
    names = _join_names(subjects)
    return phrase(f"reports.verdict.{state.value}", n=len(beyond), names=names)


def _join_names(subjects: Sequence[Subject]) -> Inline:
    names = Joined(tuple(subjects[:_NAMED]), ", ")
    left = len(subjects) - _NAMED
    return phrase("reports.and_more", names=names, n=left) if left > 0 else names


def _put_topics_first(entries: Sequence[ReportMetric]) -> list[ReportMetric]:
    """The first metric of each topic before all others."""
    topics = [entry.metric.topic for entry in entries]
    places = range(len(entries))
    return [entries[place] for place in sorted(places, key=lambda at: topics[at] in topics[:at])]


def _describe_amount(data: ReportData, key: str) -> Phrase:
    """How much was seen; less than half a minute is given as its share alone."""
    step_ms = data.window.step_ms
    seen = Duration(round(data.share * data.window.duration_ms / step_ms) * step_ms)
    brief = key in _KEYS_WITH_DURATION and not seen.ms
    return phrase(f"{key}.brief" if brief else key, share=Share(data.share), span=seen)


def build_tiles(data: ReportData) -> Iterator[Block]:
    """The key figures, at most as many as fit on the page."""
    if data.entries:
        yield Heading("key-metrics", phrase("reports.section.key_metrics"))
        yield Tiles(tuple(_build_tile(data, entry) for entry in select_key_metrics(data.entries)))


def _build_tile(data: ReportData, entry: ReportMetric) -> Tile:
    figure, series = entry.now.figure, entry.now.headline
    assert figure is not None, f"BUG: {entry.metric.id} was selected without a figure"
    assert series.values is not None, f"BUG: {entry.metric.id} leads with a series without values"
    return Tile(
        subject=entry.subject(series),
        figure=figure,
        state=entry.now.state if entry.is_judged else None,
        note=phrase(f"reports.how.{figure.fold.value}"),
        compared=_describe_comparisons(data, entry),
        shape=series.values,
    )


def _describe_comparisons(data: ReportData, entry: ReportMetric) -> tuple[Inline, ...]:
    week = entry.before.change if entry.before else None
    yesterday = entry.yesterday.change if entry.yesterday else None
    if week is None and yesterday is None:
        return (phrase("reports.compare.short"),)
    weekday = phrase(f"reports.weekday.{data.period.first_day.weekday()}")
    return tuple(
        phrase(f"reports.compare.{key}.none")
        if change is None
        else phrase(f"reports.compare.{key}", weekday=weekday, delta=change.delta)
        for key, change in (("week", week), ("yesterday", yesterday))
    )
