"""Maintenance of the store's file, from the command line.

`check`, `read_stats` and `compact` are the store's own and work on a data folder, `salvage` on a
file; `create_backup` and `restore` take what is known of alerts and incidents along. The others
also need the configuration.
"""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING, TextIO

from jipyo import promql, tsdb
from jipyo.alerts.backup import back_up_alerts, find_backup, restore_alerts
from jipyo.app.build_store import open_store
from jipyo.files import atomic_write
from jipyo.model.clock import SystemClock
from jipyo.model.errors import CollectError, StoreError, StoreFull
from jipyo.model.reading import NO_TIME
from jipyo.tsdb import Salvaged, check, compact, read_stats, salvage
from jipyo.wire.exposition import Format, Parser

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from jipyo.config.load import Config
    from jipyo.model.progress import Progress
    from jipyo.model.sample import SeriesBlock

__all__ = [
    "Salvaged",
    "check",
    "compact",
    "create_backup",
    "delete_samples",
    "export_samples",
    "import_openmetrics",
    "load_blocks",
    "read_stats",
    "restore",
    "salvage",
    "trim_samples",
]

_END_OF_TIME_MS = 1 << 61


def create_backup(folder: Path, target: Path, progress: Progress) -> list[Path]:
    """Write the store of a data folder to a file, and `alerts.db` to one beside it; the files.

    Both may be written to meanwhile.

    Raises:
        StoreFull: a target cannot be written.
        StoreError: a target exists; there is no store, or it cannot be read.
    """
    alerts = find_backup(target)
    for one in (target, alerts):
        if one.exists():
            raise StoreError("tsdb.target_exists", path=str(one))
    tsdb.create_backup(folder, target, progress)
    return [target, alerts] if back_up_alerts(folder, alerts) else [target]


def restore(source: Path, folder: Path, progress: Progress) -> Path | None:
    """Replace the store of a data folder with a backup, and `alerts.db` if that is beside it.

    The `alerts.db` that was there is set aside; its path, None where there was none.

    Raises:
        StoreError: as `tsdb.restore` and `restore_alerts`.
    """
    tsdb.restore(source, folder, progress)
    alerts = find_backup(source)
    return restore_alerts(alerts, folder) if alerts.is_file() else None


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


def load_blocks(folder: Path, blocks: Iterable[SeriesBlock], end_ms: int) -> int:
    """Write blocks of a demonstration or an import into the store of a folder; the samples stored.

    Args:
        folder: of the data; made where there is none.
        blocks: in any order.
        end_ms: what is later is left out.

    Raises:
        StoreBusy: another process writes there.
        StoreFull: the disk is full; the blocks before are kept.
    """
    options = tsdb.Options(durable=False, retention_ms=None, future_ms=0)
    with contextlib.closing(tsdb.Store.open(folder, options, now_ms=lambda: end_ms)) as store:
        return store.load(blocks).samples


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
