"""What the alert rules made of the made-up samples, and what its people did about it.

The alerts and incidents are not written by hand: the rules are evaluated over the samples, moment
by moment, as a running server would have done it.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

from jipyo.alerts.events.event import Event, EventKind
from jipyo.alerts.events.records import insert_event
from jipyo.alerts.incident import edits
from jipyo.alerts.incident.incident import CauseClass
from jipyo.alerts.incident.records import (
    insert_entries,
    read_recent_incidents,
    record_transitions,
)
from jipyo.alerts.incident.rules import build_grouping
from jipyo.alerts.options import AlertsOptions
from jipyo.alerts.replay import replay
from jipyo.alerts.rule import list_metric_rules
from jipyo.alerts.saved import save_memories
from jipyo.alerts.silence import MaintenanceWindow
from jipyo.alerts.silence_records import insert_window
from jipyo.alerts.store import AlertStore
from jipyo.app.alerts.evidence import EvidenceCollector
from jipyo.app.alerts.incidents import LOCAL_NAMES
from jipyo.app.alerts.schema import STEPS
from jipyo.i18n import texts
from jipyo.model.attribution import Attribution
from jipyo.model.clock import SystemClock
from jipyo.model.labels import Labels

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator

    from jipyo.alerts.incident.incident import Incident, IncidentEntry
    from jipyo.app.workspace import Workspace
    from jipyo.config.load import Config
    from jipyo.demo.story import Story
    from jipyo.model.progress import Progress

_MINUTE_MS, _HOUR_MS, _DAY_MS = 60_000, 3_600_000, 86_400_000
_LOOK_AFTER_MS = (1 * _MINUTE_MS, 3 * _MINUTE_MS)
"""After a change of an alert: when logs are looked at for what else was seen."""


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody did, or something did, at a moment."""

    t_ms: int
    do: Callable[[sqlite3.Connection], object]


class SetClock(SystemClock):
    """A clock that shows what it was set to."""

    t_ms = 0

    def now_ms(self) -> int:
        """See `Clock.now_ms`."""
        return self.t_ms


def play_history(
    config: Config, workspace: Workspace, story: Story, end_ms: int, progress: Progress
) -> None:
    """Evaluate the rules from the beginning of the month on, and record what came of it.

    Raises:
        SourceError: the samples cannot be read.
        StoreError: nothing can be recorded.
    """
    options = config.settings.alerts or AlertsOptions()
    rules = list(list_metric_rules(workspace.catalogue, options))
    played = replay(rules, workspace.source, story.month.start_ms, end_ms, progress)
    grouping = build_grouping(rules, options, dict.fromkeys(LOCAL_NAMES, config.instance))
    changes = [
        Deed(t_ms, partial(record_transitions, transitions=list(one), grouping=grouping))
        for t_ms, one in groupby(played.transitions, key=lambda one: one.t_ms)
    ]
    clock = SetClock()
    with contextlib.closing(AlertStore.open(config.data, STEPS)) as store:
        evidence = EvidenceCollector(store, clock)
        evidence.apply(config, workspace.source)
        looks = {one.t_ms + after for one in changes for after in _LOOK_AFTER_MS}
        deeds = [*changes, *list_deeds(story)]
        moments = sorted({*looks, *(one.t_ms for one in deeds)})
        by_moment = {t_ms: [one for one in deeds if one.t_ms == t_ms] for t_ms in moments}
        for clock.t_ms in moments:
            if clock.t_ms > end_ms:
                break
            if by_moment[clock.t_ms]:
                with store.transaction() as db:
                    for deed in by_moment[clock.t_ms]:
                        deed.do(db)
            evidence.look()
        with store.transaction() as db:
            save_memories(db, played.memories, {})


def list_deeds(story: Story) -> Iterator[Deed]:
    """What people did in the month."""
    t = texts(story.lang)
    window = MaintenanceWindow(
        id="",
        name=t("demo.site.patches"),
        matchers=(),
        start_ms=story.maintenance.start_ms,
        end_ms=story.maintenance.start_ms + 2 * _HOUR_MS,
        announced_ms=story.maintenance.start_ms - 7 * _DAY_MS,
        approval="2026-118",
        who=t("demo.site.operator"),
        entered_ms=story.maintenance.start_ms - 7 * _DAY_MS,
    )
    yield Deed(window.entered_ms, lambda db: insert_window(db, window))
    event = Event(
        t_ms=story.deployed_ms,
        kind=EventKind.DEPLOYMENT,
        text="portal v2.4.1",
        labels=Labels.of({"job": "portal"}),
        who="ci",
        entered_ms=story.deployed_ms,
    )
    yield Deed(event.t_ms, lambda db: insert_event(db, event))
    undone_ms = story.outage.end_ms - 3 * _MINUTE_MS
    undone = replace(event, t_ms=undone_ms, entered_ms=undone_ms, text="portal v2.4.0 (rollback)")
    yield Deed(undone_ms, lambda db: insert_event(db, undone))
    yield from _list_outage_deeds(story)
    hot_ms = story.hot.start_ms + 6 * _HOUR_MS
    close = partial(
        edits.close,
        who=t("demo.site.operator"),
        cause=CauseClass.HARDWARE,
        text=t("demo.site.cause_fan"),
    )
    yield _add(story.hot.end_ms + _HOUR_MS, "system.gpu", close, since_ms=hot_ms - _DAY_MS)


def _list_outage_deeds(story: Story) -> Iterator[Deed]:
    t, start_ms = texts(story.lang), story.outage.start_ms
    operator = t("demo.site.operator")
    acknowledge = partial(edits.acknowledge, who=operator)
    yield _add(start_ms + 4 * _MINUTE_MS, "app.probe.down", acknowledge)
    notes = {12: "demo.site.note_1", 26: "demo.site.note_2", 39: "demo.site.note_3"}
    for minutes, key in notes.items():
        note = partial(edits.add_note, who=operator, text=t(key))
        yield _add(start_ms + minutes * _MINUTE_MS, "app.probe.down", note)
    close = partial(
        edits.close,
        who=t("demo.site.reviewer"),
        cause=CauseClass.CHANGE,
        attribution=Attribution.OURS,
        text=t("demo.site.cause"),
    )
    closed_ms = story.outage.end_ms + 3 * _HOUR_MS
    yield _add(closed_ms, "app.probe.down", close, since_ms=start_ms)


def _add(
    t_ms: int,
    rule: str,
    make: Callable[[Incident, int], IncidentEntry],
    since_ms: int | None = None,
) -> Deed:
    """An entry in each incident that has an alert of a rule, and is open or recovered lately."""

    def do(db: sqlite3.Connection) -> None:
        for number, incident in read_recent_incidents(db, since_ms or t_ms).items():
            rules = {alert.key.rule for alert in incident.alerts}
            if any(one.startswith(rule) for one in rules) and incident.closed_ms is None:
                insert_entries(db, {number: incident}, [make(incident, t_ms)])

    return Deed(t_ms, do)
