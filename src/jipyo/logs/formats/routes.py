"""Paths of requests -> routes, in which ids are folded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_ID = re.compile(
    rb"(?<=/)(?:[0-9]+|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F-]{22}"
    rb"|(?=[^/]*[0-9])[0-9a-zA-Z_:%-]{8,})(?=/|$)"
    rb"|(?<=[./-])(?=[0-9a-f]*[0-9])[0-9a-f]{6,}(?=[./-]|$)"
)
_PLACEHOLDER = b"{n}"
_MAX_ROUTES = 65_536
_MAX_ROUTE_BYTES = 512


class RouteTable(dict[bytes, bytes]):
    """Routes by the target of a request, up to a number of them."""

    def __missing__(self, target: bytes) -> bytes:
        """The route of a target that was not met before."""
        route = fold_route(target)
        if len(self) >= _MAX_ROUTES:
            self.clear()
        self[target] = route
        return route


def fold_route(target: bytes) -> bytes:
    """The path without its query, with `{n}` for numbers, UUIDs and other ids."""
    path = target.split(b"?", 1)[0][:_MAX_ROUTE_BYTES]
    return _ID.sub(_PLACEHOLDER, path)


def fold_routes(targets: Sequence[bytes], table: RouteTable) -> list[bytes]:
    """The routes of a column of targets."""
    return list(map(table.__getitem__, targets))
