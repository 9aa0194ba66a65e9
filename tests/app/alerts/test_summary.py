"""What commands and reports read of the file of alerts, beside a server or without one."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from jipyo.alerts.desk import IncidentDesk
from jipyo.alerts.events.event import Event, EventKind
from jipyo.alerts.store import AlertStore
from jipyo.app.alerts.schema import STEPS
from jipyo.app.alerts.summary import read_events, read_ranked_incidents
from jipyo.catalogue import load

if TYPE_CHECKING:
    from pathlib import Path

START, END = 1_790_000_000_000, 1_790_000_600_000


def test_the_events_of_a_period_are_read_in_the_order_of_time(tmp_path: Path) -> None:
    with contextlib.closing(AlertStore.open(tmp_path, STEPS)) as store:
        desk = IncidentDesk(store, lambda: END)
        for t_ms in (END, START + 5, START, START - 1):
            desk.add_event(Event(t_ms=t_ms, kind=EventKind.DEPLOYMENT, text=f"v{t_ms}", who="ops"))
    found = read_events(tmp_path, START, END)
    assert [event.t_ms for event in found] == [START, START + 5]


def test_without_a_file_there_are_neither_events_nor_incidents(tmp_path: Path) -> None:
    assert read_events(tmp_path, START, END) == ()
    assert read_ranked_incidents(tmp_path, load(), START, END) == ()
    assert list(tmp_path.iterdir()) == []
