"""`docs/report.schema.json`, which others check reports by: run me to write it."""

from __future__ import annotations

from pathlib import Path

import orjson

from jipyo.reports.render.json import build_schema

FILE = Path(__file__).parents[2] / "docs" / "report.schema.json"


def build_file() -> bytes:
    """The schema as it lies in the repository: indented, so that changes can be reviewed."""
    return orjson.dumps(build_schema(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


if __name__ == "__main__":
    FILE.write_bytes(build_file())
