"""One query over a snapshot: which blocks it needs, and the rows of each."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

import numpy as np

from jipyo.logs.query import All, AnyOf, Condition, HasTemplate, Not
from jipyo.logs.record import Level
from jipyo.logs.store.search import Search
from jipyo.logs.store.select import count, select_rows
from jipyo.logs.store.skeleton import NO_SKELETON, split_message
from jipyo.model.errors import JipyoError, LogQueryError, StoreCorrupt, StoreError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from jipyo.logs.query import LogQuery
    from jipyo.logs.store.block import BlockReader
    from jipyo.logs.store.paths import SegmentName
    from jipyo.logs.store.reader import StoredBlock, StoreReader, StoreSnapshot
    from jipyo.logs.store.segment import BlockSummary, LogSegment
    from jipyo.logs.store.segment_counts import SegmentCounts
    from jipyo.logs.store.skeleton import SkeletonTable

_T = TypeVar("_T")
_THREADS: Final = 2
_LEAST_PARALLEL: Final = 8
"""With fewer blocks threads cost more than they save."""
_EVERY_LEVEL: Final = frozenset(Level)


class TemplateMap(Protocol):
    """Which template a skeleton belongs to; what it answers may change as it learns."""

    def find_templates(self, skeletons: Sequence[bytes]) -> Sequence[tuple[str, str]]:
        """Id and text of the template of each skeleton."""
        ...


@dataclass(frozen=True, slots=True)
class Context:
    """What all queries of a source share."""

    reader: StoreReader
    templates: TemplateMap
    pool: ThreadPoolExecutor
    cancelled: threading.Event | None = None

    def find_templates(self, ids: NDArray[np.int64]) -> Sequence[tuple[str, str]]:
        """Id and text of the templates of skeletons in the table."""
        table = self.reader.skeletons.table
        return self.templates.find_templates([table.text(n) for n in ids.tolist()])

    def check(self) -> None:
        """Whether to go on.

        Raises:
            LogQueryError: the query was cancelled.
        """
        if self.cancelled is not None and self.cancelled.is_set():
            raise LogQueryError("logs_query.cancelled")


class OpenBlock:
    """A block as one query sees it."""

    def __init__(
        self, block: StoredBlock, query: LogQuery, search: Search | None, context: Context
    ) -> None:
        """Nothing is read yet; `search` is of the query's condition, unless it names templates."""
        self.block = block
        self.summary = block.summary
        self.query = query
        self._search = search
        self._context = context

    @cached_property
    def reader(self) -> BlockReader:
        """Of its columns."""
        return self._context.reader.open_block(self.block)

    @cached_property
    def times(self) -> NDArray[np.int64]:
        """Of all its records."""
        return self.reader.times()

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """The number of each record."""
        return self.block.segment.read_order(self.summary)

    @property
    def part(self) -> tuple[SegmentName, str]:
        """Its segment and service."""
        return self.block.segment.name, self.summary.service

    @property
    def is_within(self) -> bool:
        """Whether all its times are in the range."""
        query, summary = self.query, self.summary
        return query.start_ns <= summary.first_ns and summary.last_ns < query.end_ns

    @property
    def is_every_level(self) -> bool:
        """Whether all its levels are asked for."""
        levels = enumerate(self.summary.levels)
        return all(not n or level in self.query.levels for level, n in levels)

    @property
    def is_whole(self) -> bool:
        """Whether every one of its records is in the answer."""
        return self.is_within and self.is_every_level and self.query.where == All()

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        """The rows for which the query holds."""
        start, end = 0, self.summary.n
        if not self.is_within:
            edges = np.searchsorted(self.times, [self.query.start_ns, self.query.end_ns])
            start, end = edges.tolist()
        rows = np.arange(start, end)
        if not self.is_every_level:
            wanted = np.array([level in self.query.levels for level in Level])
            rows = rows[wanted[self.reader.levels()[rows]]]
        if len(rows) and self.query.where != All():
            found = self._select(self.query.where)
            rows = rows[found if isinstance(found, bool) else found[rows]]
        return rows.reshape(-1)

    @property
    def some_rows(self) -> NDArray[np.int64] | None:
        """The rows for which the query holds; None where it holds for all."""
        return None if self.is_whole or len(self.rows) == self.summary.n else self.rows

    def count(self) -> int:
        """How many there are."""
        if self.is_whole:
            return self.summary.n
        if self.is_within and self.is_every_level and self._search is not None:
            return count(self.reader, self._search)
        if self.is_within and self.query.where == All():
            return sum(self.summary.levels[level] for level in self.query.levels)
        return len(self.rows)

    def _select(self, condition: Condition) -> NDArray[np.bool_] | bool:
        """Of every row whether a condition holds, whatever its time and level."""
        if not names_template(condition):
            search = self._search if condition == self.query.where else None
            return select_rows(self.reader, search or condition)
        found: NDArray[np.bool_]
        match condition:
            case HasTemplate(template):
                templates, codes = self.group_templates(np.arange(self.summary.n))
                found = np.array([name == template for name, _ in templates], bool)[codes]
            case All(conditions):
                found = np.logical_and.reduce([self._mask(each) for each in conditions])
            case AnyOf(conditions):
                found = np.logical_or.reduce([self._mask(each) for each in conditions])
            case Not(inner):
                found = ~self._mask(inner)
            case _:
                raise AssertionError("BUG: a condition without a template")
        return found

    def group_templates(
        self, rows: NDArray[np.int64]
    ) -> tuple[Sequence[tuple[str, str]], NDArray[np.int64]]:
        """Id and text of some templates, and of each row which of them."""
        ids = self.reader.skeleton_ids(rows)
        known, codes = np.unique(ids, return_inverse=True)
        table = self._context.reader.skeletons.table
        texts = [b"" if n == NO_SKELETON else table.text(n) for n in known.tolist()]
        without = np.flatnonzero(ids == NO_SKELETON)
        if len(without) and self.reader.has_messages:
            codes = codes.copy()
            codes[without] = len(texts) + np.arange(len(without))
            texts += [split_message(text)[0] for text in self.reader.messages(rows[without])]
        return self._context.templates.find_templates(texts), codes

    def find_templates(self, ids: NDArray[np.int64]) -> Sequence[tuple[str, str]]:
        """Id and text of the templates of skeletons in the table."""
        return self._context.find_templates(ids)

    def _mask(self, condition: Condition) -> NDArray[np.bool_]:
        found = self._select(condition)
        return np.full(self.summary.n, found) if isinstance(found, bool) else found


