"""A connection to what is probed, with the time each step took."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jipyo.collect.probe.certificate import read_expiry_s
from jipyo.model.failure import PROBE_FAILURE
from jipyo.model.family import info, single
from jipyo.model.sample import MetricType

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

    from jipyo.model.failure import FailureReason
    from jipyo.model.family import Family
    from jipyo.net.deadline import Deadline

_G = MetricType.GAUGE


@dataclass(slots=True)
class ProbeTimings:
    """How long each phase of a probe took, and what the connection showed, as far as it came."""

    deadline: Deadline
    """Of all phases together."""
    seconds: dict[str, float] = field(default_factory=dict)
    """By phase, summed over redirects."""
    resolve_s: float = 0.0
    """Of the first address only."""
    ip_protocol: int = 0
    expiry_s: float | None = None
    tls_version: str = ""

    def add(self, phase: str, start: float) -> float:
        """Add the time since `start` to a phase; returns the present time."""
        now = time.perf_counter()
        self.seconds[phase] = self.seconds.get(phase, 0.0) + now - start
        return now


def connect(host: str, port: int, timings: ProbeTimings) -> socket.socket:
    """Resolve and connect; the address that answers first in the resolver's order wins.

    Raises:
        OSError: no address, or none of them answers in time.
    """
    start = time.perf_counter()
    addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    now = timings.add("resolve", start)
    timings.resolve_s = timings.resolve_s or now - start
    last = OSError("no address")
    for family, kind, protocol, _, where in addresses:
        made = socket.socket(family, kind, protocol)
        try:
            made.settimeout(timings.deadline.left_s())
            made.connect(where)
        except OSError as error:
            made.close()
            last = error
            continue
        timings.ip_protocol = 6 if family == socket.AF_INET6 else 4
        timings.add("connect", now)
        return made
    timings.add("connect", now)
    raise last


def start_tls(
    connection: socket.socket,
    host: str,
    tls: ssl.SSLContext,
    server_name: str,
    timings: ProbeTimings,
) -> ssl.SSLSocket:
    """Start TLS on the connection, and read the certificates.

    Raises:
        OSError: the other side speaks none, or its certificate is not trusted.
    """
    start = time.perf_counter()
    try:
        connection.settimeout(timings.deadline.left_s())
        wrapped = tls.wrap_socket(connection, server_hostname=server_name or host)
    except BaseException:
        connection.close()
        raise
    finally:
        timings.add("tls", start)
    if hasattr(wrapped, "get_unverified_chain"):
        chain = list(wrapped.get_unverified_chain() or ())
    else:  # before Python 3.13 only the server's own can be had
        own = wrapped.getpeercert(binary_form=True)
        chain = [own] if own else []
    timings.expiry_s = min(map(read_expiry_s, chain), default=None)
    timings.tls_version = (wrapped.version() or "").replace("TLSv", "TLS ")
    return wrapped


def build_families(
    timings: ProbeTimings, *, failure: FailureReason | None, duration_s: float
) -> Iterator[Family]:
    """The metrics that blackbox_exporter has of every probe, and why it failed, if it did."""
    yield single(_G, "probe_success", "Whether the probe succeeded.", float(failure is None))
    if failure is not None:
        yield info(PROBE_FAILURE, "Why the probe failed.", {"reason": failure.value})
    text = "How long the probe took, in seconds."
    yield single(_G, "probe_duration_seconds", text, duration_s)
    text = "How long resolving the name took, in seconds."
    yield single(_G, "probe_dns_lookup_time_seconds", text, timings.resolve_s)
    text = "Whether it was reached by IP 4 or 6; 0 where it was not."
    yield single(_G, "probe_ip_protocol", text, float(timings.ip_protocol))
    if timings.expiry_s is not None:
        text = "When the first certificate of the chain expires, in Unix time."
        yield single(_G, "probe_ssl_earliest_cert_expiry", text, timings.expiry_s)
        text = "The TLS version used."
        yield info("probe_tls_version_info", text, {"version": timings.tls_version})
