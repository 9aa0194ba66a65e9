"""The ingest process: started by `process.supervisor`, and never by a person."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from jipyo.logs.embedded.stored_templates import TemplateLearner
from jipyo.logs.formats.redact import Redactor
from jipyo.logs.ingest.parsing import FormatParsing
from jipyo.logs.ingest.process.main import run_ingest
from jipyo.logs.store.store import LogStore, Options

if TYPE_CHECKING:
    from jipyo.logs.ingest.process.ingest import IngestStore
    from jipyo.logs.ingest.process.options import IngestOptions


def open_store(options: IngestOptions) -> LogStore:
    """The store that the options name."""
    return LogStore.open(options.folder, Options(retention=options.retention))


def open_parsing(options: IngestOptions) -> FormatParsing:
    """The parser of all formats, which redacts unless it must not."""
    redactor = Redactor(options.redaction) if options.redaction else None
    return FormatParsing(ZoneInfo(options.zone), redactor)


class Learning:
    """Learns the templates of a store, again and again."""

    def __init__(self) -> None:
        self._learner: TemplateLearner | None = None

    def __call__(self, store: IngestStore) -> None:
        """Learn what is new.

        Raises:
            StoreError: the templates cannot be kept.
        """
        assert isinstance(store, LogStore)
        self._learner = self._learner or TemplateLearner(store.reader.folder)
        self._learner(store.reader.skeletons.table)


if __name__ == "__main__":
    sys.exit(run_ingest(sys.stdin.buffer, sys.stdout.buffer, open_store, open_parsing, Learning()))
