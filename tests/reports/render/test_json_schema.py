"""The published schema accepts what is written, and refuses what the reader refuses."""

from __future__ import annotations

import re
from typing import Any

import orjson
import pytest
from hypothesis import given

from jipyo.model.errors import ConfigError
from jipyo.reports.document import Charts, Note, Report
from jipyo.reports.render.json import build_schema, read_report, to_json
from reports.any_report import any_report
from reports.documents import build_chart, build_figure, build_matrix, build_report, build_scores

SCHEMA = build_schema()
REPORT = build_report(
    Note(build_figure(1.5)), build_scores(), build_matrix("○×"), Charts((build_chart([1.0, 2.0]),))
)
TYPES: dict[str, Any] = {
    "object": dict, "array": list, "string": str, "boolean": bool, "null": type(None),
    "number": (int, float), "integer": int,
}  # fmt: skip


def is_valid(value: Any, schema: dict[str, Any]) -> bool:
    """Whether a value fits: the words of JSON Schema that the schema uses, one by one."""
    return all(check(value, schema, word) for word in schema)


def check(  # noqa: C901, PLR0911, PLR0912 - one case per word
    value: Any, schema: dict[str, Any], word: str
) -> bool:
    wanted = schema[word]
    match word:
        case "$ref":
            return is_valid(value, SCHEMA["$defs"][wanted.rpartition("/")[2]])
        case "type":
            names = wanted if isinstance(wanted, list) else [wanted]
            is_true = isinstance(value, bool)
            return any(isinstance(value, TYPES[n]) and is_true <= (n == "boolean") for n in names)
        case "const":
            return bool(value == wanted)
        case "enum":
            return value in wanted
        case "anyOf":
            return any(is_valid(value, one) for one in wanted)
        case "required":
            return not isinstance(value, dict) or set(wanted) <= value.keys()
        case "pattern":
            return not isinstance(value, str) or re.search(wanted, value) is not None
        case "properties":
            known = value.keys() & wanted.keys() if isinstance(value, dict) else ()
            return all(is_valid(value[name], wanted[name]) for name in known)
        case "additionalProperties":
            extra = value.keys() - schema.get("properties", {}) if isinstance(value, dict) else ()
            return all(wanted and is_valid(value[name], wanted) for name in extra)
        case "prefixItems":
            pairs = zip(value, wanted, strict=False) if isinstance(value, list) else ()
            return all(is_valid(one, kind) for one, kind in pairs)
        case "items":
            rest = value[len(schema.get("prefixItems", ())) :] if isinstance(value, list) else ()
            return all(wanted and is_valid(one, wanted) for one in rest)
        case "minItems":
            return not isinstance(value, list) or len(value) >= wanted
        case _:
            assert word in {"$schema", "$id", "$defs", "title", "description", "format"}, word
            return True


@given(any_report())
def test_what_is_written_fits_the_schema(report: Report) -> None:
    assert is_valid(orjson.loads(to_json(report)), SCHEMA)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("number", 5),
        ("made_ms", 1.5),
        ("made_ms", True),
        ("state", "fine"),
        ("period/first_day", "20261101"),
        ("issuer/organization", "x"),
        ("blocks/0/text/value", "1"),
        ("blocks/0/type", "notice"),
        ("blocks/1/rows/0/quotient/rounding", "off"),
        ("blocks/2/rows/0/cells/0", []),
        ("blocks/3/items/0/lines/0/values", ["1"]),
    ],
)
def test_what_the_reader_refuses_does_not_fit_the_schema(path: str, value: object) -> None:
    plain: Any = orjson.loads(to_json(REPORT))
    *outer, last = path.split("/")
    container = plain
    for key in outer:
        container = container[int(key) if key.isdigit() else key]
    container[int(last) if last.isdigit() else last] = value

    assert not is_valid(plain, SCHEMA)
    with pytest.raises(ConfigError):
        read_report(orjson.dumps(plain))
