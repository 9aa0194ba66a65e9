"""Outages of the period in few words: what went down together is told together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.analysis.outages import identify_target
from jipyo.model.failure import FailureReason
from jipyo.model.labels import Labels
from jipyo.reports.document import Duration, Inline, Joined, Moment, Phrase, phrase

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jipyo.analysis.completeness import TargetCompleteness
    from jipyo.analysis.outage_history import PastOutage
    from jipyo.reports.inputs import ReportInputs

LONG_OUTAGE_MS = 300_000
_MOST_NAMES = 3


@dataclass(frozen=True, slots=True)
class OutageStretch:
    """Outages that overlap, as one."""

    start_ms: int
    end_ms: int
    outages: tuple[PastOutage, ...]

    @property
    def duration_ms(self) -> int:
        """From the first failure to the last recovery."""
        return self.end_ms - self.start_ms


@dataclass(frozen=True, slots=True)
class OutageGroup:
    """What went down together, each time that it did."""

    names: tuple[str, ...]
    """Of the targets, in the order in which they failed first."""
    stretches: tuple[OutageStretch, ...]
    is_total: bool
    """Whether nothing that is collected answered; never of a single target."""

    @property
    def total_ms(self) -> int:
        """Of all stretches together."""
        return sum(one.duration_ms for one in self.stretches)

    @property
    def longest(self) -> OutageStretch:
        """The longest stretch."""
        return max(self.stretches, key=lambda one: one.duration_ms)


def group_outages(inputs: ReportInputs) -> tuple[OutageGroup, ...]:
    """The outages of the period by what went down together, planned work left out."""
    everything = _list_targets(inputs.data.targets)
    unplanned = [one for one in inputs.data.outages if not is_planned(one, inputs)]
    groups: dict[frozenset[tuple[str, str]], list[OutageStretch]] = {}
    for stretch in join_outages(unplanned):
        targets = frozenset(_identify(one) for one in stretch.outages)
        groups.setdefault(targets, []).append(stretch)
    return tuple(
        OutageGroup(
            tuple(dict.fromkeys(one.target.name for one in stretches[0].outages)),
            tuple(stretches),
            len(everything) > 1 and targets >= everything,
        )
        for targets, stretches in groups.items()
    )


def join_outages(outages: Iterable[PastOutage]) -> Iterator[OutageStretch]:
    """Outages that overlap as one stretch, in the order of time."""
    joined: list[PastOutage] = []
    end_ms = 0
    for outage in sorted(outages, key=lambda one: one.start_ms):
        if joined and outage.start_ms >= end_ms:
            yield OutageStretch(joined[0].start_ms, end_ms, tuple(joined))
            joined = []
        end_ms = max(end_ms, outage.end_ms) if joined else outage.end_ms
        joined.append(outage)
    if joined:
        yield OutageStretch(joined[0].start_ms, end_ms, tuple(joined))


def is_planned(outage: PastOutage, inputs: ReportInputs) -> bool:
    """Whether an outage lies within planned work on its target."""
    job, instance = _identify(outage)
    labels = Labels.of({"job": job, "instance": instance})
    is_in_window = any(
        window.covers(labels, outage.start_ms) and window.covers(labels, outage.end_ms - 1)
        for window in inputs.windows
    )
    return is_in_window or any(
        work.is_excluded and work.start_ms <= outage.start_ms and outage.end_ms <= work.end_ms
        for month in (*inputs.contracts, *inputs.contract_months)
        for work in month.planned
    )


def _identify(outage: PastOutage) -> tuple[str, str]:
    return outage.target.job, outage.target.instance


def _list_targets(targets: Iterable[TargetCompleteness]) -> frozenset[tuple[str, str]]:
    return frozenset(identify_target(one.labels) for one in targets)


def describe_outage(group: OutageGroup) -> Phrase:
    """What did not answer, from when and for how long; of one target also why."""
    longest = group.longest
    values: dict[str, Inline] = {
        "start": Moment(longest.start_ms),
        "span": Duration(longest.duration_ms),
    }
    if group.is_total:
        return phrase("reports.finding.outage_total", n=len(group.names), **values)
    if len(group.names) > 1:
        return phrase("reports.finding.outage_several", n=len(group.names), **values)
    reason = longest.outages[0].target.reason
    return phrase(
        f"reports.finding.outage{'' if reason is None else '_why'}",
        target=group.names[0],
        cause=phrase(f"health.cause.{(reason or FailureReason.OTHER).value}"),
        **values,
    )


def list_names(group: OutageGroup) -> Iterator[Phrase]:
    """Which targets they were, where the sentence does not name them."""
    if len(group.names) > 1:
        shown, left = Joined(group.names[:_MOST_NAMES], ", "), len(group.names) - _MOST_NAMES
        names = phrase("reports.and_more", names=shown, n=left) if left > 0 else shown
        yield phrase("reports.finding.outage_names", names=names)
