"""`catalogue:` what the site changes in the catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.schema import PATH, Key, Kind, Node, list_of, record, wrong_kind

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueOptions:
    """The site's own catalogue files, and the values it sets over those of the catalogue."""

    files: tuple[Path, ...] = ()
    metrics: Node | None = None
    """Keys of metrics, by their ids; the catalogue checks them."""


def read_overrides(node: Node) -> Node:
    """Keys of metrics, which the catalogue checks."""
    if node.entries is None:
        raise wrong_kind(node, "mapping")
    return node


CATALOGUE = record(
    CatalogueOptions,
    (Key("files", list_of(PATH)), Key("metrics", Kind("mapping", read_overrides))),
)
