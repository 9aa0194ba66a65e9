"""Paths of requests -> routes, in which ids are folded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_ID = re.compile(
    rb"(?m)/(?:[0-9]+|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F-]{22}"
    rb"|(?=[^/\n]*[0-9])[0-9a-zA-Z_:%-]{8,})(?=/|$)"
)
_HASH = re.compile(rb"(?m)([./-])(?=[0-9a-f]*[0-9])[0-9a-f]{6,}(?=[./-]|$)")
"""Patterns begin with what is before an id, so that most of a path is passed over at once."""
_MAX_ROUTES = 65_536
_MAX_ROUTE_BYTES = 512


class RouteTable:
    """Routes by the target of a request, up to a number of them."""

    def __init__(self) -> None:
        """None is known."""
        self._routes: dict[bytes, bytes] = {}

    def fold(self, targets: Sequence[bytes]) -> list[bytes]:
        """The routes of targets without line feeds; new ones are folded all together."""
        new = set(targets).difference(self._routes)
        if len(self._routes) + len(new) > _MAX_ROUTES:
            self._routes.clear()
            new = set(targets)
        if new:
            paths = b"\n".join([target.split(b"?", 1)[0][:_MAX_ROUTE_BYTES] for target in new])
            routes = _HASH.sub(rb"\1{n}", _ID.sub(b"/{n}", paths)).split(b"\n")
            self._routes.update(zip(new, routes, strict=True))
        return list(map(self._routes.__getitem__, targets))


def fold_route(target: bytes) -> bytes:
    """The path without its query, with `{n}` for numbers, UUIDs and other ids."""
    return RouteTable().fold([target])[0]
