"""The inspection sheet of a month, from the configuration's items and the stored samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.model.progress import ignore_progress
from jipyo.sla.holidays import find_days_off
from jipyo.sla.inspection import inspect_month
from jipyo.sla.inspection_items import load_items, read_entries

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from pathlib import Path

    from jipyo.app.workspace import Workspace
    from jipyo.config.load import Config
    from jipyo.model.calendar import Period
    from jipyo.model.progress import Progress
    from jipyo.sla.inspection import InspectionSheet

_SATURDAY = 5


def build_sheet(
    config: Config,
    workspace: Workspace,
    month: Period,
    progress: Progress = ignore_progress,
    now_ms: int | None = None,
) -> InspectionSheet:
    """The sheet of a month as it is now, or as it was at a moment.

    Raises:
        ConfigError: the items or the entries have mistakes.
        SourceError: the source failed.
    """
    options = config.settings.inspection
    items = load_items(options.items, workspace.catalogue)
    return inspect_month(
        workspace.source,
        workspace.catalogue,
        items,
        month,
        workspace.now_ms() if now_ms is None else now_ms,
        entries=read_entries(find_entries(config, month), items, month),
        since=options.since,
        days_off=tuple(list_days_off(month, options.holidays)),
        progress=progress,
    )


def find_entries(config: Config, month: Period) -> Path:
    """The file that people write what they found in a month to."""
    folder = config.settings.inspection.entries or config.data / "inspections"
    return folder / f"{month.first_day:%Y-%m}.yaml"


def list_days_off(month: Period, country: str) -> Iterator[date]:
    """Weekends, and the public holidays of a country where one is named."""
    is_holiday = find_days_off(country, (), ())
    for day in month.days():
        if day.first_day.weekday() >= _SATURDAY or is_holiday(day.first_day):
            yield day.first_day
