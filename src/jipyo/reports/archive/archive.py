"""The archive: reports are issued into it, signed off in it, listed, and removed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from jipyo.files import sync
from jipyo.model.calendar import name_period
from jipyo.model.errors import ConfigError, ReportError
from jipyo.reports.archive.changes import ReportChange, compare_reports
from jipyo.reports.archive.changes_section import build_changes
from jipyo.reports.archive.content_hash import add_hashes
from jipyo.reports.archive.integrity import check_number
from jipyo.reports.archive.issues import (
    REPORT_FILE,
    Issue,
    find_folder,
    find_issues,
    find_last_issue,
    list_issues,
    read_issue,
    write_issue,
)
from jipyo.reports.archive.names import LONGEST, name_document
from jipyo.reports.archive.sign_off import (
    Signing,
    SignOff,
    Step,
    append_entry,
    find_chain,
    find_furthest,
    list_steps,
    read_chain,
    write_chain,
)
from jipyo.reports.document import Block, Cover, phrase
from jipyo.reports.render import FORMATS, name_file
from jipyo.reports.render.json import to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from jipyo.i18n import Lang
    from jipyo.reports.document import Report


@dataclass(frozen=True, slots=True)
class Issuing:
    """What came of issuing a report."""

    issue: Issue
    is_new: bool
    """False where the last issue has the same content, which this then is."""


def issue_report(
    root: Path,
    report: Report,
    langs: Sequence[Lang],
    formats: Sequence[str] = (),
    attachments: Mapping[str, bytes] | None = None,
    fill_forms: Callable[[Report, Lang], Mapping[str, bytes]] | None = None,
) -> Issuing:
    """Keep a report as the next issue of its number; one of the same content is not kept again.

    Args:
        root: the folder of all reports.
        report: of a period that is over.
        langs: the languages of its files.
        formats: the names of the formats; none: all.
        attachments: what it was made with, by the name of the file.
        fill_forms: gives the site's own forms with the values of the issue, by name of the file.

    Raises:
        ReportError: the period is not over, a form cannot be filled, the last issue is
            damaged, or this one cannot be written.
    """
    _check_issuable(report)
    folder = _choose_folder(root, report)
    with _explain_failure(folder), lock_folder(folder):
        _remove_leftovers(folder, report.number)
        chain = read_chain(find_chain(folder, report.number))
        last = find_last_issue(folder, report.number)
        changes: tuple[ReportChange, ...] = ()
        if last is not None:
            _check_number_is_its_own(last, report)
            chain = _enter_issue(last, chain)
            changes = compare_with_issue(last, report)
            if not changes:
                return Issuing(last, is_new=False)
        issued = add_hashes(_number(report, last, changes), chain[-1].hash if chain else "")
        contents = {REPORT_FILE: to_json(issued), **(attachments or {})}
        for lang in langs:
            for name in formats or FORMATS:
                file_name = name_file(issued, lang, FORMATS[name])
                contents[file_name] = FORMATS[name].render(issued, lang)
            contents |= fill_forms(issued, lang) if fill_forms else {}
        issue = write_issue(folder, issued, contents, changes)
        _enter_issue(issue, chain)
        return Issuing(issue, is_new=True)


def _choose_folder(root: Path, report: Report) -> Path:
    """Where the issues of a report are: an incident may begin in another month than it seemed."""
    known = find_issues(root, report.number) if report.is_of_incident else []
    return known[-1].parent if known else find_folder(root, report)


def _check_number_is_its_own(last: Issue, report: Report) -> None:
    """Raise where another kind of report, or another period, has this number."""
    record = last.record
    same_period = report.is_of_incident or record.period == report.period
    if record.kind != report.kind or not same_period:
        other = f"{record.kind} {name_period(record.period)}"
        key = "archive.number_taken"
        raise ReportError(key, hint=f"{key}.hint", number=report.number, other=other)


def compare_with_issue(last: Issue, report: Report) -> tuple[ReportChange, ...]:
    """What has changed since an issue; of one by a version that cannot be read, that alone.

    Raises:
        ReportError: the issue is not what was written.
    """
    try:
        return compare_reports(last.read_report(), report)
    except ConfigError:
        place = phrase("archive.other_version", version=last.record.version)
        return (ReportChange((place,), None, None),)


def _number(report: Report, last: Issue | None, changes: tuple[ReportChange, ...]) -> Report:
    """The report as the issue after the last, with what has changed at its end."""
    number, added = 1, tuple[Block, ...]()
    if last is not None:
        number, added = last.record.issue + 1, build_changes(changes, last.record.issue)
    text = phrase("archive.issue", number=number)
    blocks = (
        replace(block, issue=text) if isinstance(block, Cover) else block for block in report.blocks
    )
    return replace(report, issue=number, blocks=(*blocks, *added))


def _enter_issue(issue: Issue, chain: tuple[SignOff, ...]) -> tuple[SignOff, ...]:
    """The chain with the issue; it lacks one that was written right before a crash."""
    record = issue.record
    if any(entry.step is None and entry.issue == record.issue for entry in chain):
        return chain
    who = f"jipyo {record.version}".strip()
    longer = append_entry(chain, issue, Signing(None, who, record.made_ms))
    write_chain(find_chain(issue.folder.parent, record.number), longer)
    return longer


def sign_report(root: Path, number: str, signing: Signing, issue: int = 0) -> SignOff:
    """Sign an issue of a report, by default the last.

    What is damaged is not signed.

    Raises:
        ReportError: there is no such issue, it is damaged, or the step is not one that follows.
    """
    found = find_issue(root, number, issue)
    folder = found.folder.parent
    with _explain_failure(folder), lock_folder(folder):
        damage = next(check_number(folder, number), None)
        if damage is not None:
            raise damage.error
        chain = _enter_issue(found, read_chain(find_chain(folder, number)))
        longer = append_entry(chain, found, signing)
        write_chain(find_chain(folder, number), longer)
        return longer[-1]


def find_issue(root: Path, number: str, issue: int = 0) -> Issue:
    """An issue by its number, by default the last.

    Raises:
        ReportError: there is none, or its record is not what was written.
    """
    paths = find_issues(root, number)
    chosen = [path for path in paths if not issue or path.name.endswith(f".issue-{issue}")]
    if chosen:
        return read_issue(chosen[-1])
    if paths:
        known = ", ".join(path.name.rpartition("-")[2] for path in paths)
        raise ReportError("archive.no_issue", number=number, issue=issue, known=known)
    numbers = {one.number for one in list_reports(root).reports}
    near = get_close_matches(number, sorted(numbers), 3)
    hint = "archive.no_number.similar" if near else "archive.no_number.hint"
    raise ReportError("archive.no_number", hint=hint, number=number, similar=", ".join(near))


@dataclass(frozen=True, slots=True)
class ArchivedReport:
    """A document number with its issues and their sign-off."""

    number: str
    folder: Path
    """Of the month that its period begins in."""
    issues: tuple[Issue, ...]
    """The first issue first."""
    chain: tuple[SignOff, ...]

    @property
    def last(self) -> Issue:
        """The issue that counts."""
        return self.issues[-1]

    @property
    def step(self) -> Step:
        """How far the last issue has come."""
        return find_furthest(list_steps(self.chain, self.last.record.issue))


@dataclass(frozen=True, slots=True)
class ArchiveList:
    """The reports of an archive, and what in it could not be read."""

    reports: tuple[ArchivedReport, ...]
    errors: tuple[ReportError, ...]


def list_reports(root: Path) -> ArchiveList:
    """Every number in the archive, by the months of their periods."""
    issues: dict[tuple[Path, str], list[Issue]] = {}
    errors: list[ReportError] = []
    for path in find_issues(root):
        try:
            issue = read_issue(path)
        except ReportError as error:
            errors.append(error)
            continue
        issues.setdefault((path.parent, issue.record.number), []).append(issue)
    reports: list[ArchivedReport] = []
    for (folder, number), own in issues.items():
        try:
            chain = read_chain(find_chain(folder, number))
        except ReportError as error:
            errors.append(error)
            continue
        reports.append(ArchivedReport(number, folder, tuple(own), chain))
    return ArchiveList(tuple(reports), tuple(errors))


def find_report(root: Path, number: str) -> ArchivedReport:
    """A report of the archive by its number, with all its issues.

    Raises:
        ReportError: there is none, or a record of it is not what was written.
    """
    folder = find_issue(root, number).folder.parent
    issues = tuple(map(read_issue, list_issues(folder, number)))
    return ArchivedReport(number, folder, issues, read_chain(find_chain(folder, number)))


def remove_report(report: ArchivedReport) -> None:
    """Remove a number with its issues and its sign-off, when its time is over.

    The sign-off goes last: a crash before leaves what says that issues are missing.

    Raises:
        ReportError: it cannot be removed.
    """
    with _explain_failure(report.folder), lock_folder(report.folder):
        for issue in report.issues:
            shutil.rmtree(issue.folder)
        find_chain(report.folder, report.number).unlink(missing_ok=True)
        sync(report.folder)


def _check_issuable(report: Report) -> None:
    number = report.number
    if not number.strip() or not number.isprintable() or len(number) > LONGEST:
        raise ReportError("archive.bad_number", number=report.number[:80])
    if report.cut_ms < report.period.end_ms:
        key = "archive.incident_open" if report.is_of_incident else "archive.not_over"
        raise ReportError(key, hint=f"{key}.hint", number=report.number)


def _remove_leftovers(folder: Path, number: str) -> None:
    """Remove what a process that was killed had prepared; the lock says that none is at work."""
    for path in folder.glob(f".{name_document(number)}.issue-*"):
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """One process at a time changes a month's folder; the kernel frees it when that dies."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def _explain_failure(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise ReportError(
            "reports.not_written", hint="archive.unwritable.hint", path=str(folder), reason=reason
        ) from error
