"""The OpenAPI document of `/api/jipyo`, made from the table of endpoints and their shapes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, Literal, cast, get_args, get_origin, get_type_hints

import orjson

from jipyo.web.api import schemas as doc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.web.api.routes import Row

Schema = dict[str, object]

_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}
_REFERENCE = "#/components/schemas/{model}"
_PARAMETERS: dict[str, dict[str, object]] = {
    "lang": {
        "description": "The language of the texts; the site's where it is left out.",
        "schema": {"type": "string", "enum": ["ko", "en"]},
    },
    "start": {
        "description": "Unix seconds or RFC 3339; an hour before `end` where it is left out.",
        "schema": {"type": "string"},
    },
    "end": {
        "description": "Unix seconds or RFC 3339; now where it is left out.",
        "schema": {"type": "string"},
    },
    "step": {
        "description": "Seconds or a duration such as `5m`; 60 where it is left out.",
        "schema": {"type": "string"},
    },
    "id": {
        "description": "The metric's id in the catalogue, such as `system.cpu.utilization`.",
        "schema": {"type": "string"},
    },
}


def document(rows: Sequence[Row], version: str) -> bytes:
    """The whole document as JSON."""
    schemas: dict[str, Schema] = {}
    for shape in sorted({row.shape for row in rows} | {doc.Problem}, key=str):
        describe_type(shape, schemas)
    return orjson.dumps(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "jipyo",
                "version": version,
                "description": "What jipyo's own page reads. Times are seconds UTC, absent "
                "values are null. `/api/v1` is the HTTP API of Prometheus.",
            },
            "paths": {f"/api/jipyo{row.path}": {"get": _operation(row)} for row in rows},
            "components": {"schemas": schemas},
        }
    )


def describe_type(hint: Any, schemas: dict[str, Schema]) -> Schema:
    """The JSON Schema of a type; adds every dataclass it refers to to `schemas`."""
    if is_dataclass(hint):
        return _reference_to(cast("type", hint), schemas)
    inside = get_args(hint)
    origin = get_origin(hint)
    if origin is tuple:
        return {"type": "array", "items": describe_type(inside[0], schemas)}
    if origin is Mapping:
        return {"type": "object", "additionalProperties": describe_type(inside[1], schemas)}
    if origin is Literal:
        return {"type": "string", "enum": list(inside)}
    if inside:
        return {"anyOf": [describe_type(one, schemas) for one in inside]}
    return {"type": _PLAIN[hint]}


def _reference_to(shape: type, schemas: dict[str, Schema]) -> Schema:
    if shape.__name__ not in schemas:
        schemas[shape.__name__] = {}  # so that a shape may hold itself
        hints = get_type_hints(shape)
        schemas[shape.__name__] = {
            "type": "object",
            "description": (shape.__doc__ or "").strip(),
            "properties": {
                one.name: describe_type(hints[one.name], schemas) for one in fields(shape)
            },
            "required": [one.name for one in fields(shape)],
        }
    return {"$ref": _REFERENCE.format(model=shape.__name__)}


def _operation(row: Row) -> dict[str, object]:
    text = (row.answer.__doc__ or "").strip()
    return {
        "operationId": row.path.split("/")[1],
        "summary": text.splitlines()[0],
        "parameters": [_parameter(name, row) for name in row.parameters],
        "responses": {
            "200": _response(text, row.shape),
            "default": _response("It could not be answered.", doc.Problem),
        },
    }


def _parameter(name: str, row: Row) -> dict[str, object]:
    in_path = f"{{{name}}}" in row.path
    where = {"in": "path" if in_path else "query", "required": in_path}
    return {"name": name, **where, **_PARAMETERS[name]}


def _response(description: str, shape: type) -> dict[str, object]:
    schema = {"$ref": _REFERENCE.format(model=shape.__name__)}
    return {"description": description, "content": {"application/json": {"schema": schema}}}
