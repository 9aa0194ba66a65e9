"""A report as JSON, for programs: in no language, every figure with its provenance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from jipyo.model.plain import to_plain

if TYPE_CHECKING:
    from jipyo.reports.document import Report


def to_json(report: Report) -> bytes:
    """The report as JSON: fields in the order they are declared, `type` names the class."""
    return orjson.dumps(to_plain(report), option=orjson.OPT_INDENT_2)
