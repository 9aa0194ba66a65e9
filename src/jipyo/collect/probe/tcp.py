"""A TCP port: whether it answers, and with the expected line."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from jipyo.collect.failure import find_exception_reason
from jipyo.collect.probe.connect import ProbeTimings, build_families, connect, start_tls
from jipyo.collect.probe.options import ProbeOptions, check_options
from jipyo.model.errors import CollectError, NetError
from jipyo.model.failure import FailureReason
from jipyo.model.family import single
from jipyo.model.regex import compile_pattern
from jipyo.model.sample import MetricType
from jipyo.net.deadline import Deadline, cut_after
from jipyo.net.tls import build_ssl_context

if TYPE_CHECKING:
    import socket

    from jipyo.model.family import Family

_MAX_BYTES = 1 << 20
"""What is read in search of an expected line."""


class TcpProbe:
    """One address, connected anew each time."""

    def __init__(self, options: ProbeOptions) -> None:
        """Nothing is connected before the first `collect`.

        Raises:
            ConfigError: the address is none, or a pattern is not RE2.
        """
        check_options(options)
        self._options = options
        host, _, port = options.tcp.rpartition(":")
        self._host, self._port = host.strip("[]"), int(port)
        self._expect = compile_pattern(options.expect.encode()) if options.expect else None

    def collect(self, t_ms: int) -> list[Family]:
        """Probe it now; a port that does not answer is a result, not an error.

        Raises:
            CollectError: a file of the options cannot be used.
        """
        start = time.perf_counter()
        timings = ProbeTimings(Deadline.after(self._options.timeout_s))
        try:
            tls = build_ssl_context(self._options.tls) if self._options.tcp_tls else None
        except NetError as error:
            raise error.as_kind(CollectError) from error
        failure: FailureReason | None = None
        try:
            connection = connect(self._host, self._port, timings)
            if tls is not None:
                name = self._options.tls.server_name
                connection = start_tls(connection, self._host, tls, name, timings)
            with connection, cut_after(timings.deadline.left_s(), connection.fileno()):
                if not self._exchange(connection, timings):
                    failure = FailureReason.UNEXPECTED_BODY
        except OSError as error:
            failure = find_exception_reason(error, str(error))
        except ValueError:  # no time is left
            failure = FailureReason.TIMEOUT
        duration_s = time.perf_counter() - start
        unmatched = failure is FailureReason.UNEXPECTED_BODY
        text = "Whether what came back did not match."
        regex = single(MetricType.GAUGE, "probe_failed_due_to_regex", text, float(unmatched))
        return [*build_families(timings, failure=failure, duration_s=duration_s), regex]

    def _exchange(self, connection: socket.socket, timings: ProbeTimings) -> bool:
        """Send the configured text and wait for the expected line; return whether it came."""
        connection.settimeout(timings.deadline.left_s())
        if self._options.send:
            connection.sendall(self._options.send.reveal().encode() + b"\n")
        if self._expect is None:
            return True
        received = b""
        while len(received) < _MAX_BYTES:
            connection.settimeout(timings.deadline.left_s())
            part = connection.recv(4096)
            received += part
            if any(self._expect.search(line) for line in received.splitlines()):
                return True
            if not part:
                break
        return False
