"""Issues of reports on disk: `YYYY/MM/NUMBER.issue-1/`, written as a whole and never changed.

A folder has `report.json`, the report in its formats, what it was made with, and `issue.json` with
the SHA-256 of each. It is prepared under a hidden name and renamed, so that it is there as a whole
or not at all; the name of an issue that is there cannot be taken again.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from jipyo.files import sync
from jipyo.model.errors import ReportError
from jipyo.model.plain import to_plain
from jipyo.model.plain_types import PlainTypes
from jipyo.reports.archive.changes import ReportChange
from jipyo.reports.archive.names import name_document
from jipyo.reports.document import Phrase
from jipyo.reports.render.json import TYPE_NAMES, read_report

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jipyo.analysis.thresholds import State
    from jipyo.model.calendar import Period
    from jipyo.reports.document import Report

REPORT_FILE = "report.json"
RECORD_FILE = "issue.json"
_FOLDER = re.compile(r"(?P<name>\w[\w.-]*)\.issue-(?P<issue>[1-9][0-9]{0,5})")
_LARGEST_RECORD_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class IssuedFile:
    """A file of an issue."""

    name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueRecord:
    """What an issue is, as `issue.json` keeps it."""

    number: str
    """The document number, which all issues of a report share."""
    issue: int
    kind: str
    title: Phrase
    period: Period
    state: State
    made_ms: int
    """When the report was computed."""
    catalogue: str
    """SHA-256 of the catalogue that it was made with."""
    version: str
    """Of jipyo."""
    files: tuple[IssuedFile, ...]
    changes: tuple[ReportChange, ...]
    """Against the issue before; none in the first."""


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue on disk."""

    folder: Path
    record: IssueRecord
    sha256: str
    """Of `issue.json`, which has the hashes of all other files."""

    @property
    def files(self) -> list[Path]:
        """Its files, the report as JSON first."""
        return [self.folder / file.name for file in self.record.files]

    def read_report(self) -> Report:
        """The report, as it was issued.

        Raises:
            ReportError: it is not what was written, or cannot be read.
        """
        path = self.folder / REPORT_FILE
        content = read_file(path)
        if hashlib.sha256(content).hexdigest() != find_file(self.record, REPORT_FILE).sha256:
            raise ReportError("archive.changed_file", hint="archive.damaged.hint", file=str(path))
        return read_report(content, str(path))


def write_issue(
    folder: Path,
    report: Report,
    contents: Mapping[str, bytes],
    changes: tuple[ReportChange, ...],
) -> Issue:
    """Write an issue, whole or not at all; the caller has the lock of the folder.

    Raises:
        OSError: it cannot be written, or an issue of this number is there.
    """
    record = IssueRecord(
        number=report.number,
        issue=report.issue,
        kind=report.kind,
        title=report.title,
        period=report.period,
        state=report.state,
        made_ms=report.made_ms,
        catalogue=report.catalogue,
        version=report.issuer.version,
        files=tuple(build_file(name, content) for name, content in contents.items()),
        changes=changes,
    )
    content = orjson.dumps(to_plain(record), option=orjson.OPT_INDENT_2)
    place = find_issue_folder(folder, report.number, report.issue)
    hidden = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=folder))
    try:
        for name, inside in {**contents, RECORD_FILE: content}.items():
            _write_synced(hidden / name, inside)
        sync(hidden)
        hidden.chmod(0o755)
        # To take the name of a folder that is not empty fails.
        hidden.rename(place)
    except BaseException:
        shutil.rmtree(hidden, ignore_errors=True)
        raise
    sync(folder)
    return Issue(place, record, hashlib.sha256(content).hexdigest())


def _write_synced(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def build_file(name: str, content: bytes) -> IssuedFile:
    """The entry of a file in an issue's record."""
    return IssuedFile(name, len(content), hashlib.sha256(content).hexdigest())


# ------------------------------------------------------------------------------------- reading


def find_folder(root: Path, report: Report) -> Path:
    """The folder of the month that a report's period begins in."""
    return root / f"{report.period.first_day:%Y}" / f"{report.period.first_day:%m}"


def find_issue_folder(folder: Path, number: str, issue: int) -> Path:
    """The folder of an issue in the folder of its month."""
    return folder / f"{name_document(number)}.issue-{issue}"


def find_last_issue(folder: Path, number: str) -> Issue | None:
    """The last issue of a number in the folder of its month; None before the first.

    Raises:
        ReportError: its record is not what was written.
    """
    issues = list_issues(folder, number)
    return read_issue(issues[-1]) if issues else None


def list_issues(folder: Path, number: str | None = None) -> list[Path]:
    """The folders of issues in the folder of a month, of one number or of all, in their order."""
    found: list[tuple[str, int, Path]] = []
    for path in folder.glob("*.issue-*"):
        match = _FOLDER.fullmatch(path.name)
        if match and (number is None or match["name"] == name_document(number)):
            found.append((match["name"], int(match["issue"]), path))
    return [path for *_, path in sorted(found)]


def find_issues(root: Path, number: str | None = None) -> list[Path]:
    """The folders of all issues of one number, or of all, by the months of their periods."""
    months = sorted(root.glob("[0-9][0-9][0-9][0-9]/[0-9][0-9]"))
    return [path for month in months for path in list_issues(month, number)]


def read_issue(folder: Path) -> Issue:
    """An issue by its folder.

    Raises:
        ReportError: its record cannot be read, or is not one.
    """
    path = folder / RECORD_FILE
    content = read_file(path)
    return Issue(folder, read_record(content, str(path)), hashlib.sha256(content).hexdigest())


def read_record(content: bytes, where: str) -> IssueRecord:
    """The record of an issue.

    Raises:
        ReportError: it is not one.
    """
    try:
        if len(content) > _LARGEST_RECORD_BYTES:
            raise ValueError(f"{len(content)} bytes")
        record, mistakes = find_record_types().read(orjson.loads(content))
    except ValueError as error:
        raise ReportError("archive.not_a_record", file=where, reason=str(error)) from error
    if mistakes:
        reason = f"{mistakes[0].path}: {mistakes[0].found}"
        raise ReportError("archive.not_a_record", file=where, reason=reason)
    assert isinstance(record, IssueRecord)
    return record


@cache
def find_record_types() -> PlainTypes:
    """The plain form of an issue's record."""
    return PlainTypes(
        IssueRecord,
        {**TYPE_NAMES, "Phrase": Phrase, "ReportChange": ReportChange},
    )


def find_file(record: IssueRecord, name: str) -> IssuedFile:
    """The entry of a file.

    Raises:
        ReportError: there is none.
    """
    for one in record.files:
        if one.name == name:
            return one
    raise ReportError("archive.no_file", file=name, known=", ".join(f.name for f in record.files))


def read_file(path: Path) -> bytes:
    """The bytes of a file of an issue.

    Raises:
        ReportError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise ReportError("archive.unreadable", file=str(path), reason=reason) from error
