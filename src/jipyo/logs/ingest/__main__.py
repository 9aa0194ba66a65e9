"""The ingest process: started by `process.supervisor`, and never by a person."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from jipyo.logs.formats.redact import Redactor
from jipyo.logs.ingest.parsing import FormatParsing
from jipyo.logs.ingest.process.main import run_ingest
from jipyo.logs.store.store import LogStore, Options

if TYPE_CHECKING:
    from jipyo.logs.ingest.process.options import IngestOptions


def open_store(options: IngestOptions) -> LogStore:
    """The store that the options name."""
    return LogStore.open(options.folder, Options(retention=options.retention))


def open_parsing(options: IngestOptions) -> FormatParsing:
    """The parser of all formats, which redacts unless it must not."""
    redactor = Redactor(options.redaction) if options.redaction else None
    return FormatParsing(ZoneInfo(options.zone), redactor)


if __name__ == "__main__":
    sys.exit(run_ingest(sys.stdin.buffer, sys.stdout.buffer, open_store, open_parsing))
