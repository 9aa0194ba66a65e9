"""A file of a report against the one that is made from the issued report: what was rewritten.

The same report gives the same bytes, so a file is right if it has them. Of one that has not, the
words are compared: text and tags of HTML, Markdown and of the XML in HWPX and XLSX.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from jipyo.model.errors import ReportError
from jipyo.reports.render import FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from jipyo.i18n import Lang
    from jipyo.reports.document import Report

LARGEST_BYTES = 512 << 20
"""Most bytes of a file, and of its parts together once they are unpacked."""
MOST_PARTS = 10_000
SHOWN = 200
"""Most rewritten places that are named."""
_CONTEXT = 4
_LANG = re.compile(r"\.(ko|en)\.[a-z]+$")
_MARKUP = re.compile(rb"<[^>]*>|[^<\s]+")
_WORD = re.compile(rb"\S+")
_NUMBERED = re.compile(r"[^\s<>\"'&]{3,120}")


@dataclass(frozen=True, slots=True)
class Rewritten:
    """Words of a file that are not those of the issued report."""

    part: str
    """The part of a package; empty for a file without parts."""
    before: str
    """The words that precede them."""
    issued: str
    found: str


def find_format(path: Path) -> str:
    """The name of the format of a file.

    Raises:
        ReportError: no format has files of such a name.
    """
    for name, each in FORMATS.items():
        if path.suffix == each.suffix:
            return name
    known = ", ".join(one.suffix for one in FORMATS.values())
    raise ReportError("verify.unknown_file", file=str(path), known=f"{known}, .json, .zip")


def find_rewritten(report: Report, path: Path, content: bytes) -> tuple[Rewritten, ...]:
    """What in a file is not what the issued report has in the same format; none where it is equal.

    The language is that of the file's name, else the one with fewer differences.

    Raises:
        ReportError: the file is not of its format.
    """
    format_name, named = find_format(path), _LANG.search(path.name)
    langs: tuple[Lang, ...] = ("ko", "en")
    if named:
        langs = ("ko",) if named[1] == "ko" else ("en",)
    found = [
        compare_files(FORMATS[format_name].render(report, lang), content, str(path))
        for lang in langs
    ]
    return min(found, key=len)


def compare_files(issued: bytes, found: bytes, where: str) -> tuple[Rewritten, ...]:
    """What differs between two files of one format; at least one place unless they are equal.

    Raises:
        ReportError: the second is not of the format of the first.
    """
    if issued == found:
        return ()
    if len(found) > LARGEST_BYTES:
        raise ReportError("verify.too_large", file=where, limit=LARGEST_BYTES >> 20)
    one, other = read_parts(issued, where), read_parts(found, where)
    places = [
        place
        for name in dict.fromkeys((*one, *other))
        for place in _compare_parts(name, one.get(name, b""), other.get(name, b""))
    ]
    digests = [
        f"SHA-256 {hashlib.sha256(content).hexdigest()[:12]}…" for content in (issued, found)
    ]
    return tuple(places[:SHOWN]) or (Rewritten("", "", *digests),)


def read_parts(content: bytes, where: str) -> Mapping[str, bytes]:
    """The parts of a package by name, without more than memory can bear; of other files the whole.

    Raises:
        ReportError: it begins as a package, and is none.
    """
    if not content.startswith(b"PK"):
        return {"": content}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            infos = package.infolist()
            total = sum(info.file_size for info in infos)
            if total > LARGEST_BYTES or len(infos) > MOST_PARTS:
                raise ReportError("verify.too_large", file=where, limit=LARGEST_BYTES >> 20)
            return {info.filename: package.read(info) for info in infos}
    except (
        zipfile.BadZipFile,
        zlib.error,
        ValueError,
        EOFError,
        OSError,
        RuntimeError,
        NotImplementedError,
    ) as error:
        raise ReportError("verify.not_a_package", file=where, reason=str(error)) from error


def _compare_parts(name: str, issued: bytes, found: bytes) -> Iterator[Rewritten]:
    if issued == found:
        return
    words = _split(name, issued), _split(name, found)
    start = _count_equal(*words)
    end = _count_equal(words[0][start:][::-1], words[1][start:][::-1])
    was, now = (one[start : len(one) - end] for one in words)
    for tag, a, b, c, d in SequenceMatcher(None, was, now).get_opcodes():
        if tag != "equal":
            before = words[0][max(0, start + a - _CONTEXT) : start + a]
            yield Rewritten(name, _join(before), _join(was[a:b]), _join(now[c:d]))


def _split(name: str, content: bytes) -> list[bytes]:
    """The words of a text; of a picture or another binary part its hash."""
    head = content[:256].lstrip()
    if head.startswith(b"<"):
        return _MARKUP.findall(content)
    if b"\x00" in content[:4096] or head.startswith((b"%PDF", b"\x89PNG")):
        return [f"{name} SHA-256 {hashlib.sha256(content).hexdigest()}".encode()]
    return _WORD.findall(content)


def _count_equal(one: Sequence[bytes], other: Sequence[bytes]) -> int:
    """How many items both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def _join(words: Sequence[bytes]) -> str:
    text = " ".join(word.decode("utf-8", "replace") for word in words)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def list_possible_numbers(content: bytes, where: str) -> frozenset[str]:
    """What in a file may be a document number: every word of its texts.

    Raises:
        ReportError: it begins as a package, and is none.
    """
    return frozenset(
        word
        for part in read_parts(content, where).values()
        if b"\x00" not in part[:4096]
        for word in _NUMBERED.findall(part.decode("utf-8", "replace"))
    )
