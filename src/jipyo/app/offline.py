"""A workspace over the stored samples, beside a server or without one."""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from jipyo import catalogue as catalogues
from jipyo import promql, tsdb
from jipyo.analysis.slo.options import build_objectives
from jipyo.app.build_store import Remotes, build_embedded, build_source
from jipyo.app.demonstration import is_demonstration
from jipyo.app.logs import open_logs
from jipyo.app.workspace import Workspace
from jipyo.catalogue.readings import FAILED_READINGS
from jipyo.config.load import load
from jipyo.config.overrides import CliOverrides
from jipyo.model.clock import SystemClock
from jipyo.processes import can_divide
from jipyo.reports.document import Issuer, phrase

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from jipyo.catalogue import Catalogue
    from jipyo.config.load import Config
    from jipyo.i18n import Lang
    from jipyo.model.clock import Clock
    from jipyo.source import Source

_CACHE_BYTES = 32 << 20
"""Neighbouring metrics of a report read the same chunks; more would not fit its memory."""


@contextlib.contextmanager
def open_workspace(
    config: Path | str | None = None, data: Path | str | None = None, lang: Lang | None = None
) -> Iterator[Workspace]:
    """The stored samples of this machine, for scripts: `jipyo.open()`.

    Raises:
        ConfigError: the configuration cannot be read.
        StoreError: there is no data, or it cannot be read.
    """
    overrides = CliOverrides(
        file=Path(config) if config else None, data=Path(data) if data else None, lang=lang
    )
    with read_workspace(load(overrides, os.environ, "ko")) as workspace:
        yield workspace


def build_site_workspace(source: Source) -> Workspace:
    """A workspace over another source, with this machine's configuration for all else.

    Raises:
        ConfigError: the configuration cannot be read.
        CatalogueError: a metric is described wrongly.
    """
    config = load(CliOverrides(), os.environ, "ko")
    return build_workspace(config, load_catalogue(config), source, SystemClock())


def read_zone() -> ZoneInfo:
    """The time zone of this machine's configuration.

    Raises:
        ConfigError: the configuration cannot be read.
    """
    return load(CliOverrides(), os.environ, "ko").zone


def read_catalogue() -> Catalogue:
    """The metrics by this machine's configuration.

    Raises:
        ConfigError: the configuration cannot be read.
        CatalogueError: a metric is described wrongly.
    """
    return load_catalogue(load(CliOverrides(), os.environ, "ko"))


@contextlib.contextmanager
def read_workspace(config: Config, *, is_forkable: bool = False) -> Iterator[Workspace]:
    """The stored samples, whether a server runs on the same data or not, and the sources.

    Args:
        config: where they are.
        is_forkable: whether long reading may be divided between this process and a fork of it:
            where the process has nothing else to do.

    Raises:
        StoreError: there are neither data nor sources, or the data cannot be read.
        CatalogueError: a metric is described wrongly.
    """
    clock, catalogue = SystemClock(), load_catalogue(config)
    remotes = Remotes(clock).select(config.settings.sources)
    with contextlib.ExitStack() as opened:
        local = None
        if not remotes or tsdb.has_store(config.data):
            # A fork leaves no processor for threads that decode.
            threads = 1 if is_forkable and can_divide() else 2
            reader = tsdb.Reader.open(config.data, threads=threads, cache_bytes=_CACHE_BYTES)
            embedded = build_embedded(config, opened.enter_context(reader))
            local = replace(embedded, is_forkable=is_forkable)
        workspace = build_workspace(config, catalogue, build_source(local, remotes), clock)
        logs = opened.enter_context(open_logs(config))
        yield replace(workspace, logs=logs if logs.exist() else None)


def build_workspace(
    config: Config, catalogue: Catalogue, source: Source, clock: Clock
) -> Workspace:
    """A workspace over any source.

    Raises:
        ConfigError: an objective is about a metric that gives none.
    """
    reports = config.settings.reports
    return Workspace(
        source=source,
        catalogue=catalogue,
        zone=config.zone,
        now_ms=clock.now_ms,
        out_dir=find_archive(config),
        lang=config.lang,
        objectives=build_objectives(config.settings.slo, catalogue),
        issuer=Issuer(
            organisation=config.settings.organisation,
            version=version("jipyo"),
            marking=phrase("reports.demonstration") if is_demonstration(config.data) else None,
        ),
        data=config.data,
        systems=config.settings.systems,
        maintenance=config.settings.alerts.maintenance if config.settings.alerts else (),
        template=reports.template,
        work=find_work_folder(config),
        config=config,
    )


def find_archive(config: Config) -> Path:
    """The folder of issued reports."""
    return config.settings.reports.folder or config.data / "reports"


def find_work_folder(config: Config) -> Path:
    """Where people write the work logs."""
    return config.settings.reports.work or config.data / "work"


def load_catalogue(config: Config, removed: Sequence[Mapping[str, str]] = ()) -> Catalogue:
    """The built-in metrics with the site's changes; `removed` as `catalogue.removed`.

    Raises:
        CatalogueError: a metric is described wrongly.
    """
    site = config.settings.catalogue
    features, alerts = config.settings.query.features, config.settings.alerts
    return catalogues.load(
        site.metrics,
        site.files,
        parse=lambda text: promql.parse(text, features),
        removed=(*site.removed, *removed),
        failed_readings=FAILED_READINGS if alerts is None else alerts.failed_readings,
    )
