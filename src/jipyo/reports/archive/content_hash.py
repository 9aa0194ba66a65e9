"""The verification value on the cover of an issue: the hash of all that the report says.

Whoever has only the printed page compares it with the one that `jipyo report show` computes from
the archive.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from jipyo.reports.document import Code, Cover, Phrase, phrase
from jipyo.reports.render.json import to_json

if TYPE_CHECKING:
    from jipyo.reports.document import Report

CONTENT, SIGN_OFF = "summary.cover.content_hash", "summary.cover.sign_off_hash"
_GROUP = 16
_ALGORITHM = "SHA-256"


def drop_hashes(cover: Cover) -> Cover:
    """The cover without the rows that an issue adds."""
    kept = (
        row
        for row in cover.rows
        if not (isinstance(row[0], Phrase) and row[0].key in (CONTENT, SIGN_OFF))
    )
    return replace(cover, rows=tuple(kept))


def list_hash_words(report: Report) -> set[str]:
    """The words of the hashes on the cover of an issue, as they are printed."""
    added = (
        value.text
        for one in report.blocks
        if isinstance(one, Cover)
        for name, value in one.rows
        if isinstance(name, Phrase) and name.key in (CONTENT, SIGN_OFF) and isinstance(value, Code)
    )
    words = {word for text in added for word in text.split()}
    return words | {_ALGORITHM} if words else words


def compute_content_hash(report: Report) -> str:
    """SHA-256 of the report as JSON, without the hashes on its cover."""
    blocks = (drop_hashes(one) if isinstance(one, Cover) else one for one in report.blocks)
    return hashlib.sha256(to_json(replace(report, blocks=tuple(blocks)))).hexdigest()


def add_hashes(report: Report, last_entry: str) -> Report:
    """The report with its hash on the cover, and that of the last sign-off entry, if any."""
    rows = ((CONTENT, compute_content_hash(report)), (SIGN_OFF, last_entry))
    added = tuple((phrase(key), Code(write_hash(value))) for key, value in rows if value)
    blocks = (
        replace(one, rows=(*drop_hashes(one).rows, *added)) if isinstance(one, Cover) else one
        for one in report.blocks
    )
    return replace(report, blocks=tuple(blocks))


def write_hash(value: str) -> str:
    """In groups that can be compared by eye and where a line may break."""
    return " ".join(value[at : at + _GROUP] for at in range(0, len(value), _GROUP))
