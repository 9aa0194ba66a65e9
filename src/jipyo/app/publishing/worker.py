"""A process that makes one report: started by `jobs`, and never by a person.

It reads a `ReportJob` from its standard input, and writes its progress and what came of it to its
standard output, as `app/insight/worker.py` does. So a heavy report takes neither the processor
(niceness 19) nor memory from collecting and alerting, and a crash takes nothing with it.
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
from jipyo.app.offline import read_workspace
from jipyo.app.publishing.job import JobProgress
from jipyo.app.publishing.made import describe_issue
from jipyo.app.reports import build_report
from jipyo.config.load import load
from jipyo.model.errors import JipyoError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jipyo.app.publishing.job import MadeReport, ReportJob
    from jipyo.app.workspace import Workspace

_NICENESS = 19
"""Anybody else gets the processor first."""


def work(commands: IO[bytes], results: IO[bytes], environ: Mapping[str, str]) -> None:
    """Make the report that is asked for; what came of it, or the error, is the last frame."""
    job = read_frame(commands)
    try:
        made = make_report(job, environ, lambda progress: write_frame(results, progress))
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
    with read_workspace(config) as workspace:
        report = build_report(
            _choose(workspace, job),
            job.period,
            lambda done, total: tell(JobProgress(done, total)),
        )
        issuing = issue_from_workspace(workspace, report, job.languages, job.formats, job.forms)
    return describe_issue(issuing.issue, is_new=issuing.is_new)


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
