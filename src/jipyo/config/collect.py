"""`collect:` what is collected, and how often."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import re2

from jipyo.collect.database import KINDS, DatabaseOptions, database_target
from jipyo.collect.database.options import parse_address
from jipyo.collect.discovery import (
    SCRAPE_TARGET,
    TLS,
    Discovery,
    Job,
    PrometheusYml,
    check_timeout,
    read_prometheus_yml,
)
from jipyo.collect.domain import DomainOptions, domain_target
from jipyo.collect.gpu import GpuOptions
from jipyo.collect.host import Exclusions, HostOptions, Paths
from jipyo.collect.host.ntp import split_address
from jipyo.collect.ollama import OllamaOptions, ollama_target
from jipyo.collect.probe import ProbeOptions, probe_target
from jipyo.collect.probe import options as probe_options
from jipyo.collect.process import GroupRule, ProcessOptions
from jipyo.model.errors import ConfigError
from jipyo.model.regex import compile_pattern
from jipyo.schema import (
    ANY_TEXT,
    DATE,
    DURATION,
    PATH,
    SECONDS,
    SECRET,
    SECRET_MAP,
    SIZE,
    SWITCH,
    TEXT,
    URL,
    WHOLE,
    Key,
    Kind,
    Node,
    between,
    check_unique,
    convert,
    list_of,
    locate,
    nullable,
    one_of,
    record,
    switchable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from jipyo.model.labels import Labels
    from jipyo.model.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectOptions:
    """What is collected, and how often; None switches a collector off."""

    interval_ms: int = 15_000
    host: HostOptions | None = field(default_factory=HostOptions)
    process: ProcessOptions | None = field(default_factory=ProcessOptions)
    gpu: GpuOptions | None = field(default_factory=GpuOptions)
    scrape: tuple[Job, ...] = ()
    databases: tuple[DatabaseOptions, ...] = ()
    probes: tuple[ProbeOptions, ...] = ()
    ollama: tuple[OllamaOptions, ...] = ()
    domains: tuple[DomainOptions, ...] = ()
    prometheus_yml: PrometheusYml | None = None
    """The scrape section of a site's own Prometheus configuration."""


_DEFAULTS = CollectOptions()
_INTERVAL = between(DURATION, "1s", "1h")
_TIMEOUT = between(SECONDS, "1ms", "1h")


def read_pattern(node: Node) -> str:
    """A regular expression (RE2)."""
    text = TEXT.read(node)
    try:
        compile_pattern(text)
    except re2.error as error:
        raise ConfigError("config.not_a_pattern", where=node.at, value=text) from error
    return text


_PATTERN = Kind("pattern", read_pattern)


def read_exclusion(node: Node) -> str:
    """A regular expression (RE2), or an empty text that excludes nothing."""
    return read_pattern(node) if ANY_TEXT.read(node) else ""


def quote_text(text: str) -> str:
    """A text as YAML in single quotes, where nothing but they has a meaning."""
    return "'{}'".format(text.replace("'", "''"))


_EXCLUSION = Kind("pattern", read_exclusion, quote_text)


def check_database(options: DatabaseOptions, node: Node) -> None:
    """Raise where the URL is not one of the kind of database."""
    kind = KINDS[options.kind]
    try:
        parse_address(options, kind.port, kind.schemes)
    except ConfigError as error:
        raise locate(node.find("url"), error) from error


_DATABASE = record(
    DatabaseOptions,
    (
        Key("kind", one_of(KINDS), required=True),
        Key("url", TEXT, required=True),
        Key("password_file", PATH),
        Key("ca_file", PATH),
        Key("job", TEXT),
        Key("instance", TEXT),
        Key("interval", _INTERVAL, field="interval_ms"),
        Key("connect_timeout", _TIMEOUT, field="connect_timeout_s"),
        Key("statement_timeout", _TIMEOUT, field="statement_timeout_s"),
        Key("max_statements", between(WHOLE, "0", "10000")),
    ),
    check=check_database,
)


