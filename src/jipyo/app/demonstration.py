"""The mark of a data folder whose samples were made up: whatever shows them says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MARK = "demonstration.json"


def is_demonstration(data: Path) -> bool:
    """Whether the samples of a data folder are made up."""
    return (data / MARK).is_file()
