"""A connection to what is probed, with the time each step took."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jipyo.collect.probe.certificate import valid_until_s
from jipyo.model.family import info, single
from jipyo.model.sample import MetricType

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

    from jipyo.model.family import Family

_G = MetricType.GAUGE


@dataclass(slots=True)
class ProbeTimings:
    """What was learnt on the way, as far as the probe came."""

    end: float
    """Of the time that all steps have (monotonic)."""
    seconds: dict[str, float] = field(default_factory=dict)
    """By phase, summed over redirects."""
    resolve_s: float = 0.0
    """Of the first address only."""
    ip_protocol: int = 0
    expiry_s: float | None = None
    tls_version: str = ""

    def left_s(self) -> float:
        """What is left of the time.

        Raises:
            TimeoutError: nothing.
        """
        left = self.end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def took(self, phase: str, start: float) -> float:
        """Add the time since `start` to a phase; gives the present time."""
        now = time.perf_counter()
        self.seconds[phase] = self.seconds.get(phase, 0.0) + now - start
        return now


def connect(host: str, port: int, steps: ProbeTimings) -> socket.socket:
    """Resolve and connect; the address that answers first in the resolver's order wins.

    Raises:
        OSError: no address, or none of them answers in time.
    """
    start = time.perf_counter()
    addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    now = steps.took("resolve", start)
    steps.resolve_s = steps.resolve_s or now - start
    last = OSError("no address")
    for family, kind, protocol, _, where in addresses:
        made = socket.socket(family, kind, protocol)
        try:
            made.settimeout(steps.left_s())
            made.connect(where)
        except OSError as error:
            made.close()
            last = error
            continue
        steps.ip_protocol = 6 if family == socket.AF_INET6 else 4
        steps.took("connect", now)
        return made
    steps.took("connect", now)
    raise last


def secure(
    made: socket.socket, host: str, tls: ssl.SSLContext, server_name: str, steps: ProbeTimings
) -> ssl.SSLSocket:
    """Speak TLS over the connection, and look at the certificates.

    Raises:
        OSError: the other side speaks none, or its certificate is not trusted.
    """
    start = time.perf_counter()
    try:
        made.settimeout(steps.left_s())
        wrapped = tls.wrap_socket(made, server_hostname=server_name or host)
    except BaseException:
        made.close()
        raise
    finally:
        steps.took("tls", start)
    steps.expiry_s = min((valid_until_s(one) for one in _chain(wrapped)), default=None)
    steps.tls_version = (wrapped.version() or "").replace("TLSv", "TLS ")
    return wrapped


def _chain(connection: Any) -> list[bytes]:
    """The certificates that were sent; before Python 3.13 only the server's own can be had."""
    if hasattr(connection, "get_unverified_chain"):
        return list(connection.get_unverified_chain() or ())
    own = connection.getpeercert(binary_form=True)
    return [own] if own else []


def families(steps: ProbeTimings, *, success: bool, duration_s: float) -> Iterator[Family]:
    """What blackbox_exporter says of every probe."""
    yield single(_G, "probe_success", "Whether the probe succeeded.", float(success))
    text = "How long the probe took, in seconds."
    yield single(_G, "probe_duration_seconds", text, duration_s)
    text = "How long resolving the name took, in seconds."
    yield single(_G, "probe_dns_lookup_time_seconds", text, steps.resolve_s)
    text = "Whether it was reached by IP 4 or 6; 0 where it was not."
    yield single(_G, "probe_ip_protocol", text, float(steps.ip_protocol))
    if steps.expiry_s is not None:
        text = "When the first certificate of the chain expires, in Unix time."
        yield single(_G, "probe_ssl_earliest_cert_expiry", text, steps.expiry_s)
        text = "The TLS version used."
        yield info("probe_tls_version_info", text, {"version": steps.tls_version})
