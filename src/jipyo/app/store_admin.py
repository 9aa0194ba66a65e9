"""Maintenance of the store's file, from the command line.

`check`, `read_stats`, `create_backup`, `restore` and `compact` are the store's own and work on
a data folder, `salvage` on a file. The others also need the configuration.
"""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING, TextIO

from jipyo import promql, tsdb
from jipyo.app.build_store import open_store
from jipyo.files import atomic_write
from jipyo.model.clock import SystemClock
from jipyo.model.errors import CollectError, StoreFull
from jipyo.model.reading import NO_TIME
from jipyo.tsdb import Salvaged, check, compact, create_backup, read_stats, restore, salvage
from jipyo.wire.exposition import Format, Parser

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jipyo.config.load import Config
    from jipyo.model.progress import Progress

__all__ = [
    "Salvaged",
    "check",
    "compact",
    "create_backup",
    "delete_samples",
    "export_samples",
    "import_openmetrics",
    "read_stats",
    "restore",
    "salvage",
    "trim_samples",
]

_END_OF_TIME_MS = 1 << 61


def delete_samples(config: Config, selector: str, span: tuple[int, int]) -> int:
    """Delete the samples that match a selector within a span of time; how many there were.

    Raises:
        QueryError: the selector cannot be parsed.
        StoreError: a server writes there, or there is no store.
    """
    matchers = promql.parse_selector(selector)
    read_stats(config.data)  # raises where there is no store; opening for writing would make one
    with open_store(config, SystemClock()) as store:
        return store.delete(matchers, *span)


def trim_samples(config: Config, after_ms: int) -> int:
    """Delete every sample after a moment, as a clock that was ahead left them; how many.

    Raises:
        StoreError: a server writes there, or there is no store.
    """
    read_stats(config.data)
    with open_store(config, SystemClock()) as store:
        return store.delete((), after_ms + 1, _END_OF_TIME_MS)


def import_openmetrics(config: Config, file: Path, progress: Progress) -> tsdb.ImportResult:
    """Load a file of samples with times; run again, it continues where it was interrupted.

    Raises:
        StoreError: a server writes there, the file cannot be read, or the disk is full.
        CollectError: a line is not OpenMetrics.
    """
    parser = Parser()

    def parse(text: str) -> tsdb.TimedSamples:
        reading = parser.parse(text, Format.OPENMETRICS)
        if reading.t_ms is None or (reading.t_ms == NO_TIME).any():
            raise CollectError("app.import_without_times", path=str(file))
        return tsdb.TimedSamples(reading.series, reading.t_ms, reading.values, reading.metadata)

    with open_store(config, SystemClock()) as store:
        return tsdb.import_openmetrics(store, file, parse, progress)


def export_samples(
    config: Config, match: str | None, span: tuple[int, int], file: Path, progress: Progress
) -> int:
    """Write samples to a file: as Parquet where its name ends so, else as OpenMetrics.

    Raises:
        QueryError: the selector cannot be parsed.
        StoreError: there is no store, or the file cannot be written.
    """
    matchers = promql.parse_selector(match) if match else ()
    with tsdb.Reader.open(config.data) as store:
        if file.suffix == ".parquet":
            return tsdb.export_parquet(store, matchers, span, file, progress)
        with _write_text(file) as out:
            return tsdb.export_openmetrics(store, matchers, span, out, progress)


@contextlib.contextmanager
def _write_text(file: Path) -> Iterator[TextIO]:
    """A text file that gets its name only when it is complete and on disk."""
    try:
        with atomic_write(file) as out:
            text = io.TextIOWrapper(out, "utf-8", errors="surrogateescape")
            yield text
            text.detach()  # flushes, and leaves the file to be synced
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreFull("app.cannot_write", path=str(file), reason=reason) from error
