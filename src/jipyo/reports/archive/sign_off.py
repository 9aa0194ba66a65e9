"""Sign-off of issued reports: who did what and when, in a chain that shows what was changed.

`NUMBER.sign-off.jsonl` beside the issues has a line for each step of any of them. A line carries
the hash of the line before and that of the issue's record, so that no line, file or issue can be
changed or taken out without a break: only the last lines together with all that they are about
could be. The hash of the last line, noted elsewhere, shows that, too.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import orjson

from jipyo.files import atomic_write
from jipyo.model.errors import ReportError
from jipyo.model.plain import to_plain
from jipyo.model.plain_types import PlainTypes
from jipyo.reports.archive.names import name_document
from jipyo.reports.options import SignOffStep

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from jipyo.reports.archive.issues import Issue

START = "0" * 64
"""What the first line names as the hash of the line before."""
LONGEST = 2000
"""Most characters of a name or a note."""


Step = SignOffStep | None
"""What an entry says: a step that people take, or None: jipyo issued it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOff:
    """A line of the chain."""

    number: str
    issue: int
    step: Step
    who: str
    t_ms: int
    note: str
    record: str
    """SHA-256 of the issue's record, which has the hashes of the report and its files."""
    before: str
    """The hash of the line before."""
    hash: str = ""
    """SHA-256 of all the other fields."""


@dataclass(frozen=True, slots=True)
class Signing:
    """What somebody signs: a step, by whom, when, with a note."""

    step: Step
    who: str
    t_ms: int
    note: str = ""


def find_chain(folder: Path, number: str) -> Path:
    """The file of a number's chain."""
    return folder / f"{name_document(number)}.sign-off.jsonl"


def compute_hash(entry: SignOff) -> str:
    """SHA-256 of all fields but the hash itself, as JSON in their order."""
    plain = to_plain(replace(entry, hash=""))
    return hashlib.sha256(orjson.dumps(plain)).hexdigest()


def append_entry(chain: Sequence[SignOff], issue: Issue, signing: Signing) -> tuple[SignOff, ...]:
    """The chain with a step of an issue at its end.

    Raises:
        ReportError: the step is not one that follows, or a text is empty or too long.
    """
    if signing.step is not None:
        _check_texts(signing)
        _check_step(chain, issue.record.issue, signing)
    entry = SignOff(
        number=issue.record.number,
        issue=issue.record.issue,
        step=signing.step,
        who=signing.who.strip(),
        t_ms=signing.t_ms,
        note=signing.note.strip(),
        record=issue.sha256,
        before=chain[-1].hash if chain else START,
    )
    return (*chain, replace(entry, hash=compute_hash(entry)))


def _check_texts(signing: Signing) -> None:
    is_text = signing.who.isprintable() and signing.note.replace("\n", "").isprintable()
    is_short = max(len(signing.who), len(signing.note)) <= LONGEST
    if not (signing.who.strip() and is_text and is_short):
        raise ReportError("archive.sign.bad_name", limit=LONGEST)


def _check_step(chain: Sequence[SignOff], issue: int, signing: Signing) -> None:
    newest = max((entry.issue for entry in chain), default=issue)
    if issue < newest:
        raise ReportError("archive.sign.replaced", issue=issue, newest=newest)
    own, step = list_steps(chain, issue), signing.step
    last = find_furthest(own)
    if rank_step(last) > rank_step(step):
        raise ReportError(
            "archive.sign.too_late",
            step=name_step(step),
            last=name_step(last),
        )
    if any(entry.step is step and entry.who == signing.who.strip() for entry in own):
        raise ReportError("archive.sign.twice", step=name_step(step), who=signing.who.strip())
    if step is SignOffStep.SUBMITTED and rank_step(last) < rank_step(SignOffStep.APPROVED):
        raise ReportError("archive.sign.not_approved", hint="archive.sign.not_approved.hint")


def name_step(step: Step) -> ReportError:
    """The word for a step, for a text of an error."""
    return ReportError("summary.step.issued" if step is None else f"summary.step.{step.value}")


def rank_step(step: Step) -> int:
    """Its place in the order; 0 for one that is only issued."""
    return 0 if step is None else 1 + list(SignOffStep).index(step)


def find_furthest(chain: Sequence[SignOff]) -> Step:
    """The furthest step of some entries."""
    return max((entry.step for entry in chain), key=rank_step, default=None)


def list_steps(chain: Sequence[SignOff], issue: int) -> tuple[SignOff, ...]:
    """The entries of one issue."""
    return tuple(entry for entry in chain if entry.issue == issue)


def read_chain(path: Path) -> tuple[SignOff, ...]:
    """The entries of a chain, without checking their hashes; none where there is no file.

    Raises:
        ReportError: it cannot be read, or a line is not an entry.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return ()
    except OSError as error:
        reason = error.strerror or str(error)
        raise ReportError("archive.unreadable", file=str(path), reason=reason) from error
    return parse_chain(content, str(path))


def parse_chain(content: bytes, where: str) -> tuple[SignOff, ...]:
    """The entries of a chain, a line each.

    Raises:
        ReportError: a line is not an entry.
    """
    return tuple(
        _parse_entry(line, f"{where}:{number}")
        for number, line in enumerate(content.splitlines(), 1)
    )


def _parse_entry(line: bytes, where: str) -> SignOff:
    try:
        entry, mistakes = find_entry_types().read(orjson.loads(line))
    except orjson.JSONDecodeError as error:
        raise ReportError("archive.not_an_entry", where=where, reason=str(error)) from error
    if mistakes:
        reason = f"{mistakes[0].path}: {mistakes[0].found}"
        raise ReportError("archive.not_an_entry", where=where, reason=reason)
    assert isinstance(entry, SignOff)
    return entry


@cache
def find_entry_types() -> PlainTypes:
    """The plain form of a line."""
    return PlainTypes(SignOff, {"Step": Step})


def write_chain(path: Path, chain: Sequence[SignOff]) -> None:
    """Write a chain, whole or not at all; the caller has the lock of its folder.

    Raises:
        OSError: it cannot be written.
    """
    with atomic_write(path) as file:
        file.write(b"".join(orjson.dumps(to_plain(entry)) + b"\n" for entry in chain))