def make_probe(
    headers: Mapping[str, Secret] | None = None,
    interval_ms: int = ProbeOptions().interval_ms,
    **values: object,
) -> ProbeOptions:
    """The options with the headers as pairs; a timeout that is not written fits the interval."""
    values.setdefault("timeout_s", min(ProbeOptions().timeout_s, interval_ms / 1000))
    return ProbeOptions(
        headers=tuple((headers or {}).items()),
        interval_ms=interval_ms,
        **values,  # type: ignore[arg-type]  # the keys' kinds say what each one is
    )


def check_probe(options: ProbeOptions, node: Node) -> None:
    """Raise where there is not exactly one usable address, or the timeout is too long."""
    try:
        probe_options.check_options(options)
    except ConfigError as error:
        raise locate(node.find("url" if options.url else "tcp"), error) from error
    check_timeout(node.find("timeout"), options.interval_ms, round(options.timeout_s * 1000))


_PROBE = record(
    make_probe,
    (
        Key("job", TEXT, required=True),
        Key("url", URL),
        Key("tcp", TEXT),
        Key("instance", TEXT),
        Key("interval", _INTERVAL, field="interval_ms"),
        Key("timeout", _TIMEOUT, field="timeout_s"),
        Key("method", TEXT),
        Key("headers", SECRET_MAP),
        Key("authorization_file", PATH),
        Key("body", SECRET),
        Key("expect_status", list_of(WHOLE)),
        Key("expect_body", _PATTERN),
        Key("reject_body", _PATTERN),
        Key("follow_redirects", SWITCH),
        Key("body_limit", between(SIZE, "1KiB", "1GiB")),
        Key("tcp_tls", SWITCH),
        Key("send", SECRET),
        Key("expect", _PATTERN),
        Key("tls", TLS),
    ),
    options=ProbeOptions,
    check=check_probe,
)


_OLLAMA = record(
    OllamaOptions,
    (
        Key("url", URL),
        Key("log", PATH),
        Key("job", TEXT),
        Key("instance", TEXT),
        Key("interval", _INTERVAL, field="interval_ms"),
        Key("timeout", _TIMEOUT, field="timeout_s"),
    ),
)


_DOMAIN = record(
    DomainOptions,
    (
        Key("domain", TEXT, required=True),
        Key("expires", DATE),
        Key("rdap_url", URL),
        Key("job", TEXT),
        Key("interval", _INTERVAL, field="interval_ms"),
        Key("timeout", _TIMEOUT, field="timeout_s"),
    ),
)


def read_site_prometheus_yml(path: Path, node: Node) -> PrometheusYml:
    """The jobs of a site's own file, whose mistakes have places of their own.

    Raises:
        ConfigError: it cannot be read, which is a mistake here, or it holds mistakes.
    """
    try:
        return read_prometheus_yml(path)
    except ConfigError as error:
        raise (locate(node, error) if error.key == "schema.unreadable" else error) from error


def read_folder(node: Node) -> str:
    """The path of a tree of the kernel, or of the host in a container."""
    return str(PATH.read(node))


_FOLDER = Kind("path", read_folder)


def read_time_server(node: Node) -> str:
    """The address of a time server."""
    text = TEXT.read(node).strip()
    try:
        host, port = split_address(text)
    except ValueError:
        host, port = "", 0
    if not host or not 0 < port < 65536 or "/" in text:
        raise ConfigError("config.not_a_time_server", where=node.at, value=text)
    return text


_TIME_SERVER = replace(TEXT, read=read_time_server)
_HOST = record(
    HostOptions,
    (
        Key(
            "paths",
            record(
                Paths,
                (
                    Key("procfs", _FOLDER, field="proc"),
                    Key("sysfs", _FOLDER, field="sys"),
                    Key("rootfs", _FOLDER, field="root"),
                ),
            ),
        ),
        Key(
            "exclude",
            record(
                Exclusions,
                (
                    Key("mount_points", _EXCLUSION),
                    Key("file_systems", _EXCLUSION),
                    Key("disks", _EXCLUSION),
                    Key("interfaces", _EXCLUSION),
                ),
            ),
        ),
        Key("ntp", list_of(_TIME_SERVER)),
    ),
)


