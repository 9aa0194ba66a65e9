"""What rule files contain, as they are written."""

from __future__ import annotations

from dataclasses import dataclass

Pairs = tuple[tuple[str, str], ...]
"""Names and their texts, in the order of the names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRule:
    """A recording or an alerting rule; the texts of an alert may be templates."""

    record: str = ""
    """The name of the series that is recorded; empty for an alert."""
    alert: str = ""
    expr: str
    for_ms: int = 0
    keep_firing_for_ms: int = 0
    labels: Pairs = ()
    """Its own and those of its group."""
    annotations: Pairs = ()
    where: str = ""
    """File and line."""

    @property
    def name(self) -> str:
        """The name of the series or of the alert."""
        return self.record or self.alert


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleGroup:
    """Rules that are evaluated one after the other, at the same moments."""

    file: str
    name: str
    interval_ms: int | None = None
    """None: as the site has it."""
    query_offset_ms: int = 0
    limit: int = 0
    """How many series or alerts a rule may give; 0 for any number."""
    rules: tuple[FileRule, ...] = ()
