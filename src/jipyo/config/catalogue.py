"""`catalogue:` what the site changes in the catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.model.errors import ConfigError
from jipyo.schema import PATH, TEXT_MAP, Key, Kind, Node, list_of, record, wrong_kind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueOptions:
    """The site's own catalogue files, and the values it sets over those of the catalogue."""

    files: tuple[Path, ...] = ()
    metrics: Node | None = None
    """Keys of metrics, by their ids; the catalogue checks them."""
    removed: tuple[Mapping[str, str], ...] = ()
    """Labels of what was removed on purpose."""


def read_overrides(node: Node) -> Node:
    """Keys of metrics, which the catalogue checks."""
    if node.entries is None:
        raise wrong_kind(node, "mapping")
    return node


def read_removal(node: Node) -> Mapping[str, str]:
    """The labels of what was removed; none, or an empty one, would be everything."""
    labels: Mapping[str, str] = TEXT_MAP.read(node)
    if not labels or not all(labels.values()):
        raise ConfigError("config.empty_removal", where=node.at)
    return labels


CATALOGUE = record(
    CatalogueOptions,
    (
        Key("files", list_of(PATH)),
        Key("metrics", Kind("mapping", read_overrides)),
        Key("removed", list_of(Kind("text_map", read_removal))),
    ),
)
