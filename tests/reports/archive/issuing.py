"""Reports to issue, and a process that issues and signs them until it is killed."""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from jipyo.model.bilingual import Bilingual
from jipyo.reports.archive.archive import issue_report, sign_report
from jipyo.reports.archive.sign_off import Signing
from jipyo.reports.document import ColumnHead, Heading, Note, Report, Subject, Table, phrase
from jipyo.reports.options import SignOffStep
from reports.documents import HOUR, PERIOD, build_figure, build_report

NUMBER = "JIPYO-D-20261121"
LATER_MS = PERIOD.end_ms + 24 * HOUR


def build_valued(value: float, *, late_ms: int = 0) -> Report:
    """A report with a table of one figure, made some time later than others."""
    report = build_report(
        Heading("cpu", "CPU"),
        Table(
            id="cpu",
            caption="CPU",
            columns=(
                ColumnHead(phrase("archive.changes.place"), numeric=False),
                ColumnHead(phrase("archive.changes.after"), numeric=True),
            ),
            rows=((Subject(Bilingual("CPU", "CPU"), "node-1"), build_figure(value)),),
        ),
        Note(phrase("reports.no_time")),
    )
    return replace(report, made_ms=report.made_ms + late_ms)


def issue_until_killed(root: Path) -> None:
    """Issue the report again and again, each time with another value, and say what is kept."""
    value = len(list(root.glob("*/*/[!.]*.issue-*")))
    while True:
        value += 1
        issuing = issue_report(root, build_valued(float(value)), ["en"], ["html"])
        print(f"issued {issuing.issue.record.issue} {value}", flush=True)
        signing = Signing(SignOffStep.DRAFTED, f"person {value}", LATER_MS)
        print(f"signed {sign_report(root, NUMBER, signing).hash} {value}", flush=True)


def kill_often(root: Path, rounds: int) -> None:
    """Let a process work and kill it at any moment after its first words, again and again."""
    moments = random.Random(18)
    with tempfile.TemporaryDirectory() as elsewhere:  # so that texts and fonts are read before
        issue_report(Path(elsewhere), build_valued(0.0), ["en"], ["html"])
    for _ in range(rounds):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.dup2(writer, 1)
            issue_until_killed(root)
        os.close(writer)
        with os.fdopen(reader) as said:
            lines = [said.readline() for _ in range(moments.randint(1, 2))]
            time.sleep(moments.uniform(0, 0.08))
            os.kill(child, signal.SIGKILL)
            lines += said.readlines()
        _, status = os.waitpid(child, 0)
        assert os.WTERMSIG(status) == signal.SIGKILL, "the process ended by itself"
        print("".join(lines), end="")


if __name__ == "__main__":
    kill_often(Path(sys.argv[1]), int(sys.argv[2]))
