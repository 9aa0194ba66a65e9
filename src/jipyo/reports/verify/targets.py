"""What is to be verified: an issue by its number, its folder or a file of it, or a file alone."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from jipyo.model.calendar import name_period
from jipyo.model.errors import ConfigError, JipyoError, ReportError
from jipyo.reports.archive.archive import find_issue
from jipyo.reports.archive.integrity import check_number
from jipyo.reports.archive.issues import (
    RECORD_FILE,
    REPORT_FILE,
    find_issues,
    read_file,
    read_issue,
)
from jipyo.reports.render.json import read_report
from jipyo.reports.verify.rendered import find_format, find_rewritten, list_possible_numbers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from jipyo.reports.archive.issues import Issue
    from jipyo.reports.document import Report
    from jipyo.reports.verify.rendered import Rewritten


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationTarget:
    """A report, and what can be checked of its integrity without any source."""

    where: str
    report: Report | None
    """None where it cannot be read."""
    attachments: Mapping[str, bytes] = field(default_factory=dict)
    """What it was made with, by the name of the file."""
    damage: tuple[JipyoError, ...] = ()
    rewritten: tuple[Rewritten, ...] = ()
    """What in a rendered file is not what was issued."""
    issue: Issue | None = None
    unreadable: tuple[JipyoError, ...] = ()
    """Why this version cannot read the report, though it is as it was issued."""


def find_targets(root: Path, text: str, issue: int = 0) -> Iterator[VerificationTarget]:
    """What a number or a path stands for: every issue below a folder, else one report.

    Args:
        root: the archive.
        text: a document number, a folder or a file.
        issue: which issue of a number; 0: the last.

    Raises:
        ConfigError: a file is no report.
        ReportError: there is no such report, or a file is of none.
    """
    path = Path(text)
    if path.is_dir():
        folders = sorted(file.parent for file in path.rglob(RECORD_FILE))
        if not folders:
            raise ReportError("verify.empty_folder", folder=text)
        for folder in folders:
            yield check_issue(folder)
    elif path.is_file():
        yield check_file(root, path)
    else:
        yield check_issue(find_issue(root, text, issue).folder)


def check_issue(folder: Path, where: str = "") -> VerificationTarget:
    """An issue by its folder, with all damage to its number."""
    where = where or str(folder)
    try:
        issue = read_issue(folder)
    except ReportError as error:
        return VerificationTarget(where=where, report=None, damage=(error,))
    damage: list[JipyoError] = [
        one.error for one in check_number(folder.parent, issue.record.number)
    ]
    unreadable: list[JipyoError] = []
    report: Report | None = None
    attachments: dict[str, bytes] = {}
    try:
        report = read_report((folder / REPORT_FILE).read_bytes(), str(folder / REPORT_FILE))
        attachments = {
            path.name: path.read_bytes()
            for path in sorted(folder.iterdir())
            if path.suffix in {".json", ".yaml"} and path.is_file()
        }
    except ConfigError as error:
        # Unless the file was changed, it is by a version with other texts or fields.
        (damage if _is_changed(folder, issue) else unreadable).extend(error.mistakes)
    except OSError as error:
        reason = error.strerror or str(error)
        damage.append(ReportError("archive.unreadable", file=where, reason=reason))
    return VerificationTarget(
        where=where,
        report=report,
        attachments=attachments,
        damage=tuple(damage),
        issue=issue,
        unreadable=tuple(unreadable),
    )


def _is_changed(folder: Path, issue: Issue) -> bool:
    content = (folder / REPORT_FILE).read_bytes()
    files = {file.name: file.sha256 for file in issue.record.files}
    return files.get(REPORT_FILE) != hashlib.sha256(content).hexdigest()


def check_file(root: Path, path: Path) -> VerificationTarget:
    """A file of a report: one of an issue, a copy of one, or a report as JSON.

    Raises:
        ConfigError: it is no report.
        ReportError: it is of no report in the archive.
    """
    if (path.parent / RECORD_FILE).is_file():
        return check_issue(path.parent, str(path))
    content = read_file(path)
    same = _find_by_hash(root, hashlib.sha256(content).hexdigest())
    if same is not None:
        return check_issue(same.folder, str(path))
    if path.suffix == ".json":
        return _check_json(root, path, content)
    find_format(path)
    issue = _find_issue_of(root, path, content)
    target = check_issue(issue.folder, str(path))
    rewritten = find_rewritten(target.report, path, content) if target.report else ()
    return VerificationTarget(
        where=str(path),
        report=target.report,
        attachments=target.attachments,
        damage=target.damage,
        rewritten=rewritten,
        issue=issue,
        unreadable=target.unreadable,
    )


def _check_json(root: Path, path: Path, content: bytes) -> VerificationTarget:
    """A report as JSON that is not as any in the archive: beside the issue that it says it is."""
    report = read_report(content, str(path))
    try:
        target = check_issue(find_issue(root, report.number, report.issue).folder)
    except ReportError:
        return VerificationTarget(where=str(path), report=report)
    number, issue = report.number, report.issue
    damage = ReportError("verify.not_as_issued", file=str(path), number=number, issue=issue)
    return VerificationTarget(
        where=str(path),
        report=report,
        attachments=target.attachments,
        damage=(*target.damage, damage) if report.issue else target.damage,
    )


def _find_by_hash(root: Path, sha256: str) -> Issue | None:
    for issue in _read_issues(find_issues(root)):
        if any(file.sha256 == sha256 for file in issue.record.files):
            return issue
    return None


def _find_issue_of(root: Path, path: Path, content: bytes) -> Issue:
    """The issue that a file is of: by the document number in it, else by its name.

    Of several issues it is the one that it differs least from.

    Raises:
        ReportError: there is none.
    """
    words = list_possible_numbers(content, str(path))
    issues = list(_read_issues(find_issues(root)))
    own = [one for one in issues if set(one.record.number.split()) <= words]
    own = own or [one for one in issues if path.name.startswith(_name_files(one))]
    if not own:
        raise ReportError("verify.not_issued", hint="verify.not_issued.hint", file=str(path))
    return min(reversed(own), key=lambda one: _count_rewritten(one, path, content))


def _name_files(issue: Issue) -> str:
    return f"jipyo-{issue.record.kind}-{name_period(issue.record.period)}."


def _count_rewritten(issue: Issue, path: Path, content: bytes) -> int:
    report = check_issue(issue.folder).report
    return 1 << 30 if report is None else len(find_rewritten(report, path, content))


def _read_issues(folders: Sequence[Path]) -> Iterator[Issue]:
    for folder in folders:
        try:
            yield read_issue(folder)
        except ReportError:  # damage to others is no business of this one
            continue
