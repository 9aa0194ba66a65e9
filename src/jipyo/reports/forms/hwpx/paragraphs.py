"""The paragraphs of a section with their text, wherever they stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.reports.forms.markup import TextRun

if TYPE_CHECKING:
    from jipyo.reports.forms.markup import Element


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of a body, a cell, a header, a note or a text box, and its own text."""

    element: Element
    texts: tuple[Element, ...]
    """The elements that hold its text; those of paragraphs within it are not among them."""
    run: TextRun

    @property
    def para_id(self) -> str:
        """Its shape."""
        return self.element.attributes.get("paraPrIDRef", "")

    @property
    def char_id(self) -> str:
        """The shape of its first characters."""
        for text in self.texts:
            if text.pieces and text.parent is not None:
                return text.parent.attributes.get("charPrIDRef", "")
        return ""


def list_paragraphs(root: Element) -> list[Paragraph]:
    """All paragraphs that have text, in the order in which they begin."""
    texts: dict[int, tuple[Element, list[Element]]] = {}
    for element in root.walk():
        if element.tag == "t":
            holder = next((one for one in element.list_ancestors() if one.tag == "p"), None)
            if holder is not None:
                texts.setdefault(holder.start, (holder, []))[1].append(element)
    found = (texts[at] for at in sorted(texts))
    return [
        Paragraph(holder, tuple(own), TextRun(piece for one in own for piece in one.pieces))
        for holder, own in found
    ]
