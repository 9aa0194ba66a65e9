"""Severities as loggers write them into their documents -> `Level`."""

from __future__ import annotations

from jipyo.logs.record import Level

_WORDS = {
    Level.TRACE: "trace trc finest finer all",
    Level.DEBUG: "debug dbg fine config verbose",
    Level.INFO: "info information informational inf notice",
    Level.WARN: "warn warning wrn",
    Level.ERROR: "error err severe",
    Level.FATAL: "fatal critical crit alert emerg emergency panic ftl",
}
_BY_WORD = {word: level for level, words in _WORDS.items() for word in words.split()}
_ORDER = (Level.TRACE, Level.DEBUG, Level.INFO, Level.WARN, Level.ERROR, Level.FATAL)
_PINO = {str(10 * n): level for n, level in enumerate(_ORDER, 1)}
_PYTHON = {
    "10": Level.DEBUG,
    "20": Level.INFO,
    "30": Level.WARN,
    "40": Level.ERROR,
    "50": Level.FATAL,
}
_OPENTELEMETRY = {str(n): _ORDER[(n - 1) // 4] for n in range(1, 25)}
_SYSLOG = {
    **{str(n): Level.FATAL for n in range(3)},
    "3": Level.ERROR,
    "4": Level.WARN,
    "5": Level.INFO,
    "6": Level.INFO,
    "7": Level.DEBUG,
}
_NUMBERS = {
    "levelno": _PYTHON,
    "severity_number": _OPENTELEMETRY,
    "severitynumber": _OPENTELEMETRY,
    "code": _SYSLOG,
    "severity": _SYSLOG,
    "priority": _SYSLOG,
}
"""What numbers mean, by the last part of the field's name; in any other they are pino's."""


def list_level_words(field: str) -> dict[str, Level]:
    """What values of a field mean, in lower case; any other value is UNKNOWN.

    >>> list_level_words("log.syslog.severity.code")["3"].name
    'ERROR'
    """
    return _BY_WORD | _NUMBERS.get(field.rpartition(".")[2].lower(), _PINO)
