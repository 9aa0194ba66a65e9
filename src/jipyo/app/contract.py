"""A contract's month over a workspace: samples, incidents and what people typed -> the sheet."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

from jipyo.alerts.incident.records import read_incidents
from jipyo.alerts.maintenance_calendar import expand_maintenance
from jipyo.alerts.silence_records import read_windows
from jipyo.alerts.store import FILE_NAME, AlertStore
from jipyo.analysis.outages import identify_target
from jipyo.app.alerts.schema import STEPS
from jipyo.model.bilingual import Bilingual
from jipyo.model.calendar import (
    PeriodKind,
    local_day,
    name_period,
    parse_month,
    period_containing,
)
from jipyo.model.errors import ConfigError
from jipyo.model.matcher import select_all
from jipyo.model.progress import ignore_progress
from jipyo.schema import read_text, unknown_word
from jipyo.sla.entries import enter_last, read_entries
from jipyo.sla.evaluate import evaluate_month, find_time, find_window
from jipyo.sla.month_file import TypedMonth, parse_typed_month
from jipyo.sla.profile import Measure
from jipyo.sla.profile_file import load_profile
from jipyo.sla.ratios import measure_ratio
from jipyo.sla.readings import read_targets, select_system
from jipyo.sla.records import ContractOutage, MonthRecords, PlannedWork
from jipyo.sla.systems import ContractedSystem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from jipyo.alerts.incident.incident import Incident
    from jipyo.alerts.silence import MaintenanceWindow
    from jipyo.app.workspace import Workspace
    from jipyo.catalogue import Catalogue
    from jipyo.model.calendar import Period
    from jipyo.model.labels import Labels
    from jipyo.model.progress import Progress
    from jipyo.sla.entries import MonthEntry
    from jipyo.sla.month import ContractMonth
    from jipyo.sla.profile import Profile
    from jipyo.sla.readings import TargetReadings

EVERYTHING = ContractedSystem(name="all", title=Bilingual("전체 수집 대상", "All targets"))
"""The system of an installation that names none."""
_TIMELY_MS = 366 * 86_400_000
"""Incidents and planned work of so long before a month may reach into it."""


def find_systems(
    workspace: Workspace, month: Period, name: str | None = None
) -> tuple[ContractedSystem, ...]:
    """The systems of the configuration that are under contract in a month, or the one of a name.

    Raises:
        ConfigError: there is none of this name, or none is under contract in the month.
    """
    systems = workspace.systems or (EVERYTHING,)
    if name is None:
        now_ms = workspace.now_ms()
        return tuple(one for one in systems if find_window(one, month, now_ms)) or systems[:1]
    chosen = tuple(one for one in systems if one.name == name)
    if not chosen:
        raise unknown_word("sla.unknown_system", "--system", name, [one.name for one in systems])
    return chosen


def parse_contract_month(text: str | None, workspace: Workspace) -> Period:
    """The month `2027-01`; without a text the last one that is over.

    Raises:
        ConfigError: it is something else.
    """
    if not text:
        today = local_day(workspace.now_ms(), workspace.zone)
        return period_containing(PeriodKind.MONTH, today, workspace.zone).previous()
    try:
        return parse_month(text, workspace.zone)
    except ValueError as error:
        raise ConfigError("sla.not_a_month", hint="sla.not_a_month.hint", value=text) from error


def build_contract_months(
    workspace: Workspace,
    month: Period,
    systems: Sequence[ContractedSystem],
    profile: Profile | None = None,
    progress: Progress = ignore_progress,
) -> tuple[ContractMonth, ...]:
    """The month of each system; `profile` in place of their own.

    Raises:
        ConfigError: a profile or a typed file has mistakes, or nothing of the month is under
            contract and over.
        SourceError: the source failed.
        StoreError: the incidents cannot be read.
    """
    now_ms = workspace.now_ms()
    for system in systems:
        _check_window(system, month, now_ms)
    end_ms = min(month.end_ms, now_ms)
    readings = read_targets(workspace.source, workspace.catalogue, month.start_ms, end_ms, now_ms)
    months: list[ContractMonth] = []
    with open_alerts(workspace.data) as alerts:
        for system in systems:
            progress(len(months), len(systems))
            own = profile or load_profile(system.profile)
            records = _collect_records(workspace, system, own, month, readings, alerts)
            time = find_time(own, system, month, now_ms, records)
            ratios = tuple(
                measure_ratio(workspace.source, one, system, time.promised)
                for one in own.indicators
                if one.measure is Measure.RATIO
            )
            months.append(
                evaluate_month(
                    own,
                    system,
                    month,
                    now_ms,
                    replace(records, ratios=ratios),
                    time=time,
                )
            )
    return tuple(months)


def _check_window(system: ContractedSystem, month: Period, now_ms: int) -> None:
    if find_window(system, month, now_ms) is None:
        name = f"{month.first_day:%Y-%m}"
        key = "sla.not_under_contract"
        raise ConfigError(key, hint=f"{key}.hint", month=name, system=system.name)


# ------------------------------------------------------------------------------------- records


def find_typed_file(data: Path, system: str, month: Period) -> Path:
    """Where the typed figures of a month are."""
    return data / "sla" / system / f"{month.first_day:%Y-%m}.yaml"


def _read_typed(
    workspace: Workspace, system: ContractedSystem, profile: Profile, month: Period
) -> TypedMonth:
    if workspace.data is None:
        return TypedMonth()
    path = find_typed_file(workspace.data, system.name, month)
    if not path.exists():
        return TypedMonth()
    # A file for the system's own profile stays right where another one is tried.
    profiles = profile, load_profile(system.profile)
    known = {one.id for each in profiles for one in each.indicators}
    return parse_typed_month(read_text(path), str(path), workspace.zone, known)


def _collect_records(
    workspace: Workspace,
    system: ContractedSystem,
    profile: Profile,
    month: Period,
    readings: TargetReadings,
    alerts: AlertStore | None,
) -> MonthRecords:
    typed = _read_typed(workspace, system, profile, month)
    own = select_system(readings, system, workspace.zone)
    labels = [one.labels for one in readings.targets if select_all(system.matchers, one.labels)]
    incidents, windows = _read_alerts(alerts, month, workspace)
    logged = [
        outage
        for incident in incidents
        for outage in _list_outages(incident, workspace.catalogue, system, labels)
    ]
    from_samples = [one for one in own.outages if not any(_is_same(one, other) for other in logged)]
    return MonthRecords(
        outages=tuple(map(typed.attribute, (*logged, *from_samples, *typed.outages))),
        planned=(*typed.planned, *_list_work(windows, system, labels)),
        gaps=own.gaps,
        entered=enter_last(typed.entered, read_month_entries(alerts, workspace, system, month)),
        queries=own.queries,
        samples=own.samples,
    )


def read_month_entries(
    alerts: AlertStore | None, workspace: Workspace, system: ContractedSystem, month: Period
) -> tuple[MonthEntry, ...]:
    """What was typed into the form until the moment of the workspace, the first first."""
    if alerts is None:
        return ()
    with alerts.reading() as db:
        return read_entries(db, system.name, name_period(month), workspace.now_ms())


@contextlib.contextmanager
def open_alerts(data: Path | None) -> Iterator[AlertStore | None]:
    """The file of incidents; None where there is none yet."""
    if data is None or not (data / FILE_NAME).exists():
        yield None
        return
    with contextlib.closing(AlertStore.open(data, STEPS)) as store:
        yield store


def _read_alerts(
    alerts: AlertStore | None, month: Period, workspace: Workspace
) -> tuple[tuple[Incident, ...], tuple[MaintenanceWindow, ...]]:
    first_ms = month.start_ms - _TIMELY_MS
    planned = expand_maintenance(workspace.maintenance, first_ms, month.end_ms, workspace.zone)
    if alerts is None:
        return (), planned
    with alerts.reading() as db:
        incidents = read_incidents(db, first_ms, max(workspace.now_ms(), month.end_ms))
        windows = read_windows(db, first_ms, month.end_ms)
    return tuple(incidents.values()), (*windows, *planned)


def _list_outages(
    incident: Incident, catalogue: Catalogue, system: ContractedSystem, targets: Sequence[Labels]
) -> Iterator[ContractOutage]:
    """The stretches of an incident in which targets of the system did not answer."""
    names = {identify_target(labels) for labels in targets}
    outage_rules = {metric.id: metric for metric in catalogue.metrics if metric.outage}
    for alert in incident.alerts:
        metric = outage_rules.get(alert.key.rule)
        target = identify_target(alert.key.labels)
        if metric is None or not (target in names or select_all(system.matchers, alert.key.labels)):
            continue
        for start_ms, end_ms in alert.stretches:
            yield ContractOutage(
                id=str(incident.number),
                start_ms=start_ms,
                end_ms=end_ms,
                target=" ".join(filter(None, target)),
                title="" if alert.reason is None else alert.reason.value,
                attribution=incident.attribution,
                source="incidents",
            )


def _is_same(one: ContractOutage, other: ContractOutage) -> bool:
    """Whether an outage from samples is one that the log of incidents has."""
    ends = [each.end_ms if each.end_ms is not None else 1 << 62 for each in (one, other)]
    overlaps = one.start_ms <= ends[1] and other.start_ms <= ends[0]
    return one.target == other.target and overlaps


def _list_work(
    windows: Sequence[MaintenanceWindow], system: ContractedSystem, targets: Sequence[Labels]
) -> Iterator[PlannedWork]:
    """Planned work on any target of the system, as far as it was not called off."""
    for window in windows:
        end_ms = window.end_ms
        if window.cancelled_ms is not None:
            end_ms = min(end_ms, window.cancelled_ms)
        is_ours = not window.matchers or any(select_all(window.matchers, one) for one in targets)
        if is_ours and window.start_ms < end_ms:
            yield PlannedWork(
                approval=window.approval,
                start_ms=window.start_ms,
                end_ms=end_ms,
                announced_ms=window.known_ms,
                title=window.name,
            )
