"""The tables of metrics in the documentation, read as values."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from jipyo.model.labels import METRIC_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from jipyo.model.family import Family

DOCS = Path(__file__).parents[2] / "docs"


@dataclass(frozen=True)
class DocumentedMetric:
    name: str
    """It may be a pattern: `node_memory_*`."""
    type: str
    labels: frozenset[str]


def expand_braces(name: str) -> Iterator[str]:
    """`a_{b,c}_d` as `a_b_d` and `a_c_d`."""
    parts = [part.split(",") for part in re.split(r"[{}]", name)]
    return ("".join(choice) for choice in itertools.product(*parts))


def read_metric_tables(page: str) -> list[DocumentedMetric]:
    """Every row that begins with a name in backticks."""
    metrics = []
    for line in (DOCS / page).read_text("utf-8").splitlines():
        if line.startswith("| `"):
            names, kind, labels, *_ = line.strip("| ").split(" | ")
            quoted = frozenset(re.findall("`([^`]+)`", labels))
            metrics += [
                DocumentedMetric(full, kind, quoted)
                for name in re.findall("`([^`]+)`", names)
                for full in expand_braces(name)
            ]
    return metrics


def check_documented(
    families: Iterable[Family], table: Sequence[DocumentedMetric], page: str
) -> None:
    """Every family has its row, with its type and all its labels."""
    for family in families:
        rows = [row for row in table if fnmatchcase(family.name, row.name)]
        assert rows, f"{family.name} is not in docs/{page}"
        assert family.type.value in {row.type for row in rows}, family.name
        allowed = frozenset[str]().union(*(row.labels for row in rows))
        for sample in family.samples:
            assert set(sample.labels) - {METRIC_NAME} <= allowed, family.name
