"""Short ways to look at what collectors give."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jipyo.model.family import Family

FIXTURES = Path(__file__).parent / "fixtures"


def samples(families: Iterable[Family] | None) -> dict[str, float]:
    """Every sample by the text of its series."""
    return {str(s.labels): s.value for family in families or () for s in family.samples}


def of(families: Iterable[Family] | None, metric: str) -> dict[str, float]:
    """The samples of one metric, by their series without the name."""
    return {
        series.removeprefix(metric): value
        for series, value in samples(families).items()
        if series == metric or series.startswith(metric + "{")
    }


def write_tree(root: Path, files: dict[str, str]) -> Path:
    """Files of these contents under a folder."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root
