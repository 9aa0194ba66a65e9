"""What is inspected, by metrics and by people, and what people found: YAML -> checked values.

The items are the site's mapping (`inspection_items.yaml` is the built-in one). The entries are
one file a month, which people fill:

    - item: failover
      day: 2027-01-12
      result: normal
      by: 박준호
      note: 대기 서버로 42초 만에 전환
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import partial
from importlib import resources
from typing import TYPE_CHECKING

from jipyo.model.errors import ConfigError
from jipyo.schema import (
    BILINGUAL,
    DATE,
    NUMBER,
    SWITCH,
    TEXT,
    Key,
    Kind,
    Node,
    between,
    check_unique,
    choice,
    gather,
    list_of,
    parse_yaml,
    quote,
    read_text,
    record,
    unknown_word,
)

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from jipyo.catalogue import Catalogue
    from jipyo.model.bilingual import Bilingual
    from jipyo.model.calendar import Period

VERSION = 1
BUILTIN = "inspection_items.yaml"


class InspectionResult(Enum):
    """What came of inspecting an item on a day."""

    NORMAL = "normal"
    ABNORMAL = "abnormal"
    NOT_INSPECTED = "not_inspected"


class AbnormalFrom(Enum):
    """From which threshold on a day is abnormal."""

    WARNING = "warning"
    CRITICAL = "critical"


class InspectionCycle(Enum):
    """How often people inspect an item."""

    DAILY = "daily"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    YEARLY = "yearly"


class ManualResult(Enum):
    """What a person found."""

    NORMAL = "normal"
    ABNORMAL = "abnormal"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionItem:
    """What metrics of the catalogue show to be in order, day by day."""

    id: str
    name: Bilingual
    metrics: tuple[str, ...]
    """Must have data on a day for it to count as inspected."""
    also: tuple[str, ...] = ()
    """Are judged where they have data."""
    abnormal_from: AbnormalFrom = AbnormalFrom.CRITICAL
    coverage: float | None = None
    """Percent; None for that of all items."""
    optional: bool = False
    """Whether it is left out where none of its metrics has ever had data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualItem:
    """What a person looks at."""

    id: str
    name: Bilingual
    cycle: InspectionCycle = InspectionCycle.MONTHLY


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionItems:
    """Everything that is inspected, and the least data that counts as an inspection."""

    version: int
    coverage: float = 95.0
    """Percent of the one-minute values of a day."""
    items: tuple[InspectionItem, ...] = ()
    manual: tuple[ManualItem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionEntry:
    """What a person found, or did about what was measured."""

    item: str
    day: date
    by: str
    result: ManualResult | None = None
    """None for a note on an item that is measured."""
    note: str = ""


def _read_version(node: Node) -> int:
    if node.value != VERSION or isinstance(node.value, bool):
        raise ConfigError("inspection.bad_version", where=node.at, value=quote(node), known=VERSION)
    return VERSION


_PERCENT = between(NUMBER, "1", "100")
_ITEM = record(
    InspectionItem,
    (
        Key("id", TEXT, required=True),
        Key("name", BILINGUAL, required=True),
        Key("metrics", list_of(TEXT, at_least=1), required=True),
        Key("also", list_of(TEXT)),
        Key("abnormal_from", choice(AbnormalFrom)),
        Key("coverage", _PERCENT),
        Key("optional", SWITCH),
    ),
)
_MANUAL_ITEM = record(
    ManualItem,
    (
        Key("id", TEXT, required=True),
        Key("name", BILINGUAL, required=True),
        Key("cycle", choice(InspectionCycle)),
    ),
)
ITEMS = record(
    InspectionItems,
    (
        Key("version", Kind("whole", _read_version), required=True),
        Key("coverage", _PERCENT),
        Key("items", list_of(_ITEM)),
        Key("manual", list_of(_MANUAL_ITEM)),
    ),
)
ENTRY = record(
    InspectionEntry,
    (
        Key("item", TEXT, required=True),
        Key("day", DATE, required=True),
        Key("by", TEXT, required=True),
        Key("result", choice(ManualResult)),
        Key("note", TEXT),
    ),
)
_ENTRIES = list_of(ENTRY)


def load_items(path: Path | None, catalogue: Catalogue) -> InspectionItems:
    """The site's items, or the built-in ones.

    Raises:
        ConfigError: with every mistake in the file; metrics must be of the catalogue and have
            thresholds, as without them nothing is judged.
    """
    if path is None:
        text = resources.files(__package__).joinpath(BUILTIN).read_text("utf-8")
        return parse_items(text, BUILTIN, catalogue, is_builtin=True)
    return parse_items(read_text(path), str(path), catalogue)


def parse_items(
    text: str, file: str, catalogue: Catalogue, *, is_builtin: bool = False
) -> InspectionItems:
    """The items that a text describes.

    A site may remove metrics and thresholds that the built-in items name, so that these are
    not checked.

    Raises:
        ConfigError: with every mistake in it.
    """
    tree = parse_yaml(text, file)
    items = ITEMS.read(tree)
    ids = [node.find("id") for key in ("items", "manual") for node in _list_nodes(tree, key)]
    check_unique(
        ((TEXT.read(node), node) for node in ids),
        "inspection.item_twice",
        lambda name: {"name": name},
    )
    if not is_builtin:
        gather(
            partial(_check_metric, node, catalogue)
            for item in _list_nodes(tree, "items")
            for key in ("metrics", "also")
            for node in _list_nodes(item, key)
        )
    return items


def _list_nodes(node: Node, key: str) -> tuple[Node, ...]:
    value = node.find(key).value
    return value if isinstance(value, tuple) else ()


def _check_metric(node: Node, catalogue: Catalogue) -> None:
    name = TEXT.read(node)
    metric = catalogue.get(name)
    if metric is None:
        known = {one.id for one in catalogue.metrics if one.thresholds is not None}
        raise unknown_word("catalogue.unknown_metric", node.at, name, known)
    if metric.thresholds is None:
        raise ConfigError("inspection.no_thresholds", where=node.at, name=name)


def read_entries(path: Path, items: InspectionItems, month: Period) -> tuple[InspectionEntry, ...]:
    """What people wrote for a month; nothing where there is no such file.

    Raises:
        ConfigError: with every mistake in it.
    """
    if not path.exists():
        return ()
    return parse_entries(read_text(path), str(path), items, month)


def parse_entries(
    text: str, file: str, items: InspectionItems, month: Period
) -> tuple[InspectionEntry, ...]:
    """The entries of a text, in the order of their days.

    Raises:
        ConfigError: with every mistake in it: an item that there is not, a day of another
            month, a result of what is measured, or no result of what is not.
    """
    tree = parse_yaml(text, file)
    if tree.value is None:
        return ()
    entries = _ENTRIES.read(tree)
    nodes = tree.value if isinstance(tree.value, tuple) else ()
    gather(
        partial(_check_entry, entry, node, items, month)
        for entry, node in zip(entries, nodes, strict=True)
    )
    return tuple(sorted(entries, key=lambda entry: entry.day))


def _check_entry(entry: InspectionEntry, node: Node, items: InspectionItems, month: Period) -> None:
    measured, manual = ({item.id for item in group} for group in (items.items, items.manual))
    if entry.item not in measured | manual:
        where = node.find("item").at
        raise unknown_word("inspection.unknown_item", where, entry.item, measured | manual)
    if not month.first_day <= entry.day < month.next_day:
        raise ConfigError(
            "inspection.other_month",
            where=node.find("day").at,
            day=entry.day.isoformat(),
            month=f"{month.first_day:%Y-%m}",
        )
    if entry.item in measured and entry.result is not None:
        raise ConfigError(
            "inspection.typed_over",
            where=node.find("result").at,
            hint="inspection.typed_over.hint",
            name=entry.item,
        )
    if entry.item in manual and entry.result is None:
        raise ConfigError("schema.missing_key", where=node.at, name="result")
