"""The log sources of a configuration: the embedded store, and clusters by URL."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from jipyo.config.logs_sources import EMBEDDED
from jipyo.logs.elasticsearch import ElasticsearchSource
from jipyo.logs.embedded import EmbeddedLogs
from jipyo.logs.embedded.stored_templates import StoredTemplates
from jipyo.logs.store.reader import StoreReader
from jipyo.logs.store.skeleton import split_message
from jipyo.model.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from jipyo.config.load import Config
    from jipyo.logs.base import LogSource
    from jipyo.logs.elasticsearch import ElasticsearchOptions


def find_logs_folder(config: Config) -> Path:
    """Where the embedded store is."""
    return config.settings.logs.folder or config.data / "logs"


class LogSources:
    """Every log source by its name; each is opened when it is first asked for, by any thread.

    All of them name the templates of messages alike.
    """

    def __init__(
        self, folder: Path, clusters: Sequence[ElasticsearchOptions], *, learns: bool = False
    ) -> None:
        """Nothing is opened yet.

        Args:
            folder: of the embedded store.
            clusters: of Elasticsearch and OpenSearch.
            learns: whether templates are found of a store for which no process has done it.
        """
        self.folder = folder
        self.names = (EMBEDDED, *(cluster.name for cluster in clusters))
        """The embedded store first."""
        self._clusters = {cluster.name: cluster for cluster in clusters}
        self._learns = learns
        self._templates = StoredTemplates(folder)
        self._lock = threading.Lock()
        self._embedded: EmbeddedLogs | None = None
        self._opened: dict[tuple[str, str], ElasticsearchSource] = {}
        """By name and index."""

    def exist(self) -> bool:
        """Whether there is a log store, or a cluster is configured."""
        return bool(self._clusters) or self.folder.is_dir()

    def list_available(self) -> tuple[str, ...]:
        """The names of those that may have records: a store without a folder has none."""
        return self.names if self.folder.is_dir() else self.names[1:]

    @property
    def default(self) -> str:
        """The source that is asked where none is named: the store, or the first cluster."""
        has_store = self.folder.is_dir() or not self._clusters
        return EMBEDDED if has_store else self.names[1]

    def find(self, name: str = "", index: str = "") -> LogSource:
        """The source of a name; without one, the `default`.

        `index` is instead of that of a cluster; the embedded store has none.

        Raises:
            ConfigError: there is none of that name.
            StoreError: there is no store, or it cannot be read.
        """
        name = name or self.default
        if name == EMBEDDED:
            with self._lock:
                return self._find_embedded()
        if name not in self._clusters:
            known = ", ".join(self.names)
            raise ConfigError("config.unknown_log_source", name=name, known=known)
        with self._lock:
            return self._find_cluster(name, index or self._clusters[name].index)

    def find_template(self, message: bytes) -> tuple[str, str]:
        """Id and text of the template of a message, whichever source has it.

        Raises:
            StoreError: the file of the templates cannot be read.
        """
        return self._templates.find_templates([split_message(message)[0]])[0]

    def close(self) -> None:
        """Close what was opened."""
        if self._embedded is not None:
            self._embedded.close()
        for source in self._opened.values():
            source.close()

    def _find_cluster(self, name: str, index: str) -> ElasticsearchSource:
        if (name, index) not in self._opened:
            self._opened[name, index] = ElasticsearchSource(
                replace(self._clusters[name], index=index),
                list_templates=self._templates.list_templates,
            )
        return self._opened[name, index]

    def _find_embedded(self) -> EmbeddedLogs:
        if self._embedded is None:
            if not self.folder.is_dir():
                path = str(self.folder)
                raise StoreError("app.no_logs", hint="app.no_logs.hint", path=path)
            reader = StoreReader(self.folder)
            if self._learns:
                reader.snapshot()
                self._templates.learn_once(reader.skeletons.table)
            self._embedded = EmbeddedLogs(reader, self._templates)
        return self._embedded


@contextlib.contextmanager
def open_logs(config: Config) -> Iterator[LogSources]:
    """The log sources of a configuration, whether a server runs on the same data or not."""
    sources = LogSources(find_logs_folder(config), config.settings.logs.sources, learns=True)
    with contextlib.closing(sources):
        yield sources
