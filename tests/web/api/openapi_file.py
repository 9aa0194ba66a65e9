"""`docs/openapi.json`, of which the dashboard's types are made: run me to write it."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import orjson

from jipyo.web.api.openapi import write_document

FILE = Path(__file__).parents[3] / "docs" / "openapi.json"


def build_file() -> bytes:
    """The document as it lies in the repository: indented, so that changes can be reviewed."""
    document = orjson.loads(write_document(version("jipyo")))
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


if __name__ == "__main__":
    FILE.write_bytes(build_file())
