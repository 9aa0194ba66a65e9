"""`jipyo agent`: collect and send, until it is stopped."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from jipyo.app.build_collect import Collection
from jipyo.app.build_send import Sending
from jipyo.app.commands import ServerCommand
from jipyo.app.memory import MemoryTrimmer, find_trim, limit_arenas, read_resident_bytes
from jipyo.app.parts import ServerPart, running
from jipyo.model.clock import SystemClock
from jipyo.model.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from queue import SimpleQueue

    from jipyo.config.agent import AgentConfig
    from jipyo.model.clock import Clock
    from jipyo.model.family import Family

_LOG = logging.getLogger(__name__)


class Agent:
    """The collectors, and the queue of what they send; no store, and nothing that listens."""

    def __init__(self, config: AgentConfig, clock: Clock) -> None:
        """Nothing runs yet.

        Raises:
            StoreError: the queue cannot be opened.
            CollectError: the files of the push groups are not ours.
        """
        self._config = config
        self._sending = Sending(config.data, config.settings.remote_write, clock)
        self._collection = Collection(config, self._sending.remote_write, self.families, clock)
        self._parts: list[ServerPart] = [
            self._sending,  # it stops after the collection, whose last samples it sends
            self._collection,
            MemoryTrimmer(clock, find_trim(), read_resident_bytes),
        ]
        log_ignored(config)

    def running(self) -> AbstractContextManager[None]:
        """All parts run within the `with`."""
        return running(self._parts)

    def families(self) -> Iterator[Family]:
        """The metrics of all parts."""
        for part in self._parts:
            yield from part.families()

    def reload(self) -> AgentConfig:
        """Read the file again and apply it; where it is wrong, all stays as it is."""
        try:
            written = self._config.read_again()
            new = replace(written, data=self._config.data)
            self._sending.apply(new.settings.remote_write)
            self._collection.apply(new)
        except ConfigError as error:
            _LOG.error("the configuration was not reloaded, the previous one stays in effect")
            for mistake in error.mistakes:
                _LOG.error("not reloaded: %s", mistake)
            return self._config
        self._config = new
        _LOG.info("configuration reloaded: %s", new.file or "no file")
        log_ignored(new)
        if written.data != new.data:
            _LOG.warning("takes effect at the next start: data")
        return new


def run_agent(
    config: AgentConfig,
    *,
    started: Callable[[], None],
    commands: SimpleQueue[ServerCommand],
    applied: Callable[[AgentConfig], None] = lambda _: None,
) -> None:
    """Collect and send until asked to stop; a signal handler may put commands.

    `applied` is called with each configuration after the first.

    Raises:
        StoreError: the queue cannot be opened.
        CollectError: the files of the push groups are not ours.
    """
    limit_arenas()
    agent = Agent(config, SystemClock())
    with agent.running():
        started()
        while commands.get() is ServerCommand.RELOAD:
            applied(agent.reload())


def log_ignored(config: AgentConfig) -> None:
    """Name the keys that do nothing here."""
    if config.ignored:
        _LOG.info("keys that an agent does not use: %s", ", ".join(config.ignored))
