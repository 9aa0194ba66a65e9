"""Whether what is in the archive is what was put there: files, records and the chain."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.model.errors import ReportError
from jipyo.reports.archive.issues import (
    RECORD_FILE,
    find_issue_folder,
    list_issues,
    read_file,
    read_issue,
)
from jipyo.reports.archive.sign_off import (
    START,
    SignOff,
    compute_hash,
    find_chain,
    name_step,
    read_chain,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from jipyo.reports.archive.issues import Issue, IssueRecord

_DETAILED = 12
"""So many characters of a hash are enough to compare it by eye."""


@dataclass(frozen=True, slots=True)
class Damage:
    """Something in the archive that is not what was put there."""

    error: ReportError


def _damage(kind: str, **values: object) -> Damage:
    return Damage(ReportError(f"archive.damage.{kind}", hint="archive.damage.hint", **values))


def check_number(folder: Path, number: str) -> Iterator[Damage]:
    """Everything of a document number that was changed, added or taken away."""
    path = find_chain(folder, number)
    try:
        chain = read_chain(path)
    except ReportError as error:
        yield Damage(error)
        return
    yield from check_chain(chain, number, str(path))
    issues: dict[int, Issue] = {}
    for place in list_issues(folder, number):
        try:
            issue = read_issue(place)
        except ReportError as error:
            yield Damage(error)
            continue
        issues[issue.record.issue] = issue
        yield from _check_name(issue, place)
        yield from check_files(issue.record, _hash_files(place), str(place))
    yield from _check_records(chain, issues, folder, number)


def check_chain(chain: Sequence[SignOff], number: str, where: str) -> Iterator[Damage]:
    """Every entry whose content or place is not what was signed."""
    before = START
    for line, entry in enumerate(chain, 1):
        place = f"{where}:{line}"
        if entry.number != number:
            yield _damage("other_number", where=place, expected=number, found=entry.number)
        if compute_hash(entry) != entry.hash:
            yield _damage("entry", where=place, step=name_step(entry.step), who=entry.who)
        if entry.before != before:
            yield _damage("order", where=place, step=name_step(entry.step), who=entry.who)
        before = entry.hash


def check_files(record: IssueRecord, found: Mapping[str, str], where: str) -> Iterator[Damage]:
    """Every file of an issue that is not what the record says.

    Args:
        record: says which files there are.
        found: the SHA-256 of each file, by name, without that of the record.
        where: the folder or package, for people.
    """
    expected = {one.name: one.sha256 for one in record.files}
    for name, sha256 in expected.items():
        if name not in found:
            yield _damage("gone", file=f"{where}/{name}")
        elif found[name] != sha256:
            was, now = sha256[:_DETAILED], found[name][:_DETAILED]
            yield _damage("file", file=f"{where}/{name}", expected=was, found=now)
    for name in found.keys() - expected.keys():
        yield _damage("extra", file=f"{where}/{name}")


def _hash_files(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(read_file(path)).hexdigest() if path.is_file() else ""
        for path in sorted(folder.iterdir())
        if path.name != RECORD_FILE
    }


def _check_name(issue: Issue, place: Path) -> Iterator[Damage]:
    """A folder that was copied to the name of another issue."""
    named = find_issue_folder(place.parent, issue.record.number, issue.record.issue)
    if named != place:
        yield _damage("renamed", where=place, found=named.name)


def _check_records(
    chain: Sequence[SignOff], issues: Mapping[int, Issue], folder: Path, number: str
) -> Iterator[Damage]:
    """Issues that differ from what was signed, are missing, or are not in the sign-off."""
    entered = {entry.issue for entry in chain if entry.step is None}
    for issue, first in {entry.issue: entry for entry in reversed(chain)}.items():
        place = find_issue_folder(folder, number, issue)
        if issue not in issues:
            yield _damage("issue_gone", where=place, step=name_step(first.step), who=first.who)
    for entry in chain:
        if entry.issue in issues and issues[entry.issue].sha256 != entry.record:
            yield _damage(
                "record",
                where=find_issue_folder(folder, number, entry.issue) / RECORD_FILE,
                step=name_step(entry.step),
                who=entry.who,
            )
    # The newest may lack its entry: its process died right before, and adds it when asked again.
    for issue in sorted(issues.keys() - entered - {max(issues, default=0)}):
        yield _damage("not_entered", where=find_issue_folder(folder, number, issue))
