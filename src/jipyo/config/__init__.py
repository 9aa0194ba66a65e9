"""The configuration: one file -> frozen options for each room.

Each room's part of the file is one table of keys beside its options; what is not written
keeps the default of the option. All mistakes of a file are reported at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jipyo.config.catalogue import CatalogueOptions
    from jipyo.config.collect import CollectOptions
    from jipyo.config.decide import Config, load, load_sound_part, parse
    from jipyo.config.file import FILE, FileConfig
    from jipyo.config.listen import Listen
    from jipyo.config.overrides import CliOverrides, peek_language
    from jipyo.config.sound import SoundPart
    from jipyo.config.start import START_KEYS, keep_start_settings

__all__ = [
    "FILE",
    "START_KEYS",
    "CatalogueOptions",
    "CliOverrides",
    "CollectOptions",
    "Config",
    "FileConfig",
    "Listen",
    "SoundPart",
    "keep_start_settings",
    "load",
    "load_sound_part",
    "parse",
    "peek_language",
]

# Looked up when first used: an agent must not load the store, the engine and the web server.
_HOMES = {
    "FILE": "file",
    "START_KEYS": "start",
    "CatalogueOptions": "catalogue",
    "CliOverrides": "overrides",
    "CollectOptions": "collect",
    "Config": "decide",
    "FileConfig": "file",
    "Listen": "listen",
    "SoundPart": "sound",
    "keep_start_settings": "start",
    "load": "decide",
    "load_sound_part": "decide",
    "parse": "decide",
    "peek_language": "overrides",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
