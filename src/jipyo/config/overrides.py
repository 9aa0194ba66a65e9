"""What the command line sets, and the language that is needed before the file is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.config.locations import find_file
from jipyo.config.sound import parse_lines
from jipyo.i18n import LANGS
from jipyo.model.errors import ConfigError
from jipyo.schema import parse_yaml, read_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from jipyo.i18n import Lang


@dataclass(frozen=True, slots=True, kw_only=True)
class CliOverrides:
    """What options of the command line set; None where they set nothing."""

    file: Path | None = None
    data: Path | None = None
    lang: Lang | None = None
    listen: str | None = None
    insecure: bool = False


def peek_language(file: Path | None, environ: Mapping[str, str]) -> Lang | None:
    """The language that the file asks for, so that mistakes in it can be reported in it.

    None where there is no readable file, or it asks for none.
    """
    path = file or find_file(environ)
    if path is None or not path.is_file():  # a pipe can be read only once
        return None
    try:
        text = read_text(path)
    except ConfigError:
        return None
    try:
        entries = parse_yaml(text, str(path)).entries or {}
    except ConfigError:
        entries = dict(parse_lines(text, str(path)))
    language = entries["language"].node.raw if "language" in entries else None
    return next((lang for lang in LANGS if lang == language), None)
