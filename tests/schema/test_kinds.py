"""Kinds read a node, or say what is wrong there; tables of keys report every mistake."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.i18n import texts
from jipyo.model.bilingual import Bilingual
from jipyo.model.errors import CatalogueError, ConfigError
from jipyo.schema import (
    ANY_TEXT,
    BILINGUAL,
    DATE,
    DURATION,
    LABEL,
    LABEL_MAP,
    NUMBER,
    PATH,
    SECONDS,
    SIZE,
    SWITCH,
    TEXT,
    TEXT_MAP,
    URL,
    WHOLE,
    Key,
    Kind,
    Node,
    between,
    choice,
    convert,
    gather,
    list_of,
    locate,
    nullable,
    one_of,
    one_or_list,
    parse_yaml,
    record,
    split_unknown,
    switchable,
)


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (TEXT, "abc", "abc"),
        (TEXT, "'1'", "1"),
        (TEXT, "0123456", "0123456"),
        (TEXT, "on", "on"),
        (TEXT, "2024-02-30", "2024-02-30"),
        (ANY_TEXT, "12:30", "12:30"),
        (one_of(("7", "yes")), "yes", "yes"),
        (NUMBER, "1e3", 1000.0),
        (ANY_TEXT, "1.10", "1.10"),
        (ANY_TEXT, "yes", "yes"),
        (ANY_TEXT, "''", ""),
        (NUMBER, "1", 1.0),
        (NUMBER, "-2.5e+3", -2500.0),
        (WHOLE, "7", 7),
        (WHOLE, "7.0", 7),
        (SWITCH, "true", True),
        (DURATION, "1h30m", 5_400_000),
        (DURATION, "0s", 0),
        (SECONDS, "1500ms", 1.5),
        (DATE, "2027-03-01", date(2027, 3, 1)),
        (DATE, '"2028-02-29"', date(2028, 2, 29)),
        (SIZE, "50GiB", 50 * 2**30),
        (SIZE, "1.5 kB", 1500),
        (SIZE, "12B", 12),
        (URL, "http://h:1/x?y", "http://h:1/x?y"),
        (URL, "https://[::1]:8443", "https://[::1]:8443"),
        (LABEL, "_a1", "_a1"),
        (LABEL_MAP, "{a: b}", {"a": "b"}),
        (TEXT_MAP, "{a: 1.10, b: ''}", {"a": "1.10", "b": ""}),
        (BILINGUAL, "{ko: 글, en: text}", Bilingual("글", "text")),
        (choice(Colour), "red", Colour.RED),
        (one_of(("a", "b")), "b", "b"),
        (between(DURATION, "1s", "1h"), "1s", 1000),
        (between(WHOLE, "1", "9"), "9", 9),
        (between(SIZE, "1KiB", "1GiB"), "1MiB", 2**20),
        (nullable(WHOLE), "null", None),
        (nullable(WHOLE), "3", 3),
        (list_of(WHOLE), "[1, 2]", (1, 2)),
        (list_of(WHOLE), "[]", ()),
        (one_or_list(choice(Colour)), "blue", (Colour.BLUE,)),
        (one_or_list(choice(Colour)), "[red, blue]", (Colour.RED, Colour.BLUE)),
        (convert(WHOLE, lambda value, node: (value, node.line)), "5", (5, 1)),
    ],
)  # fmt: skip
def test_a_value_is_read(kind: Kind[Any], text: str, value: object) -> None:
    assert kind.read(parse_yaml(text, "x.yaml")) == value


@pytest.mark.parametrize(
    ("kind", "text", "key"),
    [
        (TEXT, "null", "schema.null_text"),
        (TEXT, "{a: b}", "schema.not_a_text"),
        (TEXT, "' '", "schema.empty_text"),
        (ANY_TEXT, "[a]", "schema.not_a_text"),
        (ANY_TEXT, "~", "schema.null_text"),
        (NUMBER, "true", "schema.not_a_number"),
        (NUMBER, "5 %", "schema.not_a_number"),
        (NUMBER, ".nan", "schema.not_finite"),
        (NUMBER, "-.inf", "schema.not_finite"),
        (WHOLE, "1.5", "schema.not_a_whole"),
        (WHOLE, "one", "schema.not_a_number"),
        (SWITCH, "1", "schema.not_a_switch"),
        (SWITCH, "'true'", "schema.not_a_switch"),
        (DURATION, "30", "schema.not_a_duration"),
        (DURATION, "1m1h", "schema.not_a_duration"),
        (DURATION, "-1s", "schema.not_a_duration"),
        (SECONDS, "soon", "schema.not_a_duration"),
        (DATE, "2027-02-30", "schema.not_a_date"),
        (DATE, "20270301", "schema.not_a_date"),
        (DATE, "tomorrow", "schema.not_a_date"),
        (DATE, "2027-W10-1", "schema.not_a_date"),
        (SIZE, "50", "schema.not_a_size"),
        (SIZE, "50 G", "schema.not_a_size"),
        (SIZE, "-1GB", "schema.not_a_size"),
        (URL, "h:1", "schema.no_scheme"),
        (URL, "127.0.0.1:8000/metrics", "schema.no_scheme"),
        (URL, "localhost:8000/metrics", "schema.no_scheme"),
        (URL, "//h/x", "schema.no_scheme"),
        (URL, "http://", "schema.not_a_url"),
        (URL, "http://h:0", "schema.bad_port"),
        (URL, "http://h:-1", "schema.bad_port"),
        (URL, "http://h:x", "schema.bad_port"),
        (URL, "ftp://h", "schema.not_a_url"),
        (URL, "http://h:99999", "schema.bad_port"),
        (URL, "http://[x", "schema.not_a_url"),
        (PATH, '"a\\0b"', "schema.not_a_path"),
        (PATH, "~nobody-at-all/x", "schema.no_home"),
        (NUMBER, "12:30", "schema.not_a_number"),
        (NUMBER, "9" * 5000, "schema.not_a_number"),
        (NUMBER, "0x" + "f" * 290, "schema.not_finite"),
        (WHOLE, "1e400", "schema.not_finite"),
        (SIZE, "9" * 5000 + "GB", "schema.not_a_size"),
        (DURATION, "9" * 5000 + "s", "schema.not_a_duration"),
        (LABEL, "2nd", "schema.not_a_label"),
        (LABEL, "가", "schema.not_a_label"),
        (LABEL_MAP, "[a]", "schema.not_a_mapping"),
        (LABEL_MAP, "{a: 2nd}", "schema.not_a_label"),
        (BILINGUAL, "{ko: 글}", "schema.missing_key"),
        (BILINGUAL, "글", "schema.not_a_mapping"),
        (choice(Colour), "rde", "schema.unknown_choice.near"),
        (choice(Colour), "7", "schema.unknown_choice"),
        (one_of(("a", "b")), "xyz", "schema.unknown_choice"),
        (between(DURATION, "1s", "1h"), "999ms", "schema.out_of_bounds"),
        (between(DURATION, "1s", "1h"), "61m", "schema.out_of_bounds"),
        (between(WHOLE, "1", "9"), "0", "schema.out_of_bounds"),
        (between(WHOLE, "1", "9"), "x", "schema.not_a_number"),
        (nullable(WHOLE), "x", "schema.not_a_number"),
        (list_of(WHOLE), "1", "schema.not_a_list"),
        (list_of(WHOLE, at_least=1), "[]", "schema.empty_list"),
        (one_or_list(WHOLE), "[]", "schema.empty_list"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_in_both_languages(kind: Kind[Any], text: str, key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        kind.read(parse_yaml(text, "x.yaml"))
    assert caught.value.key == key
    assert texts("ko").error(caught.value).startswith("x.yaml:1")
    assert texts("en").error(caught.value).startswith("x.yaml:1")


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (TEXT, "abc", "abc"),
        (NUMBER, 1.0, "1"),
        (NUMBER, 0.25, "0.25"),
        (SWITCH, False, "false"),
        (DURATION, 5_400_000, "1h30m"),
        (SECONDS, 120.0, "2m"),
        (SIZE, 48 << 20, "48MiB"),
        (SIZE, 1500, "1500B"),
        (SIZE, 0, "0B"),
        (choice(Colour), Colour.RED, "red"),
        (nullable(DURATION), None, "null"),
        (nullable(DURATION), 1000, "1s"),
        (list_of(WHOLE), (1, 2), "[1, 2]"),
        (list_of(TEXT), (), "[]"),
        (one_or_list(choice(Colour)), (Colour.RED,), "red"),
        (one_or_list(choice(Colour)), (Colour.RED, Colour.BLUE), "[red, blue]"),
    ],
)
def test_a_default_is_shown_as_the_file_writes_it(
    kind: Kind[Any], value: object, text: str
) -> None:
    assert kind.show(value) == text
    assert kind.read(parse_yaml(text, "x")) == value


@given(st.integers(0, 2**60))
def test_every_size_that_is_shown_reads_back(size: int) -> None:
    assert SIZE.read(parse_yaml(SIZE.show(size), "x")) == pytest.approx(size, rel=1e-15)


@pytest.mark.parametrize(
    ("file", "path", "read"),
    [
        ("/etc/jipyo/jipyo.yaml", "pw", "/etc/jipyo/pw"),
        ("/etc/jipyo/jipyo.yaml", "../pw", "/etc/jipyo/../pw"),
        ("/etc/jipyo/jipyo.yaml", "/var/pw", "/var/pw"),
        ("/etc/jipyo/jipyo.yaml", "~/pw", str(Path.home() / "pw")),
        ("conf/jipyo.yaml", "pw", str(Path.cwd() / "conf/pw")),
    ],
)
def test_a_path_starts_at_the_folder_of_its_file(file: str, path: str, read: str) -> None:
    assert str(PATH.read(parse_yaml(path, file))) == read


# ------------------------------------------------------------------------------------ records


@dataclass(frozen=True, slots=True, kw_only=True)
class Wheel:
    size: int = 28
    colour: Colour = Colour.BLUE


@dataclass(frozen=True, slots=True, kw_only=True)
class Bicycle:
    name: str
    gears: int = 3
    wait_ms: int = 1000
    wheels: tuple[Wheel, ...] = ()
    bell: Wheel | None = field(default_factory=Wheel)


def refuse_no_gears(bicycle: Bicycle, node: Node) -> None:
    if bicycle.gears == 0:
        raise locate(node.find("gears"), ConfigError("config.not_a_zone", where="", value="0"))


WHEEL = record(Wheel, (Key("size", WHOLE), Key("colour", choice(Colour))))
BICYCLE = record(
    Bicycle,
    (
        Key("name", TEXT, required=True),
        Key("gears", between(WHOLE, "0", "30")),
        Key("wait", DURATION, field="wait_ms"),
        Key("wheels", list_of(WHEEL)),
        Key("bell", switchable(WHEEL, Wheel)),
    ),
    check=refuse_no_gears,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{name: a}", Bicycle(name="a")),
        ("{name: a, wait: 5s}", Bicycle(name="a", wait_ms=5000)),
        ("{name: a, wheels: [{size: 20}, {colour: red}]}",
         Bicycle(name="a", wheels=(Wheel(size=20), Wheel(colour=Colour.RED)))),
        ("{name: a, bell: false}", Bicycle(name="a", bell=None)),
        ("{name: a, bell: true}", Bicycle(name="a", bell=Wheel())),
        ("{name: a, bell: {size: 1}}", Bicycle(name="a", bell=Wheel(size=1))),
    ],
)  # fmt: skip
def test_what_is_not_written_keeps_the_default_of_its_field(text: str, value: Bicycle) -> None:
    assert BICYCLE.read(parse_yaml(text, "x")) == value


WRONG = """\
gears: many
wheels:
- {size: 1.5, colour: rad}
- {sice: 1}
bell: [1]
horn: loud
"""


def test_every_mistake_is_reported_at_once_and_in_order() -> None:
    with pytest.raises(ConfigError) as caught:
        BICYCLE.read(parse_yaml(WRONG, "b.yaml"))
    assert [(m.values["where"], m.key) for m in caught.value.mistakes] == [
        ("b.yaml:1", "schema.missing_key"),
        ("b.yaml:1: gears", "schema.not_a_number"),
        ("b.yaml:3: size", "schema.not_a_whole"),
        ("b.yaml:3: colour", "schema.unknown_choice.near"),
        ("b.yaml:4", "schema.unknown_key.near"),
        ("b.yaml:5: bell", "schema.not_a_switch"),
        ("b.yaml:6", "schema.unknown_key"),
    ]
    lines = texts("en").error(caught.value).splitlines()
    assert len(lines) == 7
    assert lines[4] == "b.yaml:4: Unknown key sice. Did you mean size?"


def test_what_does_not_fit_together_is_reported_at_its_key() -> None:
    with pytest.raises(ConfigError) as caught:
        BICYCLE.read(parse_yaml("name: a\ngears: 0\n", "b.yaml"))
    assert texts("en").error(caught.value).startswith("b.yaml:2: gears: ")


@pytest.mark.parametrize("text", ["[]", "1", "null", "a"])
def test_what_is_no_mapping_is_refused(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        BICYCLE.read(parse_yaml(text, "x"))
    assert caught.value.key == "schema.not_a_mapping"


@pytest.mark.parametrize(
    ("word", "key"), [("gear", "schema.unknown_key.near"), ("zzzz", "schema.unknown_key")]
)
def test_an_unknown_key_names_the_nearest_one_or_all(word: str, key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        BICYCLE.read(parse_yaml(f"{{name: a, {word}: 1}}", "x"))
    assert caught.value.key == key
    text = texts("en").error(caught.value)
    assert ("gears?" in text) if key.endswith("near") else ("bell, gears, name" in text)


def test_unknown_keys_can_be_taken_out_at_any_depth() -> None:
    tree = parse_yaml("{name: a, horn: 1, wheels: [{size: 1, rim: {a: b}}], bell: {x: 1}}", "x")
    known, unknown = split_unknown(tree, BICYCLE.keys)
    assert known.plain() == {"name": "a", "wheels": [{"size": 1}], "bell": {}}
    assert [node.at for node in unknown] == ["x:1: horn", "x:1: rim", "x:1: bell.x"]


@given(
    st.dictionaries(
        st.sampled_from(["name", "gears", "wheels", "bell", "horn", "rim"]),
        st.one_of(st.integers(), st.text(max_size=3), st.lists(st.integers(), max_size=2)),
    )
)
def test_splitting_loses_nothing(written: dict[str, Any]) -> None:
    tree = parse_yaml(str(written), "x")
    known, unknown = split_unknown(tree, BICYCLE.keys)
    assert set(known.entries or ()) == set(written) - {"horn", "rim"}
    assert {node.path for node in unknown} == set(written) & {"horn", "rim"}


# ----------------------------------------------------------------------------------- mistakes


def fail(name: str) -> int:
    raise ConfigError("schema.missing_key", where="x", name=name)


def test_results_are_gathered_in_order() -> None:
    assert gather([lambda: 1, lambda: 2]) == [1, 2]
    assert gather([]) == []


def test_mistakes_of_mistakes_are_one_flat_list() -> None:
    inner = [lambda: fail("a"), lambda: fail("b")]
    with pytest.raises(ConfigError) as caught:
        gather([lambda: gather(inner), lambda: [1], lambda: [fail("c")]])
    assert [mistake.values["name"] for mistake in caught.value.mistakes] == ["a", "b", "c"]


def test_a_single_mistake_is_itself() -> None:
    with pytest.raises(ConfigError) as caught:
        gather([lambda: fail("a"), lambda: 1])
    assert caught.value.key == "schema.missing_key"
    assert caught.value.mistakes == (caught.value,)


def test_mistakes_keep_their_hints_and_take_another_class() -> None:
    mistake = ConfigError("app.open_door", hint="app.open_door.hint", address="0.0.0.0:1")
    one = CatalogueError.of([mistake])
    assert (type(one), one.key, one.hint) == (CatalogueError, mistake.key, mistake.hint)
    two = CatalogueError.of([mistake, mistake])
    assert two.mistakes == (mistake, mistake)
