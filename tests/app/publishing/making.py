"""Processes that stand for the worker in tests: each speaks its frames, and does one thing."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from jipyo.app.publishing.job import ReportJob, VerificationJob
from jipyo.config.overrides import CliOverrides
from jipyo.model.calendar import PeriodKind, period_containing

SEOUL = ZoneInfo("Asia/Seoul")
MONTH = period_containing(PeriodKind.MONTH, date(2026, 12, 1), SEOUL)
_HEAD = """
import sys, time
from pathlib import Path
from jipyo.app.insight.worker import read_frame, write_frame
from jipyo.app.publishing.job import JobProgress, MadeFile, MadeReport
from jipyo.app.verification_records import VerifiedIssue
from jipyo.model.bilingual import Bilingual
from jipyo.model.errors import ReportError
job = read_frame(sys.stdin.buffer)
out = sys.stdout.buffer
def tell(done, total): write_frame(out, JobProgress(done, total))
def make(path="/nowhere/x.pdf"):
    number = f"IT-{job.period.first_day:%Y-%m-%d}"
    files = (MadeFile(Path(path), "application/pdf", 3, "0" * 64),)
    title = Bilingual("보고서", "Report")
    write_frame(out, MadeReport(number=number, issue=1, is_new=True, kind="monthly",
                                title=title, summary=title, files=files))
"""


def speak(script: str) -> tuple[str, ...]:
    """The command of a process that reads its job and then does this."""
    return sys.executable, "-c", _HEAD + script


MAKES = speak("tell(1, 2); tell(2, 2); make()")
VERIFIES = speak(
    "tell(1, 2); write_frame(out, VerifiedIssue(checked=9, different=job.issue - 1, unverified=0,"
    " is_damaged=False, reason=None))"
)
FAILS = speak("write_frame(out, ReportError('reports.not_begun', period='x'))")
DIES = speak("tell(1, 2); sys.exit(3)")
HANGS = speak("time.sleep(600)")


def build_job(folder: Path = Path("/nowhere")) -> ReportJob:
    return ReportJob(
        overrides=CliOverrides(data=folder), period=MONTH, formats=("pdf",), languages=("ko",)
    )


def build_verification(issue: int = 1, number: str = "IT-2026-12") -> VerificationJob:
    return VerificationJob(overrides=CliOverrides(), number=number, issue=issue)
