"""Trees know the file, the line and the keys of every value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.model.errors import ConfigError
from jipyo.schema import Node, merge, parse_yaml, read_text, wrap_value

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """\
name: 글
numbers: [1, 0x10, 1.10, .inf]
rooms:
- {name: a, when: 2026-11-21}
- name: b
  inner: {deep: [x, {y: yes}]}
nothing:
"""


def places(node: Node) -> dict[str, object]:
    """Every scalar by its place."""
    if node.entries is not None:
        parts = [places(entry.node) for entry in node.entries.values()]
    elif isinstance(node.value, tuple):
        parts = [places(item) for item in node.value]
    else:
        return {node.at: node.value}
    return {place: value for part in parts for place, value in part.items()}


def test_every_value_knows_its_line_and_its_keys() -> None:
    assert places(parse_yaml(TEXT, "x.yaml")) == {
        "x.yaml:1: name": "글",
        "x.yaml:2": float("inf"),  # an entry of a top-level list is known by its line
        "x.yaml:4: name": "a",
        "x.yaml:4: when": "2026-11-21",
        "x.yaml:5: name": "b",
        "x.yaml:6: inner.deep[0]": "x",
        "x.yaml:6: inner.deep[1].y": True,
        "x.yaml:7: nothing": None,
    }


def test_a_scalar_keeps_how_it_was_written() -> None:
    numbers = parse_yaml(TEXT, "x.yaml").find("numbers").value
    assert isinstance(numbers, tuple)
    assert [item.raw for item in numbers] == ["1", "0x10", "1.10", ".inf"]
    assert [item.value for item in numbers] == [1, 16, 1.1, float("inf")]


def test_the_plain_value_is_what_yaml_says() -> None:
    assert parse_yaml("a: [1, {b: null}]", "x").plain() == {"a": [1, {"b": None}]}


def test_an_empty_document_is_null() -> None:
    assert parse_yaml("# nothing\n", "x").value is None


@pytest.mark.parametrize(
    ("path", "line"), [((), 1), (("rooms",), 4), (("name",), 1), (("gone",), 1), (("a", "b"), 1)]
)
def test_the_innermost_node_of_a_path_is_found(path: tuple[str, ...], line: int) -> None:
    assert parse_yaml(TEXT, "x.yaml").find(*path).line == line


@pytest.mark.parametrize(
    ("text", "key", "where"),
    [
        ("a: [", "schema.not_yaml", "x:2"),
        ("a: 1\n\tb: 2", "schema.not_yaml", "x:2"),
        ("a: 1\nb: \x07", "schema.not_yaml", "x:2"),
        ("a: !!python/object:os.system {}", "schema.foreign_tag", "x:1"),
        ("a:\n- !include [b]", "schema.foreign_tag", "x:2"),
        ("a: !secret x", "schema.foreign_tag", "x:1"),
        ("a: 1\nb: 2\na: 3", "schema.key_twice", "x:3"),
        ("r:\n- {a: {b: 1, b: 2}}", "schema.key_twice", "x:2: a"),
        ("a: " + "[" * 30 + "]" * 30, "schema.too_deep", "x:1"),
        ("a: &x [*x]", "schema.too_deep", None),
    ],
)
def test_what_is_no_tree_is_refused_with_its_place(text: str, key: str, where: str | None) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_yaml(text, "x")
    assert caught.value.key == key
    assert where is None or caught.value.values["where"] == where


@given(st.text(max_size=60))
def test_any_text_is_a_tree_or_refused(text: str) -> None:
    try:
        node = parse_yaml(text, "x")
    except ConfigError as error:
        assert str(error.values["where"]).startswith("x:")  # noqa: PT017 - both are right
    else:
        assert node.file == "x"


def test_plain_values_have_paths_but_no_lines() -> None:
    node = wrap_value({"a": [{"b": 1}]}, "catalogue.metrics")
    assert places(node) == {"catalogue.metrics: a[0].b": 1}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(VALUES)
def test_what_is_wrapped_is_there_unchanged(value: object) -> None:
    assert wrap_value(value, "x").plain() == value


def merge_plainly(base: Any, over: Any) -> Any:
    """The slow rule: mappings key by key, all else as a whole, null removes a key."""
    if not isinstance(base, dict) or not isinstance(over, dict):
        return over
    merged = dict(base)
    for name, value in over.items():
        below = merged.pop(name, None)
        if value is not None:
            merged[name] = merge_plainly(below, value) if below is not None else value
    return merged


@given(VALUES, VALUES)
def test_merging_is_key_by_key(base: object, over: object) -> None:
    both = merge(wrap_value(base, "base"), wrap_value(over, "over"))
    assert both.plain() == merge_plainly(base, over)


def test_merged_parts_keep_their_own_places() -> None:
    base, over = parse_yaml("a: {b: 1, c: 2}", "base"), parse_yaml("\na: {c: 3}", "over")
    assert places(merge(base, over)) == {"base:1: a.b": 1, "over:2: a.c": 3}


def test_a_file_is_read_or_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_bytes(b"a: \xff")
    with pytest.raises(ConfigError) as caught:
        read_text(file)
    assert (caught.value.key, caught.value.values["at"]) == ("schema.not_utf8", 3)
    file.write_text("a: 글", "utf-8")
    assert read_text(file) == "a: 글"
    with pytest.raises(ConfigError) as caught:
        read_text(tmp_path)
    assert (caught.value.key, caught.value.values["reason"]) == (
        "schema.unreadable",
        "Is a directory",
    )
