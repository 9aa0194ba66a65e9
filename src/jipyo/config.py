"""The file -> frozen options of each room; what is not said has the room's own default."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jipyo import promql, tsdb
from jipyo.collect.database import DatabaseOptions
from jipyo.collect.discovery import Job, PrometheusYml, read_jobs, read_prometheus_yml
from jipyo.collect.gpu import GpuOptions
from jipyo.collect.host import HostOptions
from jipyo.collect.probe import ProbeOptions
from jipyo.collect.process import ProcessOptions
from jipyo.i18n import LANGS, Lang
from jipyo.model.errors import CatalogueError, ConfigError
from jipyo.net.tls import TlsOptions
from jipyo.schema.readers import (
    Key,
    Read,
    duration_ms,
    list_of,
    number,
    record,
    switch,
    text,
    unknown,
    wrong_kind,
)
from jipyo.schema.tree import Node, from_value, from_yaml
from jipyo.web import Options as WebOptions
from jipyo.web import ReceiverOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")

FILE_NAME = "jipyo.yaml"
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(i?)B", re.IGNORECASE)
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}
_LAST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class Listen:
    """Where the page and the API are served."""

    host: str = "127.0.0.1"
    port: int = 9797


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueOptions:
    """What the site changes in the catalogue."""

    files: tuple[Path, ...] = ()
    metrics: Node | None = None
    """Keys of metrics, by their ids; the catalogue checks them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectOptions:
    """What this host is asked for, and how often; None leaves a collector out."""

    interval_ms: int = 15_000
    host: HostOptions | None = field(default_factory=HostOptions)
    process: ProcessOptions | None = field(default_factory=ProcessOptions)
    gpu: GpuOptions | None = field(default_factory=GpuOptions)
    scrape: tuple[Job, ...] = ()
    databases: tuple[DatabaseOptions, ...] = ()
    probes: tuple[ProbeOptions, ...] = ()
    prometheus_yml: PrometheusYml | None = None
    """A site's own Prometheus configuration, whose scrape section is read as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileConfig:
    """What stands in the file; None where the environment decides."""

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
    receive: ReceiverOptions = field(default_factory=ReceiverOptions)
    catalogue: CatalogueOptions = field(default_factory=CatalogueOptions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything decided; each room is handed its own part and never the whole."""

    file: Path | None
    text: str
    """The file as it was read, for whoever asks what is in force."""
    lang: Lang
    zone: ZoneInfo
    instance: str
    data: Path
    written: FileConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class CliOverrides:
    """What was said on the command line; None where nothing was."""

    file: Path | None = None
    data: Path | None = None
    lang: Lang | None = None
    listen: str | None = None
    insecure: bool = False


def load(given: CliOverrides, environ: Mapping[str, str], system_lang: Lang) -> Config:
    """Read the configuration: the command line wins over the file, the file over the defaults.

    Raises:
        ConfigError: the file cannot be read.
        CatalogueError: it holds what makes no sense; all mistakes at once, with their lines.
    """
    file = given.file or _usual_file(environ)
    content = _read(file) if file else ""
    written = parse(content, str(file)) if file else FileConfig()
    if given.listen is not None:
        written = replace(written, listen=_address(from_value(given.listen, "--listen")))
    if given.insecure:
        written = replace(written, insecure=True)
    return Config(
        file=file,
        text=content,
        lang=given.lang or written.language or system_lang,
        zone=written.timezone or _system_zone(environ),
        instance=written.instance or socket.gethostname(),
        data=_data_folder(given.data or written.data, environ),
        written=written,
    )


def parse(content: str, file: str) -> FileConfig:
    """What the text of a configuration file says.

    Raises:
        CatalogueError: with every mistake in it.
    """
    tree = from_yaml(content, file)
    return FileConfig() if tree.value is None else _section(FileConfig, FILE)(tree)


# ------------------------------------------------------------------------- where things are


def _usual_file(environ: Mapping[str, str]) -> Path | None:
    """The user's file, else the machine's, else none: no configuration is a good configuration."""
    user = _xdg(environ, "XDG_CONFIG_HOME", ".config")
    found = (folder / "jipyo" / FILE_NAME for folder in (user, Path("/etc")))
    return next((file for file in found if file.is_file()), None)


def _xdg(environ: Mapping[str, str], variable: str, under_home: str) -> Path:
    # The XDG Base Directory Specification says to ignore a relative path.
    said = Path(environ.get(variable, ""))
    return said if said.is_absolute() else Path.home() / under_home


def _data_folder(said: Path | None, environ: Mapping[str, str]) -> Path:
    if said is None:
        return _xdg(environ, "XDG_DATA_HOME", ".local/share") / "jipyo"
    return said.expanduser().absolute()


def _system_zone(environ: Mapping[str, str]) -> ZoneInfo:
    """$TZ, else what /etc/localtime points to, else UTC."""
    candidates = [environ.get("TZ", "").lstrip(":")]
    localtime = Path("/etc/localtime")
    if localtime.is_symlink():
        candidates.append(str(localtime.readlink()).partition("zoneinfo/")[2])
    for name in filter(None, candidates):
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return ZoneInfo("UTC")


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError("config.unreadable", file=str(file), reason=reason) from error
    except UnicodeDecodeError as error:
        raise ConfigError("config.not_utf8", file=str(file), at=error.start) from error


