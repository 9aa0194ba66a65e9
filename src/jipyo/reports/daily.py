"""The daily report: what one local day was, from the stored samples, as data."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from jipyo.analysis.objectives import ObjectiveResult, Result, evaluate_objective
from jipyo.analysis.thresholds import State
from jipyo.catalogue import MetricGroup
from jipyo.model.calendar import PeriodKind, period_containing
from jipyo.reports.charts.build import build_chart, build_heat_map
from jipyo.reports.data import ReportData, ReportMetric, gather
from jipyo.reports.document import (
    Block,
    Charts,
    Code,
    Day,
    Duration,
    Findings,
    Heading,
    Inline,
    Joined,
    Listing,
    Moment,
    Note,
    Phrase,
    Report,
    Share,
    Subject,
    Tile,
    Tiles,
    VerdictBox,
    find_figures,
    phrase,
)
from jipyo.reports.findings import select_findings
from jipyo.reports.objectives import build_objective_table, describe_subject
from jipyo.reports.sections.appendix import build_definition_table, build_source_table
from jipyo.reports.sections.breaches import build_breach_table, build_timeline, select_breaches
from jipyo.reports.sections.completeness import build_target_table
from jipyo.reports.sections.metrics import (
    build_metrics_table,
    build_series_table,
    build_top_table,
    has_top_table,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date
    from zoneinfo import ZoneInfo

    from jipyo.catalogue import Catalogue
    from jipyo.reports.data import Progress
    from jipyo.source import Source

TILES = 8
_NAMED = 3
_WHOLE = 0.995
_KEYS_WITH_DURATION = frozenset({"reports.verdict.little", "reports.verdict.part"})
_COUNTED = (State.OK, State.WARNING, State.CRITICAL, State.UNKNOWN)


def build(
    source: Source,
    catalogue: Catalogue,
    day: date,
    zone: ZoneInfo,
    now_ms: int,
    progress: Progress | None = None,
) -> Report:
    """The report of a local day; of a day that still runs, as far as it has come.

    `progress` is called with how many of how many metrics are read.

    Raises:
        ReportError: the day has not begun.
        SourceError: the source failed.
    """
    period = period_containing(PeriodKind.DAY, day, zone)
    data = gather(source, catalogue, period, now_ms, progress)
    results = evaluate_objectives(data, catalogue)
    state = find_state(data, results)
    first_page = tuple(_build_first_page(data, results, state))
    return Report(
        kind="daily",
        number=f"JIPYO-D-{day:%Y%m%d}",
        title=phrase("reports.daily.title"),
        period=period,
        cut_ms=data.window.end_ms,
        step_ms=data.window.step_ms,
        made_ms=now_ms,
        instances=_list_instances(data),
        catalogue=hash_catalogue(catalogue),
        state=state,
        blocks=(
            *first_page,
            *_build_breaches(data),
            *_build_metrics(data),
            *_build_charts(data),
            *_build_completeness(data),
            *_build_appendix(data, first_page, catalogue),
        ),
    )


def evaluate_objectives(data: ReportData, catalogue: Catalogue) -> tuple[ObjectiveResult, ...]:
    """The result of every objective of the catalogue."""
    summaries = {entry.metric.id: entry.now for entry in data.entries}
    return tuple(
        evaluate_objective(metric, summaries.get(metric.id))
        for metric in catalogue.metrics
        if metric.objective is not None
    )


def find_state(data: ReportData, results: Sequence[ObjectiveResult]) -> State:
    """The gravest state; unknown, not ok, where too little was seen to say so."""
    missed = any(result.result is Result.MISSED for result in results)
    if missed or data.count(State.CRITICAL):
        return State.CRITICAL
    if data.count(State.WARNING):
        return State.WARNING
    return State.OK if data.is_enough and data.judged else State.UNKNOWN


def hash_catalogue(catalogue: Catalogue) -> str:
    """SHA-256 over all that the catalogue says of its metrics, but not where it was read."""
    digest = hashlib.sha256()
    for metric in catalogue.metrics:
        digest.update(repr(replace(metric, where="")).encode())
    return digest.hexdigest()


def _list_instances(data: ReportData) -> tuple[str, ...]:
    """The instances that the data are from: those scraped, else those of the series."""
    labels = [target.labels for target in data.targets]
    if not labels:
        labels = [series.labels for entry in data.entries for series in entry.now.series]
    return tuple(sorted({one.get("instance", "") for one in labels} - {""}))


# --- page one


def _build_first_page(
    data: ReportData, results: tuple[ObjectiveResult, ...], state: State
) -> Iterator[Block]:
    yield _build_verdict(data, results, state)
    findings = select_findings(data, results)
    if findings:
        yield Heading("findings", phrase("reports.section.findings"))
        yield Findings(findings)
    if data.entries:
        yield Heading("key-figures", phrase("reports.section.tiles"))
        yield Tiles(tuple(_build_tiles(data)))
    if results:
        yield Heading("objectives", phrase("reports.section.objectives"))
        yield build_objective_table(results)


def _build_verdict(
    data: ReportData, results: tuple[ObjectiveResult, ...], state: State
) -> VerdictBox:
    details: list[Inline] = []
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


def _describe_state(data: ReportData, results: tuple[ObjectiveResult, ...], state: State) -> Phrase:
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
    """How much was seen; less than half a minute is told by its share alone."""
    step_ms = data.window.step_ms
    seen = Duration(round(data.share * data.window.duration_ms / step_ms) * step_ms)
    brief = key in _KEYS_WITH_DURATION and not seen.ms
    return phrase(f"{key}.brief" if brief else key, share=Share(data.share), span=seen)


def _build_tiles(data: ReportData) -> Iterator[Tile]:
    for entry in _select_key_metrics(data.entries):
        figure, series = entry.now.figure, entry.now.headline
        assert figure is not None, f"BUG: {entry.metric.id} was selected without a figure"
        yield Tile(
            subject=entry.subject(series),
            figure=figure,
            state=entry.now.state if entry.is_judged else None,
            note=phrase(f"reports.how.{figure.fold.value}"),
            compared=_describe_comparisons(data, entry),
            shape=series.values,
        )


def _select_key_metrics(entries: Sequence[ReportMetric]) -> list[ReportMetric]:
    """Required metrics with a figure, the first of each topic before the second of any."""
    ranked: list[tuple[bool, int, int]] = []
    seen: Counter[str] = Counter()
    for place, entry in enumerate(entries):
        if entry.now.figure is not None:
            ranked.append((not entry.metric.required, seen[entry.metric.topic], place))
            seen[entry.metric.topic] += 1
    return [entries[place] for place in sorted(place for *_, place in sorted(ranked)[:TILES])]


def _describe_comparisons(data: ReportData, entry: ReportMetric) -> tuple[Inline, ...]:
    week = entry.week.change if entry.week else None
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


# --- the pages after it


def _build_breaches(data: ReportData) -> Iterator[Block]:
    if not data.judged:
        return
    yield Heading("crossings", phrase("reports.section.crossings"), page=True)
    listed, left = select_breaches(data)
    if listed:
        yield build_timeline(listed)
        yield build_breach_table(listed)
    else:
        yield Note(phrase("reports.crossings.none"))
    if left:
        yield Note(phrase("reports.crossings.more", n=left))
    brief = [
        breach
        for entry in data.judged
        for series in entry.now.series
        for breach in series.breaches
        if breach.is_pending
    ]
    if brief:
        total = Duration(sum(breach.duration_ms for breach in brief))
        yield Note(phrase("reports.crossings.brief", n=len(brief), span=total))


def _group_entries(data: ReportData) -> Iterator[tuple[MetricGroup, list[ReportMetric]]]:
    for group in MetricGroup:
        entries = [entry for entry in data.entries if entry.metric.group is group]
        if entries:
            yield group, entries


def _build_metrics(data: ReportData) -> Iterator[Block]:
    if not data.entries:
        return
    yield Heading("metrics", phrase("reports.section.metrics"))
    for group, entries in _group_entries(data):
        yield build_metrics_table(group, entries)
    yield Note(phrase("reports.metrics.note"))


def _build_charts(data: ReportData) -> Iterator[Block]:
    for group, entries in _group_entries(data):
        name = phrase(f"reports.group.{group.value}")
        title = phrase("reports.section.charts", group=name)
        yield Heading(f"charts-{group.value}", title)
        yield Charts(tuple(map(build_chart, entries)))
        for entry in entries:
            heat = build_heat_map(entry)
            if heat is not None:
                yield heat
            if has_top_table(entry):
                yield build_top_table(entry)


def _build_completeness(data: ReportData) -> Iterator[Block]:
    # The page after the first begins here where there are no crossings to begin it with.
    name = phrase("reports.section.completeness")
    yield Heading("completeness", name, page=not data.judged)
    if data.targets:
        yield build_target_table(data.targets)
        yield Note(phrase("reports.completeness.note"))
    else:
        yield Note(phrase("reports.completeness.no_targets"), State.UNKNOWN)
    for reading in (*(entry.now for entry in data.entries), *data.missing):
        for warning in reading.warnings:
            text = phrase("reports.warning", name=reading.metric.name, text=warning)
            yield Note(text, State.UNKNOWN)
    if data.missing:
        yield Heading("missing", phrase("reports.section.missing", n=len(data.missing)), level=2)
        yield Note(phrase("reports.missing.note"))
        yield Listing(
            tuple((one.metric.name, phrase(f"reports.group.{one.metric.group.value}"))
                  for one in data.missing)
        )  # fmt: skip


def _build_appendix(
    data: ReportData, first_page: Sequence[Block], catalogue: Catalogue
) -> Iterator[Block]:
    yield Heading("appendix", phrase("reports.section.appendix"))
    several = [entry for entry in data.entries if len(entry.now.series) > 1]
    if several:
        yield Heading("series", phrase("reports.section.series"), level=2)
        yield build_series_table(several)
    traced = [
        one for one in dict.fromkeys(find_figures(tuple(first_page))) if one.value is not None
    ]
    if traced:
        yield Heading("trace", phrase("reports.section.trace"), level=2)
        yield build_source_table(traced, data, {one.id: one.name for one in catalogue.metrics})
    if data.entries:
        yield Heading("definitions", phrase("reports.section.definitions"), level=2)
        yield build_definition_table(data)
    yield Heading("method", phrase("reports.section.method"), level=2)
    for key in ("day", "steps", "percentile", "state", "compare", "coverage"):
        yield Note(phrase(f"reports.method.{key}", day=Day(data.period.first_day)))
    yield Note(
        phrase(
            "reports.method.catalogue",
            n=len(catalogue.metrics),
            hash=Code(hash_catalogue(catalogue)),
        )
    )
