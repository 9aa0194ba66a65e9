"""A process that makes one report, or computes one again: started by `jobs`, never by a person.

It reads a `ReportJob` or a `VerificationJob` from its standard input, and writes its progress and
what came of it to its standard output, as `app/insight/worker.py` does. So a heavy report takes
neither the processor (niceness 19) nor memory from collecting and alerting, and a crash takes
nothing with it.
"""

from __future__ import annotations

import os
import sys
from contextlib import redirect_stdout
from dataclasses import replace
from typing import IO, TYPE_CHECKING

from jipyo.app.archive import issue_from_workspace
from jipyo.app.contract import find_systems
from jipyo.app.insight.worker import read_frame, write_frame
from jipyo.app.offline import find_archive, read_workspace
from jipyo.app.publishing.job import JobProgress, VerificationJob
from jipyo.app.publishing.made import describe_issue
from jipyo.app.reports import build_report
from jipyo.app.verification import verify_target
from jipyo.app.verification_records import VerifiedIssue
from jipyo.config.load import load
from jipyo.i18n import texts
from jipyo.model.bilingual import Bilingual
from jipyo.model.errors import JipyoError
from jipyo.reports.verify.targets import find_targets
from jipyo.reports.wording import Localizer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jipyo.app.publishing.job import MadeReport, ReportJob
    from jipyo.app.workspace import Workspace
    from jipyo.i18n import Lang
    from jipyo.reports.document import Phrase
    from jipyo.reports.verify.targets import VerificationTarget

_NICENESS = 19
"""Anybody else gets the processor first."""


def work(commands: IO[bytes], results: IO[bytes], environ: Mapping[str, str]) -> None:
    """Do what is asked for; what came of it, or the error, is the last frame."""
    job = read_frame(commands)
    act = verify_issue if isinstance(job, VerificationJob) else make_report
    try:
        made = act(job, environ, lambda progress: write_frame(results, progress))
    except JipyoError as error:
        write_frame(results, error)
    else:
        write_frame(results, made)


def make_report(
    job: ReportJob, environ: Mapping[str, str], tell: Callable[[JobProgress], None]
) -> MadeReport:
    """Build the report of a job and issue it into the archive.

    Raises:
        JipyoError: it could not be made; the archive is as it was.
    """
    config = load(job.overrides, environ, "ko")
    with read_workspace(config, is_forkable=True) as workspace:
        report = build_report(
            _choose(workspace, job),
            job.period,
            lambda done, total: tell(JobProgress(done, total)),
        )
        issuing = issue_from_workspace(workspace, report, job.languages, job.formats, job.forms)
    return describe_issue(issuing.issue, is_new=issuing.is_new)


def verify_issue(
    job: VerificationJob, environ: Mapping[str, str], tell: Callable[[JobProgress], None]
) -> VerifiedIssue:
    """Compute an issue again, and compare.

    Raises:
        JipyoError: there is no such issue.
    """
    config = load(job.overrides, environ, "ko")
    (target,) = find_targets(find_archive(config), job.number, job.issue)
    done = verify_target(config, target, lambda done, total: tell(JobProgress(done, total)))
    found = done.recomputation
    return VerifiedIssue(
        checked=found.checked,
        different=len(found.differences),
        unverified=len(found.unverified),
        is_damaged=bool(target.damage or target.rewritten),
        reason=describe_reason(found.reasons[0], target) if found.reasons else None,
    )


def describe_reason(reason: Phrase | JipyoError, target: VerificationTarget) -> Bilingual:
    """Why an issue cannot be computed again, in a line."""

    def write(lang: Lang) -> str:
        if isinstance(reason, JipyoError) or target.report is None:
            return texts(lang)(reason.key, **dict(reason.values))
        return Localizer.for_period(target.report.period, lang).format(reason)

    return Bilingual(write("ko"), write("en"))


def _choose(workspace: Workspace, job: ReportJob) -> Workspace:
    """The workspace with one system only, and the job's own template."""
    if job.system:
        systems = find_systems(workspace, job.period, job.system)
        workspace = replace(workspace, systems=systems)
    return workspace if job.template is None else replace(workspace, template=job.template)


if __name__ == "__main__":
    os.nice(_NICENESS)
    results = sys.stdout.buffer
    with redirect_stdout(sys.stderr):  # what anybody prints must not get between the frames
        work(sys.stdin.buffer, results, os.environ)