# ------------------------------------------------------------------- what a value may look like


def _between(read: Read[T], low: str, high: str) -> Read[T]:
    """A value within bounds, both included; the bounds are written as the file writes them."""

    def bounded(node: Node) -> T:
        value: Any = read(node)
        lowest, highest = (read(from_yaml(bound, "")) for bound in (low, high))
        if not lowest <= value <= highest:
            shown = str(node.value)
            raise CatalogueError(
                "config.out_of_bounds", where=node.where, value=shown, low=low, high=high
            )
        return value  # type: ignore[no-any-return]

    return bounded


def _or_null(read: Read[T]) -> Read[T | None]:
    return lambda node: None if node.value is None else read(node)


def _whole(node: Node) -> int:
    value = number(node)
    if not value.is_integer():
        raise CatalogueError("config.not_whole", where=node.where, value=value)
    return int(value)


def _size(node: Node) -> int:
    found = _SIZE.fullmatch(text(node).strip())
    if found is None:
        raise CatalogueError("config.not_size", where=node.where, value=str(node.value))
    amount, prefix, binary = found.groups()
    return int(float(amount) * (1024 if binary else 1000) ** _POWERS[prefix.upper()])


def _zone(node: Node) -> ZoneInfo:
    try:
        return ZoneInfo(text(node))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise CatalogueError("config.not_zone", where=node.where, value=str(node.value)) from error


def _language(node: Node) -> Lang:
    word = text(node)
    for lang in LANGS:
        if lang == word:
            return lang
    raise unknown("catalogue.unknown_choice", node.where, word, LANGS)


def _address(node: Node) -> Listen:
    host, colon, port = text(node).rpartition(":")
    if not colon or not port.isdecimal() or int(port) > _LAST_PORT:
        raise CatalogueError("config.not_address", where=node.where, value=str(node.value))
    return Listen(host.strip("[]") or "0.0.0.0", int(port))  # noqa: S104 - ":9797" asks for it


def _path(node: Node) -> Path:
    return Path(text(node)).expanduser()


def _plain(node: Node) -> object:
    """The values as they stand; whoever they are for checks them."""
    if node.entries is not None:
        return {name: _plain(entry.node) for name, entry in node.entries.items()}
    return [_plain(item) for item in node.value] if isinstance(node.value, tuple) else node.value


def _overrides(node: Node) -> Node:
    if node.entries is None:
        raise wrong_kind(node, "mapping")
    return node


def _mapping(node: Node) -> Mapping[str, object]:
    if node.entries is None:
        raise wrong_kind(node, "mapping")
    return {name: _plain(entry.node) for name, entry in node.entries.items()}


_SCRAPE_CONFIG = {"interval": "scrape_interval", "timeout": "scrape_timeout"}


def _job(node: Node) -> Job:
    """A target to scrape: `job` and `url`, and whatever else a scrape_config may say."""
    # One by one, because several targets may be of one job.
    (job,), not_read = read_jobs([_scrape_config(node)], Path(node.file))
    if not_read:
        first = not_read[0].where
        raise CatalogueError("config.not_a_scrape_key", where=node.at, path=first)
    return job


def _scrape_config(node: Node) -> object:
    """One target in Prometheus' words."""
    said = dict(_mapping(node))
    job, url = said.pop("job", None), said.pop("url", None)
    parts = urlsplit(str(url))
    if not isinstance(job, str) or parts.scheme not in ("http", "https") or not parts.netloc:
        raise CatalogueError("config.not_a_scrape_target", where=node.at)
    return {
        "job_name": job,
        "scheme": parts.scheme,
        "metrics_path": parts.path or "/metrics",
        "params": parse_qs(parts.query),
        "static_configs": [{"targets": [parts.netloc], "labels": said.pop("labels", {})}],
        **{_SCRAPE_CONFIG.get(key, key): value for key, value in said.items()},
    }


def _prometheus_yml(node: Node) -> PrometheusYml:
    return read_prometheus_yml(_path(node))


# ------------------------------------------------------------------------- the file, key by key


@dataclass(frozen=True, slots=True)
class Setting:
    """A key of the file: how its value is read, and which option it becomes."""

    key: str
    read: Read[Any]
    option: str = ""
    """The option's name where it is not the key."""
    inside: tuple[Setting, ...] = ()
    """The settings of a section, for the documentation."""
    needed: bool = False


def _section(options: Callable[..., T], settings: tuple[Setting, ...]) -> Read[T]:
    """A mapping of settings; what is not said keeps the option's own default."""
    keys = tuple(Key(s.key, "", s.read, required=s.needed, default=_UNSAID) for s in settings)
    names = {s.key: s.option or s.key for s in settings}

    def read(node: Node) -> T:
        values = record(keys)(node).items()
        return options(**{names[key]: value for key, value in values if value is not _UNSAID})

    return read


def _part(key: str, options: Callable[..., T], *settings: Setting) -> Setting:
    """A section of the file that is one room's options."""
    return Setting(key, _section(options, settings), inside=settings)


