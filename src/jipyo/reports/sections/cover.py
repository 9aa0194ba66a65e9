"""The cover: what document this is, who signs it, and what it is about."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from jipyo.alerts.incident.grouping import find_host
from jipyo.model.calendar import local_day
from jipyo.reports.document import (
    Approval,
    Cover,
    Day,
    Duration,
    Inline,
    Joined,
    Moment,
    Share,
    phrase,
)
from jipyo.reports.options import Approver, SignOffStep

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.model.bilingual import Bilingual
    from jipyo.reports.inputs import ReportInputs
    from jipyo.sla.month import ContractMonth

APPROVAL = tuple(
    Approver(step=step)
    for step in (SignOffStep.DRAFTED, SignOffStep.REVIEWED, SignOffStep.APPROVED)
)
"""The approval box of a site that names none."""
_MOST_NAMES = 5


def build_cover(inputs: ReportInputs) -> Cover:
    """The cover of a draft, which has no issue yet; what is not known has no row."""
    return Cover(
        issue=phrase("summary.cover.draft"),
        made=Day(local_day(inputs.made_ms, inputs.zone)),
        approvals=tuple(
            Approval(one.title or phrase(f"summary.step.{one.step.value}"), one.name)
            for one in inputs.options.approval or APPROVAL
        ),
        rows=tuple((phrase(f"summary.cover.{name}"), value) for name, value in _list_rows(inputs)),
    )


def _list_rows(inputs: ReportInputs) -> Iterator[tuple[str, Inline]]:
    if systems := _describe_systems(inputs):
        yield "systems", systems
    yield "period", _describe_period(inputs)
    if inputs.contracts:
        yield "contract", Joined(tuple(map(_describe_contract, inputs.contracts)), "\n")
    yield "coverage", _describe_coverage(inputs)
    if inputs.options.recipients:
        yield "recipients", ", ".join(inputs.options.recipients)


def list_system_names(inputs: ReportInputs) -> tuple[Bilingual, ...]:
    """The systems under contract, each once."""
    months = inputs.contracts or inputs.contract_months
    return tuple({month.system: month.system_name for month in months}.values())


def _describe_systems(inputs: ReportInputs) -> Inline:
    """The systems under contract, and the hosts that were read."""
    names = list_system_names(inputs)
    found = (find_host(one.labels.get("instance", "")) for one in inputs.data.targets)
    hosts = list(dict.fromkeys(filter(None, found)))
    shown: Inline = ", ".join(hosts[:_MOST_NAMES])
    if (left := len(hosts) - _MOST_NAMES) > 0:
        shown = phrase("reports.and_more", names=shown, n=left)
    if not hosts:
        return Joined(names, ", ") if names else None
    return (
        phrase("summary.cover.hosts", systems=Joined(names, ", "), names=shown) if names else shown
    )


def _describe_period(inputs: ReportInputs) -> Inline:
    period = inputs.period
    if not period.is_of_whole_days:
        return phrase(
            "summary.cover.span",
            start=Moment(period.start_ms, dated=True),
            end=Moment(period.end_ms, dated=True),
            span=Duration(period.duration_ms),
            zone=period.zone,
        )
    days = (period.next_day - period.first_day) // timedelta(days=1)
    text = phrase(
        "summary.cover.days",
        start=Moment(period.start_ms, dated=True),
        last=Day(period.next_day - timedelta(days=1)),
        n=days,
        zone=period.zone,
    )
    if not inputs.data.is_running:
        return text
    until = Moment(inputs.data.window.end_ms, dated=True)
    return Joined((text, phrase("reports.verdict.running", until=until)))


def _describe_contract(month: ContractMonth) -> Inline:
    return Joined((month.system_name, month.profile.name), ": ")


def _describe_coverage(inputs: ReportInputs) -> Inline:
    targets = inputs.data.targets
    if not targets:
        return Share(inputs.data.share)
    return phrase(
        "summary.cover.samples",
        share=Share(inputs.data.share),
        received=sum(one.received for one in targets),
        expected=sum(one.expected for one in targets),
    )
