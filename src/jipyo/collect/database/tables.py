"""Rows of tables as metrics."""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jipyo.model.family import family

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from jipyo.model.family import Family
    from jipyo.model.sample import MetricType

Record = dict[str, Any]
"""A row of a table, by the names of its columns."""

_WORDS = {"on": 1, "yes": 1, "off": 0, "no": 0, "disabled": 0, "connecting": 0}


@dataclass(frozen=True, slots=True)
class ColumnMetric:
    """A column of a table that is a metric."""

    column: str
    type: MetricType
    text: str


def build_families(
    prefix: str, rows: Sequence[Record], labels: tuple[str, ...], wanted: Iterable[ColumnMetric]
) -> Iterator[Family]:
    """A family for every wanted column that the table has; NULL and what is no number is left out.

    Labels that are NULL are empty.
    """
    keys = [
        tuple("" if row[label] is None else str(row[label]) for label in labels) for row in rows
    ]
    for metric in wanted:
        if rows and metric.column in rows[0]:
            values = [to_number(row[metric.column]) for row in rows]
            present = [
                (key, value)
                for key, value in zip(keys, values, strict=True)
                if not math.isnan(value)
            ]
            if present:
                yield family(metric.type, prefix + metric.column, metric.text, labels, present)


def to_number(value: Any) -> float:
    """A value of a column as a number; NaN where it is none.

    >>> to_number("ON"), to_number("NO"), to_number(True), to_number("7")
    (1.0, 0.0, 1.0, 7.0)
    """
    if isinstance(value, datetime.datetime):
        return value.timestamp()
    if isinstance(value, (bytes, bytearray)):
        value = value.decode("utf-8", "replace")
    if isinstance(value, str):
        value = _WORDS.get(value.lower(), value)
    try:
        return math.nan if value is None else float(value)
    except ValueError:
        return math.nan
