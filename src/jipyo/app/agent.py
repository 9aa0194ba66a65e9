"""`jipyo agent`: collect and send, until it is stopped."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from jipyo.app.build_collect import Collection
from jipyo.app.build_send import Sending
from jipyo.app.commands import ServerCommand
from jipyo.app.configuration import Configuration
from jipyo.app.memory import MemoryTrimmer, find_trim, limit_arenas, read_resident_bytes
from jipyo.app.parts import ServerPart, running
from jipyo.model.clock import SystemClock

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

    def __init__(
        self, config: AgentConfig, clock: Clock, *, applied: Callable[[AgentConfig], None]
    ) -> None:
        """Nothing runs yet. `applied` is called with each configuration after the first.

        Raises:
            StoreError: the queue cannot be opened.
            CollectError: the files of the push groups are not ours.
        """
        self._applied = applied
        self._sending = Sending(config.data, config.settings.remote_write, clock)
        self._collection = Collection(config, self._sending.remote_write, self.families, clock)
        self.configuration = Configuration(config, clock, keep=keep_data, apply=self.apply)
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
        yield from self.configuration.families()
        for part in self._parts:
            yield from part.families()

    def apply(self, config: AgentConfig) -> None:
        """Put another configuration in force.

        Raises:
            ConfigError: the queue cannot be opened; nothing else has changed.
        """
        self._sending.apply(config.settings.remote_write)
        self._collection.apply(config)
        log_ignored(config)
        self._applied(config)


def keep_data(running: AgentConfig, new: AgentConfig) -> tuple[AgentConfig, tuple[str, ...]]:
    """`new` with the running data folder, and its key where that differs."""
    waiting = () if running.data == new.data else ("data",)
    return replace(new, data=running.data), waiting


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
    agent = Agent(config, SystemClock(), applied=applied)
    with agent.running():
        started()
        while commands.get() is ServerCommand.RELOAD:
            agent.configuration.reload()


def log_ignored(config: AgentConfig) -> None:
    """Name the keys that do nothing here."""
    if config.ignored:
        _LOG.info("keys that an agent does not use: %s", ", ".join(config.ignored))
