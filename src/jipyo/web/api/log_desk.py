"""What the endpoints about logs answer from, and what requests ask for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, cast

from jipyo.logs.language import parse_query
from jipyo.logs.query import All, HasTemplate
from jipyo.logs.record import Level, escape_surrogates
from jipyo.model.errors import QueryError
from jipyo.web.http.params import invalid_parameter, quote, read_limit, read_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from zoneinfo import ZoneInfo

    from jipyo.i18n import Texts
    from jipyo.logs.base import LogSource
    from jipyo.logs.query import LogQuery
    from jipyo.model.errors import JipyoError
    from jipyo.web.http.message import WebRequest

LevelName = Literal["fatal", "error", "warn", "info", "debug", "trace", "unknown"]
LEVEL_NAMES: tuple[LevelName, ...] = (
    "fatal", "error", "warn", "info", "debug", "trace", "unknown",
)  # fmt: skip
"""The gravest first."""
NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000
_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LogDesk:
    """The parts of the server that know of logs."""

    find: Callable[[str], LogSource]
    """The source of a name; without one, that of `find_default`."""
    list_available: Callable[[], tuple[str, ...]]
    """The names of the sources that may have records."""
    find_default: Callable[[], str]
    find_template: Callable[[bytes], tuple[str, str]]
    """Id and text of the template of a message."""
    zone: ZoneInfo
    now_ms: Callable[[], int]


@dataclass(frozen=True, slots=True)
class LogInquiry:
    """A source, which gives up once nobody waits any more, and the query to put to it."""

    source: LogSource
    query: LogQuery
    text: str
    """The query as it was written."""


def find_source(request: WebRequest, desk: LogDesk) -> LogSource:
    """The source that a request names.

    Raises:
        ConfigError: there is none of that name.
        StoreError: there is no store, or it cannot be read.
    """
    return desk.find(escape_surrogates(request.first("source"))).bind(request.cancelled)


def read_request(request: WebRequest, desk: LogDesk) -> LogInquiry:
    """`q`, `level`, `pattern`, `start` and `end` of a request; by default the last hour.

    Raises:
        LogQueryError: `q` is not of the language; with the position in it.
        QueryError: another parameter is wrong.
    """
    now_ms = desk.now_ms()
    end_ms = read_time(request, "end", now_ms + 1)
    start_ms = read_time(request, "start", end_ms - _HOUR_MS)
    text = escape_surrogates(request.first("q"))
    query = parse_query(text, *clamp_range(start_ms, end_ms))
    query = replace(query, levels=query.levels & read_levels(request))
    pattern = escape_surrogates(request.first("pattern"))
    if pattern:
        query = replace(query, where=All((query.where, HasTemplate(pattern))))
    return LogInquiry(find_source(request, desk), query, text)


def clamp_range(start_ms: int, end_ms: int) -> tuple[int, int]:
    """A range in nanoseconds since 1970, as records have them.

    Raises:
        QueryError: it ends before it begins.
    """
    if end_ms <= start_ms:
        raise invalid_parameter("end", "end timestamp must not be before start time")
    most = (1 << 63) - 1
    start_ns, end_ns = (min(max(t_ms, 0) * NS_PER_MS, most) for t_ms in (start_ms, end_ms))
    return start_ns, end_ns


def read_levels(request: WebRequest) -> frozenset[Level]:
    """The levels of `level=error,warn`; all without it.

    Raises:
        QueryError: one is no level.
    """
    names = [name for name in request.first("level").split(",") if name]
    unknown = next((name for name in names if name not in LEVEL_NAMES), None)
    if unknown is not None:
        known = ", ".join(LEVEL_NAMES)
        raise invalid_parameter("level", f"{quote(unknown)} is not one of {known}")
    return frozenset(Level[name.upper()] for name in names) or frozenset(Level)


def read_most(request: WebRequest, default: int, most: int) -> int:
    """`limit`, between 1 and `most`.

    Raises:
        QueryError: it is no number.
    """
    return min(read_limit(request) or default, most)


def read_count(request: WebRequest, name: str, default: int, most: int) -> int:
    """A number of lines, up to `most`.

    Raises:
        QueryError: it is no number.
    """
    text = request.first(name)
    if not text:
        return default
    if not (text.isascii() and text.isdigit()):
        raise QueryError.bad_data(f'invalid parameter "{name}": {quote(text)} is not a number')
    return min(int(text[:9]), most)


def name_level(level: Level) -> LevelName:
    """The name that the API and the query language use."""
    return cast("LevelName", level.name.lower())


def describe_missing(missing: Iterable[JipyoError], t: Texts) -> tuple[str, ...]:
    """In words what could not be read."""
    return tuple(dict.fromkeys(t.error(error) for error in missing))
