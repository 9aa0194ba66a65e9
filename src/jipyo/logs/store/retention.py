"""How long which records are kept, and what may never go."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jipyo.logs.store.reader import StoredBlock
    from jipyo.logs.store.segment import BlockSummary

DAY_NS: Final = 86_400 * 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionClass:
    """Services whose records are kept for a time of their own."""

    name: str
    services: tuple[str, ...]
    """Names, or patterns with `*`; a service has the first class that names it."""
    keep_ns: int | None
    """From a record's time; None for ever."""
    at_any_size: bool = False
    """The limit of size never takes them: access records that the law wants to be kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalHold:
    """Records that nothing deletes until the hold is lifted."""

    reason: str
    services: tuple[str, ...] = ("*",)
    start_ns: int = -(1 << 63)
    end_ns: int = (1 << 63) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """What is deleted by itself; without any setting, nothing."""

    keep_ns: int | None = None
    """For services without a class."""
    max_bytes: int | None = None
    """Of all segments; the oldest blocks go first."""
    classes: tuple[RetentionClass, ...] = ()
    holds: tuple[LegalHold, ...] = ()

    def find_class(self, service: str) -> RetentionClass | None:
        """The first class that names the service."""
        return next((each for each in self.classes if _names(each.services, service)), None)

    def find_hold(self, block: BlockSummary) -> LegalHold | None:
        """A hold on records of the block's service and time."""
        for hold in self.holds:
            is_within = block.first_ns < hold.end_ns and block.last_ns >= hold.start_ns
            if is_within and _names(hold.services, block.service):
                return hold
        return None

    def is_expired(self, block: BlockSummary, now_ns: int) -> bool:
        """Whether the time of every record of the block is over, and no hold is on it."""
        found = self.find_class(block.service)
        keep_ns = self.keep_ns if found is None else found.keep_ns
        if keep_ns is None or block.last_ns >= now_ns - keep_ns:
            return False
        return self.find_hold(block) is None

    def may_give_way(self, block: BlockSummary) -> bool:
        """Whether the limit of size may take the block."""
        found = self.find_class(block.service)
        return (found is None or not found.at_any_size) and self.find_hold(block) is None


def find_expired(
    blocks: Iterable[StoredBlock], retention: Retention, now_ns: int
) -> Iterator[StoredBlock]:
    """The blocks whose time is over."""
    return (block for block in blocks if retention.is_expired(block.summary, now_ns))


def find_excess(blocks: Iterable[StoredBlock], retention: Retention) -> Iterator[StoredBlock]:
    """The oldest blocks, until the others are within the limit of size."""
    listed = list(blocks)
    excess = sum(block.summary.whole_size for block in listed) - (retention.max_bytes or 0)
    if retention.max_bytes is None:
        return
    for block in sorted(listed, key=lambda each: each.summary.last_ns):
        if excess <= 0:
            return
        if retention.may_give_way(block.summary):
            excess -= block.summary.whole_size
            yield block


def _names(patterns: Iterable[str], service: str) -> bool:
    return any(fnmatchcase(service, pattern) for pattern in patterns)
