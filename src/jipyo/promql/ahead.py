"""Reading on in another thread while what was read is worked on."""

from __future__ import annotations

from concurrent.futures import Executor, Future, wait
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.model.sample import SeriesBlock

_WORTH = 1 << 15
"""A first block of fewer samples says that there is little to gain."""


class _End:
    """There is nothing more to read."""


_END: Final = _End()


def read_ahead(blocks: Iterator[SeriesBlock], executor: Executor | None) -> Iterator[SeriesBlock]:
    """The blocks, each read while the one before is worked on; two are in memory at once."""
    first = next(blocks, None)
    if first is None:
        return
    if executor is None or first.values.size < _WORTH:
        yield first
        yield from blocks
        return
    coming: Future[SeriesBlock | _End] = executor.submit(next, blocks, _END)
    try:
        yield first
        while not isinstance(block := coming.result(), _End):
            coming = executor.submit(next, blocks, _END)
            yield block
    finally:
        # A generator must not be closed while another thread is in it.
        wait([coming])
        with suppress(AttributeError):
            blocks.close()  # type: ignore[attr-defined]
