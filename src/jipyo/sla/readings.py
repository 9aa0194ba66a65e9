"""Outages and gaps of targets from the stored samples, once for all systems of an installation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jipyo.analysis.completeness import measure_completeness
from jipyo.analysis.outage_history import find_past_outages, list_outcome_names
from jipyo.analysis.outages import identify_target
from jipyo.analysis.window import Window
from jipyo.analysis.window_reader import WindowReader
from jipyo.model.calendar import local_time
from jipyo.model.matcher import select_all
from jipyo.sla.records import ContractOutage
from jipyo.sla.spans import intersect, unite

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from jipyo.analysis.completeness import TargetCompleteness
    from jipyo.analysis.outage_history import PastOutage
    from jipyo.catalogue import Catalogue
    from jipyo.model.errors import JipyoError
    from jipyo.sla.spans import Spans
    from jipyo.sla.systems import ContractedSystem
    from jipyo.source.base import Source

_MINUTE_MS = 60_000
_DAY_MS = 86_400_000
_LEAD_MS = 3_600_000
_MAX_LEAD_MS = 366 * _DAY_MS


@dataclass(frozen=True, slots=True)
class TargetReadings:
    """What the store has of all targets over a window."""

    start_ms: int
    end_ms: int
    targets: tuple[TargetCompleteness, ...]
    outages: tuple[PastOutage, ...]
    outcome_names: tuple[str, ...]
    """The series that are 0 while something does not answer."""
    missing: tuple[JipyoError, ...] = ()
    """What could not be read."""


@dataclass(frozen=True, slots=True)
class SystemReadings:
    """The part of them that is of one system."""

    outages: tuple[ContractOutage, ...]
    gaps: Spans
    samples: int
    targets: int
    queries: tuple[str, ...]


def read_targets(
    source: Source, catalogue: Catalogue, start_ms: int, end_ms: int, now_ms: int
) -> TargetReadings:
    """The readings over [start, end), with outages that reach over its ends as a whole.

    Raises:
        SourceError: the source failed.
    """
    reader = WindowReader(source, Window(start_ms, end_ms, _MINUTE_MS))
    targets = measure_completeness(reader)
    before_ms = after_ms = _LEAD_MS
    while True:
        first_ms, last_ms = start_ms - before_ms, min(end_ms + after_ms, now_ms)
        wide = replace(reader, window=Window(first_ms, last_ms, _MINUTE_MS))
        outages = find_past_outages(wide, catalogue)
        is_cut = any(one.start_ms - first_ms < _LEAD_MS // 2 for one in outages)
        goes_on = any(one.is_open and one.start_ms < end_ms for one in outages)
        if is_cut and before_ms < _MAX_LEAD_MS:
            before_ms *= 8
        elif goes_on and last_ms < now_ms and after_ms < _MAX_LEAD_MS:
            after_ms *= 8
        else:
            names = tuple(sorted(list_outcome_names(catalogue)))
            return TargetReadings(start_ms, end_ms, targets, outages, names, tuple(wide.missing))


def select_system(
    readings: TargetReadings, system: ContractedSystem, zone: ZoneInfo
) -> SystemReadings:
    """What the readings have of a system's targets.

    Unmeasured is when a target of it was not read between two of its readings, and when none of
    them was read at all; so a target that is added or removed for good leaves no gap. The id of
    an outage is its first second by the zone's clocks.
    """
    own = [one for one in readings.targets if select_all(system.matchers, one.labels)]
    names = {identify_target(one.labels) for one in own}
    window = ((readings.start_ms, readings.end_ms),)
    outages = tuple(
        ContractOutage(
            id=f"{local_time(one.start_ms, zone):%Y%m%d-%H%M%S}",
            start_ms=one.start_ms,
            end_ms=None if one.is_open else one.end_ms,
            target=one.target.name,
            title="" if one.target.reason is None else one.target.reason.value,
        )
        for one in readings.outages
        if (one.target.job, one.target.instance) in names
    )
    return SystemReadings(
        outages=outages,
        gaps=_find_gaps(own, window) if own else window,
        samples=sum(one.received for one in own),
        targets=len(own),
        queries=_list_queries(readings, system),
    )


def _find_gaps(targets: Sequence[TargetCompleteness], window: Spans) -> Spans:
    inner: list[tuple[int, int]] = []
    none = window
    for target in targets:
        gaps = unite((gap.start_ms, gap.end_ms) for gap in target.gaps)
        none = intersect(none, gaps)
        inner.extend(gap for gap in gaps if gap[0] > window[0][0] and gap[1] < window[0][1])
    return unite((*inner, *none))


def _list_queries(readings: TargetReadings, system: ContractedSystem) -> tuple[str, ...]:
    names = "|".join(readings.outcome_names)
    selector = f",{system.selector}" if system.selector else ""
    seconds = (readings.end_ms - readings.start_ms) // 1000
    return (
        f'{{__name__=~"{names}"{selector}}}[{seconds}s]',
        f"up{{{system.selector}}}[{seconds}s]",
    )
