"""Texts in which one number was changed, as slips and embellishments change them."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.reports.verify.numbers import find_numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from jipyo.reports.verify.numbers import NumberMention

_UNITS = (
    ("시간", "분"), ("분", "시간"), ("초", "분"), ("만", "억"), ("억", "만"), ("TiB", "GiB"),
    (" h", " min"), ("ms", "s"), ("million", "billion"), ("kWh", "MWh"), ("W", "kW"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ChangedText:
    """A text with one number changed."""

    text: str
    original: str
    written: str
    """What stands in the place of the number."""
    column: int


def change_texts(texts: Sequence[str], count: int, seed: int) -> list[ChangedText]:
    """So many changed texts, drawn from all changes of all numbers of all texts."""
    every = [changed for text in texts for changed in _list_changes(text)]
    return random.Random(seed).sample(every, count)


def _list_changes(text: str) -> Iterator[ChangedText]:
    for mention in find_numbers(text):
        start = mention.column - 1
        seen = {mention.text}
        for change in (_next_digit, _swap_digits, _shift_point, _change_unit, _first_digit):
            written = change(mention.text)
            if written in seen or not _differs(mention, written):
                continue
            seen.add(written)
            changed = text[:start] + written + text[start + len(mention.text) :]
            yield ChangedText(changed, text, written, mention.column)


def _differs(mention: NumberMention, written: str) -> bool:
    """Whether what was written is a number still, and another one."""
    found = list(find_numbers(written))
    if len(found) != 1 or found[0].text != written:
        return mention.dimension == "name" and written != mention.text
    other = found[0]
    if mention.moment is not None or other.moment is not None:
        return other.moment is not None and other.moment != mention.moment
    return abs(other.value - mention.value) > max(other.step, mention.step) / 2


def _replace_digit(text: str, place: int, change: Callable[[int], int]) -> str:
    places = [found.start() for found in re.finditer(r"\d", text)]
    at = places[place]
    return f"{text[:at]}{change(int(text[at])) % 10}{text[at + 1 :]}"


def _next_digit(text: str) -> str:
    """One more in the last digit."""
    return _replace_digit(text, -1, lambda digit: digit + 1)


def _first_digit(text: str) -> str:
    """Another first digit, and never 0."""
    return _replace_digit(text, 0, lambda digit: digit % 9 + 1)


def _swap_digits(text: str) -> str:
    """The last two digits the other way round."""
    places = [found.start() for found in re.finditer(r"\d", text)]
    if len(places) < 2:
        return text
    a, b = places[-2:]
    return text[:a] + text[b] + text[a + 1 : b] + text[a] + text[b + 1 :]


def _shift_point(text: str) -> str:
    """Ten times as much, or a tenth."""
    found = re.match(r"^([+−-]?)(\d+)\.(\d)(\d*)(.*)$", text)
    if found is None:
        return text
    sign, whole, first, rest, after = found.groups()
    return f"{sign}{whole}{first}{'.' + rest if rest else ''}{after}"


def _change_unit(text: str) -> str:
    """The same number in another unit."""
    for unit, other in _UNITS:
        if unit in text:
            return text.replace(unit, other, 1)
    return text
