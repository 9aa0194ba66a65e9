"""A host with two days of samples behind it, whose daily reports were missed."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from jipyo.alerts.store import FILE_NAME, AlertStore
from jipyo.app.alerts.schema import STEPS
from jipyo.app.report_runs import enter_due
from jipyo.model.calendar import PeriodKind, local_day, start_of_day
from jipyo.model.clock import SystemClock
from jipyo.reports.options import ReportSchedule
from reports.days import Day, Site, filled

if TYPE_CHECKING:
    from pathlib import Path

ZONE = ZoneInfo("Asia/Seoul")
CONFIG = """\
timezone: Asia/Seoul
language: ko
instance: host-1
organisation: 정보화담당관
insight: false
slo: false
collect: {host: false, process: false, gpu: false}
alerts:
  external_url: http://jipyo.example.com
  channels:
    - {name: hand-in, kind: mail, url: "smtp://127.0.0.1:SMTP/?from=a@example.com&to=b@example.com"}
reports:
  document_number: IT-{kind}-{year}{month}{day}
  schedule:
    - {name: day, report: daily, schedule: "0 0 * * *", formats: [html, xlsx], channels: [hand-in]}
"""


@dataclass(frozen=True)
class ReportSite:
    """Where its data and its configuration are."""

    data: Path
    config: Path
    days: tuple[date, date]
    """The days whose reports were missed."""

    def list_runs(self) -> list[tuple[str, str]]:
        """State and document number of the two runs, in the order in which they were due.

        A third one may follow at midnight.
        """
        with contextlib.closing(sqlite3.connect(self.data / FILE_NAME)) as db:
            rows = db.execute("SELECT state, number FROM report_run ORDER BY due_ms LIMIT 2")
            return list(rows)

    def count_waiting(self) -> int:
        """Messages that wait."""
        with contextlib.closing(sqlite3.connect(self.data / FILE_NAME)) as db:
            row = db.execute("SELECT count(*) FROM outbox WHERE state = 'waiting'").fetchone()
            return int(row[0])


def build_report_site(folder: Path, smtp_port: int) -> ReportSite:
    """The site, as if its server had been stopped right before the midnight before the last."""
    today = local_day(SystemClock().now_ms(), ZONE)
    days = (today - timedelta(days=2), today - timedelta(days=1))
    filled(folder / "data", Site(cores=2), *(Day(day) for day in days)).close()
    config = folder / "jipyo.yaml"
    config.write_text(CONFIG.replace("SMTP", str(smtp_port)), "utf-8")
    schedule = ReportSchedule(name="day", kind=PeriodKind.DAY, schedule="0 0 * * *")
    stopped_ms = start_of_day(days[1], ZONE) - 1000
    with (
        contextlib.closing(AlertStore.open(folder / "data", STEPS)) as store,
        store.transaction() as db,
    ):
        enter_due(db, [schedule], ZONE, stopped_ms)
    return ReportSite(folder / "data", config, days)
