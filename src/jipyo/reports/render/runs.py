"""Inline parts as runs: text, with the part of the document that a stretch of it writes out.

Every format shows figures, badges and code in its own way, within the same words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jipyo.model.figure import Delta, Figure
from jipyo.reports.document import (
    Badge,
    Blank,
    Code,
    Day,
    Duration,
    ExactTime,
    Joined,
    Moment,
    Phrase,
    Quantity,
    Share,
)

if TYPE_CHECKING:
    from jipyo.reports.document import Inline
    from jipyo.reports.wording import Localizer


@dataclass(frozen=True, slots=True)
class Cases:
    """On how many cases the figure before it rests."""


Amount = Delta | Duration | ExactTime | Share | Moment | Day
"""What else has a number in it, and is not broken at the end of a line."""
Element = Figure | Quantity | Badge | Blank | Code | Cases | Amount


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text, and what it writes out; None for words."""

    text: str
    element: Element | None = None


SIGNS = frozenset("○△×–▲■")
"""A badge that begins with one of these needs no mark of its state."""
# Three private characters mark where an element begins and ends while a sentence is put
# together, so that the text takes its Korean particles before it is taken apart.
_OPEN, _CLOSE, _END = "\ue000", "\ue001", "\ue002"
_ELEMENT = re.compile(f"{_OPEN}(\\d+){_CLOSE}(.*?){_END}", re.DOTALL)
_WITHOUT_MARKS = str.maketrans(dict.fromkeys((_OPEN, _CLOSE, _END), "\ufffd"))


def list_runs(part: Inline, localizer: Localizer) -> list[Run]:
    """The part as text, cut where elements begin and end."""
    elements: list[Element] = []
    text = _mark_elements(part, localizer, elements)
    runs: list[Run] = []
    at = 0
    for match in _ELEMENT.finditer(text):
        if match.start() > at:
            runs.append(Run(text[at : match.start()]))
        runs.append(Run(match[2], elements[int(match[1])]))
        at = match.end()
    if at < len(text):
        runs.append(Run(text[at:]))
    return runs


def _mark_elements(  # noqa: PLR0911 - one case per type
    part: Inline, localizer: Localizer, elements: list[Element]
) -> str:
    def mark(element: Element, text: str) -> str:
        elements.append(element)
        return f"{_OPEN}{len(elements) - 1}{_CLOSE}{text.translate(_WITHOUT_MARKS)}{_END}"

    match part:
        case Phrase():
            values = {
                name: _mark_elements(value, localizer, elements) for name, value in part.values
            }
            return localizer.text(part.key, **values)
        case Joined():
            return part.by.join(_mark_elements(each, localizer, elements) for each in part.parts)
        case Figure() if part.value is not None and part.proportion is not None:
            value = _mark_elements(replace(part, proportion=None), localizer, elements)
            return f"{value} {mark(Cases(), f'({localizer.describe_cases(part)})')}"
        case Figure() if part.value is not None:
            return mark(part, localizer.format(part))
        case Quantity() | Badge() | Blank() | Code() | Delta() | Duration():
            return mark(part, localizer.format(part))
        case ExactTime() | Share() | Moment() | Day():
            return mark(part, localizer.format(part))
        case _:
            return localizer.format(part).translate(_WITHOUT_MARKS)
