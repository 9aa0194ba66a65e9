"""Reports of any content, built from the types of their fields alone."""

from __future__ import annotations

import dataclasses
import types
import typing
from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

import numpy as np
from hypothesis import strategies as st

from jipyo.analysis.thresholds import State
from jipyo.i18n import find_blanks, texts
from jipyo.model.calendar import Period
from jipyo.model.sample import Values
from jipyo.reports.document import Block, Phrase, Report, Table
from reports.documents import PERIOD

if TYPE_CHECKING:
    from collections.abc import Callable

    Draw = Callable[[st.SearchStrategy[Any]], Any]

NAMES = {"State": State, "Period": Period, "Values": Values, "date": date}
BLOCKS: tuple[type, ...] = get_args(Block)
_KEYS = ("reports.daily.title", "reports.figure.title", "reports.no_time")
_FLOATS = st.floats(allow_nan=False) | st.integers(-5, 5)
_SCALARS: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(max_size=6),
    int: st.integers(-(2**53), 2**53),
    float: _FLOATS,
    bool: st.booleans(),
    type(None): st.none(),
    date: st.dates(),
    Period: st.just(PERIOD),
}
_ARRAYS = st.lists(_FLOATS | st.just(float("nan")), max_size=3).map(
    lambda one: np.array(one, float)
)


@st.composite
def any_report(draw: Draw) -> Report:
    """A report with a few blocks of any kind."""
    kinds = draw(st.lists(st.sampled_from(BLOCKS), max_size=3))
    blocks = tuple(build_any(draw, kind, 4) for kind in kinds)
    return dataclasses.replace(build_any(draw, Report, 2), period=PERIOD, blocks=blocks)


def build_any(draw: Draw, hint: Any, depth: int) -> Any:  # noqa: PLR0911 - one case per type
    """Any value of an annotation; below the depth 0 without anything inside it."""
    if hint in _SCALARS:
        return draw(_SCALARS[hint])
    if hint is Phrase:
        return _build_phrase(draw, depth)
    origin, inner = get_origin(hint), get_args(hint)
    if origin is np.ndarray:
        return draw(_ARRAYS)
    if origin is Literal:
        return draw(st.sampled_from(inner))
    if origin is tuple:
        size = draw(st.integers(0, 2 if depth > 0 else 0))
        kinds = inner[:1] * size if inner[1:] == (...,) else inner
        return tuple(build_any(draw, one, depth - 1) for one in kinds)
    if origin in (types.UnionType, typing.Union):
        shallow = [one for one in inner if not dataclasses.is_dataclass(one)]
        return build_any(
            draw, draw(st.sampled_from(inner if depth > 0 or not shallow else shallow)), depth - 1
        )
    if issubclass(hint, Enum):
        return draw(st.sampled_from(hint))
    hints = typing.get_type_hints(hint, localns=NAMES)
    names = [field.name for field in dataclasses.fields(hint)]
    values = {name: build_any(draw, hints[name], depth - 1) for name in names}
    if "unit" in values:
        values["unit"] = draw(st.sampled_from(("percent", "count", "seconds", "bytes")))
    for name in {"t_ms", "cut_ms", "made_ms"} & values.keys():
        values[name] = draw(st.integers(0, 2**42))
    built = hint(**values)
    return _fit_rows(built) if isinstance(built, Table) else built


def _build_phrase(draw: Draw, depth: int) -> Phrase:
    key = draw(st.sampled_from(_KEYS))
    names = sorted(find_blanks(texts("en").table[key]))
    return Phrase(
        key, tuple((name, _build_phrase(draw, 0) if depth > 0 else name) for name in names)
    )


def _fit_rows(table: Table) -> Table:
    """The table with rows as wide as its heads."""
    width = len(table.columns)
    rows = tuple((*row, *[None] * width)[:width] for row in table.rows)
    return dataclasses.replace(table, rows=rows, totals=())
