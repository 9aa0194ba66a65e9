"""What keeps a source from being read: logged once when it begins, and once when it is over."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jipyo.model.errors import JipyoError

_LOG = logging.getLogger(__name__)
_MAX_PROBLEMS = 1000


class Problems:
    """The problems of the moment, by what has them; any thread may call."""

    def __init__(self) -> None:
        """None at first."""
        self._lock = threading.Lock()
        self._current: dict[str, JipyoError] = {}

    def report(self, key: str, error: JipyoError) -> None:
        """It has this problem; the same one again says nothing new."""
        with self._lock:
            if self._current.get(key) == error or len(self._current) >= _MAX_PROBLEMS:
                return
            self._current[key] = error
        _LOG.warning("%s", error)

    def clear(self, key: str) -> None:
        """It has none any more."""
        with self._lock:
            error = self._current.pop(key, None)
        if error is not None:
            _LOG.info("%s: works again", key)

    def clear_all_but(self, prefix: str, keys: set[str]) -> None:
        """Of those whose key begins so, only these have a problem."""
        with self._lock:
            gone = [key for key in self._current if key.startswith(prefix) and key not in keys]
        for key in gone:
            self.clear(key)

    def list_current(self) -> list[JipyoError]:
        """The problems of the moment."""
        with self._lock:
            return list(self._current.values())
