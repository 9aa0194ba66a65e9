"""The jipyo that a query has come through, so that those that list each other do not go in circles.

Each adds its id to a header of its requests. One that finds its own id there has no answer: what
it has, the first to ask it has already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

HEADER = "X-Jipyo-Via"

Via = tuple[str, ...]
"""Ids, the first to ask first."""


def write_via(via: Via) -> dict[str, str]:
    """The header of a request; none where no id is known.

    >>> write_via(("a", "b"))
    {'X-Jipyo-Via': 'a, b'}
    """
    return {HEADER: ", ".join(via)} if via else {}


def read_via(headers: Mapping[str, str]) -> Via:
    """The ids in the headers of a request, whose names are in lower case.

    >>> read_via({"x-jipyo-via": "a, b"})
    ('a', 'b')
    """
    ids = (part.strip() for part in headers.get(HEADER.lower(), "").split(","))
    return tuple(filter(None, ids))
