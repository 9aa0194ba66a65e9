"""The top-level keys that a server and an agent have in common."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jipyo.config.collect import COLLECT
from jipyo.config.remote_write import REMOTE_WRITE
from jipyo.i18n import LANGS
from jipyo.model.errors import ConfigError
from jipyo.schema import PATH, TEXT, Key, Kind, Node, one_of


def read_zone(node: Node) -> ZoneInfo:
    """A time zone by its name in the IANA database."""
    try:
        return ZoneInfo(TEXT.read(node))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigError("config.not_a_zone", where=node.at, value=str(node.value)) from error


LANGUAGE = Key("language", one_of(LANGS))
ZONE = Kind("zone", read_zone)
TIMEZONE = Key("timezone", ZONE)
INSTANCE = Key("instance", TEXT)
DATA = Key("data", PATH)
COLLECT_KEY = Key("collect", COLLECT)
REMOTE_WRITE_KEY = Key("remote_write", REMOTE_WRITE)
