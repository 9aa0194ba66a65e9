"""A request as it is handed on, and as the journal keeps it: a line of JSON, then the body."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

import orjson

from jipyo.model.errors import MalformedBody

if TYPE_CHECKING:
    from collections.abc import Mapping


class LogProtocol(Enum):
    """How records are sent to us; the value is a label's, and in the journal."""

    OTLP = "otlp"
    BULK = "bulk"
    LOKI = "loki"
    SYSLOG = "syslog"


@dataclass(frozen=True, slots=True)
class ReceivedEntry:
    """What was received at once, as it came."""

    protocol: LogProtocol
    arrival_ns: int
    body: bytes
    about: Mapping[str, str] = field(default_factory=dict)
    """What decoding needs beside the body: `content-type`, `content-encoding`, `index`."""

    def encode(self) -> bytes:
        """What `decode` reads."""
        head = {"protocol": self.protocol.value, "arrival_ns": self.arrival_ns, **self.about}
        return orjson.dumps(head) + b"\n" + self.body

    @classmethod
    def decode(cls, payload: bytes) -> ReceivedEntry:
        """The entry as it was encoded.

        Raises:
            MalformedBody: it is none.
        """
        line, newline, body = payload.partition(b"\n")
        try:
            head = orjson.loads(line)
            protocol, arrival_ns = LogProtocol(head.pop("protocol")), head.pop("arrival_ns")
            is_sound = newline and type(arrival_ns) is int and abs(arrival_ns) < 1 << 63
            about = {str(name): str(value) for name, value in head.items()}
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            raise MalformedBody("wire.damaged", reason="no entry of a receiver") from error
        if not is_sound:
            raise MalformedBody("wire.damaged", reason="no entry of a receiver")
        return cls(protocol, arrival_ns, body, about)
