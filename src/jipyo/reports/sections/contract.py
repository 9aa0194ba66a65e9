"""The service-level sheet of a month (SLA 산정표) as blocks: scores, time, outages, evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.analysis.thresholds import State
from jipyo.model.failure import FailureReason
from jipyo.reports.document import (
    Band,
    Blank,
    Block,
    Code,
    Day,
    ExactTime,
    Heading,
    Inline,
    Joined,
    Moment,
    Note,
    Phrase,
    Quantity,
    Quotient,
    Rounding,
    ScoreResult,
    ScoreRow,
    ScoreSheet,
    Share,
    Table,
    VerdictBox,
    phrase,
)
from jipyo.reports.tables import TableColumn, build_heads, build_row
from jipyo.sla.month import ContractResult, Instant, Length, Percentage, ValueOrigin
from jipyo.sla.profile import Better, Measure, RoundingRule, ScoreBand

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.sla.month import (
        ContractLine,
        ContractMonth,
        DayAccount,
        OutageLine,
        PenaltyLine,
        PlannedLine,
        SheetRemark,
        TimeAccount,
    )

_GRAVITY = (
    ContractResult.MISSED,
    ContractResult.NOT_ENTERED,
    ContractResult.MINIMUM,
    ContractResult.MET,
)
RESULT_STATES = {
    ContractResult.MET: State.OK,
    ContractResult.MINIMUM: State.WARNING,
    ContractResult.MISSED: State.CRITICAL,
    ContractResult.NOT_ENTERED: State.UNKNOWN,
}


def build_contract(month: ContractMonth) -> Iterator[Block]:
    """The sheet: what a reader signs."""
    yield build_verdict(month)
    yield Heading("contract", phrase("contract.section.scores"))
    yield build_scores(month)
    profile = month.profile
    yield Note(phrase("contract.scores.note", profile=profile.name, based_on=profile.based_on))
    yield Heading("contract-time", phrase("contract.section.time"), level=2)
    yield build_time(month)
    if month.outages:
        yield Heading("contract-outages", phrase("contract.section.outages"), level=2)
        yield build_outages(month)
        if reasons := tuple(_list_reasons(month)):
            yield Note(Joined(reasons, "  ·  "))
    if month.planned:
        yield Heading("contract-planned", phrase("contract.section.planned"), level=2)
        yield build_planned(month)
    if month.penalty.lines:
        yield Heading("contract-penalty", phrase("contract.section.penalty"), level=2)
        yield build_penalty(month)


def build_evidence(month: ContractMonth) -> Iterator[Block]:
    """What each line rests on, and where the time of each day went."""
    yield Heading(
        "contract-evidence", phrase("contract.section.evidence"), page=True, landscape=True
    )
    yield build_evidence_table(month)
    yield Heading("contract-days", phrase("contract.section.days"), page=True)
    yield build_days(month)


def find_state(month: ContractMonth) -> State:
    """The worst result of any line; what is missing counts as less than a miss."""
    results = {line.result for line in month.lines}
    worst = next((one for one in _GRAVITY if one in results), ContractResult.NOT_ENTERED)
    return RESULT_STATES[worst]


def build_verdict(month: ContractMonth) -> VerdictBox:
    """The one score, and how many lines came out how."""
    counts = {
        result.value: sum(line.result is result for line in month.lines)
        for result in ContractResult
    }
    percent = month.total.rounded
    if percent is None:
        is_typed = month.total.entered_weight > 0
        text: Phrase = phrase(f"contract.verdict.{'unseen' if is_typed else 'none'}")
    else:
        text = phrase("contract.verdict", score=_number(percent, 2), penalty=_percent(month))
    details: list[Inline] = [phrase("contract.verdict.counts", **counts)]
    if month.penalty.amount is not None:
        amount = f"{month.penalty.amount:,.0f} {month.penalty.currency}"
        details.append(phrase("contract.penalty.amount", amount=amount))
    details += map(describe_remark, month.remarks)
    details.append(phrase("contract.verdict.coverage", coverage=Share(month.coverage)))
    if month.approvers:
        details.append(phrase("contract.approvers", names=", ".join(month.approvers)))
    state = find_state(month)
    word = phrase(f"contract.state.{state.value}")
    return VerdictBox(state, text, tuple(details), word)


def _percent(month: ContractMonth) -> Inline:
    return f"{_number(month.penalty.percent, 2)}%"


def _number(value: float, decimals: int | None = None) -> str:
    """A number as a person types it, with its decimals or with those that it has."""
    return f"{value:,.{decimals}f}" if decimals is not None else f"{value:,.10g}"


def describe_remark(remark: SheetRemark) -> Phrase:
    """A remark with moments, lengths and shares as the report writes them."""
    values: dict[str, Inline] = {}
    for name, value in remark.values:
        match value:
            case Instant():
                values[name] = Moment(value.t_ms)
            case Length():
                values[name] = ExactTime(value.ms)
            case Percentage():
                values[name] = Share(value.share)
            case float():
                values[name] = _number(value)
            case _:
                values[name] = value
    return phrase(remark.key, **values)


def build_scores(month: ContractMonth) -> ScoreSheet:
    """A row for each indicator, and the one score."""
    return ScoreSheet(
        id="contract-scores",
        caption=phrase("contract.scores.caption"),
        rows=tuple(_build_score(line, month) for line in month.lines),
        entered_weight=month.total.entered_weight,
        total=month.total.points,
        percent=month.total.rounded,
        rounding=_find_rounding(month.profile.rounding, higher=True),
    )


def _build_score(line: ContractLine, month: ContractMonth) -> ScoreRow:
    indicator = line.indicator
    higher = indicator.better is Better.HIGH
    bands = indicator.bands or (ScoreBand(indicator.target, 100.0),)
    return ScoreRow(
        name=indicator.name,
        how=_describe_how(line),
        unit=indicator.unit,
        decimals=indicator.decimals,
        weight=indicator.weight,
        target=indicator.target,
        minimum=indicator.minimum,
        higher_is_better=higher,
        value=line.rounded,
        quotient=_find_quotient(line, month.profile.rounding, higher=higher),
        is_typed=line.origin is ValueOrigin.ENTERED,
        bands=tuple(Band(band.limit, band.points) for band in bands),
        otherwise=indicator.otherwise,
        points=line.points,
        score=line.score,
        result=ScoreResult(line.result.value),
    )


def _find_quotient(line: ContractLine, rule: RoundingRule, *, higher: bool) -> Quotient | None:
    """What the value was divided from; lengths of time in minutes, as people check them."""
    evidence, measure = line.evidence, line.indicator.measure
    is_measured = line.origin is not ValueOrigin.ENTERED
    if evidence.numerator is None or not evidence.denominator or not is_measured:
        return None
    if line.value is None:
        return None
    over_ms, under_ms = _IN_MINUTES.get(measure, (False, False))
    return Quotient(
        numerator=evidence.numerator / (_MINUTE_MS if over_ms else 1),
        denominator=evidence.denominator / (_MINUTE_MS if under_ms else 1),
        factor=_FACTORS.get(measure, line.indicator.factor),
        rounding=_find_rounding(rule, higher=higher),
    )


def _find_rounding(rule: RoundingRule, *, higher: bool) -> Rounding:
    if rule is RoundingRule.NEAREST:
        return Rounding.NEAREST
    return Rounding.DOWN if higher else Rounding.UP


_MINUTE_MS = 60_000
_IN_MINUTES = {
    Measure.AVAILABILITY: (True, True),
    Measure.MEAN_RESTORE: (True, False),
    Measure.LONGEST_RESTORE: (True, False),
}
"""Whether numerator and denominator are lengths of time, in milliseconds."""
_FACTORS = {
    Measure.AVAILABILITY: 100.0,
    Measure.RESTORED_IN_TIME: 100.0,
    Measure.OUTAGES: 1.0,
    Measure.MEAN_RESTORE: 1.0,
    Measure.LONGEST_RESTORE: 1.0,
}
"""Of a RATIO the indicator's own."""


