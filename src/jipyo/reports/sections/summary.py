"""The first page: the verdict and the key figures."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from jipyo.analysis.objectives import ObjectiveResult, Result
from jipyo.analysis.thresholds import State
from jipyo.i18n import texts
from jipyo.model.bilingual import Bilingual
from jipyo.model.calendar import PeriodKind
from jipyo.reports.data import TILES, select_key_metrics
from jipyo.reports.document import (
    Badge,
    Blank,
    Block,
    Duration,
    Heading,
    Inline,
    Joined,
    Moment,
    Note,
    Phrase,
    Share,
    Subject,
    Table,
    Tile,
    Tiles,
    VerdictBox,
    VerdictScore,
    phrase,
)
from jipyo.reports.sections import contract
from jipyo.reports.sections.missing import name_error
from jipyo.reports.sections.objectives import build_objectives, describe_subject
from jipyo.reports.tables import TableColumn, build_heads, build_row
from jipyo.sla.month import ContractResult
from jipyo.sla.profile import Better
from jipyo.sla.rounding import SCORE_DECIMALS, round_exact, to_exact
from jipyo.sla.wording import name_unit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jipyo.reports.data import ReportData, ReportMetric
    from jipyo.reports.inputs import ReportInputs
    from jipyo.sla.month import ContractLine, ContractMonth

_ASKED_FIRST = (
    *("app.response_time", "app.error_rate", "ai.inference.time", "ai.model.accuracy"),
    *("system.cpu.utilization", "system.gpu.utilization", "system.memory.utilization"),
    "system.disk.utilization",
)
_NAMED = 3
_WEIGHTS_ENTERED = "sla.remark.weights_entered"
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


def find_report_state(inputs: ReportInputs) -> State:
    """What the report says of its period: by the contract where there is one, else by all."""
    if not inputs.contracts:
        return find_state(inputs.data, inputs.objectives)
    states = (contract.find_state(month) for month in inputs.contracts)
    return max(states, key=lambda state: state.severity)


def build_report_verdict(inputs: ReportInputs) -> VerdictBox:
    """The report's one line, with its one score but for a day."""
    data, state = inputs.data, find_report_state(inputs)
    verdict = build_verdict(data, inputs.objectives, state)
    if data.period.kind is PeriodKind.DAY:
        return verdict
    score = find_score(inputs)
    if not inputs.contracts:
        return replace(verdict, score=score)
    lines = _describe_lines(inputs.contracts)
    if not data.entries and state is State.UNKNOWN:
        # What people typed is no measure of a period of which nothing was seen.
        return replace(verdict, details=(lines, *verdict.details))
    details = (
        *_describe_worst_line(inputs.contracts),
        *_describe_weights(inputs.contracts),
        *verdict.details,
    )
    word = phrase(f"contract.state.{state.value}")
    return replace(verdict, text=lines, details=details, score=score, word=word)


def find_score(inputs: ReportInputs) -> VerdictScore | None:
    """The contract's score, of several the lowest; without one the share of metrics in order.

    That of a quarter or a year is the mean of its months.
    """
    months = inputs.contracts or inputs.contract_months
    if months:
        return _find_contract_score(months)
    known = [entry for entry in inputs.data.judged if entry.now.state is not State.UNKNOWN]
    if not known:
        return None
    share = sum(entry.now.state is State.OK for entry in known) / len(known)
    of = phrase("summary.score.metrics.of", n=len(known))
    return VerdictScore(phrase("summary.score.metrics"), Share(share), of)


def _find_contract_score(months: Sequence[ContractMonth]) -> VerdictScore | None:
    """The mean of the months that have a score, of the system where that is lowest."""
    systems: dict[str, list[ContractMonth]] = {}
    for month in months:
        systems.setdefault(month.system, []).append(month)
    scored = [
        known
        for group in systems.values()
        if (known := [one for one in group if one.total.rounded is not None])
    ]
    if not scored:
        return None
    lowest = min(scored, key=_compute_mean_score)
    mean = _compute_mean_score(lowest)
    name: Inline = phrase("summary.score.contract")
    if len(months) > len(systems):
        name = phrase("summary.score.contract.mean", n=len(lowest))
    if len(systems) > 1:
        name = Joined((name, lowest[0].system_name), " · ")
    return VerdictScore(name, f"{float(mean):.2f}", phrase("summary.score.of"))


def _compute_mean_score(months: Sequence[ContractMonth]) -> Fraction:
    """Of scores as they are printed, by the rounding of the contract."""
    scores = [to_exact(one.total.rounded or 0.0) for one in months]
    rule = months[0].profile.rounding
    return round_exact(sum(scores, Fraction(0)) / len(scores), SCORE_DECIMALS, rule, Better.HIGH)


def _describe_lines(months: Sequence[ContractMonth]) -> Phrase:
    """How many indicators of the contract came out how; those of which there are none left out."""
    results = Counter(line.result for month in months for line in month.lines)
    counts = tuple(
        phrase(f"summary.lines.{result.value}", n=results[result])
        for result in ContractResult
        if results[result]
    )
    n = results.total()
    if len(months) > 1:
        return phrase("summary.lines.systems", m=len(months), n=n, counts=Joined(counts, ", "))
    return phrase("summary.lines", n=n, counts=Joined(counts, ", "))


