"""Tables of keys in words."""

from __future__ import annotations

from dataclasses import dataclass, field

from jipyo.schema import (
    DURATION,
    TEXT,
    WHOLE,
    Key,
    KeyRow,
    between,
    describe_keys,
    list_of,
    nullable,
    one_of,
    record,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    word: str = "a"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outer:
    name: str
    wait_ms: int | None = None
    count: int = 5
    note: str = ""
    inner: Inner = field(default_factory=Inner)
    inners: tuple[Inner, ...] = ()
    extra: str | None = None


_INNER = record(Inner, (Key("word", one_of(("a", "b"))),))
_OUTER = record(
    Outer,
    (
        Key("name", TEXT, required=True),
        Key("wait", nullable(between(DURATION, "1s", "1h")), field="wait_ms"),
        Key("count", WHOLE),
        Key("note", TEXT),
        Key("inner", _INNER),
        Key("inners", list_of(_INNER)),
        Key("extra", TEXT),
    ),
)


def word(key: str, **values: object) -> str:
    """Texts that show their key and their values."""
    inside = " ".join(str(value) for value in values.values())
    return f"{key.removeprefix('schema.')} {inside}".strip()


def test_every_key_has_its_kind_its_default_and_its_meaning() -> None:
    assert describe_keys(_OUTER, "test", word) == (
        KeyRow("name", "kind.text", True, "", (), "test.key.name"),
        KeyRow("wait", "or_null bounds kind.duration 1s 1h", False, "null", (), "test.key.wait"),
        KeyRow("count", "kind.whole", False, "5", (), "test.key.count"),
        KeyRow("note", "kind.text", False, "", (), "test.key.note"),
        KeyRow("inner", "kind.mapping", False, "", (), "test.key.inner"),
        KeyRow("inner.word", "kind.choice", False, "a", ("a", "b"), "test.key.inner.word"),
        KeyRow("inners", "kind.mapping_list", False, "[]", (), "test.key.inners"),
        KeyRow("inners.word", "kind.choice", False, "a", ("a", "b"), "test.key.inners.word"),
        KeyRow("extra", "kind.text", False, "", (), "test.key.extra"),
    )