def _describe_how(line: ContractLine) -> Inline:
    how = phrase(f"contract.how.{line.indicator.measure.value}")
    return Joined((how, *map(describe_remark, line.reasons)), "\n")


# ------------------------------------------------------------------------------------- time


def list_times(account: TimeAccount) -> tuple[tuple[str, int], ...]:
    """Where time went, by name, in milliseconds; all but the first add up to the first."""
    return (
        ("calendar", account.calendar_ms),
        ("outside_hours", account.outside_hours_ms),
        ("planned", account.planned_ms),
        ("unmeasured", account.unmeasured_ms),
        ("outage", account.outage_ms),
        ("not_counted", account.not_counted_ms),
        ("up", account.up_ms),
    )


TIME_COLUMNS: tuple[TableColumn[tuple[str, int]], ...] = (
    TableColumn("time_kind", lambda part: phrase(f"sla.time.{part[0]}"), numeric=False),
    TableColumn("time", lambda part: ExactTime(part[1])),
    TableColumn("basis", lambda part: phrase(f"contract.time.{part[0]}.basis"), numeric=False),
)


def build_time(month: ContractMonth) -> Table:
    """Where the time of the month went, each second once."""
    parts = list_times(month.account)
    if month.counted_outage_ms != month.account.outage_ms:
        parts = (*parts, ("counted_outage", month.counted_outage_ms))
    return Table(
        id="contract-time",
        caption=phrase(
            "contract.time.caption", start=Moment(month.start_ms), end=Moment(month.end_ms)
        ),
        columns=build_heads(TIME_COLUMNS),
        rows=tuple(build_row(TIME_COLUMNS, part) for part in parts),
        wide=True,
    )


