"""What is no longer there on purpose, by its labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jipyo.model.labels import Labels


def is_removed(labels: Labels, removed: Iterable[Mapping[str, str]]) -> bool:
    """Whether a series is of what was removed; a series of all jobs of an instance has no job."""
    return any(
        all(
            labels.get(name, value if name == "job" and len(one) > 1 else "") == value
            for name, value in one.items()
        )
        for one in removed
    )
