"""The mark of a data folder whose samples were made up: whatever shows them says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.model.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

MARK = "demonstration.json"


def check_real(data: Path) -> None:
    """Refuse to collect into made-up samples.

    Raises:
        StoreError: the folder is that of a demonstration.
    """
    if is_demonstration(data):
        raise StoreError("demo.not_collected", hint="demo.not_collected.hint", path=str(data))


def is_demonstration(data: Path) -> bool:
    """Whether the samples of a data folder are made up."""
    return (data / MARK).is_file()