DAY_COLUMNS: tuple[TableColumn[DayAccount], ...] = (
    TableColumn("day", lambda day: Day(day.day, short=True), numeric=False),
    TableColumn("time_calendar", lambda day: ExactTime(day.account.calendar_ms)),
    TableColumn("time_outside_hours", lambda day: ExactTime(day.account.outside_hours_ms)),
    TableColumn("time_planned", lambda day: ExactTime(day.account.planned_ms)),
    TableColumn("time_unmeasured", lambda day: ExactTime(day.account.unmeasured_ms)),
    TableColumn("time_outage", lambda day: ExactTime(day.account.outage_ms)),
    TableColumn("time_not_counted", lambda day: ExactTime(day.account.not_counted_ms)),
    TableColumn("time_up", lambda day: ExactTime(day.account.up_ms)),
)


def build_days(month: ContractMonth) -> Table:
    """Where the time of each day went, and their sum."""
    sums = (ExactTime(ms) for _, ms in list_times(month.account))
    return Table(
        id="contract-days",
        caption=phrase("contract.days.caption"),
        columns=build_heads(DAY_COLUMNS),
        rows=tuple(build_row(DAY_COLUMNS, day) for day in month.days),
        totals=(phrase("contract.total"), *sums),
    )


# ------------------------------------------------------------------ outages, work, penalty


def _show_counted(outage: OutageLine) -> Inline:
    return phrase(f"contract.outage.{'counted' if outage.is_counted else 'not_counted'}")


def _list_reasons(month: ContractMonth) -> Iterator[Phrase]:
    """Why outages are counted as they are: below their table, once for all that share it."""
    for reason in dict.fromkeys(remark for one in month.outages for remark in one.reasons):
        ids = dict.fromkeys(
            name for one in month.outages if reason in one.reasons for name in one.ids
        )
        text = describe_remark(reason)
        yield phrase("contract.outage.reason", ids=", ".join(ids), text=text)


def _name_title(title: str) -> Inline:
    """What a person wrote of an outage, or the cause that collecting found."""
    is_cause = any(title == reason.value for reason in FailureReason)
    return phrase(f"health.cause.{title}") if is_cause else title


def name_outage(outage: OutageLine) -> Inline:
    """What it was, and which targets it was about, a line each."""
    return Joined((*map(_name_title, outage.titles), ", ".join(outage.targets)), "\n")


def _show_attribution(outage: OutageLine) -> Inline:
    if outage.attribution is None:
        return Blank()
    return phrase(f"incident.attribution.{outage.attribution.value}")


OUTAGE_COLUMNS: tuple[TableColumn[OutageLine], ...] = (
    TableColumn("outage_id", lambda one: ", ".join(dict.fromkeys(one.ids)), numeric=False),
    TableColumn("from", lambda one: Moment(one.start_ms, to_the_second=True), numeric=False),
    TableColumn(
        "to",
        lambda one: (
            phrase("contract.outage.open")
            if one.end_ms is None
            else Moment(one.end_ms, to_the_second=True)
        ),
        numeric=False,
    ),
    TableColumn(
        "outage_what",
        name_outage,
        False,
    ),
    TableColumn("attribution", _show_attribution, numeric=False),
    TableColumn("counted_time", lambda one: ExactTime(one.counted_ms)),
    TableColumn("restore_time", lambda one: ExactTime(one.restore_ms)),
    TableColumn("overrun", lambda one: ExactTime(one.overrun_ms)),
    TableColumn("result", _show_counted, numeric=False),
)


def build_outages(month: ContractMonth) -> Table:
    """A row for each outage that touches the month, counted or not, and why."""
    return Table(
        id="contract-outages",
        caption=phrase("contract.outages.caption"),
        columns=build_heads(OUTAGE_COLUMNS),
        rows=tuple(build_row(OUTAGE_COLUMNS, one) for one in month.outages),
        wide=True,
    )


def _show_excluded(work: PlannedLine) -> Inline:
    word = "excluded" if work.is_excluded else "not_excluded"
    return Joined((phrase(f"contract.planned.{word}"), *map(describe_remark, work.reasons)), "\n")


