"""Syslog over UDP and TCP: one thread for all connections, a journal entry for many messages."""

from __future__ import annotations

import logging
import selectors
import socket
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jipyo.logs.ingest.receive.entry import LogProtocol, ReceivedEntry
from jipyo.logs.ingest.receive.receiver import find_reason
from jipyo.logs.ingest.receive.syslog_frames import SyslogFrames, join_sent
from jipyo.model.errors import BodyError, ServeError, StoreError
from jipyo.model.family import counter, gauge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jipyo.logs.ingest.receive.receiver import LogReceiver
    from jipyo.model.family import Family

_LOG = logging.getLogger(__name__)
_WAIT_S = 0.1
"""A message waits at most so long for others of its entry, and so does a stop."""
_RETRY_S = 0.5
_ENTRY_BYTES = 1 << 18
_RECEIVE_BYTES = 1 << 16
_DATAGRAMS = 512
"""Taken at once before the connections have their turn."""
_UDP_BUFFER = 8 << 20
_BACKLOG = 128
_LAST_READS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class SyslogOptions:
    """Where syslog is received; an empty address is not listened on."""

    udp: tuple[str, int] | None = None
    tcp: tuple[str, int] | None = None
    max_message_bytes: int = 64 << 10
    """A longer message is cut."""
    max_connections: int = 512
    max_connections_per_sender: int = 64


@dataclass(slots=True)
class _Connection:
    socket: socket.socket
    sender: str
    frames: SyslogFrames


@dataclass(slots=True)
class _Waiting:
    """Messages of the next entry."""

    sent: list[tuple[str, bytes]] = field(default_factory=list)
    size: int = 0
    since_s: float = 0.0

    def add(self, sender: str, messages: list[bytes], now_s: float) -> None:
        if not self.sent:
            self.since_s = now_s
        self.sent += [(sender, message) for message in messages]
        self.size += sum(map(len, messages))


