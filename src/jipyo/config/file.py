"""`jipyo.yaml` as a whole: its top-level keys, and the part of each room."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jipyo import promql, tsdb
from jipyo.config.catalogue import CATALOGUE, CatalogueOptions
from jipyo.config.collect import COLLECT, CollectOptions
from jipyo.config.listen import ADDRESS, Listen
from jipyo.config.query import QUERY
from jipyo.config.receive import RECEIVE
from jipyo.config.remote_write import REMOTE_WRITE
from jipyo.config.store import STORE
from jipyo.config.web import WEB
from jipyo.i18n import LANGS, Lang
from jipyo.model.errors import ConfigError
from jipyo.schema import PATH, SWITCH, TEXT, Key, Kind, Node, one_of, record
from jipyo.web import Options as WebOptions
from jipyo.web import ReceiverOptions

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.send.options import RemoteWriteOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class FileConfig:
    """The settings of the file; None where the environment decides."""

    language: Lang | None = None
    timezone: ZoneInfo | None = None
    instance: str | None = None
    organisation: str = ""
    data: Path | None = None
    listen: Listen = field(default_factory=Listen)
    insecure: bool = False
    store: tsdb.Options = field(default_factory=tsdb.Options)
    query: promql.Options = field(default_factory=promql.Options)
    collect: CollectOptions = field(default_factory=CollectOptions)
    web: WebOptions = field(default_factory=WebOptions)
    remote_write: tuple[RemoteWriteOptions, ...] = ()
    receive: ReceiverOptions = field(default_factory=ReceiverOptions)
    catalogue: CatalogueOptions = field(default_factory=CatalogueOptions)


def read_zone(node: Node) -> ZoneInfo:
    """A time zone by its name in the IANA database."""
    try:
        return ZoneInfo(TEXT.read(node))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigError("config.not_a_zone", where=node.at, value=str(node.value)) from error


FILE = record(
    FileConfig,
    (
        Key("language", one_of(LANGS)),
        Key("timezone", Kind("zone", read_zone)),
        Key("instance", TEXT),
        Key("organisation", TEXT),
        Key("data", PATH),
        Key("listen", ADDRESS),
        Key("insecure", SWITCH),
        Key("collect", COLLECT),
        Key("store", STORE),
        Key("query", QUERY),
        Key("web", WEB),
        Key("remote_write", REMOTE_WRITE),
        Key("receive", RECEIVE),
        Key("catalogue", CATALOGUE),
    ),
)
