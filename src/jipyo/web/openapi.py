"""The OpenAPI document of `/api/jipyo`, made from the table of endpoints and their shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import orjson
from pydantic import TypeAdapter

from jipyo.web import documents as doc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.web.jipyo_api import Row

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
    shapes = {row.shape for row in rows} | {doc.Problem}
    wanted: list[tuple[type, Literal["serialization"], TypeAdapter[object]]] = [
        (shape, "serialization", TypeAdapter(shape)) for shape in sorted(shapes, key=str)
    ]
    _, schemas = TypeAdapter.json_schemas(wanted, ref_template=_REFERENCE)
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
            "components": {"schemas": schemas["$defs"]},
        }
    )


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