class SyslogServer:
    """Listens from `start` to `stop`; what the kernel has by then is still taken."""

    def __init__(
        self,
        receiver: LogReceiver,
        options: SyslogOptions,
        now_ns: Callable[[], int],
        monotonic_s: Callable[[], float],
    ) -> None:
        """Open the sockets.

        Raises:
            ServeError: an address cannot be listened on.
        """
        self._receiver = receiver
        self._options = options
        self._now_ns = now_ns
        self._monotonic_s = monotonic_s
        self._selector = selectors.DefaultSelector()
        self._connections: dict[int, _Connection] = {}
        self._waiting = _Waiting()
        self._counts: Counter[str] = Counter()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="syslog", daemon=True)
        self._udp = self._listen(socket.SOCK_DGRAM, options.udp)
        try:
            self._tcp = self._listen(socket.SOCK_STREAM, options.tcp)
        except ServeError:
            if self._udp is not None:
                self._udp.close()
            self._selector.close()
            raise

    @property
    def ports(self) -> tuple[int, int]:
        """The ports of UDP and TCP that are listened on; 0 for none."""
        udp, tcp = (each.getsockname()[1] if each else 0 for each in (self._udp, self._tcp))
        return udp, tcp

    def start(self) -> None:
        """Begin to receive; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Receive no more, and wait until what was received is kept."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def families(self) -> Iterator[Family]:
        """`jipyo_log_syslog_*`."""
        counts = dict(self._counts)
        cut = sum(one.frames.cut_messages for one in list(self._connections.values()))
        text = "Syslog messages that were longer than allowed, and cut."
        total = float(counts.get("cut", 0) + cut)
        yield counter("jipyo_log_syslog_cut_messages_total", text, (), [((), total)])
        text = "Syslog connections that were refused because there were too many."
        refused = float(counts.get("refused", 0))
        yield counter("jipyo_log_syslog_refused_connections_total", text, (), [((), refused)])
        number = float(len(self._connections))
        yield gauge("jipyo_log_syslog_connections", "Open connections.", (), [((), number)])

    def _listen(
        self, kind: socket.SocketKind, address: tuple[str, int] | None
    ) -> socket.socket | None:
        if address is None:
            return None
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        listener = socket.socket(family, kind)
        try:
            listener.setblocking(False)
            if kind == socket.SOCK_STREAM:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            else:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _UDP_BUFFER)
            listener.bind(address)
            if kind == socket.SOCK_STREAM:
                listener.listen(_BACKLOG)
        except (OSError, OverflowError) as error:
            listener.close()
            reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
            raise ServeError(
                "logs_ingest.listen",
                hint="logs_ingest.listen.hint",
                address=f"{address[0]}:{address[1]}",
                reason=reason,
            ) from error
        self._selector.register(listener, selectors.EVENT_READ)
        return listener

    # ------------------------------------------------------------------------------ loop

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._turn()
            if not self._flush_if_due():
                self._stopping.wait(_RETRY_S)  # nothing more is read while it cannot be kept
        self._drain()

    def _turn(self) -> None:
        for key, _ in self._selector.select(_WAIT_S):
            if self._waiting.size > _ENTRY_BYTES:
                return
            if key.fileobj is self._udp:
                self._receive_datagrams(self._udp)
            elif key.fileobj is self._tcp:
                self._accept(self._tcp)
            else:
                self._receive(self._connections[key.fd])

    def _receive_datagrams(self, udp: socket.socket) -> None:
        now_s, limit = self._monotonic_s(), self._options.max_message_bytes
        for _ in range(_DATAGRAMS):
            try:
                message, address = udp.recvfrom(_RECEIVE_BYTES)
            except OSError:  # nothing more is there
                return
            if len(message) > limit:
                self._counts["cut"] += 1
            if message.strip():
                self._waiting.add(address[0], [message[:limit]], now_s)

    def _accept(self, tcp: socket.socket) -> None:
        try:
            one, address = tcp.accept()
        except OSError:  # it hung up already, or no more files may be opened
            return
        sender = str(address[0])
        mine = sum(each.sender == sender for each in self._connections.values())
        options = self._options
        if len(self._connections) >= options.max_connections or (
            mine >= options.max_connections_per_sender
        ):
            self._counts["refused"] += 1
            one.close()
            return
        one.setblocking(False)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        frames = SyslogFrames(options.max_message_bytes)
        self._connections[one.fileno()] = _Connection(one, sender, frames)
        self._selector.register(one, selectors.EVENT_READ)

    def _receive(self, connection: _Connection) -> int:
        """Take what came on a connection; how many bytes, zero where it ended."""
        try:
            data = connection.socket.recv(_RECEIVE_BYTES)
        except BlockingIOError:
            return 0
        except OSError:
            data = b""
        frames = connection.frames
        messages = frames.feed(data) if data else frames.finish()
        self._waiting.add(connection.sender, messages, self._monotonic_s())
        if not data:
            self._close(connection)
        return len(data)

    def _close(self, connection: _Connection) -> None:
        self._counts["cut"] += connection.frames.cut_messages
        self._selector.unregister(connection.socket)
        del self._connections[connection.socket.fileno()]
        connection.socket.close()

    def _flush_if_due(self) -> bool:
        """Hand on what waits; False where it cannot be kept and still waits."""
        waiting = self._waiting
        is_old = bool(waiting.sent) and self._monotonic_s() - waiting.since_s >= _WAIT_S
        if not is_old and waiting.size < _ENTRY_BYTES:
            return True
        return self._flush()

    def _flush(self) -> bool:
        waiting = self._waiting
        if not waiting.sent:
            return True
        entry = ReceivedEntry(LogProtocol.SYSLOG, self._now_ns(), join_sent(waiting.sent))
        try:
            self._receiver.receive(entry)
        except StoreError as error:
            if not self._counts["failing"]:
                _LOG.warning("syslog messages wait: %s", error)
            self._counts["failing"] = 1
            return False
        except BodyError as error:
            self._receiver.count_rejected(LogProtocol.SYSLOG.value, find_reason(error))
        self._counts["failing"] = 0
        self._waiting = _Waiting()
        return True

    def _drain(self) -> None:
        """Take what the kernel has, then close everything."""
        if self._udp:
            self._receive_datagrams(self._udp)
        for listener in (self._udp, self._tcp):
            if listener:
                self._selector.unregister(listener)
                listener.close()
        for connection in list(self._connections.values()):
            for _ in range(_LAST_READS):
                if not self._receive(connection):
                    break
            if connection.socket.fileno() in self._connections:
                self._waiting.add(
                    connection.sender, connection.frames.finish(), self._monotonic_s()
                )
                self._close(connection)
        if not self._flush():
            _LOG.error("%d syslog messages are lost", len(self._waiting.sent))
        self._selector.close()
