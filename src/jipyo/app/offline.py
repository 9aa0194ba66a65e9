"""A workspace over the stored samples, beside a server or without one."""

from __future__ import annotations

import contextlib
import os
from importlib.metadata import version
from typing import TYPE_CHECKING

from jipyo import catalogue as catalogues
from jipyo import promql, tsdb
from jipyo.app.build_store import build_source
from jipyo.app.workspace import Workspace
from jipyo.config import CliOverrides, load
from jipyo.model.clock import SystemClock
from jipyo.reports.document import Issuer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jipyo.catalogue import Catalogue
    from jipyo.config import Config
    from jipyo.i18n import Lang
    from jipyo.model.clock import Clock
    from jipyo.source import Source


@contextlib.contextmanager
def open_workspace(
    config: Path | None = None, data: Path | None = None, lang: Lang | None = None
) -> Iterator[Workspace]:
    """The stored samples of this machine, for scripts: `jipyo.open()`.

    Raises:
        ConfigError: the configuration cannot be read.
        StoreError: there is no data, or it cannot be read.
    """
    overrides = CliOverrides(file=config, data=data, lang=lang)
    with read_workspace(load(overrides, os.environ, "ko")) as workspace:
        yield workspace


@contextlib.contextmanager
def read_workspace(config: Config) -> Iterator[Workspace]:
    """The stored samples, whether a server runs on the same data or not.

    Raises:
        StoreError: there is no data, or it cannot be read.
        CatalogueError: a metric is described wrongly.
    """
    with tsdb.Reader.open(config.data) as store:
        source = build_source(config, store)
        yield build_workspace(config, load_catalogue(config), source, SystemClock())


def build_workspace(
    config: Config, catalogue: Catalogue, source: Source, clock: Clock
) -> Workspace:
    """A workspace over any source."""
    return Workspace(
        source=source,
        catalogue=catalogue,
        zone=config.zone,
        now_ms=clock.now_ms,
        out_dir=config.data / "reports",
        lang=config.lang,
        issuer=Issuer(organisation=config.settings.organisation, version=version("jipyo")),
    )


def load_catalogue(config: Config) -> Catalogue:
    """The built-in metrics with the site's changes.

    Raises:
        CatalogueError: a metric is described wrongly.
    """
    site = config.settings.catalogue
    features = config.settings.query.features
    return catalogues.load(
        site.metrics,
        site.files,
        parse=lambda text: promql.parse(text, features),
        removed=site.removed,
    )
