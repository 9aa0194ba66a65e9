"""Which alerts end although no evaluation says so: of rules and series that are no more."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from jipyo.alerts.alert import AlertKey, AlertState
from jipyo.alerts.state import close
from jipyo.analysis.thresholds import JudgeState, Severity
from jipyo.catalogue.removed import is_removed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from jipyo.alerts.alert import Transition
    from jipyo.alerts.evaluation import RuleMemory, SeriesMemory
    from jipyo.alerts.incident.incident import Incident
    from jipyo.alerts.rule import Rule


def close_orphans(
    memories: dict[str, RuleMemory], rules: Iterable[Rule], t_ms: int
) -> Iterator[Transition]:
    """Take out the rules that the configuration has no more, and close their alerts."""
    for rule in memories.keys() - {rule.id for rule in rules}:
        for series in memories.pop(rule).series.values():
            _, transition = close(series.alert, t_ms)
            if transition is not None:
                yield transition


def close_without_data(
    memories: dict[str, RuleMemory], is_over: Callable[[AlertKey], bool], t_ms: int
) -> Iterator[Transition]:
    """Take out the series without data of which `is_over` holds, and close their alerts."""
    for rule, memory in list(memories.items()):
        gone = [
            labels
            for labels, series in memory.series.items()
            if has_no_data(series) and is_over(AlertKey(rule, labels))
        ]
        if gone:
            left = {labels: one for labels, one in memory.series.items() if labels not in gone}
            memories[rule] = replace(memory, series=left)
        for labels in gone:
            _, transition = close(memory.series[labels].alert, t_ms)
            if transition is not None:
                yield transition


def is_known_as_over(
    incidents: Collection[Incident], removed: Collection[Mapping[str, str]], key: AlertKey
) -> bool:
    """Whether somebody says that an alert is over.

    Its incident was closed by a person, or what it is about was removed on purpose.
    """
    return is_removed(key.labels, removed) or any(
        incident.closed_ms is not None and any(alert.key == key for alert in incident.alerts)
        for incident in incidents
    )


def has_no_data(series: SeriesMemory) -> bool:
    """Whether its samples have ended, so that nothing is known of it."""
    if series.alert.alert is not None:
        return series.alert.state is AlertState.NO_DATA
    return isinstance(series.judged, JudgeState) and series.judged.severity is Severity.UNKNOWN
