"""Messages of syslog, RFC 5424 and RFC 3164 and what comes close to them -> records.

Whatever does not look like syslog is a record, too, with all its bytes as the message.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING

from jipyo.logs.ingest.decode.documents import parse_time
from jipyo.logs.ingest.decode.received import FieldValue, ReceivedRecord
from jipyo.logs.levels import SYSLOG_LEVELS
from jipyo.logs.record import Level

if TYPE_CHECKING:
    from collections.abc import Iterator

_PRIORITY = re.compile(rb"<(\d{1,3})>")
_RFC5424 = re.compile(
    rb"1 (\S{1,64}) (\S{1,255}) (\S{1,128}) (\S{1,128}) (\S{1,64}) "
    rb"(-|(?:\[[^ =\]\"]{1,64}(?: [^ =\]\"]{1,64}=\"(?:[^\"\\\]]|\\.)*\")*\])+)(?: (.*))?",
    re.DOTALL,
)
_ELEMENT = re.compile(rb"\[([^ =\]\"]+)((?: [^ =\]\"]+=\"(?:[^\"\\\]]|\\.)*\")*)\]", re.DOTALL)
_PARAMETER = re.compile(rb" ([^ =\]\"]+)=\"((?:[^\"\\\]]|\\.)*)\"", re.DOTALL)
_ESCAPED = re.compile(rb"\\([\"\\\]])")
_MONTHS = (b"jan", b"feb", b"mar", b"apr", b"may", b"jun",
           b"jul", b"aug", b"sep", b"oct", b"nov", b"dec")  # fmt: skip
_RFC3164 = re.compile(
    rb"(?P<month>[A-Za-z]{3}) +(?P<day>\d{1,2})(?: (?P<year>\d{4}))? "
    rb"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)(?:\.(?P<fraction>\d{1,9}))?:? +"
    rb"|(?P<iso>\d{4}-\d\d-\d\dT\S{8,30}) +"
)
_CLOCK = ("day", "hour", "minute", "second")
_TAG = re.compile(rb"(?P<app>[^\s\[\]:]{1,128})(?:\[(?P<pid>[^\]\s]{1,64})\])?: ?")
_HOST = re.compile(rb"([^\s\[\]:]{1,255}|[0-9a-fA-F:.]{2,45}) +")
_NIL = b"-"
_BOM = b"\xef\xbb\xbf"
_DEFAULT_SERVICE = "syslog"
_MAX_PRIORITY = 191
_DAY_NS = 86_400 * 1_000_000_000
_NANOS = 1_000_000_000
_FACILITIES = (
    b"kern", b"user", b"mail", b"daemon", b"auth", b"syslog", b"lpr", b"news", b"uucp", b"cron",
    b"authpriv", b"ftp", b"ntp", b"audit", b"alert", b"clock", b"local0", b"local1", b"local2",
    b"local3", b"local4", b"local5", b"local6", b"local7",
)  # fmt: skip


def decode_syslog(
    message: bytes, arrival_ns: int, sender: str, zone: tzinfo = UTC
) -> ReceivedRecord:
    """The record of a message; `zone` is that of times without one."""
    text = message.rstrip(b"\r\n\0")
    level, fields, rest = _read_priority(text)
    found = _RFC5424.fullmatch(rest) if fields else None
    if found:
        return _build_rfc5424(found, level, fields, arrival_ns)
    return _build_rfc3164(rest, level, fields, (arrival_ns, zone), sender)


def _read_priority(text: bytes) -> tuple[Level, dict[str, FieldValue], bytes]:
    found = _PRIORITY.match(text)
    if not found or int(found[1]) > _MAX_PRIORITY:
        return Level.UNKNOWN, {}, text
    priority = int(found[1])
    fields: dict[str, FieldValue] = {"log.syslog.facility.name": _FACILITIES[priority >> 3]}
    return SYSLOG_LEVELS[priority & 7], fields, text[found.end() :]


def _build_rfc5424(
    found: re.Match[bytes], level: Level, fields: dict[str, FieldValue], arrival_ns: int
) -> ReceivedRecord:
    time, host, app, process, message_id, data, message = found.groups()
    t_ns = parse_time(time.decode("utf-8", "replace"))
    named = {"host.name": host, "process.pid": process, "log.syslog.msgid": message_id}
    fields.update({name: value for name, value in named.items() if value != _NIL})
    fields.update(_read_structured_data(data))
    return ReceivedRecord(
        _DEFAULT_SERVICE if app == _NIL else app.decode("utf-8", "replace"),
        arrival_ns if t_ns is None else t_ns,
        level,
        (message or b"").removeprefix(_BOM),
        fields,
    )


def _read_structured_data(data: bytes) -> Iterator[tuple[str, FieldValue]]:
    for element, parameters in _ELEMENT.findall(data):
        for name, value in _PARAMETER.findall(parameters):
            path = b".".join((element, name)).decode("utf-8", "replace")
            yield f"log.syslog.structured_data.{path}", _ESCAPED.sub(rb"\1", value)


def _build_rfc3164(
    text: bytes,
    level: Level,
    fields: dict[str, FieldValue],
    arrival: tuple[int, tzinfo],
    sender: str,
) -> ReceivedRecord:
    host = sender.encode()
    stamp = _RFC3164.match(text)
    t_ns = _read_time(stamp, *arrival) if stamp else None
    if stamp and t_ns is not None:
        text = text[stamp.end() :]
        named = _HOST.match(text)
        if named:
            host, text = named[1], text[named.end() :]
    if host:
        fields["host.name"] = host
    tag = _TAG.match(text) if fields.keys() - {"host.name"} or t_ns is not None else None
    service = _DEFAULT_SERVICE
    if tag:
        service = tag["app"].decode("utf-8", "replace")
        text = text[tag.end() :]
        if tag["pid"] is not None:
            fields["process.pid"] = tag["pid"]
    return ReceivedRecord(service, arrival[0] if t_ns is None else t_ns, level, text, fields)


def _read_time(stamp: re.Match[bytes], arrival_ns: int, zone: tzinfo) -> int | None:
    if stamp["iso"]:
        return parse_time(stamp["iso"].decode("utf-8", "replace"))
    month = stamp["month"].lower()
    if month not in _MONTHS:
        return None
    day, hour, minute, second = (int(stamp[name]) for name in _CLOCK)
    arrival = datetime.fromtimestamp(arrival_ns // _NANOS, zone)
    year = stamp["year"]
    number = _MONTHS.index(month) + 1
    years = [int(year)] if year else [arrival.year + 1, arrival.year, arrival.year - 1]
    fraction = int((stamp["fraction"] or b"").ljust(9, b"0"))
    for each in years:
        try:
            moment = datetime(each, number, day, hour, minute, second, tzinfo=zone)
        except ValueError:
            continue
        t_ns = int(moment.timestamp()) * _NANOS + fraction
        # A sender's clock may be ahead; a year without its line is the last one that fits.
        if year or t_ns <= arrival_ns + _DAY_NS:
            return t_ns
    return None
