"""Columns of severities, as lines write them -> levels."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from jipyo.logs.levels import SYSLOG_LEVELS, find_level
from jipyo.logs.record import Level

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

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
_SYSLOG = np.array(SYSLOG_LEVELS, np.uint8)
_SERVER_ERROR, _CLIENT_ERROR = 500, 400
_MAX_NAMES = 1024


class LevelTable(dict[bytes, int]):
    """Levels by their names as written; unknown names are kept too, up to a number of them."""

    def __missing__(self, name: bytes) -> int:
        """The level of a name that was not met before."""
        level = find_level(name.decode("latin-1"))
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
