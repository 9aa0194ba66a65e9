"""`docs/openapi.json` is what the server describes itself with; responses are what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from jipyo.web.api import openapi
from jipyo.web.api.examples import read_examples
from web.api.openapi_file import FILE, build_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.web.api.operation import Operation
    from support.web import Client

CPU = "system.cpu.utilization"


def check_schema(schema: Any, value: Any, schemas: Any, *, is_body: bool = False) -> None:
    """Whether a value is what a JSON schema of our small kind describes.

    A body may leave out what has a default; a response has every property.
    """
    if "$ref" in schema:
        check_schema(schemas[schema["$ref"].rsplit("/", 1)[1]], value, schemas, is_body=is_body)
    elif "anyOf" in schema:
        kinds = {"null": type(None)}
        choice = next(
            one for one in schema["anyOf"] if (value is None) == (one.get("type") in kinds)
        )
        check_schema(choice, value, schemas)
    elif schema.get("type") == "object":
        assert isinstance(value, dict)
        if "properties" in schema and is_body:
            assert set(schema["required"]) <= value.keys() <= schema["properties"].keys()
        elif "properties" in schema:
            assert value.keys() == schema["properties"].keys() == set(schema["required"])
        for name, inner in value.items():
            check_schema(
                schema.get("properties", {}).get(name, schema.get("additionalProperties")),
                inner,
                schemas,
            )
    elif schema.get("type") == "array":
        for inner in value:
            check_schema(schema["items"], inner, schemas)
    else:
        python: dict[str, Any] = {
            "string": str,
            "number": (int, float),
            "integer": int,
            "boolean": bool,
        }
        kind = schema.get("type")
        assert value is None if kind == "null" else isinstance(value, python[kind]), (schema, value)
        assert value in schema.get("enum", [value])


@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/overview", {}),
        ("/metric/{id}", {"step": 60}),
        ("/doctor", {}),
        ("/targets", {}),
        ("/status", {}),
    ],
)
def test_answers_are_what_the_openapi_document_says(
    client: Client, path: str, fields: dict[str, object], lang: str
) -> None:
    document = client.get("/api/jipyo/openapi.json").json
    assert document["openapi"] == "3.1.0"
    operation = document["paths"][f"/api/jipyo{path}"]["get"]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    answer = client.get("/api/jipyo" + path.replace("{id}", CPU), lang=lang, **fields)
    assert answer.status == 200
    check_schema(schema, answer.json, document["components"]["schemas"])
    asked = {one["name"] for one in operation["parameters"]}
    assert {"lang", *fields} <= asked


OPERATIONS = [pytest.param(operation, id=operation.id) for operation in openapi.OPERATIONS]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_has_examples_that_its_schemas_allow(operation: Operation) -> None:
    document = orjson.loads(FILE.read_bytes())
    schemas = document["components"]["schemas"]
    described = document["paths"][f"/api/jipyo{operation.path}"][operation.method]
    answer = described["responses"]["200"]["content"][operation.media_type]
    check_schema(answer["schema"], answer["example"], schemas)
    if operation.body is not None:
        body = described["requestBody"]["content"]["application/json"]
        check_schema(body["schema"], body["example"], schemas, is_body=True)


def test_a_wrong_example_is_found() -> None:
    schemas = read_schemas()
    status = read_examples()["status"]
    assert isinstance(status, dict)
    check_schema(schemas["Status"], status, schemas)
    name = next(iter(status))
    for wrong in ({**status, name: ["x"]}, {**status, "more": 1}, {}, None):
        with pytest.raises(AssertionError):
            check_schema(schemas["Status"], wrong, schemas)


def test_there_is_no_example_of_what_is_not_there() -> None:
    assert set(read_examples()) == {one.id for one in openapi.OPERATIONS}


def walk(node: object) -> Iterator[dict[str, Any]]:
    """Every object of the document."""
    if isinstance(node, dict):
        yield node
        for inner in node.values():
            yield from walk(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from walk(inner)


def read_schemas() -> Any:
    return orjson.loads(FILE.read_bytes())["components"]["schemas"]


def test_the_file_is_up_to_date() -> None:
    assert FILE.read_bytes() == build_file(), "run `make docs`"


def test_every_reference_is_defined_and_every_property_is_required() -> None:
    schemas = read_schemas()
    for node in walk(orjson.loads(FILE.read_bytes())):
        if "$ref" in node:
            assert str(node["$ref"]).removeprefix("#/components/schemas/") in schemas
        if node.get("type") == "array":
            assert node["items"]
        if "properties" in node:
            # A field with a default, as bodies of requests have, comes after those without.
            assert list(node["properties"])[: len(node["required"])] == node["required"]
            assert node["description"]


STATES = ["ok", "pending", "warning", "critical", "unknown"]


@pytest.mark.parametrize(
    ("schema", "name", "words"),
    [
        ("MetricNow", "state", STATES),
        ("Verdict", "state", STATES),
        ("MetricNow", "direction", ["higher_is_worse", "lower_is_worse", "neutral"]),
        ("MetricRange", "direction", ["higher_is_worse", "lower_is_worse", "neutral"]),
        ("MetricThresholds", "origin", ["specification", "default", "site"]),
        ("PendingBreach", "severity", ["warning", "critical"]),
        ("SeriesBreach", "severity", ["pending", "warning", "critical"]),
        ("MetricAvailability", "state", ["found", "missing"]),
        ("TargetInfo", "state", ["up", "down", "unknown", "absent"]),
        ("Overview", "lang", ["ko", "en"]),
        ("Problem", "status", ["error"]),
    ],
)
def test_closed_sets_of_words_are_enums(schema: str, name: str, words: list[str]) -> None:
    assert read_schemas()[schema]["properties"][name] == {"type": "string", "enum": words}


@pytest.mark.parametrize(
    ("hint", "schema"),
    [
        (int, {"type": "integer"}),
        (float | None, {"anyOf": [{"type": "number"}, {"type": "null"}]}),
        (tuple[str, ...], {"type": "array", "items": {"type": "string"}}),
    ],
)
def test_types_are_described_as_json_schema(hint: object, schema: object) -> None:
    assert openapi.describe_type(hint, {}) == schema


def test_a_type_that_json_has_not_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        openapi.describe_type(bytes, {})
