"""An entry of any protocol -> its records, within the limits of what a request may cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING

from jipyo.logs.ingest.decode.bulk import convert_bulk, decode_bulk
from jipyo.logs.ingest.decode.loki import decode_loki_push
from jipyo.logs.ingest.decode.otlp_logs import convert_logs, parse_logs_request
from jipyo.logs.ingest.decode.syslog import decode_syslog
from jipyo.logs.ingest.receive.entry import LogProtocol, ReceivedEntry
from jipyo.logs.ingest.receive.syslog_frames import iter_sent
from jipyo.model.errors import UnsupportedMediaType
from jipyo.wire.compression import decompress
from jipyo.wire.elements import WorkLimit

if TYPE_CHECKING:
    from jipyo.logs.ingest.decode.received import ReceivedRecord

JSON = "application/json"
PROTOBUF = "application/x-protobuf"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveLimits:
    """What a request may cost."""

    max_body_bytes: int = 32 << 20
    """Decompressed; a larger one is rejected."""
    max_elements: int = 500_000
    """Records, documents, maps; fields and attributes count a quarter."""
    zone: tzinfo = UTC
    """Of times of syslog that have none."""


def decode_entry(entry: ReceivedEntry, limits: ReceiveLimits) -> list[ReceivedRecord]:
    """All records of an entry; nothing of it is kept where one cannot be read.

    Raises:
        BodyError: the body cannot be used.
    """
    return list(_DECODERS[entry.protocol](entry, limits))


def read_body(entry: ReceivedEntry, limits: ReceiveLimits, default_encoding: str = "") -> bytes:
    """The body, decompressed.

    Raises:
        TooLarge: it is larger than allowed.
        MalformedBody: it is damaged.
        UnsupportedMediaType: its compression is none of ours.
    """
    encoding = entry.about.get("content-encoding") or default_encoding
    return decompress(entry.body, encoding, limits.max_body_bytes)


def find_media_type(about: Mapping[str, str]) -> str:
    """The content type without its parameters, in lower case."""
    return about.get("content-type", "").partition(";")[0].strip().lower()


def _decode_otlp(entry: ReceivedEntry, limits: ReceiveLimits) -> Iterator[ReceivedRecord]:
    as_json = _is_json(entry, "")
    body = read_body(entry, limits)
    request = parse_logs_request(body, as_json=as_json, work_limit=WorkLimit(limits.max_elements))
    return convert_logs(request, entry.arrival_ns)


def _decode_loki(entry: ReceivedEntry, limits: ReceiveLimits) -> Iterator[ReceivedRecord]:
    as_json = _is_json(entry, PROTOBUF)
    # The protobuf form is always compressed by snappy, whatever the header says.
    body = read_body(entry, limits, "" if as_json else "snappy")
    limit = WorkLimit(limits.max_elements)
    return decode_loki_push(body, as_json=as_json, arrival_ns=entry.arrival_ns, work_limit=limit)


def _decode_bulk(entry: ReceivedEntry, limits: ReceiveLimits) -> Iterator[ReceivedRecord]:
    body = read_body(entry, limits)
    limit = WorkLimit(limits.max_elements)
    items = decode_bulk(body, entry.about.get("index", ""), limit)
    return convert_bulk(items, entry.arrival_ns)


def _decode_syslog(entry: ReceivedEntry, limits: ReceiveLimits) -> Iterator[ReceivedRecord]:
    for sender, message in iter_sent(entry.body):
        yield decode_syslog(message, entry.arrival_ns, sender, limits.zone)


def _is_json(entry: ReceivedEntry, default: str) -> bool:
    kind = find_media_type(entry.about) or default
    if kind not in (PROTOBUF, JSON):
        known = f"{PROTOBUF}, {JSON}"
        raise UnsupportedMediaType("receive.content_type", type=kind, known=known)
    return kind == JSON


_Decoder = Callable[[ReceivedEntry, ReceiveLimits], Iterator["ReceivedRecord"]]
_DECODERS: Mapping[LogProtocol, _Decoder] = {
    LogProtocol.OTLP: _decode_otlp,
    LogProtocol.LOKI: _decode_loki,
    LogProtocol.BULK: _decode_bulk,
    LogProtocol.SYSLOG: _decode_syslog,
}
