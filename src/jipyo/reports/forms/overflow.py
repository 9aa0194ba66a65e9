"""What of a filled form does not fit where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.reports.document import phrase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jipyo.reports.document import Phrase

TIGHT = 0.95
"""From this share of its room on, an estimated text is reported: one line in a hundred comes
out longer than it was estimated."""
_SHOWN = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Overflow:
    """A text that is too long for its cell or box."""

    part: str
    """The file in the archive, or the sheet."""
    table: int
    """The number of the table in that part, from 1 on; 0 for a text box or a sheet."""
    row: int
    column: int
    text: str
    lines: int
    needed_mm: float
    room_mm: float

    def describe(self) -> Phrase:
        """The sentence about it."""
        kind = "cell" if self.table else "box" if not self.row else "sheet"
        shown = self.text if len(self.text) <= _SHOWN else f"{self.text[:_SHOWN]}…"
        return phrase(
            f"forms.overflow.{kind}",
            part=self.part,
            table=self.table,
            row=self.row,
            column=self.column,
            text=shown.replace("\n", " "),
            lines=self.lines,
            needed=f"{self.needed_mm:.1f}",
            room=f"{self.room_mm:.1f}",
        )


@dataclass(frozen=True, slots=True)
class FilledParts:
    """The parts of an archive that filling changes, and what does not fit."""

    changed: Mapping[str, bytes]
    overflows: tuple[Overflow, ...]
