"""Groups of like things (disks, processes, GPUs): one that cannot be read costs only itself."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from jipyo.model.errors import CollectError, JipyoError
from jipyo.model.family import counter, gauge
from jipyo.model.reading import ReadingNote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jipyo.model.family import Family

_LOG = logging.getLogger(__name__)
M = TypeVar("M")
T = TypeVar("T")
Skip = Callable[[str, Exception], None]
"""Gets the name of a member that cannot be read, and why."""

READ_ERRORS = (CollectError, OSError, ValueError, ArithmeticError, LookupError)
"""What reading and parsing something odd raises; anything else is our mistake."""
SKIPPED = "jipyo_collect_skipped_members"
"""Of a part that skips one in two readings in a row: the first such member; beside it `_total`."""
_LONGEST_NAME = 60


def ignore_skipped(member: str, error: Exception) -> None:
    """Log nothing."""


def read_members(
    members: Iterable[M], read: Callable[[M], T], skip: Skip = ignore_skipped
) -> Iterator[tuple[M, T]]:
    """Every member with its reading, without those that cannot be read.

    A member that has disappeared meanwhile is left out without a word.
    """
    for member in members:
        try:
            reading = read(member)
        except (FileNotFoundError, ProcessLookupError):
            continue
        except READ_ERRORS as error:
            skip(str(member), error)
            continue
        yield member, reading


class SkippedMembers:
    """Counts the members that were skipped by part, and logs the first of each part."""

    def __init__(self, collector: str) -> None:
        """`collector` names them in metrics and notes."""
        self._collector = collector
        self._totals: dict[str, int] = {}
        self._notes: dict[str, ReadingNote] = {}
        self._previous: dict[str, ReadingNote] = {}
        self._members: dict[str, str] = {}
        """The first skipped member of every part in the last reading."""

    def begin(self) -> None:
        """Begin a reading: notes and log are about the members that it skips."""
        self._previous, self._notes, self._members = self._notes, {}, {}

    def record(self, part: str, member: str, error: Exception) -> None:
        """Count a member of a part that could not be read."""
        self._totals[part] = self._totals.get(part, 0) + 1
        if part in self._notes:
            return
        member = " ".join(member.split())[:_LONGEST_NAME]
        self._members[part] = member
        # An error of our own is translated where it is shown.
        reason = error if isinstance(error, JipyoError) else str(error) or type(error).__name__
        values = (("part", part), ("member", member), ("reason", reason))
        self._notes[part] = ReadingNote("collect.skipped_member", values)
        if part not in self._previous:
            _LOG.warning("%s: %s: skipped %r: %s", self._collector, part, member, reason)

    def families(self) -> Iterator[Family]:
        """Totals by part, of the parts that skipped any, and the members that stay unreadable."""
        text = "Members of a group (disks, processes, GPUs) skipped because they are unreadable."
        rows = [((self._collector, part), float(n)) for part, n in self._totals.items()]
        yield counter(f"{SKIPPED}_total", text, ("collector", "part"), rows)
        text = "The first member of a part that was skipped, in two readings in a row."
        members = [
            ((self._collector, part, member), 1.0)
            for part, member in self._members.items()
            if part in self._previous
        ]
        yield gauge(SKIPPED, text, ("collector", "part", "member"), members)

    def notes(self) -> tuple[ReadingNote, ...]:
        """The first skipped member of every part in the last reading."""
        return tuple(self._notes.values())
