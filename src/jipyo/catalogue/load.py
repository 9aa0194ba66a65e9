"""Files -> `Catalogue`: what is built in, the site's own files, and the site's overrides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import resources
from typing import TYPE_CHECKING, Any, TypeVar

from jipyo.catalogue.metric import Catalogue, Metric, Origin
from jipyo.catalogue.schema import read_exporter, read_file, read_metric, read_topic
from jipyo.model.errors import CatalogueError, QueryError
from jipyo.schema.readers import Read, gather, unknown, wrong_kind
from jipyo.schema.tree import Entry, Node, from_value, from_yaml, merged

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T")
Parse = Callable[[str], object]
"""Refuses a PromQL expression by raising a QueryError."""

BUILTIN = ("system", "application", "ai", "database", "exporters")
OVERRIDES = "catalogue.metrics"
"""Where the site's configuration keeps them; the places of mistakes begin so."""


def load(
    overrides: Mapping[str, object] | Node | None = None,
    extra: Sequence[Path] = (),
    *,
    parse: Parse | None = None,
) -> Catalogue:
    """The built-in catalogue, with the site's own files added and its overrides laid upon it.

    Overrides are `{metric id: keys of a metric}`; null instead of keys takes the metric
    out, null as a value takes a key out. Handed in as a node of a file they keep their
    lines. With `parse` every expression is checked.

    Raises:
        CatalogueError: with every mistake of all files.
    """
    files = [*map(_builtin_file, BUILTIN), *map(_file, extra)]
    over = overrides if isinstance(overrides, Node) else from_value(overrides or {}, OVERRIDES)
    return _catalogue(files, over, parse)


def check_file(path: Path, *, parse: Parse | None = None) -> Catalogue:
    """What one file alone describes.

    Raises:
        CatalogueError: with every mistake in it.
    """
    return _catalogue([_file(path)], from_value({}, OVERRIDES), parse)


def _builtin_file(name: str) -> Node:
    file = resources.files(__package__).joinpath("builtin", f"{name}.yaml")
    return from_yaml(file.read_text("utf-8"), f"builtin/{name}.yaml")


def _file(path: Path) -> Node:
    try:
        content = path.read_text("utf-8")
    except OSError as error:
        reason = error.strerror or str(error)
        raise CatalogueError("catalogue.unreadable", file=str(path), reason=reason) from error
    except UnicodeDecodeError as error:
        raise CatalogueError("catalogue.not_utf8", file=str(path), at=error.start) from error
    return from_yaml(content, str(path))


def _catalogue(files: Sequence[Node], overrides: Node, parse: Parse | None) -> Catalogue:
    contents = gather(partial(read_file, file) for file in files)
    metrics, exporters, topics = (
        tuple(node for content in contents for node in content[part])
        for part in ("metrics", "exporters", "topics")
    )
    parts: list[Callable[[], tuple[Any, ...]]] = [
        partial(_metrics, metrics, overrides, parse),
        partial(_each, read_exporter, exporters),
        partial(_each, read_topic, topics),
    ]
    return Catalogue(*gather(parts))


def _each(read: Read[T], nodes: Sequence[Node]) -> tuple[T, ...]:
    return tuple(gather(partial(read, node) for node in nodes))


def _metrics(nodes: tuple[Node, ...], overrides: Node, parse: Parse | None) -> tuple[Metric, ...]:
    over = _entries(overrides)
    kept = [node for node in nodes if not _taken_out(node, over)]
    checks: list[Callable[[], Metric | None]] = [
        partial(_refuse_twice, nodes),
        partial(_refuse_unknown, over, nodes),
        *(partial(_metric, node, over, parse) for node in kept),
    ]
    return tuple(one for one in gather(checks) if one is not None)


def _entries(overrides: Node) -> Mapping[str, Entry]:
    if overrides.entries is None:
        raise wrong_kind(overrides, "mapping")
    return overrides.entries


def _id(node: Node) -> Entry | None:
    return (node.entries or {}).get("id")


def _name(node: Node) -> object:
    entry = _id(node)
    return entry.node.value if entry else None


def _refuse_twice(nodes: Sequence[Node]) -> None:
    first: dict[object, str] = {}
    wrong: list[Callable[[], None]] = []
    for entry in filter(None, map(_id, nodes)):
        name = entry.node.value
        if name in first:
            wrong.append(partial(_raise_twice, str(name), entry.node.at, first[name]))
        first.setdefault(name, entry.key.where)
    gather(wrong)


def _raise_twice(name: str, where: str, first: str) -> None:
    raise CatalogueError("catalogue.id_twice", where=where, name=name, first=first)


def _refuse_unknown(over: Mapping[str, Entry], nodes: Sequence[Node]) -> None:
    ids = {str(_name(node)) for node in nodes}
    gather([partial(_refuse, name, entry.key.at, ids) for name, entry in over.items()])


def _refuse(name: str, where: str, ids: set[str]) -> None:
    if name not in ids:
        raise unknown("catalogue.unknown_metric", where, name, ids)


def _taken_out(node: Node, over: Mapping[str, Entry]) -> bool:
    entry = over.get(str(_name(node)))
    return entry is not None and entry.node.value is None


def _metric(node: Node, over: Mapping[str, Entry], parse: Parse | None) -> Metric:
    entry = over.get(str(_name(node)))
    if entry is not None:
        node = _overridden(node, entry.node)
    metric = read_metric(node)
    if parse is not None:
        _check_expressions(metric, node, parse)
    return metric


def _overridden(node: Node, over: Node) -> Node:
    """The metric with the site's keys; limits that the site moved are the site's own."""
    keys = _entries(over)
    if "id" in keys:
        raise CatalogueError("catalogue.id_override", where=keys["id"].node.at)
    for part in ("thresholds", "objective"):
        inner = keys[part].node.entries if part in keys else None
        if inner and "origin" not in inner:
            over = merged(over, from_value({part: {"origin": Origin.SITE.value}}, over.file))
    return merged(node, over)


def _check_expressions(metric: Metric, node: Node, parse: Parse) -> None:
    queries = (node.entries or {})["queries"].node.value
    assert isinstance(queries, tuple)
    written = [
        query.entries[key].node
        for query in queries
        for key in ("promql", "total")
        if key in query.entries
    ]
    window = f"{metric.window_ms}ms"
    gather(
        partial(_check_expression, str(one.value).replace("$w", window), one.at, parse)
        for one in written
    )


def _check_expression(expr: str, where: str, parse: Parse) -> None:
    try:
        parse(expr)
    except QueryError as error:
        raise CatalogueError(
            "catalogue.bad_promql", where=where, problem=error.message, expr=expr
        ) from error
