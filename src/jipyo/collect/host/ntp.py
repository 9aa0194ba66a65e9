"""How far this host's clock is from time servers, asked by SNTP (RFC 4330, RFC 5905).

The kernel's own figures come from a time service, and mean nothing where there is none.
"""

from __future__ import annotations

import errno
import os
import secrets
import socket
import struct
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.collect.members import READ_ERRORS, read_members
from jipyo.model.errors import CollectError
from jipyo.model.family import gauge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from jipyo.collect.host.files import Paths
    from jipyo.model.family import Family

PORT = 123
_TIMEOUT_S = 1.0
_FRESH_MS = 300_000
_RETRY_MS = 60_000
"""Public servers refuse who asks more often."""
_CLIENT = 0x23
"""No leap indicator, version 4, mode 3."""
_SERVER_MODE = 4
_NOT_SYNCHRONISED = 3
_PACKET = struct.Struct("!BBBB11I")
_EPOCH_S = 2_208_988_800
"""From 1900, where NTP begins to count, to 1970."""
_ERA_S = 1 << 32
_FRACTION = 1 << 32


@dataclass(frozen=True, slots=True)
class NtpAnswer:
    """This host's clock compared with that of a server."""

    offset_s: float
    """What must be added to this host's clock."""
    round_trip_s: float
    stratum: int
    """1 for a reference clock, one more for each server between."""


class _Server:
    """One server: its last answer, and a thread while it is asked."""

    def __init__(self, address: str, ask: Callable[[str], NtpAnswer]) -> None:
        self._address = address
        self._ask = ask
        self._thread: threading.Thread | None = None
        self._asked_ms = 0
        self._next_ms = 0
        self._answer: NtpAnswer | Exception | None = None

    def begin(self, t_ms: int) -> threading.Thread | None:
        """Ask where it is time to, unless the last request still hangs; the thread that does."""
        if t_ms < self._next_ms or self._is_asked():
            return None
        self._asked_ms = t_ms
        name = f"asks {self._address}"
        self._thread = threading.Thread(target=self._run, args=(t_ms,), name=name, daemon=True)
        self._thread.start()
        return self._thread

    def read(self, t_ms: int) -> NtpAnswer | None:
        """The last answer; None while the first one may still come.

        Raises:
            CollectError: it was asked at an earlier reading and is silent.
            Exception: what asking it raised.
        """
        if self._is_asked() and self._asked_ms < t_ms:
            reason = os.strerror(errno.ETIMEDOUT)
            raise CollectError("collect.ntp_silent", server=self._address, reason=reason)
        if isinstance(self._answer, Exception):
            raise self._answer.with_traceback(None)
        return self._answer

    def _is_asked(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _run(self, t_ms: int) -> None:
        try:
            self._answer = self._ask(self._address)
            self._next_ms = t_ms + _FRESH_MS
        except READ_ERRORS as error:
            self._answer = error
            self._next_ms = t_ms + _RETRY_MS


class NtpServers:
    """The part `ntp`: each server is asked every five minutes, on a thread of its own.

    Looking up a name has no time limit, so a reading waits for answers only for a moment. One
    that comes later is in the next reading; a server that is still silent then is skipped.
    """

    def __init__(
        self,
        servers: Sequence[str],
        ask: Callable[[str], NtpAnswer] | None = None,
        *,
        wait_s: float = 0.2,
    ) -> None:
        """Servers are `host` or `host:port`; a reading waits `wait_s` for all of them."""
        self._wait_s = wait_s
        self._servers = {server: _Server(server, ask or ask_server) for server in servers}

    def __call__(self, paths: Paths, t_ms: int) -> Iterator[Family]:
        """The last answer of every server; one that does not answer costs itself alone."""
        end_s = time.monotonic() + self._wait_s
        started = [server.begin(t_ms) for server in self._servers.values()]
        for thread in filter(None, started):
            thread.join(max(0.0, end_s - time.monotonic()))
        found = read_members(self._servers, lambda name: self._servers[name].read(t_ms), paths.skip)
        answers = {server: answer for server, answer in found if answer is not None}
        for name, text, values in (
            ("offset_seconds", "What must be added to this host's clock.",
             {server: one.offset_s for server, one in answers.items()}),
            ("round_trip_seconds", "Time of the exchange without the server's part.",
             {server: one.round_trip_s for server, one in answers.items()}),
            ("stratum", "How many steps the server is from a reference clock.",
             {server: float(one.stratum) for server, one in answers.items()}),
        ):  # fmt: skip
            rows = (((server,), value) for server, value in values.items())
            yield gauge(f"jipyo_ntp_{name}", text, ("server",), rows)


def ask_server(server: str, now_s: Callable[[], float] = time.time) -> NtpAnswer:
    """Exchange one packet.

    Raises:
        CollectError: the server does not answer within a second, or has no time to give.
    """
    host, port = split_address(server)
    nonce = secrets.token_bytes(8)
    request = bytes([_CLIENT]) + bytes(39) + nonce
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[
            0
        ]
        with socket.socket(family, kind, protocol) as connection:
            connection.settimeout(_TIMEOUT_S)
            connection.connect(address)
            sent_s = now_s()
            connection.send(request)
            response = connection.recv(512)
            received_s = now_s()
    except OSError as error:
        reason = error.strerror or str(error) or type(error).__name__
        raise CollectError("collect.ntp_silent", server=server, reason=reason) from error
    answer = parse_answer(response, nonce, sent_s, received_s)
    if answer is None:
        raise CollectError("collect.ntp_no_time", server=server)
    return answer


def parse_answer(
    response: bytes, nonce: bytes, sent_s: float, received_s: float
) -> NtpAnswer | None:
    """The answer to a request that carried `nonce`; None for anything else.

    Args:
        response: the packet.
        nonce: what the request had as its transmit timestamp, eight bytes.
        sent_s: this host's clock when it was sent, in seconds since 1970.
        received_s: the same when the response came.
    """
    if len(response) < _PACKET.size or response[24:32] != nonce:
        return None
    first, stratum, _, _, *words = _PACKET.unpack_from(response)
    if first & 7 != _SERVER_MODE or first >> 6 == _NOT_SYNCHRONISED or not 1 <= stratum <= 15:
        return None
    arrived_s, left_s = (_to_unix_s(words[at], words[at + 1], near_s=received_s) for at in (7, 9))
    offset_s = ((arrived_s - sent_s) + (left_s - received_s)) / 2
    return NtpAnswer(offset_s, max(0.0, (received_s - sent_s) - (left_s - arrived_s)), stratum)


def _to_unix_s(seconds: int, fraction: int, *, near_s: float) -> float:
    """A timestamp in the era that is nearest to a moment; era 1 begins in 2036."""
    unix_s = seconds - _EPOCH_S + fraction / _FRACTION
    return unix_s + round((near_s - unix_s) / _ERA_S) * _ERA_S


def split_address(server: str) -> tuple[str, int]:
    """Host and port of `host`, `host:port`, `[::1]:123` or `::1`.

    Raises:
        ValueError: the port is none.
    """
    if server.startswith("["):
        host, _, rest = server[1:].partition("]")
        return host, int(rest.removeprefix(":") or PORT)
    host, colon, port = server.partition(":")
    if colon and ":" not in port:
        return host, int(port)
    return (server, PORT) if colon else (host, PORT)
