"""What was met on disk that is not what was written: counted, and logged once."""

from __future__ import annotations

import logging
from threading import Lock

_LOG = logging.getLogger(__name__)


class DamageLog:
    """Counts damaged chunks and rows, and logs each of them once."""

    def __init__(self) -> None:
        """Nothing seen yet."""
        self._seen: set[str] = set()
        self._lock = Lock()
        self.count = 0
        """How often damaged bytes were read."""

    def record(self, what: str) -> None:
        """Count, and log what has not been logged before."""
        with self._lock:
            self.count += 1
            new = what not in self._seen
            self._seen.add(what)
        if new:
            _LOG.error("damaged on disk and skipped: %s", what)
