"""Files -> `Catalogue`: the built-in ones, the site's own, and the site's overrides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib import resources
from typing import TYPE_CHECKING, Any

from jipyo.catalogue.keys import EXPORTER, FILE, METRIC, TOPIC
from jipyo.catalogue.members import expand_members
from jipyo.catalogue.metric import Catalogue, Metric, Origin
from jipyo.catalogue.readings import FAILED_READINGS, expand_readings, write_readings
from jipyo.model.errors import CatalogueError, ConfigError, QueryError
from jipyo.schema import (
    Entry,
    Node,
    gather,
    merge,
    parse_yaml,
    read_text,
    unknown_word,
    wrap_value,
    wrong_kind,
)

if TYPE_CHECKING:
    from pathlib import Path

Parse = Callable[[str], object]
"""Refuses a PromQL expression by raising a QueryError."""

BUILTIN = ("system", "application", "ai", "database", "exporters")
OVERRIDES = "catalogue.metrics"
"""The key of the overrides in the site's configuration; the places of mistakes begin so."""


def load(
    overrides: Mapping[str, object] | Node | None = None,
    extra: Sequence[Path] = (),
    *,
    parse: Parse | None = None,
    removed: Sequence[Mapping[str, str]] = (),
    failed_readings: int = FAILED_READINGS,
) -> Catalogue:
    """The built-in catalogue with the site's own files added and its overrides laid upon it.

    Args:
        overrides: `{metric id: keys of a metric}`; null instead of keys removes the metric,
            null as a value removes a key. A node of a file keeps its lines.
        extra: the site's own catalogue files.
        parse: checks every expression.
        removed: labels of what the site removed on purpose, which is not reported as gone.
        failed_readings: in a row, until a target is down.

    Raises:
        CatalogueError: with every mistake of all files.
    """
    try:
        files = gather(partial(_parse_file, path) for path in extra)
    except ConfigError as error:
        raise CatalogueError.of(error.mistakes) from error
    trees = [*map(_parse_builtin, BUILTIN), *files]
    return _build(trees, overrides, parse, removed, failed_readings)


def check_file(path: Path, *, parse: Parse | None = None) -> Catalogue:
    """What one file alone describes.

    Raises:
        CatalogueError: with every mistake in it.
    """
    return _build([_parse_file(path)], None, parse)


def _parse_builtin(name: str) -> Node:
    file = resources.files(__package__).joinpath("builtin", f"{name}.yaml")
    return parse_yaml(file.read_text("utf-8"), f"builtin/{name}.yaml")


def _parse_file(path: Path) -> Node:
    try:
        return parse_yaml(read_text(path), str(path))
    except ConfigError as error:
        raise CatalogueError.of(error.mistakes) from error


def _build(
    trees: Sequence[Node],
    overrides: Mapping[str, object] | Node | None,
    parse: Parse | None,
    removed: Sequence[Mapping[str, str]] = (),
    failed_readings: int = FAILED_READINGS,
) -> Catalogue:
    over = overrides if isinstance(overrides, Node) else wrap_value(overrides or {}, OVERRIDES)
    try:
        files = gather(partial(FILE.read, tree) for tree in trees)
        metrics = [node for file in files for node in file.metrics]
        exporters = [node for file in files for node in file.exporters]
        topics = [node for file in files for node in file.topics]
        parts: list[Callable[[], list[Any]]] = [
            partial(_read_metrics, metrics, over, parse),
            lambda: gather(partial(EXPORTER.read, node) for node in exporters),
            lambda: gather(partial(TOPIC.read, node) for node in topics),
        ]
        found = Catalogue(*map(tuple, gather(parts)))
        expanded = tuple(
            expand_readings(expand_members(metric, removed), failed_readings)
            for metric in found.metrics
        )
        return replace(found, metrics=expanded, removed=tuple(removed))
    except ConfigError as error:
        raise CatalogueError.of(error.mistakes) from error


def _read_metrics(nodes: Sequence[Node], overrides: Node, parse: Parse | None) -> list[Metric]:
    over = get_entries(overrides)
    reads: list[Callable[[], Metric | None]] = [
        partial(_check_ids, nodes),
        partial(_check_overridden_ids, over, nodes),
    ]
    for node in nodes:
        entry = over.get(_find_id(node))
        if entry is None:
            reads.append(partial(_read_checked, node, parse))
        elif entry.node.value is not None:
            reads.append(partial(_read_overridden, node, entry.node, parse))
    return [metric for metric in gather(reads) if metric is not None]


def get_entries(node: Node) -> Mapping[str, Entry]:
    """The entries of a mapping.

    Raises:
        ConfigError: it is not a mapping.
    """
    if node.entries is None:
        raise wrong_kind(node, "mapping")
    return node.entries


def _find_id(node: Node) -> str:
    """The id of a metric as it is written; empty where none is, or no text."""
    entry = (node.entries or {}).get("id")
    return str(entry.node.raw or "") if entry else ""


def _check_ids(nodes: Sequence[Node]) -> None:
    """Every metric is described once."""
    first: dict[str, str] = {}
    mistakes: list[CatalogueError] = []
    for name, place in ((_find_id(node), node.find("id")) for node in nodes):
        if name in first:
            mistakes.append(
                CatalogueError("catalogue.id_twice", where=place.at, name=name, first=first[name])
            )
        if name:
            first.setdefault(name, place.where)
    if mistakes:
        raise CatalogueError.of(mistakes)


def _check_overridden_ids(over: Mapping[str, Entry], nodes: Sequence[Node]) -> None:
    """Every override is of a metric that exists."""
    ids = {_find_id(node) for node in nodes} - {""}
    mistakes = [
        unknown_word("catalogue.unknown_metric", entry.key.at, name, ids)
        for name, entry in over.items()
        if name not in ids
    ]
    if mistakes:
        raise CatalogueError.of(mistakes)


def _read_overridden(node: Node, over: Node, parse: Parse | None) -> Metric:
    """The metric with the site's keys; thresholds that the site moved are the site's own."""
    keys = get_entries(over)
    if "id" in keys:
        raise CatalogueError("catalogue.id_override", where=keys["id"].node.at)
    for part in ("thresholds", "objective"):
        inner = keys[part].node.entries if part in keys else None
        if inner and "origin" not in inner:
            over = merge(over, wrap_value({part: {"origin": Origin.SITE.value}}, over.file))
    return _read_checked(merge(node, over), parse)


def _read_checked(node: Node, parse: Parse | None) -> Metric:
    """The metric, with its expressions checked where there is a parser."""
    metric = METRIC.read(node)
    if parse is not None:
        queries = node.find("queries").value
        assert isinstance(queries, tuple)
        gather(
            partial(_check_expression, query.entries[key].node, metric.window_ms, parse)
            for query in queries
            for key in ("promql", "members", "transient", "total")
            if key in query.entries
        )
    return metric


def _check_expression(node: Node, window_ms: int, parse: Parse) -> None:
    expr = write_readings(str(node.value), FAILED_READINGS).replace("$w", f"{window_ms}ms")
    try:
        parse(expr)
    except QueryError as error:
        raise CatalogueError(
            "catalogue.bad_promql", where=node.at, problem=error.message, expr=expr
        ) from error
