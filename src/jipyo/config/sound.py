"""What can be used of a configuration file that has mistakes: its keys that have none."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jipyo.config.locations import find_file
from jipyo.i18n import LANGS
from jipyo.model.errors import ConfigError
from jipyo.schema import Entry, parse_yaml, read_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from jipyo.i18n import Lang
    from jipyo.schema import Node

_KEY = re.compile(r"""["']?(\w+)["']?\s*:""")


@dataclass(frozen=True, slots=True)
class SoundPart:
    """The top-level keys of a file that can be used."""

    tree: Node
    """The file with these keys alone."""
    error: ConfigError | None
    """Every mistake of the file; None where it has none, and `tree` is all of it."""
    left_out: tuple[str, ...]
    """The other top-level keys."""


def find_sound_part(text: str, file: str, check: Callable[[Node], None]) -> SoundPart:
    """The keys that `check` accepts one by one; it raises a ConfigError for others.

    Of a file that is no YAML, these are keys whose value is on their own line.

    Raises:
        ConfigError: the file is no mapping of keys.
    """
    mistakes: list[ConfigError] = []
    try:
        tree = parse_yaml(text, file)
        entries = dict(tree.entries or {})
        names = tuple(entries)
    except ConfigError as error:
        mistakes += error.mistakes
        tree = parse_yaml("", file)
        entries = dict(parse_lines(text, file))
        names = tuple(dict.fromkeys(found[1] for found in _find_keys(text)))
    if not entries and not mistakes:
        check(tree)
    sound: dict[str, Entry] = {}
    for name, entry in entries.items():
        try:
            check(replace(tree, value={name: entry}))
        except ConfigError as error:
            mistakes += error.mistakes
        else:
            sound[name] = entry
    return SoundPart(
        tree=replace(tree, value=sound or None),
        error=ConfigError.of(mistakes) if mistakes else None,
        left_out=tuple(name for name in names if name not in sound),
    )


def peek_language(file: Path | None, environ: Mapping[str, str]) -> Lang | None:
    """The language that the file asks for, so that mistakes in it can be reported in it.

    None where there is no readable file, or it asks for none.
    """
    path = file or find_file(environ)
    try:
        if path is None or not path.is_file():  # a pipe can be read only once
            return None
        text = read_text(path)
    except (ConfigError, PermissionError):
        return None
    try:
        entries = parse_yaml(text, str(path)).entries or {}
    except ConfigError:
        entries = dict(parse_lines(text, str(path)))
    language = entries["language"].node.raw if "language" in entries else None
    return next((lang for lang in LANGS if lang == language), None)


def _find_keys(text: str) -> Iterator[re.Match[str]]:
    return (found for line in text.splitlines() if (found := _KEY.match(line)))


def parse_lines(text: str, file: str) -> Iterator[tuple[str, Entry]]:
    """The keys whose lines are YAML by themselves, in their places."""
    for number, line in enumerate(text.splitlines()):
        if not _KEY.match(line):
            continue
        try:
            tree = parse_yaml("\n" * number + line, file)
        except ConfigError:
            continue
        for name, entry in (tree.entries or {}).items():
            if entry.node.value is not None:
                yield name, entry
