"""Every stretch of a window in which something did not answer, to the second."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.medians import find_interval
from jipyo.analysis.outages import Outage, identify_target
from jipyo.model.failure import FAILURES, parse_reason
from jipyo.source.narrow import list_values, narrow
from jipyo.source.prune import list_selected_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from jipyo.analysis.window import Window
    from jipyo.analysis.window_reader import WindowReader
    from jipyo.catalogue import Catalogue
    from jipyo.model.failure import FailureReason
    from jipyo.model.labels import Labels
    from jipyo.model.sample import Times, Values

_Target = tuple[str, str]
_Failures = dict[_Target, list[tuple[int, "FailureReason"]]]
_OUTCOMES = ("up", "success")
"""How the names of series end that are 0 while something does not answer."""
_FAILED_READINGS = 2
"""In a row; a single one is no outage."""
_PAUSE_INTERVALS = 2.5
"""After so long without a sample it is not known whether an outage goes on."""


@dataclass(frozen=True, slots=True)
class PastOutage:
    """A stretch in which at least two readings in a row failed."""

    target: Outage
    start_ms: int
    """The first reading that failed."""
    end_ms: int
    """The first that succeeded again; else where the readings or the window end."""
    is_open: bool
    """Whether it goes on at the end of the window."""

    @property
    def duration_ms(self) -> int:
        """How long it was."""
        return self.end_ms - self.start_ms


def find_past_outages(reader: WindowReader, catalogue: Catalogue) -> tuple[PastOutage, ...]:
    """The outages of all that the catalogue's metrics of outages cover, in order of time.

    Raises:
        SourceError: the source failed.
    """
    names = sorted(list_outcome_names(catalogue))
    failed = _find_failed_targets(reader, names) if names else {}
    if not failed:
        return ()
    outcomes: dict[_Target, list[tuple[Times, Values]]] = {}
    for labels, t_ms, values in _read_samples(reader, "|".join(names), failed):
        outcomes.setdefault(identify_target(labels), []).append((t_ms, values))
    reasons: _Failures = {}
    for labels, t_ms, _ in _read_samples(reader, FAILURES, failed):
        if (reason := parse_reason(labels)) is not None:
            known = reasons.setdefault(identify_target(labels), [])
            known.extend((at, reason) for at in t_ms.tolist())
    found = [one for target in outcomes for one in _find(target, outcomes, reasons, reader.window)]
    return tuple(sorted(found, key=lambda one: (one.start_ms, one.target.name)))


def list_outcome_names(catalogue: Catalogue) -> frozenset[str]:
    """The names of the series that are 0 while something does not answer."""
    expressions = tuple(
        query.expression("5m")
        for metric in catalogue.metrics
        if metric.outage
        for query in metric.queries
    )
    names = list_selected_names(expressions)
    return frozenset(name for name in names if name.rpartition("_")[2] in _OUTCOMES)


def _find_failed_targets(reader: WindowReader, names: Sequence[str]) -> dict[_Target, Labels]:
    """The targets of which any reading failed."""
    expr = " or ".join(
        f"min by (job, instance) (min_over_time({name}[{reader.range}])) == 0" for name in names
    )
    return {identify_target(labels): labels for labels in reader.read_numbers(expr)}


def _read_samples(
    reader: WindowReader, names: str, targets: Mapping[_Target, Labels]
) -> Iterator[tuple[Labels, Times, Values]]:
    """The raw samples of every series of these targets with one of these names."""
    expr = narrow(f'{{__name__=~"{names}"}}[{reader.range}]', list_values(targets.values()))
    for labels, t_ms, values in reader.read_samples(expr):
        if identify_target(labels) in targets:
            yield labels, t_ms, values


def _find(
    target: _Target,
    outcomes: Mapping[_Target, list[tuple[Times, Values]]],
    reasons: _Failures,
    window: Window,
) -> Iterator[PastOutage]:
    t_ms, failed = _merge(outcomes[target])
    interval_ms = find_interval(t_ms) if t_ms.size > 1 else window.step_ms
    edges = np.diff(np.concatenate(([False], failed, [False])).astype(np.int8))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    is_outage = ends - starts >= _FAILED_READINGS
    for start, end in zip(starts[is_outage].tolist(), ends[is_outage].tolist(), strict=True):
        start_ms, last_ms = int(t_ms[start]), int(t_ms[end - 1])
        ends_open = end == t_ms.size
        is_open = ends_open and last_ms + _PAUSE_INTERVALS * interval_ms >= window.end_ms
        end_ms = last_ms + interval_ms if ends_open else int(t_ms[end])
        end_ms = window.end_ms if is_open else min(end_ms, window.end_ms)
        counts = Counter(one for at, one in reasons.get(target, ()) if start_ms <= at <= last_ms)
        reason = max(counts, key=counts.__getitem__, default=None)
        yield PastOutage(Outage(*target, reason), start_ms, end_ms, is_open)


def _merge(rows: Iterable[tuple[Times, Values]]) -> tuple[Times, Values]:
    """All times of a target, and whether any of its outcomes then was a failure."""
    pairs = list(rows)
    t_ms, at = np.unique(np.concatenate([times for times, _ in pairs]), return_inverse=True)
    failed = np.zeros(t_ms.size, bool)
    np.logical_or.at(failed, at, np.concatenate([values == 0 for _, values in pairs]))
    return t_ms, failed
