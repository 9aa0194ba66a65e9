"""Names and numbers of severities -> `Level`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from jipyo.logs.record import Level

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_NAMES = {
    Level.TRACE: "trace finest finer verbose 10 t v",
    Level.DEBUG: "debug fine dbg config debug1 debug2 debug3 debug4 debug5 20 d",
    Level.INFO: "info information informational notice log success statement 30 i n",
    Level.WARN: "warn warning wrn 40 w",
    Level.ERROR: "error err severe fail failure 50 e",
    Level.FATAL: "fatal critical crit alert emerg emergency panic dpanic 60 f c",
}
"""Levels by their names in lower case; numbers as bunyan and pino write them."""
_BY_NAME = {name.encode(): level for level, names in _NAMES.items() for name in names.split()}
LEVEL_WORDS = (
    rb"(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|SEVERE|FATAL|CRITICAL|LOG"
    rb"|trace|debug|info|notice|warn(?:ing)?|error|severe|fatal|critical|crit|alert|emerg"
    rb"|Note|Warning|Error|System)"
)
"""A pattern of the names that the heads of text lines have."""
_GUESS = re.compile(
    rb"\b(?:(FATAL|CRITICAL|EMERG|PANIC|panic:|fatal:)"
    rb"|(ERROR|SEVERE|ERR\b|[Ee]rror:|error\]|Traceback \()"
    rb"|(WARN|[Ww]arning:|warn\])|(INFO|NOTICE)|(DEBUG)|(TRACE))|((?:Exception|Error): )"
)
_GUESSED = (Level.UNKNOWN, Level.FATAL, Level.ERROR, Level.WARN, Level.INFO, Level.DEBUG,
            Level.TRACE, Level.ERROR)  # fmt: skip
_GUESS_BYTES = 160
_SYSLOG = np.array(
    [Level.FATAL] * 3 + [Level.ERROR, Level.WARN, Level.INFO, Level.INFO, Level.DEBUG], np.uint8
)
_SERVER_ERROR, _CLIENT_ERROR = 500, 400
_MAX_NAMES = 1024


class LevelTable(dict[bytes, int]):
    """Levels by their names as written; unknown names are kept too, up to a number of them."""

    def __missing__(self, name: bytes) -> int:
        """The level of a name that was not met before."""
        level = _BY_NAME.get(name.strip().lower(), Level.UNKNOWN)
        if len(self) < _MAX_NAMES:
            self[name] = level
        return level


def read_levels(names: Sequence[bytes], table: LevelTable) -> NDArray[np.uint8]:
    """The levels that the names mean; unknown where they mean none."""
    return np.fromiter(map(table.__getitem__, names), np.uint8, len(names))


def read_syslog_levels(priorities: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The severities of syslog priorities (RFC 5424, 6.2.1)."""
    levels: NDArray[np.uint8] = _SYSLOG[priorities & 7]
    return levels


def read_status_levels(statuses: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Error from status 500 on, warning from 400 on."""
    levels = np.full(len(statuses), Level.INFO, np.uint8)
    levels[statuses >= _CLIENT_ERROR] = Level.WARN
    levels[statuses >= _SERVER_ERROR] = Level.ERROR
    return levels


def guess_level(message: bytes) -> int:
    """The first level that the beginning of a message names in the usual way of writing."""
    found = _GUESS.search(message, 0, _GUESS_BYTES)
    return _GUESSED[found.lastindex or 0] if found else Level.UNKNOWN
