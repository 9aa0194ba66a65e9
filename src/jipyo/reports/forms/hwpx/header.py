"""How the characters and paragraphs of a form look, as far as room and alignment go."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jipyo.reports.forms.markup import Element


@dataclass(frozen=True, slots=True)
class CharSize:
    """The size of characters: height in 1/100 point, width and spacing in percent of it."""

    height: int = 1000
    ratio: int = 100
    spacing: int = 0


@dataclass(frozen=True, slots=True)
class ParaRoom:
    """What a paragraph takes beside its lines, in HWPUNIT."""

    align: str = "JUSTIFY"
    line_type: str = "PERCENT"
    line_value: int = 160
    left: int = 0
    right: int = 0
    above: int = 0
    below: int = 0

    def line_height(self, height: int) -> int:
        """The distance from one line to the next for characters of a height."""
        if self.line_type == "PERCENT":
            return height * self.line_value // 100
        if self.line_type == "BETWEEN_LINES":
            return height + self.line_value
        return max(self.line_value, height if self.line_type == "AT_LEAST" else 0)


@dataclass(frozen=True, slots=True)
class FormShapes:
    """The shapes of a form by their ids."""

    chars: Mapping[str, CharSize] = field(default_factory=dict)
    paras: Mapping[str, ParaRoom] = field(default_factory=dict)
    bordered: str = "1"
    """The first kind of border that has lines on all sides."""

    def char(self, char_id: str) -> CharSize:
        """The size of characters of this shape."""
        return self.chars.get(char_id, CharSize())

    def para(self, para_id: str) -> ParaRoom:
        """The room of a paragraph of this shape."""
        return self.paras.get(para_id, ParaRoom())

    def find_right(self, para_id: str) -> str:
        """The shape like this one that is flush right, else any, else this one."""
        own = self.para(para_id)
        rights = [each for each, para in self.paras.items() if para.align == "RIGHT"]
        alike = [each for each in rights if self.paras[each].line_value == own.line_value]
        return next(iter((*alike, *rights, para_id)))


def read_shapes(header: Element) -> FormShapes:
    """The shapes that `Contents/header.xml` lists."""
    chars: dict[str, CharSize] = {}
    paras: dict[str, ParaRoom] = {}
    bordered: list[str] = []
    for element in header.walk():
        shape_id = element.attributes.get("id", "")
        if element.tag == "charPr":
            chars[shape_id] = _read_char(element)
        elif element.tag == "paraPr":
            paras[shape_id] = _read_para(element)
        elif element.tag == "borderFill" and _has_lines(element):
            bordered.append(shape_id)
    return FormShapes(chars, paras, next(iter(bordered), "1"))


def _read_char(element: Element) -> CharSize:
    ratio, spacing = element.find("ratio"), element.find("spacing")
    return CharSize(
        max(element.number("height", 1000), 100),
        max(ratio.number("hangul", 100), 10) if ratio else 100,
        min(max(spacing.number("hangul"), -50), 100) if spacing else 0,
    )


def _read_para(element: Element) -> ParaRoom:
    """The first margin and line spacing: newer files write them twice, in a `switch`."""
    found: dict[str, Element] = {}
    for each in element.walk():
        found.setdefault(each.tag, each)
    align, spacing = found.get("align"), found.get("lineSpacing")

    def measure(side: str) -> int:
        return max(found[side].number("value"), 0) if side in found else 0

    return ParaRoom(
        align=align.attributes.get("horizontal", "JUSTIFY") if align else "JUSTIFY",
        line_type=spacing.attributes.get("type", "PERCENT") if spacing else "PERCENT",
        line_value=max(spacing.number("value", 160), 1) if spacing else 160,
        left=measure("left"),
        right=measure("right"),
        above=measure("prev"),
        below=measure("next"),
    )


def _has_lines(element: Element) -> bool:
    sides = (element.find(f"{side}Border") for side in ("left", "right", "top", "bottom"))
    return all(side is not None and side.attributes.get("type") != "NONE" for side in sides)
