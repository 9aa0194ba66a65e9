"""The table of kinds of faults: each row describes its kind, and the tests that it names exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "decisions" / "robustness.md").read_text("utf-8")
ROWS = [
    line.strip("|").split(" | ")
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith(("| example", "|---"))
]
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))


def test_every_row_has_an_example_a_kind_where_else_and_what_holds_it() -> None:
    assert len(ROWS) >= 40
    for row in ROWS:
        assert len(row) == 4, row
        assert "tests/" in row[3] or row[3].startswith("open: "), row


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_each_named_test_exists(path: str, name: str) -> None:
    assert re.search(rf"^def {name}\(", (ROOT / path).read_text("utf-8"), re.MULTILINE)