PLANNED_COLUMNS: tuple[TableColumn[PlannedLine], ...] = (
    TableColumn("approval", lambda one: one.approval or None, numeric=False),
    TableColumn("work", lambda one: one.title, numeric=False),
    TableColumn(
        "announced",
        lambda one: None if one.announced_ms is None else Moment(one.announced_ms),
        numeric=False,
    ),
    TableColumn("from", lambda one: Moment(one.start_ms), numeric=False),
    TableColumn("to", lambda one: Moment(one.end_ms), numeric=False),
    TableColumn("excluded_time", lambda one: ExactTime(one.excluded_ms)),
    TableColumn("reason", _show_excluded, numeric=False),
)


def build_planned(month: ContractMonth) -> Table:
    """A row for each planned work that touches the month, and whether it is taken out."""
    return Table(
        id="contract-planned",
        caption=phrase("contract.planned.caption"),
        columns=build_heads(PLANNED_COLUMNS),
        rows=tuple(build_row(PLANNED_COLUMNS, one) for one in month.planned),
        wide=True,
    )


def build_penalty(month: ContractMonth) -> Table:
    """What falling short costs, part by part; their sum is cut at the cap."""
    names = {line.indicator.id: line.indicator.name for line in month.lines}

    def show_subject(one: PenaltyLine) -> Inline:
        # The total score and the overrun are of no indicator; their remarks tell them apart.
        word = "overrun" if one.remark.key == "sla.penalty.overrun" else "score"
        return names.get(one.indicator, phrase(f"contract.penalty.{word}"))

    columns: tuple[TableColumn[PenaltyLine], ...] = (
        TableColumn("penalty_for", show_subject, numeric=False),
        TableColumn("penalty_percent", lambda one: Quantity(one.percent, "percent")),
        TableColumn("basis", lambda one: describe_remark(one.remark), numeric=False),
    )
    return Table(
        id="contract-penalty",
        caption=phrase("contract.penalty.caption", cap=Quantity(month.penalty.cap, "percent")),
        columns=build_heads(columns),
        rows=tuple(build_row(columns, one) for one in month.penalty.lines),
        totals=(
            phrase("contract.total"),
            Quantity(month.penalty.uncapped, "percent"),
            phrase("contract.penalty.sum", percent=_percent(month)),
        ),
        wide=True,
    )


# --------------------------------------------------------------------------------- evidence


def _show_source(line: ContractLine) -> Inline:
    evidence = line.evidence
    if line.origin is ValueOrigin.ENTERED:
        if line.value is None:
            return Blank()
        return phrase("inspection.entry", by=evidence.entered_by, note=evidence.note)
    parts: tuple[Inline, ...] = tuple(map(Code, evidence.queries))
    if evidence.outages:
        parts = (*parts, ", ".join(dict.fromkeys(evidence.outages)))
    return Joined(parts, "\n") if parts else None


def _show_fraction(line: ContractLine) -> Inline:
    """The quotient that the unrounded value is, lengths of time in minutes."""
    quotient = _find_quotient(line, RoundingRule.NEAREST, higher=True)
    if quotient is None:
        return None
    fraction = f"{_number(quotient.numerator)} ÷ {_number(quotient.denominator)}"
    return fraction if quotient.factor == 1 else f"{_number(quotient.factor)} × {fraction}"


def _show_samples(line: ContractLine) -> Inline:
    is_typed = line.origin is ValueOrigin.ENTERED
    return None if is_typed else Quantity(line.evidence.samples, "count")


EVIDENCE_COLUMNS: tuple[TableColumn[ContractLine], ...] = (
    TableColumn("indicator", lambda line: line.indicator.name, numeric=False),
    TableColumn("origin", lambda line: phrase(f"contract.origin.{line.origin.value}"), False),
    TableColumn("unrounded", lambda line: None if line.value is None else f"{line.value:.12g}"),
    TableColumn("fraction", _show_fraction),
    TableColumn(
        "window",
        lambda line: phrase(
            "reports.sources.window",
            start=Moment(line.evidence.start_ms),
            end=Moment(line.evidence.end_ms),
        ),
        numeric=False,
    ),
    TableColumn("samples", _show_samples),
    TableColumn(
        "coverage",
        lambda line: None if line.evidence.coverage is None else Share(line.evidence.coverage),
    ),
    TableColumn("source", _show_source, numeric=False),
)


def build_evidence_table(month: ContractMonth) -> Table:
    """What each line rests on."""
    return Table(
        id="contract-evidence",
        caption=phrase("contract.evidence.caption", digest=Code(month.profile.digest[:12])),
        columns=build_heads(EVIDENCE_COLUMNS),
        rows=tuple(build_row(EVIDENCE_COLUMNS, line) for line in month.lines),
        wide=True,
    )
