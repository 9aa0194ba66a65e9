"""`/api/jipyo/logs`: records one by one, and one of them with those around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.logs.language import SHORT_NAMES, write_condition
from jipyo.logs.query import Equals
from jipyo.logs.record import encode_text, escape_surrogates, format_iso
from jipyo.logs.services import find_services, find_unknown_fields
from jipyo.model.errors import LogQueryError
from jipyo.web.api.log_desk import (
    NS_PER_S,
    LevelName,
    describe_missing,
    find_source,
    name_level,
    read_count,
    read_most,
    read_request,
)
from jipyo.web.api.operation import Operation, json_route

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from zoneinfo import ZoneInfo

    from jipyo.i18n import Lang, Texts
    from jipyo.logs.record import LogRecord
    from jipyo.web.api.log_desk import LogDesk, LogInquiry
    from jipyo.web.http.endpoint import Route
    from jipyo.web.http.message import WebRequest

MOST = 1000
"""Lines of one answer."""
_DEFAULT_MOST = 100
_LONGEST = 2000
"""Characters of a line in a list; a program may write a megabyte in one."""
_LONGEST_WHOLE = 1_000_000
_AROUND = 20
_MOST_AROUND = 200


@dataclass(frozen=True, slots=True)
class LogSourceList:
    """Where logs can be read."""

    sources: tuple[str, ...]
    """The names of those that may have records; empty where no logs are collected."""
    default: str
    """The one that answers where none is named."""
    hint: str
    """How logs are collected; empty where some are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """A log record; what the configuration redacts was never stored."""

    id: str
    t: float
    time: str
    """The same with all digits, in the server's zone."""
    level: LevelName
    service: str
    message: str
    """Its first 2,000 characters in a list."""
    length: int
    """Characters of the whole message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLines:
    """Lines, the newest first."""

    lines: tuple[LogLine, ...]
    next: str | None
    """For `after`: the lines that follow; null where there are no more."""
    missing: tuple[str, ...]
    """What could not be read, so that there may be more lines."""
    notes: tuple[str, ...]
    """Where there is no line: names in the query that no record has."""


@dataclass(frozen=True, slots=True)
class LogField:
    """A field of a record."""

    name: str
    value: str
    query: str
    """What finds the records with the same value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogContext:
    """A record with everything that is known of it, and the lines of its service beside it."""

    line: LogLine
    fields: tuple[LogField, ...]
    pattern: str
    """The id of its template."""
    pattern_text: str
    """With `<*>` for what varies."""
    before: tuple[LogLine, ...]
    """The oldest first."""
    after: tuple[LogLine, ...]
    missing: tuple[str, ...]


SEARCH = ("q", "level", "pattern", "start", "end", "source")
"""What all requests for records have in common."""
OPERATIONS = (
    Operation("/logs", LogLines, "Log lines.", (*SEARCH, "after", "limit", "lang")),
    Operation("/logs/sources", LogSourceList, "Where logs can be read."),
    Operation(
        "/logs/context",
        LogContext,
        "A log line with its fields and the lines around it.",
        ("line", "source", "before", "following", "lang"),
    ),
)


def routes(desk: LogDesk, lang: Lang) -> list[Route]:
    """The routes; every answer is read from the sources anew."""

    def list_lines(request: WebRequest, t: Texts) -> LogLines:
        search = read_request(request, desk)
        after = escape_surrogates(request.first("after")) or None
        limit = read_most(request, _DEFAULT_MOST, MOST)
        page = search.source.search(search.query, limit, after)
        is_empty = after is None and not page.records
        return LogLines(
            lines=tuple(build_line(one, desk.zone) for one in page.records),
            next=page.next,
            missing=describe_missing(page.missing, t),
            notes=tuple(explain_nothing(search, t)) if is_empty else (),
        )

    def list_sources(_request: WebRequest, t: Texts) -> LogSourceList:
        names = desk.list_available()
        hint = "" if names else t("app.no_logs.hint")
        return LogSourceList(names, desk.find_default() if names else "", hint)

    def show_context(request: WebRequest, t: Texts) -> LogContext:
        record_id = escape_surrogates(request.first("line"))
        before = read_count(request, "before", _AROUND, _MOST_AROUND)
        following = read_count(request, "following", _AROUND, _MOST_AROUND)
        page = find_source(request, desk).around(record_id, before, following)
        place = [one.id for one in page.records].index(record_id)
        record = page.records[place]
        pattern, pattern_text = desk.find_template(encode_text(record.message))
        return LogContext(
            line=build_line(record, desk.zone, _LONGEST_WHOLE),
            fields=tuple(_list_fields(record)),
            pattern=pattern,
            pattern_text=escape_surrogates(pattern_text),
            before=_build_lines(page.records[:place], desk.zone),
            after=_build_lines(page.records[place + 1 :], desk.zone),
            missing=describe_missing(page.missing, t),
        )

    build = (list_lines, list_sources, show_context)
    return [json_route(*pair, lang) for pair in zip(OPERATIONS, build, strict=True)]


def build_line(record: LogRecord, zone: ZoneInfo, longest: int = _LONGEST) -> LogLine:
    """A record as a list shows it; what is no Unicode in it is escaped."""
    message = escape_surrogates(record.message)
    return LogLine(
        id=record.id,
        t=record.t_ns / NS_PER_S,
        time=format_iso(record.t_ns, zone),
        level=name_level(record.level),
        service=escape_surrogates(record.service),
        message=message[:longest],
        length=len(message),
    )


def _build_lines(records: Iterable[LogRecord], zone: ZoneInfo) -> tuple[LogLine, ...]:
    return tuple(build_line(one, zone) for one in records)


def _list_fields(record: LogRecord) -> Iterator[LogField]:
    for name, value in sorted(record.fields.items()):
        text = escape_surrogates(str(value))
        query = escape_surrogates(write_condition(Equals(name, text)))
        yield LogField(escape_surrogates(name), text[:_LONGEST_WHOLE], query)


def explain_nothing(search: LogInquiry, t: Texts) -> Iterator[str]:
    """Names of the query that no record has: why nothing may have been found.

    Raises:
        LogSourceError: the source failed.
    """
    try:
        find_services(search.source, search.query.services)
    except LogQueryError as error:
        yield t.error(error)
    where = search.query.where
    for name, similar in find_unknown_fields(search.source, where, SHORT_NAMES):
        key = "logs_query.no_field.similar" if similar else "logs_query.no_field"
        yield t(key, name=escape_surrogates(name), similar=", ".join(similar))
