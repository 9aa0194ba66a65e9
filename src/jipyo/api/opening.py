"""What the specification's classes work on: the configured sources, or one's own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import weakref
from typing import TYPE_CHECKING, Self, TypeAlias, TypeVar

from jipyo.app.offline import build_site_workspace, open_workspace
from jipyo.app.workspace import Workspace
from jipyo.config.sound import peek_language
from jipyo.config.sources import SOURCE
from jipyo.i18n import texts
from jipyo.model.errors import JipyoError
from jipyo.schema import wrap_value
from jipyo.source.prometheus import PrometheusOptions, PrometheusSource

if TYPE_CHECKING:
    from collections.abc import Callable

    from jipyo.source import Source

_R = TypeVar("_R")
SourceLike: TypeAlias = "Workspace | Source | PrometheusOptions | str | None"
"""What a class works on: a server by URL is text; None for the configured sources."""


class Opening:
    """A workspace that is opened when it is first used.

    It is closed by `close`, or once nothing refers to this any more; a workspace that was given
    stays open. Methods may be called from any thread.
    """

    def __init__(self, origin: SourceLike = None) -> None:
        """Of the configured sources; of a server by URL or options, a source, or a workspace."""
        self._origin = origin
        self._lock = threading.Lock()
        self._stack = contextlib.ExitStack()
        self._workspace: Workspace | None = None
        weakref.finalize(self, self._stack.close)

    def open(self) -> Workspace:
        """The workspace; the same one until `close`.

        Raises:
            ConfigError: the configuration cannot be read, or the URL is none.
            StoreError: there is no data, or it cannot be read.
        """
        with self._lock:
            if self._workspace is None:
                self._workspace = self._build()
            return self._workspace

    def close(self) -> None:
        """Release what was opened; it is opened again where it is used again."""
        with self._lock:
            self._workspace = None
            self._stack.close()

    def _build(self) -> Workspace:
        origin = self._origin
        if isinstance(origin, Workspace):
            return origin
        if origin is None:
            return self._stack.enter_context(open_workspace())
        if isinstance(origin, str):
            origin = SOURCE.read(wrap_value({"url": origin}, "PrometheusClient"))
        if isinstance(origin, PrometheusOptions):
            source = self._stack.enter_context(contextlib.closing(PrometheusSource(origin)))
            return build_site_workspace(source)
        return build_site_workspace(origin)


class Closing:
    """A `with` statement closes it at its end."""

    def close(self) -> None:
        """Release what was opened; it is opened again where it is used again."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


async def run_in_thread(work: Callable[[], _R]) -> _R:
    """Run what waits for a source beside the event loop."""
    return await asyncio.to_thread(explain, work)


def explain(work: Callable[[], _R]) -> _R:
    """Run it; an error of the product shows in its traceback what it says to people."""
    try:
        return work()
    except JipyoError as error:
        lang = peek_language(None, os.environ) or "ko"
        note = texts(lang).error(error)
        if note not in getattr(error, "__notes__", ()):
            error.add_note(note)
        raise
