"""Sending: what is collected goes into the store, and into the queue of what is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.collect.buffer import Buffer
from jipyo.model.errors import ConfigError, StoreError
from jipyo.send.remote_write import RemoteWrite

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from jipyo.model.clock import Clock
    from jipyo.model.family import Family
    from jipyo.model.sample import Appended, MetricMetadata, Scrape
    from jipyo.model.store import Appender
    from jipyo.send.options import RemoteWriteOptions


class Sending:
    """The destinations of the configuration in force, over a queue in the data folder."""

    def __init__(
        self, data: Path, destinations: Sequence[RemoteWriteOptions], clock: Clock
    ) -> None:
        """Open the queue where there are destinations.

        Raises:
            StoreError: it cannot be opened.
        """
        self.remote_write = RemoteWrite(data / "remote_write", clock)
        self.remote_write.apply(destinations)

    def apply(self, destinations: Sequence[RemoteWriteOptions]) -> None:
        """Send to these from now on.

        Raises:
            ConfigError: the queue cannot be opened.
        """
        try:
            self.remote_write.apply(destinations)
        except StoreError as error:
            raise error.as_kind(ConfigError) from error

    def start(self) -> None:
        """See `ServerPart.start`."""
        self.remote_write.start()

    def stop(self) -> None:
        """See `ServerPart.stop`."""
        self.remote_write.stop()

    def families(self) -> Iterator[Family]:
        """See `ServerPart.families`."""
        return self.remote_write.families()


class StoreAndSend:
    """An Appender that keeps samples in the store and sends them, too.

    While the queue cannot be written the samples to be sent wait in memory, so that the store
    goes on; what the store does not take is not sent before it does.
    """

    def __init__(self, store: Appender, remote_write: RemoteWrite) -> None:
        """Append to the store first."""
        self._store = store
        self._remote_write = remote_write
        self._buffer = Buffer(remote_write)

    def append(self, scrapes: Sequence[Scrape]) -> Appended:
        """See `Appender.append`; of the store."""
        appended = self._store.append(scrapes)
        if self._remote_write.has_destinations:
            self._buffer.append(scrapes)
        return appended

    def describe(self, metadata: Sequence[MetricMetadata]) -> None:
        """See `Appender.describe`."""
        self._store.describe(metadata)
        self._remote_write.describe(metadata)
