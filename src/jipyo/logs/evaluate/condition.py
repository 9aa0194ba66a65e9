"""Which records of a batch a condition holds for."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from jipyo.logs.evaluate.values import list_texts, parse_number
from jipyo.logs.query import (
    All,
    AnyOf,
    Between,
    Condition,
    Contains,
    Equals,
    Exists,
    HasTemplate,
    Matches,
    Not,
    StartsWith,
    compile_search,
)
from jipyo.logs.record import decode_text, encode_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from jipyo.logs.record import LogBatch

ListTemplates: TypeAlias = "Callable[[LogBatch], Sequence[tuple[str, str]]]"
"""Of every record of a batch the id and the text of its template."""


def list_message_templates(batch: LogBatch) -> list[tuple[str, str]]:
    """Every message a template of its own: what there is without a miner."""
    texts = [decode_text(text or b"") for text in list_texts(batch, "message")]
    return [(text, text) for text in texts]


def select(
    batch: LogBatch,
    condition: Condition,
    list_templates: ListTemplates = list_message_templates,
) -> NDArray[np.bool_]:
    """Of every record whether the condition holds.

    Raises:
        LogQueryError: a pattern is not RE2.
    """
    found: Sequence[bool] | NDArray[np.bool_]
    match condition:
        case All(conditions):
            masks = [select(batch, each, list_templates) for each in conditions]
            found = [all(mask[row] for mask in masks) for row in range(len(batch))]
        case AnyOf(conditions):
            masks = [select(batch, each, list_templates) for each in conditions]
            found = [any(mask[row] for mask in masks) for row in range(len(batch))]
        case Not(inner):
            found = ~select(batch, inner, list_templates)
        case HasTemplate(template):
            found = [name == template for name, _ in list_templates(batch)]
        case _:
            holds = _build_test(condition)
            texts = list_texts(batch, condition.field)
            found = [text is not None and holds(text) for text in texts]
    return np.array(found, np.bool_)


def _build_test(
    condition: Contains | Equals | StartsWith | Between | Matches | Exists,
) -> Callable[[bytes], bool]:
    """What a field's text is tested with, where the record has the field."""
    match condition:
        case Contains(text, exact_case=exact_case):
            fold = bytes if exact_case else bytes.lower
            return lambda value: fold(encode_text(text)) in fold(value)
        case Equals(value=wanted):
            return lambda value: value == encode_text(wanted)
        case StartsWith(prefix=prefix):
            return lambda value: value.startswith(encode_text(prefix))
        case Between():
            return lambda value: _is_between(parse_number(value), condition)
        case Matches(pattern):
            compiled = compile_search(pattern)
            return lambda value: compiled.search(value) is not None
        case Exists():
            return lambda _: True


def _is_between(number: float | None, bounds: Between) -> bool:
    if number is None:
        return False
    low, high = bounds.low, bounds.high
    above = low is None or number > low or (bounds.include_low and number == low)
    below = high is None or number < high or (bounds.include_high and number == high)
    return above and below
