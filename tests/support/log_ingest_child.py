"""The ingest process over a store in memory, for tests of whoever starts it."""

import sys

from jipyo.logs.ingest.process.main import run_ingest
from support.log_ingest import MemoryStore, PlainParsing

if __name__ == "__main__":
    sys.exit(
        run_ingest(
            sys.stdin.buffer, sys.stdout.buffer, lambda _: MemoryStore(), lambda _: PlainParsing()
        )
    )
