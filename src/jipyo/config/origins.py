"""Where each value that is in force comes from: a line of a file, an option, or a default."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.model.setting import Setting

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from jipyo.schema import Node


def list_settings(
    values: Mapping[str, object], tree: Node, options: Collection[str]
) -> tuple[Setting, ...]:
    """Every value of a configuration in force, in its order, with its origin.

    `values` are those in force without secrets, `tree` is the file, and `options` has the
    top-level keys that the command line sets.
    """
    found: list[Setting] = []
    for name, value in values.items():
        if name in options:
            found.append(Setting(name, value, "option", ""))
        else:
            found += _walk(name, value, _find(tree, name))
    return tuple(found)


def _find(node: Node | None, name: str) -> Node | None:
    entry = ((node.entries if node else None) or {}).get(name)
    return None if entry is None else entry.node


def _walk(key: str, value: object, node: Node | None) -> Iterator[Setting]:
    """The scalars below a value; a short form in the file is the origin of all that it means."""
    if isinstance(value, dict) and value:
        is_short = node is not None and node.entries is None
        for name, inner in value.items():
            yield from _walk(f"{key}.{name}", inner, node if is_short else _find(node, name))
    elif isinstance(value, list) and value:
        nodes = node.value if node is not None and isinstance(node.value, tuple) else ()
        # The lists of a file and those in force differ only where one entry stands for several.
        is_same = len(nodes) == len(value)
        for index, inner in enumerate(value):
            yield from _walk(f"{key}[{index}]", inner, nodes[index] if is_same else node)
    elif node is None:
        yield Setting(key, value, "default", "")
    else:
        yield Setting(key, value, "file", node.where)
