"""Lines of a file or of standard input into the log store of a configuration."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from jipyo.app.logs import find_logs_folder
from jipyo.config.common import ZONE
from jipyo.logs.formats.redact import Redactor
from jipyo.logs.ingest.importing import Import, ImportCounts, import_file, import_stdin
from jipyo.logs.ingest.lines import LineOrigin
from jipyo.logs.ingest.parsing import FormatParsing
from jipyo.logs.ingest.sources.file_names import FileGroup, describe_path
from jipyo.logs.store.store import LogStore
from jipyo.model.errors import ConfigError, StoreBusy
from jipyo.schema import wrap_value

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.config.load import Config
    from jipyo.model.clock import Clock
    from jipyo.model.progress import Progress

_NS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class LogImport:
    """Whose lines are imported."""

    path: Path | None
    """Absolute; None for standard input."""
    service: str = ""
    """Of lines that name none; found by the path where it is empty."""
    zone: str = ""
    """Of times that lines write without one; empty for that of the configuration."""

    def find_origin(self) -> LineOrigin:
        """What the lines themselves do not say.

        Raises:
            ConfigError: the zone is none, or standard input has no service.
        """
        if self.zone:
            ZONE.read(wrap_value(self.zone, "--timezone"))
        if self.path is not None:
            group = FileGroup(patterns=(), service=self.service, zone=self.zone)
            return describe_path(self.path, group)
        if not self.service:
            raise ConfigError("app.import_logs_service")
        return LineOrigin(self.service, zone=self.zone)


def import_logs(config: Config, what: LogImport, clock: Clock, progress: Progress) -> ImportCounts:
    """Store the lines of a file or of standard input.

    Raises:
        ConfigError: see `LogImport.find_origin`.
        CollectError: the file cannot be read.
        StoreBusy: `jipyo up` writes the store.
        StoreError: the store takes nothing.
    """
    origin, redact = what.find_origin(), config.settings.logs.redact
    parsing = FormatParsing(config.zone, Redactor(redact) if redact else None)
    try:
        store = LogStore.open(find_logs_folder(config))
    except StoreBusy as error:
        raise error.as_kind(StoreBusy, "app.import_logs_busy.hint") from error
    with store:
        job = Import(store, parsing, origin, lambda: clock.now_ms() * _NS_PER_MS, progress)
        counts = import_stdin(job) if what.path is None else import_file(job, what.path)
        while store.merge_once():
            pass
    return counts


def find_retention_ns(config: Config, service: str) -> int | None:
    """How long records of a service are kept; None for ever."""
    logs = config.settings.logs
    for each in logs.retention_classes:
        if any(fnmatchcase(service, name) for name in each.services):
            return each.keep_ns
    return logs.retention_ns
