"""What the pages of months show: sheets that are worked out now and then, and typed values."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING

from jipyo.alerts.incident.origin import rank_alerts
from jipyo.alerts.wording import describe_alert
from jipyo.app.contract import EVERYTHING, build_contract_months
from jipyo.model.calendar import name_period
from jipyo.sla.entries import insert_entry, read_entries
from jipyo.web.api.months import MonthParts

if TYPE_CHECKING:
    from collections.abc import Callable

    from jipyo.alerts.incident.incident import Incident
    from jipyo.alerts.store import AlertStore
    from jipyo.app.workspace import Workspace
    from jipyo.config.load import Config
    from jipyo.i18n import Texts
    from jipyo.model.calendar import Period
    from jipyo.sla.entries import MonthEntry
    from jipyo.sla.month import ContractMonth
    from jipyo.sla.systems import ContractedSystem
    from jipyo.web.api.alert_desk import AlertDesk
    from jipyo.web.api.reports import ReportParts


class MonthMemo:
    """The last sheet of each month and system; safe to use from several threads.

    Readers of one sheet wait for each other, those of different ones do not.
    """

    def __init__(
        self,
        build: Callable[[Period, ContractedSystem], ContractMonth],
        now_ms: Callable[[], int],
    ) -> None:
        """`build` works a sheet out; its errors are not kept.

        It is not of one request: of one whose client has left it would lack what was not read,
        and others wait for the same sheet.
        """
        self._build, self._now_ms = build, now_ms
        self._lock = threading.Lock()
        self._turns: dict[tuple[str, str], threading.Lock] = {}
        self._known: dict[tuple[str, str], tuple[int, ContractMonth]] = {}

    def get(self, month: Period, system: ContractedSystem, age_ms: int) -> ContractMonth:
        """A sheet that was worked out no longer than `age_ms` ago.

        Raises:
            ConfigError: nothing of the month is under contract and over, or a file has mistakes.
            SourceError: the source failed.
            StoreError: the incidents cannot be read.
        """
        key = system.name, name_period(month)
        with self._lock:
            turn = self._turns.setdefault(key, threading.Lock())
        with turn:
            now_ms = self._now_ms()
            known = self._known.get(key)
            # A clock that was set back must not keep an old sheet alive.
            if known is None or not 0 <= now_ms - known[0] < age_ms:
                known = self._known[key] = now_ms, self._build(month, system)
            return known[1]


def build_month_parts(
    config: Config,
    workspace: Workspace,
    store: AlertStore,
    desk: AlertDesk,
    reports: ReportParts,
) -> MonthParts:
    """The parts of the pages by a configuration."""

    def work_out(month: Period, system: ContractedSystem) -> ContractMonth:
        (sheet,) = build_contract_months(workspace, month, (system,))
        return sheet

    def add_entry(entry: MonthEntry) -> None:
        with store.transaction() as db:
            insert_entry(db, entry)

    def list_entries(month: Period, system: ContractedSystem) -> tuple[MonthEntry, ...]:
        with store.reading() as db:
            return read_entries(db, system.name, name_period(month), workspace.now_ms())

    return MonthParts(
        work_out=MonthMemo(work_out, workspace.now_ms).get,
        systems=workspace.systems or (EVERYTHING,),
        list_entries=list_entries,
        add_entry=add_entry,
        list_incidents=desk.incidents.list_incidents,
        name_incident=partial(name_incident, desk),
        reports=reports,
        options=config.settings.reports,
        zone=workspace.zone,
        now_ms=workspace.now_ms,
        lang=workspace.lang,
    )


def name_incident(desk: AlertDesk, incident: Incident, t: Texts) -> str:
    """What an incident is called: its likely origin."""
    origin = rank_alerts(incident, desk.grouping())[0].alert
    words = describe_alert(origin.key, desk.catalogue, t)
    return " ".join(filter(None, (words.name, words.subject)))
