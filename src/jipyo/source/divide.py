"""Reading that consists of many equal parts, divided by what its source can do at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from jipyo.model.progress import Progress, ignore_progress
from jipyo.processes import can_divide, map_in_two
from jipyo.source.embedded import Embedded, is_read_from_afar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from jipyo.source.base import Source

_T = TypeVar("_T")
_R = TypeVar("_R")
READERS = 3
"""Parts read from a server at the same time: while one is computed here, it works on the next."""


def map_reading(
    source: Source,
    work: Callable[[_T], _R],
    parts: Sequence[_T],
    progress: Progress = ignore_progress,
) -> list[_R]:
    """Like `list(map(work, parts))`: with threads over a server, with a fork over a store.

    Over a store a second thread would wait for the interpreter's lock most of the time, and so
    would a fork where another process could not go on reading; then one part follows the other.

    Args:
        source: what is read from.
        work: reads a part; its results can be pickled.
        parts: the parts.
        progress: called with how many are read.

    Raises:
        Exception: what `work` raises.
    """
    if is_read_from_afar(source):
        with ThreadPoolExecutor(READERS, "reading") as pool:
            try:
                return _count_done(pool.map(work, parts), len(parts), progress)
            finally:
                pool.shutdown(cancel_futures=True)
    # What a fork asks is not recorded here.
    if isinstance(source, Embedded) and source.is_forkable and can_divide() and len(parts) > 1:
        return map_in_two(work, parts, progress)
    return _count_done(map(work, parts), len(parts), progress)


def _count_done(results: Iterable[_R], total: int, progress: Progress) -> list[_R]:
    def count() -> Iterator[_R]:
        for done, result in enumerate(results, 1):
            yield result
            progress(done, total)

    return list(count())