def _describe_worst_line(months: Sequence[ContractMonth]) -> Iterator[Phrase]:
    """The indicator with the most weight of those that missed their target."""
    short = [
        line
        for month in months
        for line in month.lines
        if line.result in (ContractResult.MISSED, ContractResult.MINIMUM)
    ]
    if short:
        is_missed = [line for line in short if line.result is ContractResult.MISSED]
        worst = max(is_missed or short, key=lambda line: line.indicator.weight)
        yield phrase(
            f"summary.short.{worst.result.value}",
            name=worst.indicator.name,
            value=show_value(worst, worst.rounded),
            target=show_value(worst, worst.indicator.target),
        )


def _describe_weights(months: Sequence[ContractMonth]) -> Iterator[Phrase]:
    """On how much of the contract a score rests, where something is not entered."""
    for month in months:
        yield from (
            contract.describe_remark(one) for one in month.remarks if one.key == _WEIGHTS_ENTERED
        )


def show_value(line: ContractLine, value: float | None) -> Inline:
    """A value of an indicator with its decimals and unit."""
    if value is None:
        return None
    number, unit = f"{value:,.{line.indicator.decimals}f}", line.indicator.unit
    if unit == "%":
        return f"{number}%"
    ko, en = (name_unit(unit, texts(lang), value) for lang in ("ko", "en"))
    return Bilingual(f"{number}{ko}", f"{number} {en}".strip())


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
        yield Tiles(tuple(_build_tile(data, entry) for entry in select_tiles(data)))


def select_tiles(data: ReportData) -> list[ReportMetric]:
    """The key metrics; of a longer period first what its readers ask for first."""
    chosen = select_key_metrics(data.entries)
    if data.period.kind is PeriodKind.DAY:
        return chosen
    known = {entry.metric.id: entry for entry in data.entries if entry.now.figure is not None}
    first = [known[name] for name in _ASKED_FIRST if name in known]
    rest = [entry for entry in chosen if entry not in first]
    return [*first, *rest][:TILES]


def _build_tile(data: ReportData, entry: ReportMetric) -> Tile:
    figure, series = entry.now.figure, entry.now.headline
    assert figure is not None, f"BUG: {entry.metric.id} was selected without a figure"
    assert series.values is not None, f"BUG: {entry.metric.id} leads with a series without values"
    if data.period.kind is not PeriodKind.DAY:
        # How sure a share is takes two lines that the page has not; its chapter says it.
        figure = replace(figure, proportion=None)
    return Tile(
        subject=entry.subject(series),
        figure=figure,
        state=entry.now.state if entry.is_judged else None,
        note=phrase(f"reports.how.{figure.fold.value}"),
        compared=_describe_comparisons(data, entry),
        shape=series.values,
    )


def _describe_comparisons(data: ReportData, entry: ReportMetric) -> tuple[Inline, ...]:
    before = entry.before.change if entry.before else None
    if data.period.kind is not PeriodKind.DAY:
        if before is None:
            return (phrase("reports.compare.before.none"),)
        return (phrase("reports.compare.before", delta=before.delta),)
    yesterday = entry.yesterday.change if entry.yesterday else None
    if before is None and yesterday is None:
        return (phrase("reports.compare.short"),)
    weekday = phrase(f"reports.weekday.{data.period.first_day.weekday()}")
    return tuple(
        phrase(f"reports.compare.{key}.none")
        if change is None
        else phrase(f"reports.compare.{key}", weekday=weekday, delta=change.delta)
        for key, change in (("week", before), ("yesterday", yesterday))
    )


SLA_COLUMNS: tuple[TableColumn[ContractLine], ...] = (
    TableColumn("sla_indicator", lambda line: line.indicator.name, numeric=False),
    TableColumn("objective", lambda line: show_value(line, line.indicator.target)),
    TableColumn("actual", lambda line: show_value(line, line.rounded) or Blank()),
    TableColumn(
        "result",
        lambda line: Badge(
            contract.RESULT_STATES[line.result], phrase(f"sla.result.{line.result.value}")
        ),
        numeric=False,
    ),
)


def build_sla_summary(inputs: ReportInputs) -> Iterator[Block]:
    """The indicators of every contract that were not met; those that were are counted.

    Without a contract the objectives of the specification.
    """
    if not inputs.contracts:
        yield from build_objectives(inputs.objectives)
        return
    yield Heading("sla-summary", phrase("summary.section.sla"))
    for month in inputs.contracts:
        open_lines = [one for one in month.lines if one.result is not ContractResult.MET]
        yield Table(
            id=f"sla-summary-{month.system}",
            caption=month.system_name if len(inputs.contracts) > 1 else None,
            columns=build_heads(SLA_COLUMNS),
            rows=tuple(build_row(SLA_COLUMNS, line) for line in open_lines or month.lines),
            wide=True,
        )
        if open_lines and (met := len(month.lines) - len(open_lines)):
            yield Note(phrase("summary.sla.met", n=met))
