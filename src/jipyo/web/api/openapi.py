"""The OpenAPI document of `/api/jipyo`, made from the operations and their dataclasses."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, cast, get_args, get_origin, get_type_hints

import orjson

from jipyo.web.api import (
    alerts,
    configuration,
    doctor,
    events,
    incident_facts,
    incidents,
    live,
    log_lines,
    log_patterns,
    metric_figures,
    metric_index,
    metrics,
    months,
    outlook,
    overview,
    reports,
    sheets,
    silences,
    slo,
    status,
    targets,
    threshold_trial,
)
from jipyo.web.api.day import document as day_document
from jipyo.web.api.examples import read_examples
from jipyo.web.api.operation import PREFIX, Operation, Problem, format_error
from jipyo.web.http.endpoint import Route
from jipyo.web.http.message import JSON, WebResponse

if TYPE_CHECKING:
    from jipyo.i18n import Lang

Schema = dict[str, object]

_JSON_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}
_SCHEMAS = "#/components/schemas"
_PARAMETERS: dict[str, dict[str, object]] = {
    "lang": {
        "description": "The language of the texts; by default that of the configuration.",
        "schema": {"type": "string", "enum": ["ko", "en"]},
    },
    "start": {
        "description": "Unix seconds or RFC 3339; by default an hour before `end`.",
        "schema": {"type": "string"},
    },
    "end": {
        "description": "Unix seconds or RFC 3339; by default now.",
        "schema": {"type": "string"},
    },
    "step": {
        "description": "Seconds or a duration such as `5m`; by default 60.",
        "schema": {"type": "string"},
    },
    "column": {
        "description": "Seconds or a duration: of each column so long only the least and the "
        "greatest value are given, in their order, as a chart can show. With a step of an hour "
        "or more values come from hourly statistics. By default every step is given.",
        "schema": {"type": "string"},
    },
    "by": {
        "description": "Labels, with commas between: one series for each of their values.",
        "schema": {"type": "string"},
    },
    "match": {
        "description": 'Matchers such as `gpu="1", instance=~"a.*"`: only such series.',
        "schema": {"type": "string"},
    },
    "threshold": {
        "description": "The value from which it would be a warning.",
        "schema": {"type": "number"},
    },
    "for": {
        "description": "How long it must last, as seconds or `5m`; by default as now.",
        "schema": {"type": "string"},
    },
    "month": {
        "description": "Such as `2027-01`; without it sheets are of the last month that is over.",
        "schema": {"type": "string"},
    },
    "system": {
        "description": "A system of the configuration; by default all of them.",
        "schema": {"type": "string"},
    },
    "id": {
        "description": "The id: of a metric such as `system.cpu.utilization`, else a number.",
        "schema": {"type": "string"},
    },
    "number": {"description": "The number of the incident.", "schema": {"type": "integer"}},
    "state": {
        "description": "Only those of this state; by default all.",
        "schema": {"type": "string", "enum": ["open", "recovered", "closed"]},
    },
    "severity": {
        "description": "Only those that came to this severity; by default all.",
        "schema": {"type": "string", "enum": ["warning", "critical"]},
    },
    "search": {
        "description": "Words that the number, title, subject, cause or name must have.",
        "schema": {"type": "string"},
    },
    "from": {
        "description": "Unix seconds or RFC 3339.",
        "schema": {"type": "string"},
    },
    "to": {
        "description": "Unix seconds or RFC 3339.",
        "schema": {"type": "string"},
    },
    "q": {
        "description": "A log query; without it every line.",
        "schema": {"type": "string"},
    },
    "level": {
        "description": "Only these levels, such as `error,warn`; by default all.",
        "schema": {"type": "string"},
    },
    "pattern": {
        "description": "Only lines of this pattern, by its id.",
        "schema": {"type": "string"},
    },
    "source": {
        "description": "The name of a source of logs; by default the embedded store.",
        "schema": {"type": "string"},
    },
    "line": {"description": "The id of a log line.", "schema": {"type": "string"}},
    "after": {
        "description": "`next` of the page before.",
        "schema": {"type": "string"},
    },
    "before": {
        "description": "How many lines before it; by default 20, and 200 at most.",
        "schema": {"type": "integer"},
    },
    "following": {
        "description": "How many lines after it; by default 20, and 200 at most.",
        "schema": {"type": "integer"},
    },
    "metric": {
        "description": "A metric whose new values are wanted: `ID?step=60`, with `by` and `match` "
        "as of its document; up to 24 times.",
        "schema": {"type": "array", "items": {"type": "string"}},
    },
    "limit": {
        "description": "How many at most; by default 100, and 1,000 in any case.",
        "schema": {"type": "integer"},
    },
}


OPERATIONS: tuple[Operation, ...] = (
    overview.OPERATION,
    day_document.OPERATION,
    metrics.OPERATION,
    *metric_index.OPERATIONS,
    metric_figures.OPERATION,
    threshold_trial.OPERATION,
    outlook.OPERATION,
    slo.OPERATION,
    *sheets.OPERATIONS,
    *reports.OPERATIONS,
    *months.OPERATIONS,
    doctor.OPERATION,
    targets.OPERATION,
    status.OPERATION,
    live.OPERATION,
    configuration.OPERATION,
    alerts.OPERATION,
    *incidents.OPERATIONS,
    incident_facts.OPERATION,
    *silences.OPERATIONS,
    *events.OPERATIONS,
    *log_lines.OPERATIONS,
    *log_patterns.OPERATIONS,
)
"""Every endpoint of `/api/jipyo` except this document."""


def routes(version: str, lang: Lang) -> list[Route]:
    """The route of `/api/jipyo/openapi.json`."""
    response = WebResponse(write_document(version))
    path = f"{PREFIX}/openapi.json"
    return [Route(path, lambda _request: response, partial(format_error, lang))]


def write_document(version: str) -> bytes:
    """The OpenAPI 3.1 document as JSON; `version` is that of the product."""
    schemas: dict[str, Schema] = {}
    used = {Problem, *(operation.schema for operation in OPERATIONS)}
    used |= {operation.body for operation in OPERATIONS if operation.body}
    for schema in sorted(used, key=lambda schema: schema.__name__):
        describe_type(schema, schemas)
    paths: dict[str, dict[str, object]] = {}
    examples = read_examples()
    for operation in OPERATIONS:
        path = paths.setdefault(PREFIX + operation.path, {})
        path[operation.method] = _describe_operation(operation, examples.get(operation.id))
    return orjson.dumps(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "jipyo",
                "version": version,
                "description": "What jipyo's dashboard reads. Times are seconds UTC, absent "
                "values are null. `/api/v1` is the HTTP API of Prometheus.",
            },
            "paths": paths,
            "components": {"schemas": dict(sorted(schemas.items()))},
        }
    )


def describe_type(hint: Any, schemas: dict[str, Schema]) -> Schema:
    """The JSON Schema of a type; adds every dataclass it refers to to `schemas`.

    Raises:
        KeyError: JSON has no such type.
    """
    if is_dataclass(hint):
        return _describe_dataclass(cast("type", hint), schemas)
    arguments = get_args(hint)
    origin = get_origin(hint)
    if origin is tuple:
        return {"type": "array", "items": describe_type(arguments[0], schemas)}
    if origin is Mapping:
        return {"type": "object", "additionalProperties": describe_type(arguments[1], schemas)}
    if origin is Literal:
        return {"type": "string", "enum": list(arguments)}
    if arguments:
        return {"anyOf": [describe_type(argument, schemas) for argument in arguments]}
    return {"type": _JSON_TYPES[hint]}


def _describe_dataclass(schema: type, schemas: dict[str, Schema]) -> Schema:
    name = schema.__name__
    if name not in schemas:
        schemas[name] = {}  # so that a schema may contain itself
        hints = get_type_hints(schema)
        properties = {
            field.name: describe_type(hints[field.name], schemas) for field in fields(schema)
        }
        schemas[name] = {
            "type": "object",
            "description": inspect.cleandoc(schema.__doc__ or ""),
            "properties": properties,
            "required": [one.name for one in fields(schema) if not _has_default(one)],
        }
    return {"$ref": f"{_SCHEMAS}/{name}"}


def _has_default(field: Field[Any]) -> bool:
    return field.default is not MISSING or field.default_factory is not MISSING


def _describe_operation(operation: Operation, example: object) -> dict[str, object]:
    response = _describe_response(operation.summary, operation.schema, operation.media_type)
    response["content"][operation.media_type]["example"] = example
    return {
        "operationId": operation.id,
        "summary": operation.summary,
        "parameters": [_describe_parameter(name, operation) for name in operation.parameters],
        **_describe_body(operation),
        "responses": {
            "200": response,
            "default": _describe_response("The request failed.", Problem),
        },
    }


def _describe_body(operation: Operation) -> dict[str, object]:
    if operation.body is None:
        return {}
    schema = {"$ref": f"{_SCHEMAS}/{operation.body.__name__}"}
    content = {"schema": schema, "example": dict(operation.example)}
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


def _describe_parameter(name: str, operation: Operation) -> dict[str, object]:
    is_in_path = f"{{{name}}}" in operation.path
    place = "path" if is_in_path else "query"
    return {"name": name, "in": place, "required": is_in_path, **_PARAMETERS[name]}


def _describe_response(description: str, schema: type, media_type: str = JSON) -> dict[str, Any]:
    reference = {"$ref": f"{_SCHEMAS}/{schema.__name__}"}
    return {"description": description, "content": {media_type: {"schema": reference}}}
