"""`logs:` where log records come from, how long they are kept, and what of them is hidden."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from jipyo.config.collect import read_pattern
from jipyo.config.common import ZONE
from jipyo.config.listen import ADDRESS, Listen
from jipyo.config.logs_sources import LOG_SOURCES
from jipyo.logs.activity.access import AccessRules
from jipyo.logs.formats.log_format import parse_log_format
from jipyo.logs.formats.redact import BUILT_IN, RedactionOptions
from jipyo.logs.ingest.sources.file_names import FileGroup
from jipyo.logs.ingest.sources.journald import JournaldOptions
from jipyo.logs.store.retention import DAY_NS, RetentionClass
from jipyo.model.errors import ConfigError
from jipyo.schema import (
    DATE,
    DURATION,
    PATH,
    SIZE,
    SWITCH,
    TEXT,
    WHOLE,
    Key,
    Kind,
    Node,
    between,
    convert,
    list_of,
    list_of_named,
    map_of,
    nullable,
    one_of,
    one_or_list,
    record,
    switchable,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from jipyo.logs.elasticsearch import ElasticsearchOptions

_NS_PER_MS = 1_000_000
_LAST_HOUR = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class SyslogListen:
    """Where syslog is received; None where it is not."""

    udp: Listen | None = None
    tcp: Listen | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldOptions:
    """Records that must not be deleted, by the days of the site's time zone."""

    reason: str
    services: tuple[str, ...] = ("*",)
    start: date | None = None
    end: date | None = None
    """The last day that is held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessOptions:
    """Whose access records are reviewed, and what is conspicuous in them."""

    services: tuple[str, ...] = ()
    """Names, or patterns with `*`; empty for all."""
    rules: AccessRules = field(default_factory=AccessRules)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogsOptions:
    """Where log records come from, and what happens to them."""

    folder: Path | None = None
    """Of the log store; None for `logs` in the data folder."""
    files: tuple[FileGroup, ...] = ()
    journald: JournaldOptions | None = None
    syslog: SyslogListen = field(default_factory=SyslogListen)
    receive: bool = True
    """Whether OTLP logs, `_bulk` and Loki's push are answered."""
    metrics: bool = True
    """Whether requests, durations and status lines are counted into the store of samples."""
    retention_ns: int | None = 90 * DAY_NS
    retention_bytes: int | None = 20 << 30
    retention_classes: tuple[RetentionClass, ...] = ()
    holds: tuple[HoldOptions, ...] = ()
    redact: RedactionOptions | None = field(default_factory=RedactionOptions)
    access: AccessOptions = field(default_factory=AccessOptions)
    sources: tuple[ElasticsearchOptions, ...] = ()


def read_file_pattern(node: Node) -> str:
    """A path with `*`, `?`, `[...]` and `**`; a relative one starts at the file's folder."""
    return str(PATH.read(node))