def check_rule(rule: GroupRule, node: Node) -> None:
    """Raise where no pattern says which processes belong to the group."""
    if rule == GroupRule(name=rule.name):
        raise ConfigError("config.rule_without_pattern", where=node.at, name=rule.name)


_RULE = record(
    GroupRule,
    (
        Key("name", TEXT, required=True),
        Key("exe", _PATTERN),
        Key("cmdline", _PATTERN),
        Key("user", _PATTERN),
        Key("unit", _PATTERN),
        Key("container", _PATTERN),
    ),
    check=check_rule,
)
_NO_GROUP = "none"
_GROUP_BY = replace(
    convert(
        one_of(("exe", "comm", "user", "unit", "container", _NO_GROUP)),
        lambda word, _: "" if word == _NO_GROUP else word,
    ),
    show=lambda word: word or _NO_GROUP,
)
_PROCESS = record(
    ProcessOptions,
    (
        Key("rules", list_of(_RULE)),
        Key("group_by", _GROUP_BY),
        Key("max_groups", between(WHOLE, "1", "100000")),
        Key("keep_empty", DURATION, field="keep_empty_ms"),
    ),
)


def make_collect(
    host: HostOptions | None = _DEFAULTS.host,
    process: ProcessOptions | None = _DEFAULTS.process,
    gpu: GpuOptions | None = _DEFAULTS.gpu,
    **values: object,
) -> CollectOptions:
    """The options, with processes looked up where this host's are."""
    proc = host.paths.proc if host else Paths().proc
    return CollectOptions(
        host=host,
        process=process and replace(process, proc=proc),
        gpu=gpu and replace(gpu, proc=proc),
        **values,  # type: ignore[arg-type]  # the keys' kinds say what each one is
    )


def check_targets(options: CollectOptions, node: Node) -> None:
    """Raise where two entries would write the same series, because their labels are equal."""
    check_unique(
        list_targets(options, node),
        "config.target_twice",
        lambda labels: {name: labels.get(name, "") for name in ("job", "instance")},
    )


SECTIONS = ("databases", "probes", "ollama", "domains", "scrape")
"""The keys of `collect` that list targets."""


def list_targets(options: CollectOptions, node: Node) -> Iterator[tuple[Labels, Node]]:
    """The labels of every target of the file itself, with the entry that it comes from."""
    entries = {name: node.find(name).value for name in SECTIONS}
    nodes = {name: items if isinstance(items, tuple) else () for name, items in entries.items()}
    for database, entry in zip(options.databases, nodes["databases"], strict=False):
        yield database_target(database).labels, entry
    for probe, entry in zip(options.probes, nodes["probes"], strict=False):
        yield probe_target(probe).labels, entry
    for server, entry in zip(options.ollama, nodes["ollama"], strict=False):
        yield ollama_target(server).labels, entry
    for domain, entry in zip(options.domains, nodes["domains"], strict=False):
        yield domain_target(domain).labels, entry
    for job, entry in zip(options.scrape, nodes["scrape"], strict=False):
        for target in Discovery([job])():
            yield target.labels, entry


COLLECT = record(
    make_collect,
    (
        Key("interval", _INTERVAL, field="interval_ms"),
        Key("host", switchable(_HOST, HostOptions)),
        Key("process", switchable(_PROCESS, ProcessOptions)),
        Key("gpu", switchable(record(GpuOptions, ()), GpuOptions)),
        Key("scrape", list_of(SCRAPE_TARGET)),
        Key("databases", list_of(_DATABASE)),
        Key("probes", list_of(_PROBE)),
        Key("ollama", list_of(_OLLAMA)),
        Key("domains", list_of(_DOMAIN)),
        Key(
            "prometheus_yml",
            nullable(convert(PATH, read_site_prometheus_yml)),
        ),
    ),
    options=CollectOptions,
    check=check_targets,
)