class Scan:
    """The blocks of one query, and what of them could not be read."""

    def __init__(
        self, context: Context, query: LogQuery, snapshot: StoreSnapshot | None = None
    ) -> None:
        """Take a snapshot of the store, unless there is one.

        Raises:
            LogQueryError: the query was cancelled.
            StoreError: the folder cannot be read.
        """
        context.check()
        self.query = query
        self._context = context
        self._snapshot = snapshot or context.reader.snapshot()
        self.missing: list[JipyoError] = list(self._snapshot.missing)
        self.search = None if names_template(query.where) else Search(query.where)

    @cached_property
    def blocks(self) -> list[OpenBlock]:
        """Those that may have records of the query, in order of the flushes."""
        query = self.query
        found = self._snapshot.find_blocks(query.start_ns, query.end_ns)
        return [
            OpenBlock(block, query, self.search, self._context)
            for block in found
            if _may_have(block, query) and self._may_match(block)
        ]

    def find_templates(self, ids: NDArray[np.int64]) -> Sequence[tuple[str, str]]:
        """Id and text of the templates of skeletons in the table."""
        return self._context.find_templates(ids)

    @property
    def skeletons(self) -> SkeletonTable:
        """The texts of skeletons."""
        return self._context.reader.skeletons.table

    def split(self, unit_ns: int) -> tuple[Scan | None, list[Scan]]:
        """Apart what is of whole units of time, and what is left at the edges."""
        start_ns, end_ns = self.query.start_ns, self.query.end_ns
        first, last = -(-start_ns // unit_ns) * unit_ns, end_ns // unit_ns * unit_ns
        if first >= last:
            return None, [self]
        edges = [(start_ns, first), (last, end_ns)]
        return self._narrow(first, last), [
            self._narrow(*edge) for edge in edges if edge[0] < edge[1]
        ]

    def read_counts(
        self, read: Callable[[SegmentCounts, str], _T | None]
    ) -> tuple[list[tuple[LogSegment, str, _T]], list[OpenBlock]]:
        """What is read of the counts of segments, by service, and the blocks that are left.

        These are of services of which `read` gives None, or of which a segment has no counts.
        """
        found, left = [], set()
        for segment in self._snapshot.find_segments(self.query.start_ns, self.query.end_ns):
            self._context.check()
            for service in segment.ranges:
                if self.query.services and service not in self.query.services:
                    continue
                value = _read_counts(segment, service, read)
                if value is None:
                    left.add((segment.name, service))
                else:
                    found.append((segment, service, value))
        return found, [block for block in self.blocks if block.part in left] if left else []

    def _narrow(self, start_ns: int, end_ns: int) -> Scan:
        query = replace(self.query, start_ns=start_ns, end_ns=end_ns)
        part = Scan(self._context, query, self._snapshot)
        part.missing, part.search = self.missing, self.search
        return part

    def _may_match(self, block: StoredBlock) -> bool:
        try:
            return self.search is None or self.search.may_match(block.summary.bloom, block.read)
        except StoreError as error:
            self.missing.append(describe_loss(block.summary, error))
            return False

    def read(self, block: OpenBlock, compute: Callable[[OpenBlock], _T]) -> _T | None:
        """What is computed of a block; None where it is damaged, which is noted.

        Raises:
            LogQueryError: the query was cancelled.
        """
        self._context.check()
        try:
            return compute(block)
        except StoreError as error:
            self.missing.append(describe_loss(block.summary, error))
            return None

    def map(
        self, compute: Callable[[OpenBlock], _T | None], blocks: Iterable[OpenBlock] | None = None
    ) -> Iterator[_T]:
        """What is computed of each block, in their order, if anything; by threads for texts.

        Raises:
            LogQueryError: the query was cancelled.
        """
        chosen = list(self.blocks if blocks is None else blocks)
        results: Iterable[_T | None]
        if self.query.where == All() or len(chosen) < _LEAST_PARALLEL:
            results = (self.read(block, compute) for block in chosen)
        else:
            results = self._context.pool.map(lambda block: self.read(block, compute), chosen)
        return (result for result in results if result is not None)


def names_template(condition: Condition) -> bool:
    """Whether a condition is on the template."""
    match condition:
        case HasTemplate():
            return True
        case All(conditions) | AnyOf(conditions):
            return any(map(names_template, conditions))
        case Not(inner):
            return names_template(inner)
    return False


def _read_counts(
    segment: LogSegment, service: str, read: Callable[[SegmentCounts, str], _T | None]
) -> _T | None:
    if segment.counts is None:
        return None
    try:
        return read(segment.counts, service)
    except StoreCorrupt:
        return None  # the blocks have the same, and say what is lost if they are damaged too


def describe_loss(summary: BlockSummary, error: StoreError) -> StoreCorrupt:
    """Which records cannot be read."""
    return StoreCorrupt(
        "logs_store.lost_block",
        hint="logs_store.corrupt.hint",
        n=summary.n,
        service=summary.service,
        start=format_time(summary.first_ns),
        end=format_time(summary.last_ns),
        reason=str(error),
    )


def format_time(t_ns: int) -> str:
    """UTC, to the second."""
    seconds = max(min(t_ns // 10**9, _LAST_S), -_LAST_S)
    return f"{np.datetime64(seconds, 's')}Z"


_LAST_S: Final = 9_000_000_000


def _may_have(block: StoredBlock, query: LogQuery) -> bool:
    summary = block.summary
    if query.services and summary.service not in query.services:
        return False
    return query.levels == _EVERY_LEVEL or any(summary.levels[level] for level in query.levels)


def make_pool() -> ThreadPoolExecutor:
    """Threads that read blocks: numpy and Zstandard leave the interpreter to others."""
    return ThreadPoolExecutor(_THREADS, thread_name_prefix="logs")