def _in_nanos(kind: Kind[int]) -> Kind[int]:
    """A length of time in nanoseconds, of which the rooms of logs count."""
    nanos = convert(kind, lambda millis, _: millis * _NS_PER_MS)
    return replace(nanos, show=lambda value: kind.show(value // _NS_PER_MS))


_FILE_PATTERN = Kind("path", read_file_pattern)
_SERVICES = list_of(TEXT, at_least=1)
_RETENTION = nullable(_in_nanos(between(DURATION, "1h", "36500d")))
_PATTERN = Kind("pattern", read_pattern)


def read_log_format(node: Node) -> str:
    """Nginx's `log_format` or Apache's `LogFormat`."""
    text = TEXT.read(node)
    parse_log_format(text, node.at)
    return text


_LOG_FORMAT = Kind("text", read_log_format)


def make_files(*, timezone: ZoneInfo | None = None, **values: Any) -> FileGroup:
    """The options of a group of files."""
    return FileGroup(zone=timezone.key if timezone else "", **values)


_FILES = record(
    make_files,
    (
        Key("path", one_or_list(_FILE_PATTERN), required=True, field="patterns"),
        Key("exclude", list_of(_FILE_PATTERN)),
        Key("service", TEXT),
        Key("timezone", ZONE),
        Key("log_format", _LOG_FORMAT),
        Key("only_new", SWITCH, field="from_end"),
    ),
    options=FileGroup,
)
_JOURNALD = record(
    JournaldOptions,
    (
        Key("units", list_of(TEXT)),
        Key("arguments", list_of(TEXT)),
        Key("only_new", SWITCH, field="from_end"),
    ),
)
_SYSLOG = record(
    SyslogListen,
    (Key("udp", nullable(ADDRESS)), Key("tcp", nullable(ADDRESS))),
)
_CLASS = record(
    RetentionClass,
    (
        Key("name", TEXT, required=True),
        Key("services", _SERVICES, required=True),
        Key("retention", _RETENTION, required=True, field="keep_ns"),
        Key("at_any_size", SWITCH),
    ),
)


def check_hold(hold: HoldOptions, node: Node) -> None:
    """Raise where a hold ends before it begins."""
    if hold.start and hold.end and hold.end < hold.start:
        raise ConfigError("config.hold_ends_first", where=node.find("to").at)


_HOLD = record(
    HoldOptions,
    (
        Key("reason", TEXT, required=True),
        Key("services", _SERVICES),
        Key("from", DATE, field="start"),
        Key("to", DATE, field="end"),
    ),
    check=check_hold,
)


def make_redaction(*, patterns: Mapping[str, str] | None = None, **values: Any) -> RedactionOptions:
    """The options with the site's own patterns as pairs."""
    return RedactionOptions(patterns=tuple((patterns or {}).items()), **values)


_REDACT = record(
    make_redaction,
    (
        Key("kinds", list_of(one_of(BUILT_IN))),
        Key("patterns", map_of(_PATTERN, "text_map")),
    ),
    options=RedactionOptions,
)


def make_access(
    *, services: tuple[str, ...] = (), holidays: tuple[date, ...] = (), **values: Any
) -> AccessOptions:
    """The options, with what is conspicuous as rules."""
    return AccessOptions(
        services=services, rules=AccessRules(holidays=frozenset(holidays), **values)
    )


def check_access(options: AccessOptions, node: Node) -> None:
    """Raise where the working day ends before it begins."""
    if options.rules.end_hour <= options.rules.first_hour:
        raise ConfigError("config.no_working_hours", where=node.at)


_ACCESS = record(
    make_access,
    (
        Key("services", list_of(TEXT)),
        Key("first_hour", between(WHOLE, "0", "23")),
        Key("end_hour", between(WHOLE, "1", str(_LAST_HOUR))),
        Key("holidays", list_of(DATE)),
        Key("downloads_a_day", between(WHOLE, "1", "1000000000")),
        Key("download_size_a_day", between(SIZE, "1B", "1000TiB"), field="download_bytes_a_day"),
        Key("failed_logins_a_day", between(WHOLE, "1", "1000000000")),
        Key("sharing", _in_nanos(between(DURATION, "1s", "1d")), field="sharing_ns"),
    ),
    options=AccessRules,
    check=check_access,
)

LOGS = record(
    LogsOptions,
    (
        Key("folder", PATH),
        Key("files", list_of(_FILES)),
        Key("journald", switchable(_JOURNALD, JournaldOptions)),
        Key("syslog", _SYSLOG),
        Key("receive", SWITCH),
        Key("metrics", SWITCH),
        Key("retention", _RETENTION, field="retention_ns"),
        Key(
            "retention_size",
            nullable(between(SIZE, "64MiB", "1000TiB")),
            field="retention_bytes",
        ),
        Key("retention_classes", list_of_named(_CLASS)),
        Key("holds", list_of(_HOLD)),
        Key("redact", switchable(_REDACT, RedactionOptions)),
        Key("access", _ACCESS),
        Key("sources", LOG_SOURCES),
    ),
)
