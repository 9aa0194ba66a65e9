"""The documentation of the query language: every query in it is one, every short name is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from jipyo.logs.language import SHORT_NAMES, parse_condition

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("log-queries.md", "log-queries.ko.md")


@pytest.mark.parametrize("page", PAGES)
def test_every_query_of_the_table_is_read(page: str) -> None:
    rows = re.findall(r"(?m)^\| (`.*?) \|", (DOCS / page).read_text("utf-8"))
    queries = [query for row in rows for query in re.findall(r"`([^`]+)`", row)]
    assert len(queries) > 20
    for query in queries:
        parse_condition(query)


@pytest.mark.parametrize("page", PAGES)
def test_every_short_name_is_documented(page: str) -> None:
    text = (DOCS / page).read_text("utf-8")
    names = [name for name in SHORT_NAMES if "." not in name]
    assert [name for name in names if f"`{name}`" not in text] == []
