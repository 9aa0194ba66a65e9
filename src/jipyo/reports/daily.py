"""The daily report: what one local day was, from the stored samples, as data."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from jipyo.analysis.summary import STEP_MS
from jipyo.analysis.thresholds import State
from jipyo.catalogue import MetricGroup
from jipyo.model.calendar import PeriodKind, period_containing
from jipyo.reports import objectives
from jipyo.reports.charts.build import build_chart, build_heat_map
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
from jipyo.reports.findings import findings
from jipyo.reports.gathered import (
    Change,
    Progress,
    ReportData,
    ReportMetric,
    change,
    find_cut,
    gather,
)
from jipyo.reports.objectives import ObjectiveResult, Result
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
    from jipyo.source import Source

TILES = 8
_NAMED = 3
_WHOLE = 0.995
_BRIEF = frozenset({"little", "part"})


def build(
    source: Source,
    catalogue: Catalogue,
    day: date,
    zone: ZoneInfo,
    now_ms: int,
    progress: Progress | None = None,
) -> Report:
    """The report of a local day; of a day that still runs, as far as it has come.

    `progress` is told how many of how many metrics are read.

    Raises:
        ReportError: the day has not begun.
        SourceError: whoever answers failed.
    """
    period = period_containing(PeriodKind.DAY, day, zone)
    cut_ms = find_cut(period, now_ms)
    gathered = gather(source, catalogue, period, cut_ms, progress)
    outcomes = objectives.outcomes(gathered, catalogue.metrics)
    verdict = _verdict(gathered, outcomes)
    first_page = (*_summary(gathered, outcomes, verdict),)
    return Report(
        kind="daily",
        number=f"JIPYO-D-{day:%Y%m%d}",
        title=phrase("reports.daily.title"),
        period=period,
        cut_ms=cut_ms,
        step_ms=STEP_MS,
        made_ms=now_ms,
        instances=_instances(gathered),
        catalogue=fingerprint(catalogue),
        state=verdict.state,
        blocks=(
            *first_page,
            *_crossings(gathered),
            *_metrics(gathered),
            *_charts(gathered),
            *_completeness(gathered),
            *_appendix(gathered, first_page, catalogue),
        ),
    )


def fingerprint(catalogue: Catalogue) -> str:
    """SHA-256 over all that the catalogue says of its metrics, but not where it was read."""
    told = hashlib.sha256()
    for metric in catalogue.metrics:
        told.update(repr(replace(metric, where="")).encode())
    return told.hexdigest()


def _instances(day: ReportData) -> tuple[str, ...]:
    from_targets = {target.labels.get("instance", "") for target in day.targets}
    from_series = {one.labels.get("instance", "") for e in day.entries for one in e.now.series}
    return tuple(sorted((from_targets or from_series) - {""}))


# --- page one


def _summary(
    day: ReportData, outcomes: tuple[ObjectiveResult, ...], verdict: VerdictBox
) -> Iterator[Block]:
    yield verdict
    found = findings(day, outcomes)
    if found:
        yield Heading("findings", phrase("reports.section.findings"))
        yield Findings(found)
    if day.entries:
        yield Heading("key-figures", phrase("reports.section.tiles"))
        yield Tiles(tuple(_tiles(day)))
    if outcomes:
        yield Heading("objectives", phrase("reports.section.objectives"))
        yield objectives.table(outcomes)


def _verdict(day: ReportData, outcomes: tuple[ObjectiveResult, ...]) -> VerdictBox:
    state = _state(day, outcomes)
    details: list[Inline] = []
    if day.running:
        details.append(phrase("reports.verdict.running", until=Moment(day.cut_ms)))
    if day.entries:
        details.append(_amount(day, "whole" if day.share >= _WHOLE else "part"))
        counts = {state.value: day.count(state) for state in State}
        idle = len(day.entries) - len(day.judged)
        details.append(
            phrase("reports.verdict.counts", **counts, idle=idle, missing=len(day.missing))
        )
    if outcomes:
        met, missed, unknown = (
            sum(one.result is result for one in outcomes)
            for result in (Result.MET, Result.MISSED, Result.UNKNOWN)
        )
        details.append(
            phrase("reports.verdict.objectives", met=met, missed=missed, unknown=unknown)
        )
    return VerdictBox(state, _sentence(day, state, outcomes), tuple(details))


def _state(day: ReportData, outcomes: tuple[ObjectiveResult, ...]) -> State:
    """The gravest state; but nothing seen in a day of which little was seen is not "ok"."""
    if day.count(State.CRITICAL) or any(one.result is Result.MISSED for one in outcomes):
        return State.CRITICAL
    if day.count(State.WARNING):
        return State.WARNING
    return State.OK if day.enough and day.judged else State.UNKNOWN


def _sentence(day: ReportData, state: State, outcomes: tuple[ObjectiveResult, ...]) -> Phrase:
    if not day.entries:
        return phrase("reports.verdict.no_data")
    if state is State.UNKNOWN:
        return _amount(day, "little" if day.judged else "not_judged")
    if state is State.OK:
        return phrase("reports.verdict.ok", n=len(day.judged))
    beyond = [entry for entry in day.judged if entry.now.state is state]
    if not beyond:
        missed = [one.subject for one in outcomes if one.result is Result.MISSED]
        return phrase("reports.verdict.missed", n=len(missed), names=_names(missed))
    names = _names(_first_of_families(beyond))
    return phrase(f"reports.verdict.{state.value}", n=len(beyond), names=names)


def _names(found: Sequence[Subject]) -> Inline:
    names = Joined(tuple(found[:_NAMED]), ", ")
    left = len(found) - _NAMED
    return phrase("reports.and_more", names=names, n=left) if left > 0 else names


def _first_of_families(found: Sequence[ReportMetric]) -> list[Subject]:
    """The metrics' names, the first of each family before the others."""
    families = [entry.metric.topic for entry in found]
    firsts = [
        entry for place, entry in enumerate(found) if entry.metric.topic not in families[:place]
    ]
    others = [entry for entry in found if entry not in firsts]
    return [Subject(entry.metric.name) for entry in (*firsts, *others)]