def _switched(key: str, options: Callable[..., T], *settings: Setting) -> Setting:
    """A section that `false` switches off and `true` leaves at its defaults."""
    section = _section(options, settings)

    def read(node: Node) -> T | None:
        if isinstance(node.value, bool):
            return options() if node.value else None
        return section(node)

    return Setting(key, read, inside=settings)


def _listed(key: str, options: Callable[..., T], *settings: Setting) -> Setting:
    """A list of sections that are alike."""
    return Setting(key, list_of(_section(options, settings)), inside=settings)


def _seconds(node: Node) -> float:
    return duration_ms(node) / 1000


def _headers(node: Node) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(value)) for name, value in _mapping(node).items())


_UNSAID = object()

_TLS = (
    Setting("ca_file", _path),
    Setting("cert_file", _path),
    Setting("key_file", _path),
    Setting("server_name", text),
    Setting("insecure_skip_verify", switch),
)
_DATABASE = (
    Setting("kind", text, needed=True),
    Setting("url", text, needed=True),
    Setting("password_file", _path),
    Setting("ca_file", _path),
    Setting("job", text),
    Setting("instance", text),
    Setting("interval", _between(duration_ms, "1s", "1h"), "interval_ms"),
    Setting("connect_timeout", _seconds, "connect_timeout_s"),
    Setting("statement_timeout", _seconds, "statement_timeout_s"),
    Setting("max_statements", _between(_whole, "0", "10000")),
)
_PROBE = (
    Setting("job", text, needed=True),
    Setting("url", text),
    Setting("tcp", text),
    Setting("instance", text),
    Setting("interval", _between(duration_ms, "1s", "1h"), "interval_ms"),
    Setting("timeout", _seconds, "timeout_s"),
    Setting("method", text),
    Setting("headers", _headers),
    Setting("authorization_file", _path),
    Setting("body", text),
    Setting("expect_status", list_of(_whole)),
    Setting("expect_body", text),
    Setting("reject_body", text),
    Setting("follow_redirects", switch),
    Setting("body_limit", _between(_size, "1KiB", "1GiB")),
    Setting("tcp_tls", switch),
    Setting("send", text),
    Setting("expect", text),
    _part("tls", TlsOptions, *_TLS),
)

_COLLECT = _part(
    "collect",
    CollectOptions,
    Setting("interval", _between(duration_ms, "1s", "1h"), "interval_ms"),
    _switched("host", HostOptions),
    _switched(
        "process",
        ProcessOptions,
        Setting("group_by", text),
        Setting("max_groups", _between(_whole, "1", "100000")),
        Setting("keep_empty", duration_ms, "keep_empty_ms"),
    ),
    _switched("gpu", GpuOptions),
    Setting("scrape", list_of(_job)),
    _listed("databases", DatabaseOptions, *_DATABASE),
    _listed("probes", ProbeOptions, *_PROBE),
    Setting("prometheus_yml", _or_null(_prometheus_yml)),
)
_STORE = _part(
    "store",
    tsdb.Options,
    Setting("retention", _or_null(_between(duration_ms, "1d", "36500d")), "retention_ms"),
    Setting("retention_size", _or_null(_between(_size, "64MiB", "1000TiB")), "retention_bytes"),
    Setting("out_of_order", _or_null(duration_ms), "out_of_order_ms"),
    Setting("future", duration_ms, "future_ms"),
    Setting("series_limit", _between(_whole, "1000", "1000000000")),
    Setting("cache", _between(_size, "0MiB", "1TiB"), "cache_bytes"),
)
_QUERY = _part(
    "query",
    promql.Options,
    Setting("lookback", _between(duration_ms, "1s", "1d"), "lookback_ms"),
    Setting("max_samples", _between(_whole, "1", "1000000000000")),
    Setting("max_points", _between(_whole, "1", "1000000000")),
    Setting("timeout", _seconds, "timeout_s"),
    Setting("max_concurrency", _between(_whole, "1", "10000")),
)
_WEB = _part(
    "web",
    WebOptions,
    Setting("allowed_hosts", list_of(text)),
    Setting("max_body_size", _between(_size, "1KiB", "1TiB"), "max_body_bytes"),
)
_RECEIVE = _part(
    "receive",
    ReceiverOptions,
    Setting("max_body_size", _between(_size, "1KiB", "1TiB"), "max_body_bytes"),
    Setting("max_samples_per_second", _between(_whole, "1", "1000000000"), "max_samples_per_s"),
    Setting("max_concurrency", _between(_whole, "1", "256")),
)
_CATALOGUE = _part(
    "catalogue",
    CatalogueOptions,
    Setting("files", list_of(_path)),
    Setting("metrics", _overrides),
)
FILE: tuple[Setting, ...] = (
    Setting("language", _language),
    Setting("timezone", _zone),
    Setting("instance", text),
    Setting("organisation", text),
    Setting("data", _path),
    Setting("listen", _address),
    Setting("insecure", switch),
    _COLLECT,
    _STORE,
    _QUERY,
    _WEB,
    _RECEIVE,
    _CATALOGUE,
)
