"""Names and numbers of severities as programs write them -> `Level`: the only table of them."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from jipyo.logs.record import Level

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMES = {
    Level.TRACE: "trace trc trce finest finer all t v",
    Level.DEBUG: "debug dbg dbug fine config verbose vrb debug1 debug2 debug3 debug4 debug5 d .",
    Level.INFO: "info inf information informational notice note log success system statement"
    " detail hint context i n *",
    Level.WARN: "warn warning wrn w #",
    Level.ERROR: "error err severe fail failure e",
    Level.FATAL: "fatal ftl critical crit alert emerg emergency panic dpanic f c",
}
"""In lower case: of syslog, Java, Python, .NET, Go, PostgreSQL, MySQL, Redis and logcat.

OpenTelemetry's data model of logs decides where names differ (appendix B: `Verbose` of Windows
is DEBUG); `critical` is the worst that Python and .NET know, and so FATAL.
"""
LEVELS: Mapping[str, Level] = MappingProxyType(
    {name: level for level, names in _NAMES.items() for name in names.split()}
)
"""Levels by their names in lower case."""
SYSLOG_LEVELS = (
    Level.FATAL, Level.FATAL, Level.FATAL, Level.ERROR,
    Level.WARN, Level.INFO, Level.INFO, Level.DEBUG,
)  # fmt: skip
"""By the severity of a syslog message (RFC 5424, 6.2.1), which journald and GELF write, too."""
_ORDER = (Level.TRACE, Level.DEBUG, Level.INFO, Level.WARN, Level.ERROR, Level.FATAL)
_SYSLOG = {str(number): level for number, level in enumerate(SYSLOG_LEVELS)}
_TENS = {str(10 * number): level for number, level in enumerate(_ORDER, 1)}
"""As bunyan and pino write them."""
_PYTHON = {str(10 * number): level for number, level in enumerate(_ORDER[1:], 1)}
_OPENTELEMETRY = {str(number): _ORDER[(number - 1) // 4] for number in range(1, 25)}
_NUMBERS = {
    "levelno": _PYTHON,
    "severity_number": _OPENTELEMETRY,
    "severitynumber": _OPENTELEMETRY,
}
"""What numbers mean, by the last part of the field's name."""
_ANY_NUMBER = _SYSLOG | _TENS


def list_level_words(field: str = "") -> dict[str, Level]:
    """What the values of a field mean, in lower case; any other value is UNKNOWN.

    A number is syslog's severity from 0 to 7, and bunyan's and pino's level from 10 to 60, unless
    the field's name says that it is Python's or OpenTelemetry's.

    >>> list_level_words("log.syslog.severity.code")["3"].name
    'ERROR'
    >>> list_level_words("levelno")["30"].name
    'WARN'
    """
    return {**LEVELS, **_NUMBERS.get(field.rpartition(".")[2].lower(), _ANY_NUMBER)}


_WORDS = MappingProxyType(list_level_words())


def find_level(text: str) -> Level:
    """The level that a text names, letters of either case; UNKNOWN for any other text.

    >>> find_level(" Warning ").name
    'WARN'
    """
    return _WORDS.get(text.strip().lower(), Level.UNKNOWN)
