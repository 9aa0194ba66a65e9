"""Why an analysis has no result: the key of a text and what fills its blanks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class NoResult:
    """There is none, and why: `texts(key, **values)` says it to people."""

    key: str
    values: Mapping[str, object] = field(default_factory=dict)
