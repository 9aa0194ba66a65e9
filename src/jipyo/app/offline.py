"""What is done with stored samples, by commands and scripts, beside a server or without one."""

from __future__ import annotations

import contextlib
import io
import os
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import TYPE_CHECKING, TextIO

from jipyo import api, catalogue, promql, tsdb
from jipyo.config import CliOverrides, load
from jipyo.files import atomic_write
from jipyo.model.errors import CollectError, StoreFull
from jipyo.model.reading import NO_TIME
from jipyo.reports.document import Issuer
from jipyo.source import Embedded, Source
from jipyo.wire.exposition import Format, Parser

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from jipyo.catalogue import Catalogue
    from jipyo.config import Config
    from jipyo.i18n import Lang

Progress = Callable[[int, int | None], None]


def now_ms() -> int:
    """The wall clock: milliseconds UTC."""
    return time.time_ns() // 1_000_000


@contextlib.contextmanager
def open_workspace(
    config: Path | None = None, data: Path | None = None, lang: Lang | None = None
) -> Iterator[api.Workspace]:
    """What is stored on this machine, for scripts: `jipyo.open()`.

    Raises:
        ConfigError: the configuration cannot be read.
        StoreError: there is no data, or it cannot be read.
    """
    given = CliOverrides(file=config, data=data, lang=lang)
    with workspace(load(given, os.environ, "ko")) as here:
        yield here


@contextlib.contextmanager
def workspace(config: Config) -> Iterator[api.Workspace]:
    """What is stored, for questions: works whether a server runs on the same data or not.

    Raises:
        StoreError: there is no data, or it cannot be read.
    """
    with tsdb.Reader.open(config.data) as store:
        source = Embedded(store, promql.Engine(config.settings.query))
        yield over(config, catalogue_of(config), source)


def catalogue_of(config: Config) -> Catalogue:
    """The built-in metrics with what the site changes in them.

    Raises:
        CatalogueError: a metric is described wrongly.
    """
    site = config.settings.catalogue
    return catalogue.load(site.metrics, site.files, parse=promql.parse)


def explain(config: Config, expr: str, start_ms: int, end_ms: int, step_ms: int) -> list[str]:
    """How a question would be worked out, a line a step; a step of 0 asks at `end_ms` only.

    Raises:
        QueryError: the question is wrong.
    """
    engine = promql.Engine(config.settings.query)
    return [*engine.explain(expr, start_ms, end_ms, step_ms).lines()]


def check_catalogue(file: Path) -> Catalogue:
    """What one catalogue file describes by itself.

    Raises:
        CatalogueError: with every mistake in it.
    """
    return catalogue.check_file(file, parse=promql.parse)


def over(config: Config, known: Catalogue, source: Source) -> api.Workspace:
    """A workspace over whoever answers."""
    return api.Workspace(
        source=source,
        catalogue=known,
        zone=config.zone,
        now_ms=now_ms,
        out_dir=config.data / "reports",
        lang=config.lang,
        issuer=Issuer(organisation=config.settings.organisation, version=version("jipyo")),
    )


def daily_report(config: Config, day: date | None, out: Path | None, progress: Progress) -> Path:
    """Write a day's report; the file it is in.

    Raises:
        ReportError: the day has not begun, or the file cannot be written.
        StoreError: there is no data.
    """
    with workspace(config) as here:
        return api.write_daily(here, day, out, progress)


# ------------------------------------------------------------------------ the store as a file


def store_stats(config: Config) -> tsdb.Stats:
    """What is in the store and what it takes on disk.

    Raises:
        StoreError: there is no store, or it cannot be read.
    """
    return tsdb.read_stats(config.data)


def check_store(config: Config, progress: Progress) -> tsdb.Check:
    """Compare everything in the store with its checksums.

    Raises:
        StoreError: there is no store, or it cannot be opened at all.
    """
    return tsdb.check(config.data, progress)


def back_up(config: Config, file: Path, progress: Progress) -> None:
    """Write one moment of the store to a file, while a server may write on.

    Raises:
        StoreError: there is no store, or the file exists or cannot be written.
    """
    tsdb.create_backup(config.data, file, progress)


def restore(config: Config, file: Path, progress: Progress) -> None:
    """Put a verified backup in place of the store.

    Raises:
        StoreBusy: a server or a reader holds the data.
        StoreError: the backup is damaged, or there is no room; nothing was changed.
    """
    tsdb.restore(file, config.data, progress)


def compact_store(config: Config, progress: Progress) -> None:
    """Write the store anew without gaps.

    Raises:
        StoreBusy: a server or a reader holds the data.
        StoreError: there is no store, or no room for the copy.
    """
    tsdb.compact(config.data, progress)


def delete(config: Config, selector: str, span: tuple[int, int]) -> int:
    """Delete the samples that a selector means within a span of time; how many there were.

    Raises:
        QueryError: the selector cannot be read.
        StoreError: a server writes there, or there is no store.
    """
    matchers = promql.parse_selector(selector)
    with _writing(config) as store:
        return store.delete(matchers, *span)


def import_openmetrics(config: Config, file: Path, progress: Progress) -> tsdb.ImportResult:
    """Load a file of samples with times; run again, it goes on where it was.

    Raises:
        StoreError: a server writes there, the file cannot be read, or the disk is full.
        CollectError: a line is not OpenMetrics.
    """
    parser = Parser()

    def parse(text: str) -> tsdb.TimedSamples:
        reading = parser.read(text, Format.OPENMETRICS)
        if reading.t_ms is None or (reading.t_ms == NO_TIME).any():
            raise CollectError("app.import_without_times", path=str(file))
        return tsdb.TimedSamples(reading.series, reading.t_ms, reading.values, reading.metadata)

    with tsdb.Store.open(config.data, config.settings.store, now_ms=now_ms) as store:
        return tsdb.import_openmetrics(store, file, parse, progress)


def export(
    config: Config, match: str | None, span: tuple[int, int], file: Path, progress: Progress
) -> int:
    """Write samples to a file, as Parquet where its name says so, else as OpenMetrics.

    Raises:
        QueryError: the selector cannot be read.
        StoreError: there is no store, or the file cannot be written.
    """
    matchers = promql.parse_selector(match) if match else ()
    with tsdb.Reader.open(config.data) as store:
        if file.suffix == ".parquet":
            return tsdb.export_parquet(store, matchers, span, file, progress)
        with _text(file) as out:
            return tsdb.export_openmetrics(store, matchers, span, out, progress)


@contextlib.contextmanager
def _text(file: Path) -> Iterator[TextIO]:
    """A text file that gets its name only when it is whole and on disk."""
    try:
        with atomic_write(file) as out:
            text = io.TextIOWrapper(out, "utf-8", errors="surrogateescape")
            yield text
            text.detach()  # flushes, and leaves the file to be synced
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreFull("app.cannot_write", path=str(file), reason=reason) from error


@contextlib.contextmanager
def _writing(config: Config) -> Iterator[tsdb.Store]:
    tsdb.read_stats(config.data)  # says so where there is no store; opening would make one
    with tsdb.Store.open(config.data, config.settings.store, now_ms=now_ms) as store:
        yield store
