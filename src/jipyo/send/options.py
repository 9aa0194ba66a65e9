"""Where samples are sent, and how."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from jipyo.net.tls import TlsOptions

if TYPE_CHECKING:
    from jipyo.collect.relabel import RelabelRule
    from jipyo.model.secret import Secret
    from jipyo.net.credentials import Credentials


class Protocol(StrEnum):
    """A version of remote write."""

    V1 = "1.0"
    V2 = "2.0"
    AUTO = "auto"
    """2.0, and 1.0 for a server that does not know 2.0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteWriteOptions:
    """A server that samples are sent to, and how."""

    url: str
    name: str = ""
    """Of its position in the queue, of its metrics and log lines."""
    protocol: Protocol = Protocol.AUTO
    timeout_s: float = 30.0
    queue_bytes: int = 512 << 20
    """How much may wait for it on disk; beyond that the oldest samples are dropped."""
    external_labels: tuple[tuple[str, str], ...] = ()
    """Added to every series that has no label of that name."""
    write_relabel: tuple[RelabelRule, ...] = ()
    headers: tuple[tuple[str, Secret], ...] = ()
    credentials: Credentials | None = None
    tls: TlsOptions = field(default_factory=TlsOptions)
    proxy_url: str = ""
    max_samples_per_send: int = 5_000
    send_interval_ms: int = 5_000
    """How long samples wait for others to be sent with."""
    max_shards: int = 4
    """Requests at the same time while much waits; each has series of its own."""
    max_backoff_ms: int = 10_000
    """How long it waits at most before it tries again, unless the server asks for longer."""
