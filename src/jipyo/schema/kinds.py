"""Kinds of values: how a node is read, what it is called, how a default is written.

A room describes its part of a file by one table of `Key`s. The table is what reads the file,
and what the documentation is written from. Whatever has several parts reads all of them and
reports every mistake at once.
"""

from __future__ import annotations

import math
import re
from dataclasses import MISSING, dataclass, field, fields, is_dataclass, replace
from datetime import date
from difflib import get_close_matches
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar
from urllib.parse import SplitResult, urlsplit

from jipyo.model.bilingual import Bilingual
from jipyo.model.duration import format_duration, parse_duration
from jipyo.model.errors import ConfigError
from jipyo.model.secret import Secret, redact_address, redact_url
from jipyo.schema.effective import copy_plain, mask, quote, write_scalar
from jipyo.schema.tree import Entry, Node, parse_yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping

T = TypeVar("T")
H = TypeVar("H", bound="Hashable")
U = TypeVar("U")
E = TypeVar("E", bound=Enum)
W = TypeVar("W", bound=str)

_LABEL = re.compile("[a-zA-Z_][a-zA-Z0-9_]*")
_SIZE = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,18})?)\s*([KMGT]?)(i?)B", re.IGNORECASE)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CLOCK = re.compile("([01]?[0-9]|2[0-4]):([0-5][0-9])")
_DAY_MINUTES = 24 * 60
_MARKS = ("*", "@", "&", "!", "%")
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}


class _Named(Protocol):
    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=_Named)


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """How a value is read and documented."""

    name: str
    """What the documentation calls it: the text `schema.kind.NAME`."""
    read: Callable[[Node], T]
    """The value of a node; raises a ConfigError with the place of every mistake."""
    show: Callable[[Any], str] = str
    """A value as the file would write it."""
    choices: tuple[str, ...] = ()
    bounds: tuple[str, str] | None = None
    """The lowest and the highest value, both allowed, as the file would write them."""
    is_nullable: bool = False
    keys: tuple[Key, ...] = ()
    """The keys of a mapping, or of each mapping of a list."""
    defaults: Mapping[str, object] = field(default_factory=dict)
    """The values of missing keys, by the name of the key."""
    effective: Callable[[Node], object] = copy_plain
    """A node with the defaults of its missing keys and without secrets, as a plain value."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a mapping."""

    name: str
    kind: Kind[Any]
    required: bool = False
    field: str = ""
    """The field that the value becomes, where its name is not the key's."""

    @property
    def attribute(self) -> str:
        """The name of the field that the value becomes."""
        return self.field or self.name


def document_as_one(keys: Iterable[Key]) -> tuple[Key, ...]:
    """The keys without those inside of them: for what is documented elsewhere."""
    return tuple(replace(key, kind=replace(key.kind, keys=())) for key in keys)


# ------------------------------------------------------------------------------- all mistakes


def gather(reads: Iterable[Callable[[], T]]) -> list[T]:
    """The results of all, or one error with every mistake.

    Raises:
        ConfigError: at least one of them failed.
    """
    results: list[T] = []
    mistakes: list[ConfigError] = []
    for read in reads:
        try:
            results.append(read())
        except ConfigError as error:
            mistakes.extend(error.mistakes)
    if mistakes:
        raise ConfigError.of(mistakes)
    return results


def check_unique(
    names: Iterable[tuple[H, Node]], text: str, describe: Callable[[H], Mapping[str, Any]]
) -> None:
    """Raise where a name is there again.

    Args:
        names: each name with its place.
        text: the key of the message.
        describe: the values of the message beside `where` and `first`.

    Raises:
        ConfigError: with every place but the first of each name.
    """
    first: dict[H, str] = {}

    def check(name: H, node: Node) -> None:
        if name in first:
            raise ConfigError(text, where=node.at, first=first[name], **describe(name))
        first[name] = node.where

    gather(partial(check, name, node) for name, node in names)


def locate(node: Node, problem: ConfigError) -> ConfigError:
    """A problem that does not know its place, at the place of a node."""
    return ConfigError("schema.at", where=node.at, problem=problem)


