"""`DailyReportGenerator`: a day's report as a file, and which day that is by default."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from api.stores import add_gauge, build_workspace
from jipyo.api import DailyReportGenerator, find_last_day, parse_day, write_daily
from jipyo.model.errors import ConfigError, ReportError
from jipyo.promql import Engine
from jipyo.reports.document import Issuer
from jipyo.source import Embedded
from support.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from jipyo.api import Workspace

DAY_MS = 86_400_000
TODAY, YESTERDAY = date(2026, 11, 21), date(2026, 11, 20)


def test_a_daily_report_is_written_where_the_workspace_says(workspace: Workspace) -> None:
    path = asyncio.run(DailyReportGenerator(workspace).generate_report(TODAY)).path
    assert path is not None
    assert (path.parent, path.suffix) == (workspace.out_dir, ".html")
    assert "메모리 사용률" in path.read_text("utf-8")


def test_the_folder_and_the_language_can_be_chosen(workspace: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "reports"
    path = write_daily(replace(workspace, lang="en"), TODAY, folder)
    assert path.parent == folder
    assert "Memory utilisation" in path.read_text("utf-8")


def test_the_issuer_stands_in_the_report(workspace: Workspace, tmp_path: Path) -> None:
    issuer = Issuer(organisation="운영 1팀", version="9.9")
    path = write_daily(replace(workspace, issuer=issuer), TODAY, tmp_path)
    assert "운영 1팀" in path.read_text("utf-8")


def test_progress_counts_every_metric_once(workspace: Workspace, tmp_path: Path) -> None:
    steps: list[tuple[int, int | None]] = []
    write_daily(workspace, TODAY, tmp_path, lambda done, total: steps.append((done, total)))
    n = len(workspace.catalogue.metrics)
    assert steps == [(done, n) for done in range(1, n + 1)]


@pytest.mark.parametrize(("hours", "day"), [(2, TODAY), (10, YESTERDAY)])
def test_the_report_is_of_yesterday_where_yesterday_has_samples(
    hours: int, day: date, tmp_path: Path
) -> None:
    store = MemoryStore()
    add_gauge(store, "up", 1, hours)
    assert find_last_day(build_workspace(store, tmp_path)) == day


class ByDaysOfUtc(Embedded):
    """Knows the labels of whole days of UTC only, as VictoriaMetrics does."""

    def label_values(
        self, name: str, match: Sequence[str], start_ms: int, end_ms: int, limit: int | None = None
    ) -> list[str]:
        start_ms, end_ms = start_ms // DAY_MS * DAY_MS, (end_ms // DAY_MS + 1) * DAY_MS
        return super().label_values(name, match, start_ms, end_ms, limit)


@pytest.mark.parametrize(("hours", "day"), [(1, TODAY), (10, YESTERDAY)])
def test_labels_of_this_morning_are_no_samples_of_yesterday(
    hours: int, day: date, tmp_path: Path
) -> None:
    store = MemoryStore()
    add_gauge(store, "up", 1, hours)
    workspace = build_workspace(store, tmp_path)
    source = ByDaysOfUtc(store, Engine())
    assert find_last_day(replace(workspace, source=source)) == day


def test_without_a_day_the_last_one_is_reported(tmp_path: Path) -> None:
    store = MemoryStore()
    add_gauge(store, "up", 1)
    workspace = replace(build_workspace(store, tmp_path), lang="en")
    report = asyncio.run(DailyReportGenerator(workspace).generate_report())
    assert report.path is not None
    assert "2026-11-21" in report.path.name


def test_a_day_that_has_not_begun_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(ReportError):
        write_daily(workspace, date(2026, 11, 22), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_to_is_an_error(
    workspace: Workspace, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(ReportError) as caught:
        write_daily(workspace, TODAY, file)
    assert caught.value.key == "reports.not_written"


def test_a_format_that_does_not_exist_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(ReportError) as caught:
        write_daily(workspace, TODAY, tmp_path, format_name="doc")
    assert caught.value.key == "reports.unknown_format"


def test_a_day_is_a_date_or_its_text() -> None:
    assert parse_day("2026-11-21") == parse_day(TODAY) == TODAY


@pytest.mark.parametrize("text", ["", "today", "2026-13-01", "2026-02-30", "21.11.2026"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_day(text)
    assert (caught.value.key, caught.value.values["value"]) == ("api.not_a_day", text)
