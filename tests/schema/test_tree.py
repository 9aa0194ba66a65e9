"""Trees know the file, the line and the keys of every value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.model.errors import ConfigError
from jipyo.schema import (
    Node,
    drop_nulls,
    merge,
    parse_json,
    parse_yaml,
    read_text,
    wrap_value,
)
from support.timing import measure_cpu_s

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
        ("a: &x [*x]", "schema.not_yaml", "x:1"),
        ("a: *x", "schema.not_yaml", "x:1"),
        ("a: " + "[" * 100_000 + "]" * 100_000, "schema.too_deep", "x:1"),
        ("a: " + "{a: " * 100_000, "schema.too_deep", "x:1"),
        (
            "a0: &a0 x\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 30)),
            "schema.too_deep",
            "x:21",
        ),
        (
            "a0: &a0 x\n"
            + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 15)),
            "schema.too_many_aliases",
            "x:6",
        ),
        ("? [a, b]\n: 1", "schema.complex_key", "x:1"),
        ("a:\n  {b: c}: 1", "schema.complex_key", "x:2: a"),
        ("a: {<<: 1}", "schema.bad_merge", "x:1"),
        ("a: {<<: [{}, 1]}", "schema.bad_merge", "x:1"),
        ("a: \0", "schema.not_yaml", "x:1"),
        ("a: 1\n---\nb: 2", "schema.not_yaml", "x:2"),
        ("\0", "schema.not_yaml", "x:1"),
    ],
)
def test_what_is_no_tree_is_refused_with_its_place(text: str, key: str, where: str) -> None:
    def parse() -> None:
        with pytest.raises(ConfigError) as caught:
            parse_yaml(text, "x")
        assert caught.value.key == key
        assert caught.value.values["where"] == where

    assert measure_cpu_s(parse) < 1


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7", 7), ("+7", 7), ("-7", -7), ("1_000", 1000), ("010", 8), ("0x1f", 31), ("0b11", 3),
        ("1.10", 1.1), ("1e3", 1000.0), ("1E-2", 0.01), ("-1.5e+3", -1500.0),
        (".inf", float("inf")),
        ("yes", True), ("On", True), ("FALSE", False), ("~", None), ("null", None),
        # What YAML 1.1 or PyYAML would make something else of, or fail at.
        ("12:30", "12:30"), ("1:20.5", "1:20.5"), ("2024-02-30", "2024-02-30"), ("08", "08"),
        ("0x_", "0x_"), ("._", "._"), ("=", "="), ("'7'", "7"), ("! 7", "7"), ("!!str 7", "7"),
        ("!!float '7'", 7.0), ("!!int ''", ""), ("!!bool maybe", "maybe"), ("!!float x", "x"),
        ("9" * 5000, "9" * 5000), ("0x" + "9" * 5000, "0x" + "9" * 5000),
        ("1" + ":20" * 5000, "1" + ":20" * 5000),
    ],
)  # fmt: skip
def test_a_scalar_is_typed_only_where_it_can_be_meant_so(text: str, value: object) -> None:
    node = parse_yaml(f"a: {text}", "x").find("a")
    assert (node.value, type(node.value)) == (value, type(value))


PLAIN = st.text(alphabet="0123456789._:+-eExXaobnulyYNtf~TZ /", min_size=1, max_size=12)


@given(PLAIN)
def test_any_plain_scalar_keeps_its_text_or_is_refused(text: str) -> None:
    try:
        node = parse_yaml(f"[{text}]", "x").value
    except ConfigError:
        return
    assert isinstance(node, tuple)
    if len(node) == 1 and node[0].entries is None:  # `a: b` in brackets is a mapping
        assert node[0].raw == text.strip()
    else:
        assert not text.strip() or ":" in text


def test_a_merge_key_takes_in_what_is_not_written() -> None:
    text = "x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\nz:\n  <<: [*x, *y]\n  a: 9\n"
    node = parse_yaml(text, "x").find("z")
    assert node.plain() == {"a": 9, "b": 2, "c": 4}
    assert places(node) == {"x:5: z.a": 9, "x:1: x.b": 2, "x:2: y.c": 4}
    assert parse_yaml("a: {'<<': 1}", "x").plain() == {"a": {"<<": 1}}


def test_an_alias_has_the_place_where_its_value_is_written() -> None:
    node = parse_yaml("a: &x [1, 2]\nb: *x\n", "x")
    assert node.plain() == {"a": [1, 2], "b": [1, 2]}
    assert node.find("b").line == 1


def test_aliases_may_repeat_a_little() -> None:
    text = "a: &x [1, 2, 3]\nb: [" + "*x, " * 1000 + "*x]"
    items = parse_yaml(text, "x").find("b").value
    assert isinstance(items, tuple)
    assert len(items) == 1001


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ('{"a": [1, 1.10, 1e3, true, null, "x"]}', {"a": ["1", "1.10", "1e3", True, None, "x"]}),
        ('\t{"a": "\\ud83d\\ude00"}', {"a": "😀"}),
        ("9" * 5000, "9" * 5000),
        ("NaN", "NaN"),
    ],
)
def test_json_is_a_tree_whose_numbers_are_as_written(text: str, plain: object) -> None:
    assert parse_json(text, "x").plain() == plain


@pytest.mark.parametrize(
    ("text", "key", "where"),
    [
        ("", "schema.not_json", "x:1"),
        ("{\n'a': 1}", "schema.not_json", "x:2"),
        ("[" * 100_000, "schema.too_deep", "x"),
        ("[" * 900 + "]" * 900, "schema.too_deep", "x"),
        ("[" * 22 + "]" * 22, "schema.too_deep", "x"),
    ],
)
def test_what_is_no_json_is_refused_with_its_place(text: str, key: str, where: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_json(text, "x")
    assert (caught.value.key, caught.value.values["where"]) == (key, where)


def test_nulls_are_dropped_at_every_level() -> None:
    assert drop_nulls(parse_yaml("a: {b: null, c: [{d: ~}, null]}", "x")).plain() == {
        "a": {"c": [{}, None]}
    }


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
    file.write_bytes("a: 1".encode("utf-16"))
    with pytest.raises(ConfigError) as caught:
        read_text(file)
    assert caught.value.key == "schema.not_utf8"
    file.write_text("a: 글", "utf-8")
    assert read_text(file) == "a: 글"
    file.write_text("a: 글", "utf-8-sig")
    assert read_text(file) == "a: 글"
    with file.open("wb") as large:
        large.truncate(100 << 20)
    with pytest.raises(ConfigError) as caught:
        read_text(file)
    assert (caught.value.key, caught.value.values["limit"]) == ("schema.too_large", "16 MiB")
    with pytest.raises(ConfigError) as caught:
        read_text(tmp_path)
    assert (caught.value.key, caught.value.values["reason"]) == (
        "schema.unreadable",
        "Is a directory",
    )
