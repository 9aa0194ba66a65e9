"""`docs/openapi.json` is what the server describes itself with, and is precise."""

from collections.abc import Iterator

import orjson
import pytest

from jipyo.web.api import openapi
from web.openapi_file import FILE, write_document


def _walk(node: object) -> Iterator[dict[str, object]]:
    if isinstance(node, dict):
        yield node
        for inner in node.values():
            yield from _walk(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _walk(inner)


def test_the_file_is_up_to_date() -> None:
    assert FILE.read_bytes() == write_document(), "run `make docs`"


def test_every_reference_and_every_property_is_defined() -> None:
    document = orjson.loads(FILE.read_bytes())
    schemas = document["components"]["schemas"]
    for node in _walk(document):
        if "$ref" in node:
            assert str(node["$ref"]).removeprefix("#/components/schemas/") in schemas
        if node.get("type") == "array":
            assert node["items"]
        if "properties" in node:
            assert list(node["properties"]) == node["required"]
            assert node["description"]


@pytest.mark.parametrize(
    ("schema", "name"),
    [
        ("MetricNow", "state"),
        ("MetricNow", "direction"),
        ("Verdict", "state"),
        ("Overview", "lang"),
        ("Problem", "status"),
    ],
)
def test_closed_sets_of_words_are_enums(schema: str, name: str) -> None:
    schemas = orjson.loads(FILE.read_bytes())["components"]["schemas"]
    assert schemas[schema]["properties"][name]["enum"]


def test_an_unknown_type_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        openapi.describe_type(bytes, {})
