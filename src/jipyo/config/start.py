"""The settings that take effect only at a start; a reload applies all others."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from jipyo.config.store import STORE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jipyo.config.load import Config

START_KEYS = (
    "data",
    "listen",
    "insecure",
    *(f"store.{key.name}" for key in STORE.keys),
    "web.max_connections",
    "logs.folder",
)
"""The socket, the open store and the connections are made of them."""


def keep_start_settings(running: Config, new: Config) -> tuple[Config, tuple[str, ...]]:
    """`new` with the running values of `START_KEYS`, and those among them that differ."""
    differing = tuple(
        key for key in START_KEYS if _find(running.values, key) != _find(new.values, key)
    )
    values = new.values
    for key in differing:
        values = _put(values, key, _find(running.values, key))
    before, web = running.settings, running.settings.web
    settings = replace(
        new.settings,
        data=before.data,
        listen=before.listen,
        insecure=before.insecure,
        store=before.store,
        web=replace(new.settings.web, max_connections=web.max_connections),
        logs=replace(new.settings.logs, folder=before.logs.folder),
    )
    return replace(new, data=running.data, settings=settings, values=values), differing


def _find(values: Mapping[str, object], key: str) -> object:
    section, dot, name = key.partition(".")
    value = values.get(section)
    if not dot:
        return value
    return value.get(name) if isinstance(value, dict) else None


def _put(values: Mapping[str, object], key: str, value: object) -> dict[str, object]:
    section, dot, name = key.partition(".")
    if not dot:
        return {**values, section: value}
    inner = values.get(section)
    return {**values, section: {**(inner if isinstance(inner, dict) else {}), name: value}}
