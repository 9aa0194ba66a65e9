"""XML with the place of everything in its bytes, so that little of it can be replaced.

What is not replaced is never written anew: it stays byte for byte.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.parsers import expat

from jipyo.model.errors import ReportError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

_TAG = re.compile(rb"<(?:[^>\"']|\"[^\"]*\"|'[^']*')*>")
_NAME = re.compile(rb"<([^\s:>/]+:)?([^\s:>/]+)")
_MAX_DEPTH = 400
_BLANKS = {"lineBreak": "\n", "tab": "\t", "br": "\n", "nbSpace": " ", "fwSpace": " "}
"""Elements within a text that stand for a character."""
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(slots=True)
class Element:
    """An element; `tag` is its name without prefix, the places are those of bytes."""

    tag: str
    attributes: Mapping[str, str]
    parent: Element | None
    start: int
    inner: int
    """Where its content begins, and an empty element ends."""
    inner_end: int = 0
    end: int = 0
    children: list[Element] = field(default_factory=list)
    pieces: list[TextPiece] = field(default_factory=list)
    """The text directly in it."""

    def find(self, *tags: str) -> Element | None:
        """The element that is reached by these names, each a child of the one before."""
        found: Element | None = self
        for tag in tags:
            found = next((one for one in found.children if one.tag == tag), None) if found else None
        return found

    def walk(self) -> Iterator[Element]:
        """It and all within it, in the order of their beginnings."""
        waiting = [self]
        while waiting:
            element = waiting.pop()
            yield element
            waiting += reversed(element.children)

    def list_ancestors(self) -> Iterator[Element]:
        """Those that it stands in, the nearest first."""
        above = self.parent
        while above is not None:
            yield above
            above = above.parent

    def number(self, name: str, default: int = 0) -> int:
        """An attribute that is a whole number, within what a page can be."""
        text = self.attributes.get(name, "")
        is_number = text.removeprefix("-").isascii() and text.removeprefix("-").isdigit()
        return int(text) if is_number and len(text) < 12 else default


@dataclass(frozen=True, slots=True)
class TextPiece:
    """A stretch of text and the bytes that it is written in."""

    start: int
    end: int
    text: str
    is_plain: bool
    """Whether its bytes are its characters in UTF-8; else it is replaced as a whole."""
    in_section: bool = False
    """Whether it is in a CDATA section."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Bytes that take the place of others."""

    start: int
    end: int
    content: bytes


def parse_markup(xml: bytes, part: str) -> Element:
    """The root element.

    Raises:
        ReportError: it is not well-formed UTF-8, is nested too deeply, or has a DOCTYPE, which
            could name files of this machine or entities that grow without end.
    """
    reader = _Reader(xml)
    try:
        if b"\0" in xml:
            raise _UnusableError("UTF-16")
        reader.parser.Parse(xml, True)
    except (expat.ExpatError, _UnusableError) as error:
        hint = "forms.no_archive.hint"
        reason = str(error)
        raise ReportError("forms.broken_xml", hint=hint, part=part, reason=reason) from error
    assert reader.root is not None, "BUG: a document without an element is not well-formed"
    return reader.root


class _UnusableError(Exception):
    pass


