"""Drafts are removed after their time; what was approved stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from jipyo.app.publishing.retention import remove_old_drafts
from jipyo.config.load import load
from jipyo.config.overrides import CliOverrides
from jipyo.model.calendar import PeriodKind, period_containing
from jipyo.reports.archive.archive import issue_report, list_reports, sign_report
from jipyo.reports.archive.sign_off import Signing
from jipyo.reports.document import Note
from jipyo.reports.options import SignOffStep
from reports.documents import build_report

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.config.load import Config

DAY_MS = 86_400_000
MADE_MS = 1_800_000_000_000


def issue(root: Path, number: str, made_ms: int = MADE_MS, note: str = "x") -> None:
    period = period_containing(PeriodKind.MONTH, date(2026, 12, 1), ZoneInfo("Asia/Seoul"))
    report = replace(
        build_report(Note(note)),
        number=number,
        period=period,
        cut_ms=period.end_ms,
        made_ms=made_ms,
    )
    issue_report(root, report, ("ko",), ("markdown",))


def configure(folder: Path, retention: str) -> Config:
    (folder / "jipyo.yaml").write_text(f"reports: {{retention: {retention}}}", "utf-8")
    return load(CliOverrides(file=folder / "jipyo.yaml", data=folder), {}, "en")


def list_numbers(root: Path) -> list[str]:
    return sorted(one.number for one in list_reports(root).reports)


@pytest.mark.parametrize(
    ("retention", "after_days", "kept"),
    [
        ("100d", 100, ["approved", "approved-then-changed", "draft", "drafted", "renewed"]),
        ("100d", 101, ["approved", "approved-then-changed", "renewed"]),
        ("100d", 151, ["approved", "approved-then-changed"]),
        ("null", 9999, ["approved", "approved-then-changed", "draft", "drafted", "renewed"]),
    ],
)
def test_only_drafts_beyond_their_retention_are_removed(
    tmp_path: Path, retention: str, after_days: int, kept: list[str]
) -> None:
    root = tmp_path / "reports"
    for number in ("draft", "drafted", "approved", "approved-then-changed", "renewed"):
        issue(root, number)
    sign_report(root, "drafted", Signing(SignOffStep.DRAFTED, "Kim", MADE_MS))
    sign_report(root, "approved", Signing(SignOffStep.APPROVED, "Kim", MADE_MS))
    sign_report(root, "approved-then-changed", Signing(SignOffStep.APPROVED, "Kim", MADE_MS))
    issue(root, "approved-then-changed", note="y")
    issue(root, "renewed", MADE_MS + 50 * DAY_MS, note="y")
    config = configure(tmp_path, retention)
    removed = list(remove_old_drafts(config, MADE_MS + after_days * DAY_MS))
    assert list_numbers(root) == kept
    assert len(removed) == 5 - len(kept)
