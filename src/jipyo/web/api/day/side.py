"""What stands beside the day: limits that come near, the month's budget, collection, documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.analysis.crossing import CrossingState
from jipyo.analysis.series_names import name_member
from jipyo.catalogue import Unit
from jipyo.reports.archive.names import name_document
from jipyo.reports.wording import Localizer
from jipyo.sla.profile import Measure
from jipyo.web.api.reports import name_step

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jipyo.analysis.crossing import Crossing
    from jipyo.analysis.outlook import Outlook
    from jipyo.i18n import Texts
    from jipyo.reports.archive.archive import ArchivedReport
    from jipyo.sla.month import ContractLine, ContractMonth
    from jipyo.web.api.day.context import DayContext
    from jipyo.web.api.targets import TargetCounts

HORIZON_MS = 30 * 86_400_000
MOST_FORECASTS = 5
_DAY_MS = 86_400_000
_KINDS = ("daily", "monthly")


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastRow:
    """A threshold that is expected to be reached soon."""

    metric: str
    name: str
    level_text: str
    """`위험 90%`."""
    day_text: str
    interval_text: str
    """The 80% interval; empty where it is one day."""
    share: float
    """Where it lies in the next 30 days, 0 to 1."""
    low: float
    high: float
    """The ends of the interval in the same measure."""
    t: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaBudget:
    """What is left of the outage time that a month allows."""

    system: str
    name: str
    month: str
    month_text: str
    left_s: float
    """Negative where more than is allowed was used."""
    left_text: str
    left_unit: str
    allowed_text: str
    used_share: float
    """Of the allowed time, 1 where it is used up."""
    open_share: float
    """Of that the outage that goes on."""
    text: str
    """The availability beside its target."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionDay:
    """Whether what is collected answers, and how much of the day came in."""

    up: int
    total: int
    """0 where nothing is collected."""
    complete_text: str
    """The share of the samples that were expected in the last 24 hours; empty for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRow:
    """The latest report of a kind."""

    id: str
    kind: str
    period: str
    name: str
    state_text: str


# ------------------------------------------------------------------------------------- forecasts


def build_forecasts(outlooks: Sequence[Outlook], context: DayContext) -> tuple[ForecastRow, ...]:
    """The next threshold of each series that is expected within 30 days, the soonest first."""
    rows = [row for one in outlooks if (row := _build_forecast(one, context)) is not None]
    return tuple(sorted(rows, key=lambda row: row.t)[:MOST_FORECASTS])


def _build_forecast(outlook: Outlook, context: DayContext) -> ForecastRow | None:
    metric = context.catalogue.get(outlook.history.metric_id)
    found = _find_next(outlook, context.now_ms)
    if metric is None or metric.unit is Unit.DAYS or found is None:
        return None
    level, crossing, t_ms = found
    t, labels = context.t, outlook.labels
    subject = name_member(labels, context.instance)
    name = metric.name(t.lang)
    limit = t.number(crossing.threshold, metric.unit.value)
    return ForecastRow(
        metric=metric.id,
        name=t("overview.subject", name=name, subject=subject) if subject else name,
        level_text=t("overview.level", level=t(f"health.level.{level}"), limit=limit),
        day_text=context.name_day(t_ms),
        interval_text=_describe_interval(crossing, context),
        share=_find_share(t_ms, context),
        low=_find_share(crossing.earliest_ms, context),
        high=_find_share(crossing.latest_ms, context),
        t=t_ms / 1000,
    )


def _find_next(outlook: Outlook, now_ms: int) -> tuple[str, Crossing, int] | None:
    """The first threshold that is still to be reached, and when."""
    if outlook.crossing is None:
        return None
    pairs = zip(outlook.history.thresholds, outlook.crossing.crossings, strict=True)
    found = [
        (level, crossing, max(crossing.t_ms, now_ms))
        for (level, _), crossing in pairs
        if crossing.state is CrossingState.EXPECTED
        and crossing.t_ms is not None
        and crossing.t_ms <= now_ms + HORIZON_MS
    ]
    return min(found, key=lambda one: one[2], default=None)


def _find_share(t_ms: int | None, context: DayContext) -> float:
    if t_ms is None:
        return 1.0
    return round(min(max((t_ms - context.now_ms) / HORIZON_MS, 0.0), 1.0), 4)


def _describe_interval(crossing: Crossing, context: DayContext) -> str:
    if crossing.earliest_ms is None:
        return ""
    earliest = context.name_day(max(crossing.earliest_ms, context.now_ms))
    if crossing.latest_ms is None:
        return context.t("overview.interval.open", earliest=earliest)
    latest = context.name_day(max(crossing.latest_ms, context.now_ms))
    if earliest == latest:
        return ""
    return context.t("overview.interval", earliest=earliest, latest=latest)


# ------------------------------------------------------------------------------------------- SLA


def build_budgets(months: Sequence[ContractMonth], t: Texts) -> tuple[SlaBudget, ...]:
    """The budget of each system whose contract promises an availability."""
    return tuple(budget for one in months if (budget := _build_budget(one, t)) is not None)


def _build_budget(month: ContractMonth, t: Texts) -> SlaBudget | None:
    line = next((one for one in month.lines if _has_budget(one)), None)
    if line is None:
        return None
    target = line.indicator.target
    allowed_ms = find_promised_ms(month) * (100.0 - target) / 100.0
    left_ms = allowed_ms - month.counted_outage_ms
    open_ms = sum(one.counted_ms for one in month.outages if one.end_ms is None)
    number, unit = _split_span(abs(left_ms), t)
    key = "overview.sla.left" if left_ms >= 0 else "overview.sla.over"
    share = min(month.counted_outage_ms / allowed_ms, 1.0) if allowed_ms else 1.0
    day = month.month.first_day
    return SlaBudget(
        system=month.system,
        name=month.system_name(t.lang),
        month=f"{day:%Y-%m}",
        month_text=t("overview.sla.month", month=t(f"i18n.month.{day.month}")),
        left_s=left_ms / 1000,
        left_text=number,
        left_unit=unit,
        allowed_text=t(key, allowed=t.join(*_split_span(allowed_ms, t))),
        used_share=round(share, 4),
        open_share=round(min(open_ms / allowed_ms, share), 4) if allowed_ms else 0.0,
        text=_describe_availability(line, t),
    )


def _has_budget(line: ContractLine) -> bool:
    return line.indicator.measure is Measure.AVAILABILITY and line.indicator.target < 100.0


def find_promised_ms(month: ContractMonth) -> float:
    """The service time of the whole month: that of the part so far, in proportion to its length."""
    account, period = month.account, month.month
    so_far_ms = account.service_ms - account.planned_ms
    if not month.is_provisional or account.calendar_ms == 0:
        return so_far_ms
    rest_ms = period.end_ms - month.end_ms
    return so_far_ms + rest_ms * account.service_ms / account.calendar_ms


def _split_span(ms: float, t: Texts) -> tuple[str, str]:
    """Minutes to a tenth, from ten hours up hours: `17.2`, `분`."""
    minutes = ms / 60_000
    value, unit = (minutes / 60, "hour") if minutes >= 600 else (minutes, "minute")
    number = f"{value:,.1f}".removesuffix(".0")
    return number, t.unit(unit, float(number.replace(",", "")))


def _describe_availability(line: ContractLine, t: Texts) -> str:
    target = f"{line.indicator.target:g}%"
    if line.value is None:
        return t("overview.sla.unknown", target=target)
    decimals = max(line.indicator.decimals, 3)
    # Rounded down: what is missed never reads as kept.
    scale = 10**decimals
    value = f"{int(line.value * scale) / scale:.{decimals}f}%"
    return t("overview.sla.availability", value=value, target=target)


# ---------------------------------------------------------------------- collection and documents


def build_collection(targets: TargetCounts, received: int, expected: int) -> CollectionDay:
    """How many targets answer, of those that are there."""
    share = min(received / expected, 1.0) if expected else None
    total = targets.up + targets.down + targets.unknown
    return CollectionDay(
        up=targets.up,
        total=total,
        complete_text="" if share is None else _format_complete(share),
    )


def _format_complete(share: float) -> str:
    """To a hundredth of a percent, rounded down so that 99.999% never reads as all."""
    return "100%" if share >= 1 else f"{int(share * 10_000) / 100:.2f}%"


def build_documents(reports: Sequence[ArchivedReport], t: Texts) -> tuple[DocumentRow, ...]:
    """The latest daily and the latest monthly report."""
    return tuple(_list_documents(reports, t))


def _list_documents(reports: Sequence[ArchivedReport], t: Texts) -> Iterator[DocumentRow]:
    for kind in _KINDS:
        own = [one for one in reports if one.last.record.kind == kind]
        if own:
            report = max(own, key=lambda one: one.last.record.period.start_ms)
            record = report.last.record
            localizer = Localizer.for_period(record.period, t.lang)
            yield DocumentRow(
                id=name_document(report.number),
                kind=kind,
                period=f"{record.period.first_day:%Y-%m}",
                name=f"{localizer.format(record.title)} {localizer.format_period()}",
                state_text=t(f"summary.step.{name_step(report.step)}"),
            )
