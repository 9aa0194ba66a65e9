"""Answers of every endpoint of `/api/jipyo`, as a server gave them, for the OpenAPI document."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = Path(__file__).with_name("examples.json")


def read_examples() -> Mapping[str, object]:
    """By the id of the operation; lists are cut to their first items."""
    return cast("dict[str, object]", orjson.loads(FILE.read_bytes()))