class _Reader:
    """Takes expat's events and keeps where each was."""

    def __init__(self, xml: bytes) -> None:
        self.xml = xml
        self.root: Element | None = None
        self._open: list[Element] = []
        self._in_section = False
        parser = self.parser = expat.ParserCreate("utf-8")
        parser.buffer_text = False
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._add_text
        parser.StartCdataSectionHandler = lambda: self._set_section(inside=True)
        parser.EndCdataSectionHandler = lambda: self._set_section(inside=False)
        parser.StartDoctypeDeclHandler = self._refuse

    def _refuse(self, *_: object) -> None:
        raise _UnusableError("DOCTYPE")

    def _set_section(self, *, inside: bool) -> None:
        self._in_section = inside

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= _MAX_DEPTH:
            raise _UnusableError(f"> {_MAX_DEPTH} levels")
        start = self.parser.CurrentByteIndex
        tag = _TAG.match(self.xml, start)
        assert tag is not None, "BUG: expat begins an element where there is no tag"
        parent = self._open[-1] if self._open else None
        element = Element(name.rpartition(":")[2], attributes, parent, start, tag.end())
        if parent is None:
            self.root = element
        else:
            parent.children.append(element)
        self._open.append(element)

    def _end(self, _: str) -> None:
        element = self._open.pop()
        at = self.parser.CurrentByteIndex
        is_empty = self.xml[element.inner - 2 : element.inner] == b"/>"
        element.inner_end = element.inner if is_empty else at
        element.end = element.inner if is_empty else self.xml.index(b">", at) + 1
        blank = _BLANKS.get(element.tag)
        if blank and element.parent is not None:
            piece = TextPiece(element.start, element.end, blank, is_plain=False)
            element.parent.pieces.append(piece)

    def _add_text(self, text: str) -> None:
        start, xml = self.parser.CurrentByteIndex, self.xml
        written = text.encode()
        is_plain = xml.startswith(written, start) and (self._in_section or xml[start] != ord("&"))
        if is_plain:
            end = start + len(written)
        elif xml[start] == ord("&"):
            end = xml.index(b";", start) + 1
        else:
            end = start + (2 if xml.startswith(b"\r\n", start) else 1)
        piece = TextPiece(start, end, text, is_plain, self._in_section)
        self._open[-1].pieces.append(piece)


def splice(xml: bytes, edits: Iterable[Edit]) -> bytes:
    """The bytes with the edits made, of which no two overlap."""
    out: list[bytes] = []
    at = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        assert edit.start >= at, "BUG: edits overlap"
        out += (xml[at : edit.start], edit.content)
        at = edit.end
    return b"".join((*out, xml[at:]))


def take(xml: bytes, start: int, stop: int, edits: Iterable[Edit]) -> bytes:
    """A part of the bytes with those edits made that lie in it."""
    within = (edit for edit in dict.fromkeys(edits) if start <= edit.start and edit.end <= stop)
    moved = (Edit(edit.start - start, edit.end - start, edit.content) for edit in within)
    return splice(xml[start:stop], moved)


def set_attribute(xml: bytes, element: Element, name: str, value: int | str) -> Edit:
    """The edit that gives an element's attribute another value; the attribute is there."""
    written = re.compile(rb"(\s" + name.encode() + rb"\s*=\s*)(\"[^\"]*\"|'[^']*')")
    found = written.search(xml, element.start, element.inner)
    assert found is not None, f"BUG: {element.tag} has no {name}"
    return Edit(found.start(2), found.end(2), f'"{escape(str(value))}"'.encode())


def find_prefix(xml: bytes, element: Element) -> str:
    """The prefix of an element's name with its colon; empty where it has none."""
    name = _NAME.match(xml, element.start)
    return name[1].decode() if name and name[1] else ""


def escape(text: str) -> str:
    """A text for XML; characters that XML cannot hold become replacement characters."""
    cleaned = _FORBIDDEN.sub("\ufffd", text)
    return "".join(_ESCAPES.get(char, char) for char in cleaned)


class TextRun:
    """The pieces of a paragraph as one text, of which stretches are replaced."""

    def __init__(self, pieces: Iterable[TextPiece]) -> None:
        """Join them in the order of their bytes."""
        self.pieces = sorted(pieces, key=lambda piece: piece.start)
        self.text = "".join(piece.text for piece in self.pieces)

    def replace(
        self, parts: Iterable[tuple[int, int, str]], write: Callable[[str], str]
    ) -> Iterator[Edit]:
        """The edits that put texts in the place of stretches, each from and to a character.

        A text goes where the first character of its stretch is, and has its looks; what else
        the stretch covers is cut. `write` makes it XML.
        """
        for start, end, text in parts:
            content, at = write(text), 0
            for piece in self.pieces:
                first, last = max(start - at, 0), min(end - at, len(piece.text))
                at += len(piece.text)
                if first < last:
                    yield _replace_in(piece, first, last, content)
                    content = ""


def _replace_in(piece: TextPiece, first: int, last: int, content: str) -> Edit:
    if not piece.is_plain:
        return Edit(piece.start, piece.end, content.encode())
    if piece.in_section and content:
        content = f"]]>{content}<![CDATA["
    before = len(piece.text[:first].encode())
    length = len(piece.text[first:last].encode())
    return Edit(piece.start + before, piece.start + before + length, content.encode())