def _amount(day: ReportData, told: str) -> Phrase:
    """How much was seen; less than half a minute is told by its share alone."""
    seen = Duration(_seen_ms(day))
    brief = "" if seen.ms or told not in _BRIEF else ".brief"
    return phrase(f"reports.verdict.{told}{brief}", share=Share(day.share), span=seen)


def _seen_ms(day: ReportData) -> int:
    """How much of the day was seen, as a length of time in whole minutes."""
    return round(day.share * (day.cut_ms - day.period.start_ms) / STEP_MS) * STEP_MS


def _tiles(day: ReportData) -> Iterator[Tile]:
    for entry in _chosen([one for one in day.entries if one.now.figure is not None]):
        figure, series = entry.now.figure, entry.now.headline
        assert figure is not None, "BUG: chosen for its figure"
        yield Tile(
            subject=Subject(entry.metric.name, series.target),
            figure=figure,
            state=entry.now.state if entry.now.thresholds else None,
            note=phrase(f"reports.how.{figure.fold.value}"),
            compared=_comparisons(day, entry),
            shape=series.values,
        )


def _chosen(entries: Sequence[ReportMetric]) -> list[ReportMetric]:
    """The manual's metrics, the first of each family before the second of any."""
    ranked: list[tuple[int, int, ReportMetric]] = []
    seen: dict[str, int] = {}
    for place, entry in enumerate(entries):
        family = entry.metric.topic
        turn = seen.get(family, 0) + (0 if entry.metric.required else len(entries))
        seen[family] = seen.get(family, 0) + 1
        ranked.append((turn, place, entry))
    best = sorted(ranked, key=lambda one: one[:2])[:TILES]
    return [entry for _, _, entry in sorted(best, key=lambda one: one[1])]


def _comparisons(day: ReportData, entry: ReportMetric) -> tuple[Inline, ...]:
    week, yesterday = change(entry, entry.week), change(entry, entry.yesterday)
    if week is None and yesterday is None:
        return (phrase("reports.compare.short"),)
    return _compared("week", day, week), _compared("yesterday", day, yesterday)


