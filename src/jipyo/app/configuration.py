"""The configuration in force: read again on request, and applied as a whole or not at all."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Generic, Protocol, Self, TypeVar

from jipyo.model.config_state import ConfigState
from jipyo.model.errors import ConfigError
from jipyo.model.family import single
from jipyo.model.sample import MetricType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from jipyo.model.clock import Clock
    from jipyo.model.family import Family

_LOG = logging.getLogger(__name__)
_Stamps = dict["Path", tuple[int, int] | None]


class LoadedConfig(Protocol):
    """The configuration of a server or an agent."""

    @property
    def file(self) -> Path | None:
        """Its own file; None where there is none."""
        ...

    @property
    def files(self) -> tuple[Path, ...]:
        """All that it was read from."""
        ...

    @property
    def read_again(self) -> Callable[[], Self]:
        """Loads the same file again; raises a ConfigError."""
        ...


C = TypeVar("C", bound=LoadedConfig)


class Configuration(Generic[C]):
    """Keeps the configuration in force and replaces it; any thread may ask."""

    def __init__(
        self,
        config: C,
        clock: Clock,
        *,
        keep: Callable[[C, C], tuple[C, tuple[str, ...]]],
        check: Callable[[C], None] = lambda _: None,
        apply: Callable[[C], None],
    ) -> None:
        """Nothing is read before the first `reload`.

        Args:
            config: what is in force.
            clock: the moment when another one was read.
            keep: of what is in force and what is written, what a reload may put in force, and
                the keys that take effect at the next start.
            check: raises a ConfigError where a start would refuse the file.
            apply: puts another one in force, or raises a ConfigError.
        """
        self._config = config
        self._clock = clock
        self._keep, self._check, self._apply = keep, check, apply
        self._lock = threading.Lock()
        self._stamps = read_stamps(config.files)
        self._state = ConfigState(loaded_ms=clock.now_ms())

    def reload(self) -> ConfigState:
        """Read the files again and apply them; where one is wrong, all stays as it is.

        Every mistake is logged. Calls at the same time are answered one after the other.
        """
        with self._lock:
            stamps = read_stamps(self._stamps)
            try:
                written = self._config.read_again()
                self._check(written)
                new, waiting = self._keep(self._config, written)
                self._apply(new)
            except ConfigError as error:
                self._stamps = stamps
                self._state = ConfigState(self._state.loaded_ms, error, self._state.waiting)
                _LOG.error("the configuration was not reloaded, the previous one stays in effect")
                for mistake in error.mistakes:
                    _LOG.error("not reloaded: %s", mistake)
                return self._state
            self._config = new
            self._stamps = read_stamps(new.files)
            self._state = ConfigState(self._clock.now_ms(), None, waiting)
        _LOG.info("configuration reloaded: %s", new.file or "no file")
        if waiting:
            _LOG.warning("takes effect at the next start: %s", ", ".join(waiting))
        return self._state

    def state(self) -> ConfigState:
        """How the configuration in force relates to the files."""
        stamps = self._stamps
        return replace(self._state, has_changed=read_stamps(stamps) != stamps)

    def families(self) -> Iterator[Family]:
        """See `ServerPart.families`."""
        for name, text, value in (
            (
                "reload_successful",
                "Whether the last configuration reload attempt was successful.",
                float(self._state.error is None),
            ),
            (
                "reload_success_timestamp_seconds",
                "Timestamp of the last successful configuration reload.",
                self._state.loaded_ms / 1000,
            ),
        ):
            yield single(MetricType.GAUGE, f"jipyo_config_last_{name}", text, value)


def read_stamps(files: Iterable[Path]) -> _Stamps:
    """When each file was changed, and its size; None for one that is not there."""
    stamps: _Stamps = {}
    for file in files:
        try:
            stat = file.stat()
        except OSError:
            stamps[file] = None
        else:
            stamps[file] = stat.st_mtime_ns, stat.st_size
    return stamps
