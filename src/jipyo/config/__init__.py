"""The configuration: one file -> frozen options for each room.

Each room's part of the file is one table of keys beside its options; what is not written
keeps the default of the option. All mistakes of a file are reported at once.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import yaml

from jipyo.config.catalogue import CatalogueOptions
from jipyo.config.collect import CollectOptions
from jipyo.config.file import FILE, FileConfig
from jipyo.config.locations import find_data_folder, find_file, find_zone
from jipyo.config.web import Listen, parse_address
from jipyo.schema import parse_yaml, read_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from jipyo.i18n import Lang
    from jipyo.schema import Node

__all__ = [
    "FILE",
    "CatalogueOptions",
    "CliOverrides",
    "CollectOptions",
    "Config",
    "FileConfig",
    "Listen",
    "load",
    "parse",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything decided; each room is handed its own part and never the whole."""

    file: Path | None
    effective: str
    """The configuration in force as YAML: with all defaults, without secrets."""
    lang: Lang
    zone: ZoneInfo
    instance: str
    data: Path
    settings: FileConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class CliOverrides:
    """What options of the command line set; None where they set nothing."""

    file: Path | None = None
    data: Path | None = None
    lang: Lang | None = None
    listen: str | None = None
    insecure: bool = False


def load(overrides: CliOverrides, environ: Mapping[str, str], system_lang: Lang) -> Config:
    """Read the configuration: the command line wins over the file, the file over the defaults.

    Raises:
        ConfigError: the file cannot be read or makes no sense; with all mistakes and their
            lines.
    """
    file = overrides.file or find_file(environ)
    tree = parse_yaml(read_text(file) if file else "", str(file or ""))
    settings = read_settings(tree)
    if overrides.listen is not None:
        settings = replace(settings, listen=parse_address(overrides.listen, "--listen"))
    if overrides.insecure:
        settings = replace(settings, insecure=True)
    lang = overrides.lang or settings.language or system_lang
    zone = settings.timezone or find_zone(environ)
    instance = settings.instance or socket.gethostname()
    data = find_data_folder(overrides.data or settings.data, environ)
    decided = {
        "language": lang,
        "timezone": zone.key,
        "instance": instance,
        "data": str(data),
        "listen": str(settings.listen),
        "insecure": settings.insecure,
    }
    return Config(
        file=file,
        effective=format_effective(tree, decided),
        lang=lang,
        zone=zone,
        instance=instance,
        data=data,
        settings=settings,
    )


def parse(text: str, file: str) -> FileConfig:
    """The settings of a configuration file; paths in it start at the folder of `file`.

    Raises:
        ConfigError: with every mistake in it.
    """
    return read_settings(parse_yaml(text, file))


def read_settings(tree: Node) -> FileConfig:
    """The settings of a configuration file's tree.

    Raises:
        ConfigError: with every mistake in it.
    """
    return FileConfig() if tree.value is None else FILE.read(tree)


def format_effective(tree: Node, decided: Mapping[str, object]) -> str:
    """The file with the defaults of what it leaves out, and what was decided elsewhere."""
    values: Any = FILE.effective(tree)
    return yaml.safe_dump({**decided, **values, **decided}, allow_unicode=True, sort_keys=False)
