"""`docs/openapi.json`, from which the dashboard's types are made: run me to write it anew."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import orjson

from jipyo.web.api.openapi import document
from jipyo.web.api.routes import ENDPOINTS

FILE = Path(__file__).parents[2] / "docs" / "openapi.json"


def write_document() -> bytes:
    """The document as it lies in the repository: indented, so that changes can be reviewed."""
    described = orjson.loads(document(ENDPOINTS, version("jipyo")))
    return orjson.dumps(described, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


if __name__ == "__main__":
    FILE.write_bytes(write_document())
