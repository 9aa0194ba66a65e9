"""The configuration of a server: file, environment and command line -> `Config`."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import yaml

from jipyo import promql
from jipyo.catalogue import load as load_catalogue
from jipyo.config.catalogue import CATALOGUE
from jipyo.config.file import FILE, FileConfig
from jipyo.config.listen import parse_address
from jipyo.config.locations import find_data_folder, find_file, find_zone
from jipyo.config.origins import list_settings
from jipyo.config.overrides import load_again
from jipyo.config.sound import find_sound_part
from jipyo.model.errors import ConfigError
from jipyo.schema import parse_yaml, read_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from jipyo.config.overrides import CliOverrides
    from jipyo.config.sound import SoundPart
    from jipyo.i18n import Lang
    from jipyo.model.setting import Setting
    from jipyo.schema import Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything decided; each room gets its own part and never the whole."""

    file: Path | None
    values: Mapping[str, object]
    """What is in force as plain values: with all defaults, without secrets."""
    origins: tuple[Setting, ...] = field(repr=False)
    """The same values one by one, each with the line, option or default that it comes from."""
    lang: Lang
    zone: ZoneInfo
    instance: str
    data: Path
    settings: FileConfig
    read_again: Callable[[], Config] = field(compare=False)
    """Loads the same file again, and raises what `load` raises."""

    @property
    def effective(self) -> str:
        """What is in force as YAML: with all defaults, without secrets."""
        return yaml.safe_dump(dict(self.values), allow_unicode=True, sort_keys=False)

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that it was read from, and those that it names and reads once."""
        prometheus_yml = self.settings.collect.prometheus_yml
        own = (self.file,) if self.file else ()
        return (
            *own,
            *(prometheus_yml.files if prometheus_yml else ()),
            *self.settings.catalogue.files,
        )


def load(overrides: CliOverrides, environ: Mapping[str, str], system_lang: Lang) -> Config:
    """Read the configuration: the command line wins over the file, the file over the defaults.

    Raises:
        ConfigError: the file cannot be read or makes no sense; with all mistakes and their
            lines.
    """
    file = overrides.file or find_file(environ)
    tree = parse_yaml(read_text(file) if file else "", str(file or ""))
    return _decide(overrides, environ, system_lang, file, tree)


def load_sound_part(
    overrides: CliOverrides, environ: Mapping[str, str], system_lang: Lang
) -> tuple[Config, SoundPart]:
    """The configuration without the top-level keys that have mistakes, whose defaults apply.

    Raises:
        ConfigError: the file cannot be read.
    """
    file = overrides.file or find_file(environ)
    part = find_sound_part(read_text(file) if file else "", str(file or ""), _check_alone)
    return _decide(overrides, environ, system_lang, file, part.tree), part


def _check_alone(tree: Node) -> None:
    read_settings(tree)
    mistakes = _find_catalogue_mistakes(tree)
    if mistakes:
        raise ConfigError.of(mistakes)


def _decide(
    overrides: CliOverrides,
    environ: Mapping[str, str],
    system_lang: Lang,
    file: Path | None,
    tree: Node,
) -> Config:
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
    written: Any = FILE.effective(tree)
    values = {**decided, **written, **decided}
    return Config(
        file=file,
        values=values,
        origins=list_settings(values, tree, _name_options(overrides)),
        lang=lang,
        zone=zone,
        instance=instance,
        data=data,
        settings=settings,
        read_again=partial(load_again, load, replace(overrides, file=file), environ, system_lang),
    )


def _name_options(overrides: CliOverrides) -> frozenset[str]:
    """The top-level keys that the command line sets."""
    given = {
        "language": overrides.lang,
        "data": overrides.data,
        "listen": overrides.listen,
        "insecure": overrides.insecure,
    }
    return frozenset(name for name, value in given.items() if value)


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
    if tree.value is None:
        return FileConfig()
    try:
        return FILE.read(tree)
    except ConfigError as error:
        raise ConfigError.of([*error.mistakes, *_find_catalogue_mistakes(tree)]) from error


def _find_catalogue_mistakes(tree: Node) -> tuple[ConfigError, ...]:
    """Mistakes of the catalogue's own, so that a wrong file is mended in one go."""
    entry = (tree.entries or {}).get("catalogue")
    if entry is None:
        return ()
    try:
        options = CATALOGUE.read(entry.node)
    except ConfigError:
        return ()  # reported with the file
    try:
        # A feature of `query:` may be among what is wrong, so that any may be used here.
        load_catalogue(
            options.metrics,
            options.files,
            parse=lambda expr: promql.parse(expr, promql.Features(promql.Feature)),
        )
    except ConfigError as error:
        return error.mistakes
    return ()
