"""What the collectors of databases share: parts that fail alone, drivers that may be missing."""

from __future__ import annotations

import datetime
import importlib
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from jipyo.collect.protocols import Collector
from jipyo.model.errors import CollectError
from jipyo.model.family import family, gauge
from jipyo.model.reading import ReadingNote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from jipyo.model.family import Family
    from jipyo.model.sample import MetricType

EXTRA = "databases"
"""The name under which the drivers are installed."""
Record = dict[str, Any]
"""A row of a table, by the names of its columns."""


class DatabaseCollector(Collector, Protocol):
    """A collector that also tells what it was not allowed to see."""

    def notes(self) -> tuple[ReadingNote, ...]:
        """What the last reading left out, and why."""
        ...

    def close(self) -> None:
        """Give the connection back."""
        ...


class Refused(Exception):  # noqa: N818 - it is what happened, and never leaves this room
    """One part cannot be read; the connection is still good."""

    def __init__(self, note: ReadingNote) -> None:
        super().__init__(note.key)
        self.note = note


@dataclass(slots=True)
class Read:
    """What came of the parts of one reading."""

    families: list[Family] = field(default_factory=list)
    success: dict[str, bool] = field(default_factory=dict)
    notes: list[ReadingNote] = field(default_factory=list)


def read_parts(parts: Mapping[str, Callable[[], Iterable[Family]]], url: str) -> Read:
    """Ask every part; one that is refused takes no other down.

    Raises:
        CollectError: the connection was lost, or every part was refused.
    """
    read = Read()
    for name, ask in parts.items():
        try:
            read.families += [one for one in ask() if one.samples]
            read.success[name] = True
        except Refused as refused:
            read.success[name] = False
            read.notes.append(refused.note)
    if not any(read.success.values()):
        reason = dict(read.notes[0].values).get("reason", "")
        raise CollectError("database.all_refused", url=url, reason=reason)
    return read


def successes(name: str, prefix: str, success: Mapping[str, bool]) -> Family:
    """Which parts could be read, under the exporter's name for that."""
    rows = [((prefix + part,), float(worked)) for part, worked in success.items()]
    return gauge(name, "Whether a part of the reading succeeded.", ("collector",), rows)


def refused(part: str, reason: object) -> Refused:
    """The server says no to this part."""
    return Refused(
        ReadingNote("database.refused_part", (("part", part), ("reason", one_line(reason))))
    )


def load(module: str, package: str, importer: Callable[[str], Any] | None = None) -> Any:
    """A driver, which is there only where it was asked for.

    Raises:
        CollectError: it is not installed.
    """
    try:
        return (importer or importlib.import_module)(module)
    except ImportError as error:
        raise CollectError(
            "database.no_driver", hint="database.no_driver.hint", package=package, extra=EXTRA
        ) from error


def one_line(reason: object) -> str:
    """What a driver says, without its line breaks."""
    return " ".join(str(reason).split())


def number(value: Any) -> float:
    """A value of a column as a number; NaN where it is none.

    >>> number("ON"), number("NO"), number(True), number("7")
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


_WORDS = {"on": 1, "yes": 1, "off": 0, "no": 0, "disabled": 0, "connecting": 0}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table as a metric."""

    column: str
    type: MetricType
    text: str


def columns(
    prefix: str, rows: Sequence[Record], labels: tuple[str, ...], wanted: Iterable[Column]
) -> Iterator[Family]:
    """A family for every wanted column that the table has; what is NULL or no number is left out.

    Labels that are NULL are empty.
    """
    keys = [
        tuple("" if row[label] is None else str(row[label]) for label in labels) for row in rows
    ]
    for one in wanted:
        if rows and one.column in rows[0]:
            values = [(key, number(row[one.column])) for key, row in zip(keys, rows, strict=True)]
            there = [(key, value) for key, value in values if not math.isnan(value)]
            if there:
                yield family(one.type, prefix + one.column, one.text, labels, there)
