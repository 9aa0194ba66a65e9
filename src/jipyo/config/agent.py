"""The configuration of an agent: the keys of `jipyo.yaml` that collect and send.

It loads none of the rooms that an agent does without.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from jipyo.config.collect import CollectOptions
from jipyo.config.common import (
    COLLECT_KEY,
    DATA,
    INSTANCE,
    LANGUAGE,
    REMOTE_WRITE_KEY,
    TIMEZONE,
)
from jipyo.config.locations import find_data_folder, find_file, find_zone
from jipyo.config.overrides import load_again
from jipyo.model.errors import ConfigError
from jipyo.schema import parse_yaml, read_text, record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from jipyo.config.overrides import CliOverrides
    from jipyo.i18n import Lang
    from jipyo.send.options import RemoteWriteOptions

SERVER_KEYS = frozenset(
    {
        *("organisation", "listen", "insecure", "store", "query", "web", "sources"),
        *("receive", "logs", "catalogue", "insight", "inspection", "alerts", "systems", "slo"),
        "reports",
    }
)
"""Keys of a server that an agent has no use for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSettings:
    """The settings of the file; None where the environment decides."""

    language: Lang | None = None
    timezone: ZoneInfo | None = None
    instance: str | None = None
    data: Path | None = None
    collect: CollectOptions = field(default_factory=CollectOptions)
    remote_write: tuple[RemoteWriteOptions, ...] = ()


AGENT = record(AgentSettings, (LANGUAGE, TIMEZONE, INSTANCE, DATA, COLLECT_KEY, REMOTE_WRITE_KEY))


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentConfig:
    """Everything decided."""

    file: Path | None
    lang: Lang
    zone: ZoneInfo
    instance: str
    data: Path
    settings: AgentSettings
    ignored: tuple[str, ...]
    """Keys of the file that only a server has."""
    read_again: Callable[[], AgentConfig] = field(compare=False)
    """Loads the same file again, and raises what `load_agent` raises."""

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that it was read from."""
        prometheus_yml = self.settings.collect.prometheus_yml
        own = (self.file,) if self.file else ()
        return (*own, *(prometheus_yml.files if prometheus_yml else ()))


def load_agent(
    overrides: CliOverrides, environ: Mapping[str, str], system_lang: Lang
) -> AgentConfig:
    """Read the configuration as `load` does, without the keys that only a server has.

    Raises:
        ConfigError: the file cannot be read, makes no sense, or names nobody to send to.
    """
    file = overrides.file or find_file(environ)
    tree = parse_yaml(read_text(file) if file else "", str(file or ""))
    entries = tree.entries or {}
    own = {name: entry for name, entry in entries.items() if name not in SERVER_KEYS}
    settings = AGENT.read(replace(tree, value=own)) if own else AgentSettings()
    if not settings.remote_write:
        raise ConfigError(
            "config.no_destination",
            hint="config.no_destination.hint",
            file=str(file or "jipyo.yaml"),
        )
    return AgentConfig(
        file=file,
        lang=overrides.lang or settings.language or system_lang,
        zone=settings.timezone or find_zone(environ),
        instance=settings.instance or socket.gethostname(),
        data=find_data_folder(overrides.data or settings.data, environ),
        settings=settings,
        ignored=tuple(name for name in entries if name in SERVER_KEYS),
        read_again=partial(
            load_again, load_agent, replace(overrides, file=file), environ, system_lang
        ),
    )