def _compared(which: str, day: ReportData, found: Change | None) -> Phrase:
    if found is None:
        return phrase(f"reports.compare.{which}.none")
    weekday = phrase(f"reports.weekday.{day.period.first_day.weekday()}")
    return phrase(f"reports.compare.{which}", weekday=weekday, delta=found.delta)


# --- the pages after it


def _crossings(day: ReportData) -> Iterator[Block]:
    if not day.judged:
        return
    yield Heading("crossings", phrase("reports.section.crossings"), page=True)
    listed, left = select_breaches(day)
    if listed:
        yield build_timeline(listed)
        yield build_breach_table(listed)
    else:
        yield Note(phrase("reports.crossings.none"))
    if left:
        yield Note(phrase("reports.crossings.more", n=left))
    brief = [
        breach
        for entry in day.judged
        for one in entry.now.series
        for breach in one.breaches
        if breach.is_pending
    ]
    if brief:
        total = Duration(sum(breach.duration_ms for breach in brief))
        yield Note(phrase("reports.crossings.brief", n=len(brief), span=total))


def _groups(day: ReportData) -> Iterator[tuple[MetricGroup, list[ReportMetric]]]:
    for group in MetricGroup:
        entries = [entry for entry in day.entries if entry.metric.group is group]
        if entries:
            yield group, entries


def _metrics(day: ReportData) -> Iterator[Block]:
    if not day.entries:
        return
    yield Heading("metrics", phrase("reports.section.metrics"))
    for group, entries in _groups(day):
        yield build_metrics_table(group, entries)
    yield Note(phrase("reports.metrics.note"))


def _charts(day: ReportData) -> Iterator[Block]:
    for group, entries in _groups(day):
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


def _completeness(day: ReportData) -> Iterator[Block]:
    # The page after the first begins here where there are no crossings to begin it with.
    name = phrase("reports.section.completeness")
    yield Heading("completeness", name, page=not day.judged)
    if day.targets:
        yield build_target_table(day.targets)
        yield Note(phrase("reports.completeness.note"))
    else:
        yield Note(phrase("reports.completeness.no_targets"), State.UNKNOWN)
    for reading in (*(entry.now for entry in day.entries), *day.missing):
        for warning in reading.warnings:
            text = phrase("reports.warning", name=reading.metric.name, text=warning)
            yield Note(text, State.UNKNOWN)
    if day.missing:
        yield Heading("missing", phrase("reports.section.missing", n=len(day.missing)), level=2)
        yield Note(phrase("reports.missing.note"))
        yield Listing(
            tuple((one.metric.name, phrase(f"reports.group.{one.metric.group.value}"))
                  for one in day.missing)
        )  # fmt: skip


def _appendix(
    day: ReportData, first_page: Sequence[Block], catalogue: Catalogue
) -> Iterator[Block]:
    yield Heading("appendix", phrase("reports.section.appendix"))
    several = [entry for entry in day.entries if len(entry.now.series) > 1]
    if several:
        yield Heading("series", phrase("reports.section.series"), level=2)
        yield build_series_table(several)
    traced = [
        one for one in dict.fromkeys(find_figures(tuple(first_page))) if one.value is not None
    ]
    if traced:
        yield Heading("trace", phrase("reports.section.trace"), level=2)
        yield build_source_table(traced, day, {one.id: one.name for one in catalogue.metrics})
    if day.entries:
        yield Heading("definitions", phrase("reports.section.definitions"), level=2)
        yield build_definition_table(day)
    yield Heading("method", phrase("reports.section.method"), level=2)
    for key in ("day", "steps", "percentile", "state", "compare", "coverage"):
        yield Note(phrase(f"reports.method.{key}", day=Day(day.period.first_day)))
    yield Note(
        phrase(
            "reports.method.catalogue",
            n=len(catalogue.metrics),
            hash=Code(fingerprint(catalogue)),
        )
    )
