"""The published schema of reports is the one of the code."""

from __future__ import annotations

from reports.schema_file import FILE, build_file


def test_the_published_schema_is_current() -> None:
    assert FILE.read_bytes() == build_file(), "run `make docs`"
