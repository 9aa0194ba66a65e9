"""The parts of a server: started one after the other, stopped in reverse."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from jipyo.model.family import Family


class ServerPart(Protocol):
    """Something that runs from the start of the server to its end."""

    def start(self) -> None:
        """Begin to work; returns at once."""
        ...

    def stop(self) -> None:
        """End the work and wait for it; may raise what ended it before."""
        ...

    def families(self) -> Iterable[Family]:
        """The part's own metrics; called at every scrape of ourselves."""
        ...


@contextlib.contextmanager
def running(parts: Sequence[ServerPart]) -> Iterator[None]:
    """All parts run within the block; where one does not start, those before it are stopped."""
    with contextlib.ExitStack() as started:
        for part in parts:
            part.start()
            started.callback(part.stop)
        yield
