"""What of a file is in force, as plain values that may be shown to others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.model.secret import REDACTED, is_secret_name, redact_address

if TYPE_CHECKING:
    from jipyo.schema.tree import Node

_MAX_QUOTED = 100


def copy_plain(node: Node) -> object:
    """The value without places; a scalar that YAML would change is the text that is written."""
    if node.entries is not None:
        return {name: copy_plain(entry.node) for name, entry in node.entries.items()}
    if isinstance(node.value, tuple):
        return [copy_plain(item) for item in node.value]
    if node.value is None or isinstance(node.value, bool) or node.raw is None:
        return node.value
    if isinstance(node.value, int | float) and str(node.value) == node.raw:
        return node.value
    return node.raw


def mask(node: Node) -> object:
    """`<secret>` for every scalar below a node; an empty one stays empty."""
    if node.entries is not None:
        return {name: mask(entry.node) for name, entry in node.entries.items()}
    if isinstance(node.value, tuple):
        return [mask(item) for item in node.value]
    return REDACTED if node.value not in (None, "") else node.value


def mask_secret_names(node: Node) -> object:
    """The value, with `<secret>` below the keys whose names are those of secrets."""
    if node.entries is None:
        return copy_plain(node)
    return {
        name: (mask if is_secret_name(name) else copy_plain)(entry.node)
        for name, entry in node.entries.items()
    }


def write_scalar(node: Node) -> str:
    """A scalar as the file writes it, or would write it."""
    if node.raw is not None:
        return node.raw
    return str(node.value).lower() if isinstance(node.value, bool) else str(node.value)


def quote(node: Node) -> str:
    """A value as a message quotes it: no secret, no password of a URL; a long one is cut."""
    if isinstance(node.value, dict):
        return "{…}"
    if isinstance(node.value, tuple):
        return "[…]"
    if node.value is None:
        return "null"
    if is_secret_name(node.path.rpartition(".")[2]):
        return REDACTED
    text = redact_address(write_scalar(node))
    return text if len(text) <= _MAX_QUOTED else f"{text[:_MAX_QUOTED]}…"
