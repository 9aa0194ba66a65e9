"""The inspection sheet of a month, from the configuration's items and the stored samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.model.matcher import select_all
from jipyo.model.progress import ignore_progress
from jipyo.schema import unknown_word
from jipyo.sla.holidays import find_days_off
from jipyo.sla.inspection import inspect_month
from jipyo.sla.inspection_items import load_items, read_entries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date
    from pathlib import Path

    from jipyo.app.workspace import Workspace
    from jipyo.config.load import Config
    from jipyo.model.calendar import Period
    from jipyo.model.labels import Labels
    from jipyo.model.progress import Progress
    from jipyo.sla.inspection import InspectionSheet
    from jipyo.sla.systems import ContractedSystem
    from jipyo.source.base import Source

_SATURDAY = 5


def build_sheet(
    config: Config,
    workspace: Workspace,
    month: Period,
    system: ContractedSystem | None = None,
    progress: Progress = ignore_progress,
    now_ms: int | None = None,
) -> InspectionSheet:
    """The sheet of a month as it is now, or as it was at a moment; of all targets or a system.

    Raises:
        ConfigError: the items or the entries have mistakes.
        SourceError: the source failed.
    """
    options = config.settings.inspection
    items = load_items(options.items, workspace.catalogue)
    now_ms = workspace.now_ms() if now_ms is None else now_ms
    own_start = system.start if system else None
    starts = [day for day in (options.since, own_start) if day is not None]
    return inspect_month(
        workspace.source,
        workspace.catalogue,
        items,
        month,
        now_ms,
        entries=read_entries(find_entries(config, month, system), items, month),
        since=max(starts, default=None),
        days_off=tuple(list_days_off(month, options.holidays, system)),
        accepts=find_series_of(workspace.source, system, month, now_ms),
        system=system.name if system else "",
        progress=progress,
    )


def find_system(workspace: Workspace, name: str | None) -> ContractedSystem | None:
    """The system of a name; None where none is asked for, as all targets are inspected then.

    Raises:
        ConfigError: there is none of this name.
    """
    if name is None:
        return None
    for one in workspace.systems:
        if one.name == name:
            return one
    raise unknown_word("sla.unknown_system", "--system", name, [s.name for s in workspace.systems])


def find_entries(config: Config, month: Period, system: ContractedSystem | None) -> Path:
    """The file that people write what they found in a month to."""
    folder = config.settings.inspection.entries or config.data / "inspections"
    return folder / (system.name if system else "") / f"{month.first_day:%Y-%m}.yaml"


def list_days_off(
    month: Period, country: str, system: ContractedSystem | None = None
) -> Iterator[date]:
    """Weekends, the public holidays of a country where one is named, and the system's own."""
    closed = system.days_off if system else frozenset()
    is_off = find_days_off(country, closed, system.working_days if system else frozenset())
    for day in month.days():
        if day.first_day.weekday() >= _SATURDAY or is_off(day.first_day):
            yield day.first_day


def find_series_of(
    source: Source, system: ContractedSystem | None, month: Period, now_ms: int
) -> Callable[[Labels], bool]:
    """Which series are of a system: those of its targets, by job and instance.

    What has neither of these labels, as a domain or a backup, is everybody's.
    """
    if system is None or not system.matchers:
        return lambda _: True
    end_ms = min(month.end_ms, now_ms)
    targets = {
        (labels.get("job"), labels.get("instance"))
        for labels in source.series(["up", "probe_success"], month.start_ms, end_ms)
        if select_all(system.matchers, labels)
    }

    def is_own(labels: Labels) -> bool:
        job, instance = labels.get("job"), labels.get("instance")
        return any(job in (None, own[0]) and instance in (None, own[1]) for own in targets) or (
            job is None and instance is None
        )

    return is_own