def wrong_kind(node: Node, kind: str) -> ConfigError:
    """The node is not what it must be."""
    return ConfigError(f"schema.not_a_{kind}", where=node.at, value=quote(node))


def unknown_word(key: str, where: str, word: str, known: Iterable[str]) -> ConfigError:
    """A word that is not known, with the nearest known one, or with all where none is near."""
    words = sorted(known)
    near = get_close_matches(word, words, n=1)
    if near:
        return ConfigError(f"{key}.near", where=where, name=word, near=near[0])
    return ConfigError(key, where=where, name=word, known=", ".join(words))


# ------------------------------------------------------------------------------------ scalars


def read_any_text(node: Node) -> str:
    """A scalar as it is written: `1.10` is text here, quoted or not."""
    if node.value is None:
        raise ConfigError("schema.null_text", where=node.at)
    if node.entries is not None or isinstance(node.value, tuple):
        raise wrong_kind(node, "text")
    return write_scalar(node)


def read_string(node: Node) -> str:
    """A text that is not blank, as it is written."""
    text = read_any_text(node)
    if not text.strip():
        raise ConfigError("schema.empty_text", where=node.at)
    return text


def read_number(node: Node) -> float:
    """A finite number."""
    value = node.value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong_kind(node, "number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ConfigError("schema.not_finite", where=node.at, value=quote(node))
    return number


def read_whole(node: Node) -> int:
    """A whole number."""
    value = read_number(node)
    if not value.is_integer():
        raise wrong_kind(node, "whole")
    return int(value)


def read_switch(node: Node) -> bool:
    """True or false."""
    if not isinstance(node.value, bool):
        raise wrong_kind(node, "switch")
    return node.value


def read_duration(node: Node) -> int:
    """A length of time in milliseconds."""
    try:
        return parse_duration(str(node.value) if isinstance(node.value, str) else "")
    except ValueError as error:
        raise wrong_kind(node, "duration") from error


def read_size(node: Node) -> int:
    """An amount of memory or disk in bytes."""
    size = _SIZE.fullmatch(node.value.strip()) if isinstance(node.value, str) else None
    if size is None:
        raise wrong_kind(node, "size")
    amount, prefix, binary = size.groups()
    return int(float(amount) * (1024 if binary else 1000) ** _POWERS[prefix.upper()])


def _show_size(size: int) -> str:
    """The shortest binary unit that writes a size exactly: `48MiB`."""
    for prefix in "TGMK":
        unit = 1024 ** _POWERS[prefix]
        if size and size % unit == 0:
            return f"{size // unit}{prefix}iB"
    return f"{size}B"


def read_date(node: Node) -> date:
    """A day of the calendar, as ISO 8601 writes it."""
    text = read_string(node).strip()
    try:
        if not _DATE.fullmatch(text):
            raise wrong_kind(node, "date")
        return date.fromisoformat(text)
    except ValueError as error:
        raise wrong_kind(node, "date") from error


def read_clock(node: Node) -> int:
    """A time of day in minutes; 24:00 is the end of a day."""
    found = _CLOCK.fullmatch(node.raw or "")
    minute = int(found[1]) * 60 + int(found[2]) if found else _DAY_MINUTES + 1
    if minute > _DAY_MINUTES:
        raise wrong_kind(node, "clock")
    return minute


def read_path(node: Node) -> Path:
    """A path; a relative one starts at the folder of the file that names it."""
    text = read_string(node)
    try:
        path = Path(text).expanduser()
    except RuntimeError as error:
        raise ConfigError("schema.no_home", where=node.at, value=quote(node)) from error
    if "\0" in text:
        raise wrong_kind(node, "path")
    return (Path(node.file).parent / path).absolute()


def read_url(node: Node) -> str:
    """The URL of an HTTP server, without credentials: it becomes a label."""
    text = read_string(node)
    try:
        parts = urlsplit(text)
        has_host = bool(parts.hostname)
    except ValueError as error:
        raise wrong_kind(node, "url") from error
    if parts.scheme not in ("http", "https") and "://" not in text:
        value = f"http://{text.removeprefix('//')}"
        raise ConfigError(
            "schema.no_scheme", where=node.at, value=quote(node), better=redact_address(value)
        )
    if parts.scheme not in ("http", "https") or not has_host:
        raise wrong_kind(node, "url")
    _check_port(node, parts)
    if "@" in parts.netloc:
        hint = "schema.credentials_in_url.hint"
        raise ConfigError("schema.credentials_in_url", where=node.at, hint=hint)
    return text


def _check_port(node: Node, parts: SplitResult) -> None:
    try:
        is_port = parts.port != 0
    except ValueError:
        is_port = False
    if not is_port:
        raise ConfigError("schema.bad_port", where=node.at, value=quote(node))


def read_label(node: Node) -> str:
    """A label name."""
    name = read_string(node)
    if not _LABEL.fullmatch(name):
        raise ConfigError("schema.not_a_label", where=node.at, value=name)
    return name


def show_text(text: str) -> str:
    """A text as YAML: in quotes where its first character has a meaning there."""
    return f"'{text}'" if text.startswith(_MARKS) else text


TEXT = Kind("text", read_string, show_text, effective=read_any_text)
"""A text that is not blank."""
NUMBER = Kind("number", read_number, "{:g}".format)
"""A finite number."""
WHOLE = Kind("whole", read_whole)
SWITCH = Kind("switch", read_switch, lambda on: str(on).lower())
DURATION = Kind("duration", read_duration, format_duration)
"""A length of time, in milliseconds."""
SECONDS = Kind(
    "duration",
    lambda node: read_duration(node) / 1000,
    lambda seconds: format_duration(round(seconds * 1000)),
)
"""A length of time, in seconds."""
SIZE = Kind("size", read_size, _show_size)
"""An amount of memory or disk, in bytes."""
CLOCK = Kind("clock", read_clock, lambda minute: f"{minute // 60:02d}:{minute % 60:02d}")
"""A time of day, in minutes."""
DATE = Kind("date", read_date, date.isoformat, effective=read_any_text)

PATH = Kind("path", read_path)
"""A path; a relative one starts at the folder of the file that names it."""
URL = Kind("url", read_url, effective=lambda node: redact_url(str(node.value)))
"""The URL of an HTTP server."""
LABEL = Kind("label", read_label)
"""A label name."""


def one_of(words: Iterable[W]) -> Kind[W]:
    """One of these words."""
    by_word: dict[str, W] = {word: word for word in words}

    def read(node: Node) -> W:
        word = read_string(node)
        if word not in by_word:
            raise unknown_word("schema.unknown_choice", node.at, word, by_word)
        return by_word[word]

    return Kind("choice", read, choices=tuple(by_word))


def choice(members: type[E]) -> Kind[E]:
    """One of the values of an enum."""
    words = one_of([str(member.value) for member in members])
    by_word = {str(member.value): member for member in members}
    return Kind(
        "choice",
        lambda node: by_word[words.read(node)],
        lambda member: str(member.value),
        words.choices,
    )


def convert(kind: Kind[T], make: Callable[[T, Node], U]) -> Kind[U]:
    """What `make` builds of a value and of the node it was read from; documented as before."""
    return Kind(
        kind.name,
        lambda node: make(kind.read(node), node),
        kind.show,
        kind.choices,
        kind.bounds,
        kind.is_nullable,
        kind.keys,
        kind.defaults,
        kind.effective,
    )


def between(kind: Kind[T], low: str, high: str) -> Kind[T]:
    """A value within bounds, both included; the bounds are written as the file writes them."""
    lowest, highest = (kind.read(parse_yaml(bound, "")) for bound in (low, high))

    def read(node: Node) -> T:
        value: Any = kind.read(node)
        if not lowest <= value <= highest:
            raise ConfigError(
                "schema.out_of_bounds", where=node.at, value=quote(node), low=low, high=high
            )
        return value  # type: ignore[no-any-return]  # any kind with an order

    return replace(kind, read=read, bounds=(low, high))


def nullable(kind: Kind[T]) -> Kind[T | None]:
    """A value or null."""
    optional: Kind[T | None] = convert(kind, lambda value, _: value)
    return replace(
        optional,
        read=lambda node: None if node.value is None else kind.read(node),
        show=lambda value: "null" if value is None else kind.show(value),
        is_nullable=True,
    )


# -------------------------------------------------------------------------- lists and mappings


def list_of(kind: Kind[T], *, at_least: int = 0) -> Kind[tuple[T, ...]]:
    """A list whose items are all of one kind."""

    def read(node: Node) -> tuple[T, ...]:
        items = node.value
        if not isinstance(items, tuple):
            raise wrong_kind(node, "list")
        if len(items) < at_least:
            raise ConfigError("schema.empty_list", where=node.at)
        return tuple(gather(partial(kind.read, item) for item in items))

    def show(values: tuple[T, ...]) -> str:
        return f"[{', '.join(map(kind.show, values))}]"

    def effective(node: Node) -> object:
        return [kind.effective(item) for item in node.value]  # type: ignore[attr-defined]  # a list's

    return Kind(
        f"{kind.name}_list",
        read,
        show,
        kind.choices,
        keys=kind.keys,
        defaults=kind.defaults,
        effective=effective,
    )


def list_of_named(kind: Kind[N]) -> Kind[tuple[N, ...]]:
    """A list of what has a `name`, no two of them the same."""

    def check(items: tuple[N, ...], node: Node) -> tuple[N, ...]:
        nodes = node.value if isinstance(node.value, tuple) else ()
        names = zip((item.name for item in items), nodes, strict=True)
        check_unique(names, "schema.name_twice", lambda name: {"name": name})
        return items

    return convert(list_of(kind), check)


def one_or_list(kind: Kind[T]) -> Kind[tuple[T, ...]]:
    """A list, or a single item in place of a list of one."""
    items = list_of(kind, at_least=1)

    def read(node: Node) -> tuple[T, ...]:
        return items.read(node) if isinstance(node.value, tuple) else (kind.read(node),)

    def show(values: tuple[T, ...]) -> str:
        return kind.show(values[0]) if len(values) == 1 else items.show(values)

    def effective(node: Node) -> object:
        return (items if isinstance(node.value, tuple) else kind).effective(node)

    return Kind(f"{kind.name}_or_list", read, show, kind.choices, effective=effective)


def map_of(kind: Kind[T], name: str) -> Kind[Mapping[str, T]]:
    """Free names, whose values are all of one kind."""

    def read(node: Node) -> Mapping[str, T]:
        if node.entries is None:
            raise wrong_kind(node, "mapping")
        values = gather(partial(kind.read, entry.node) for entry in node.entries.values())
        return dict(zip(node.entries, values, strict=True))

    def effective(node: Node) -> object:
        entries = node.entries or {}
        return {key: kind.effective(entry.node) for key, entry in entries.items()}

    return Kind(name, read, lambda _: "", effective=effective)


ANY_TEXT = Kind("text", read_any_text, effective=read_any_text)
"""Any scalar, as it is written."""
LABEL_MAP = map_of(LABEL, "label_map")
"""Label names to label names."""
SECRET = Kind("text", lambda node: Secret(read_any_text(node)), effective=mask)
"""Any scalar as it is written; masked wherever the configuration is shown."""
SECRET_MAP = map_of(SECRET, "text_map")
"""Names to secrets, such as headers."""
TEXT_MAP = map_of(ANY_TEXT, "text_map")
"""Names to texts, such as labels or headers."""


def record(
    make: Callable[..., T],
    keys: tuple[Key, ...],
    *,
    options: type | None = None,
    check: Callable[[T, Node], None] | None = None,
) -> Kind[T]:
    """A mapping of these keys, handed to `make` by the names of their fields.

    Args:
        make: builds the value; a key that is not written keeps the default of its field.
        keys: all keys that are known.
        options: the dataclass with the defaults, where `make` is a function.
        check: raises a ConfigError for what does not fit together.
    """
    defaults = _find_defaults(options or make, keys)

    def read(node: Node) -> T:
        value = make(**_read_keys(keys, node))
        if check is not None:
            check(value, node)
        return value

    def effective(node: Node) -> object:
        entries = node.entries or {}
        values: dict[str, object] = {}
        for key in keys:
            if key.name in entries:
                values[key.name] = key.kind.effective(entries[key.name].node)
                continue
            default = _find_effective_default(key.kind, node, defaults.get(key.name))
            if default is not None:
                values[key.name] = default
        return values

    return Kind("mapping", read, lambda _: "", keys=keys, defaults=defaults, effective=effective)


def switchable(kind: Kind[T], make: Callable[[], T]) -> Kind[T | None]:
    """A mapping that `false` switches off and `true` leaves at its defaults."""

    def read(node: Node) -> T | None:
        if node.entries is not None:
            return kind.read(node)
        return make() if read_switch(node) else None

    def show(value: T | None) -> str:
        return "false" if value is None else "true"

    def effective(node: Node) -> object:
        if node.entries is None and not node.value:
            return False
        return kind.effective(node) or True

    return Kind(
        "switch_or_mapping",
        read,
        show,
        keys=kind.keys,
        defaults=kind.defaults,
        effective=effective,
    )


def _find_effective_default(kind: Kind[Any], node: Node, default: object) -> object:
    """The default of a missing key as a plain value; None where it has none."""
    if default is None or default == "":
        return None
    if kind.keys and not isinstance(default, tuple):
        return kind.effective(replace(node, value={}, raw=None))
    return parse_yaml(kind.show(default), "").plain()


def _find_defaults(options: object, keys: tuple[Key, ...]) -> dict[str, object]:
    if not is_dataclass(options):
        return {}
    by_field = {item.name: item for item in fields(options)}
    defaults: dict[str, object] = {}
    for key in keys:
        own = by_field.get(key.attribute)
        if own is not None and own.default is not MISSING:
            defaults[key.name] = own.default
        elif own is not None and own.default_factory is not MISSING:
            defaults[key.name] = own.default_factory()
    return defaults


def _read_keys(keys: tuple[Key, ...], node: Node) -> dict[str, Any]:
    """The values of the keys that are written, by the names of their fields."""
    entries = node.entries
    if entries is None:
        raise wrong_kind(node, "mapping")
    values: dict[str, Any] = {}

    def read_key(key: Key) -> None:
        if key.name in entries:
            values[key.attribute] = key.kind.read(entries[key.name].node)
        elif key.required:
            raise ConfigError("schema.missing_key", where=node.at, name=key.name)

    def refuse_unknown(name: str, entry: Entry) -> None:
        known = {key.name for key in keys}
        if name not in known:
            raise unknown_word("schema.unknown_key", entry.key.at, name, known)

    gather(
        [
            *(partial(read_key, key) for key in keys),
            *(partial(refuse_unknown, name, entry) for name, entry in entries.items()),
        ]
    )
    return values


def split_unknown(node: Node, keys: tuple[Key, ...]) -> tuple[Node, tuple[Node, ...]]:
    """The tree without the keys that the table does not know, and what was taken out."""
    if not keys:
        return node, ()
    if isinstance(node.value, tuple):
        pairs = [split_unknown(item, keys) for item in node.value]
        kept = replace(node, value=tuple(item for item, _ in pairs))
        return kept, tuple(other for _, others in pairs for other in others)
    by_name = {key.name: key for key in keys}
    entries: dict[str, Entry] = {}
    unknown: list[Node] = []
    for name, entry in (node.entries or {}).items():
        if name not in by_name:
            unknown.append(entry.node)
            continue
        inner, others = split_unknown(entry.node, by_name[name].kind.keys)
        entries[name] = replace(entry, node=inner)
        unknown.extend(others)
    return (replace(node, value=entries) if node.entries is not None else node), tuple(unknown)


BILINGUAL = replace(
    record(Bilingual, (Key("ko", TEXT, required=True), Key("en", TEXT, required=True))),
    name="bilingual",
    keys=(),
)
"""A text in both languages."""
