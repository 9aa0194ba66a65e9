"""Entries of systemd's journal as `journalctl -o json` writes them -> records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from jipyo.logs.ingest.decode.received import FieldValue, ReceivedRecord
from jipyo.logs.levels import find_level
from jipyo.model.errors import MalformedBody

if TYPE_CHECKING:
    from collections.abc import Mapping

FIELDS: Mapping[str, str] = {
    "CODE_FILE": "log.origin.file.name",
    "CODE_FUNC": "log.origin.function",
    "CODE_LINE": "log.origin.file.line",
    "CONTAINER_ID": "container.id",
    "CONTAINER_NAME": "container.name",
    "SYSLOG_IDENTIFIER": "log.syslog.appname",
    "_BOOT_ID": "host.boot.id",
    "_EXE": "process.executable",
    "_HOSTNAME": "host.name",
    "_PID": "process.pid",
    "_SYSTEMD_UNIT": "systemd.unit",
    "_TRANSPORT": "systemd.transport",
    "_UID": "user.id",
}
"""The fields that are kept, under the names of ECS where it has one."""
ASKED = ("MESSAGE", "PRIORITY", "_SOURCE_REALTIME_TIMESTAMP", "_SYSTEMD_USER_UNIT", *FIELDS)
"""What is asked of journalctl; the cursor and the time always come."""
_UNIT_SUFFIXES = (".service", ".scope", ".socket", ".mount", ".timer")
_DEFAULT_SERVICE = "journald"
_BYTE = 256
_LARGEST = (1 << 63) - 1


def decode_journal_entry(line: bytes, now_ns: int) -> tuple[ReceivedRecord, str]:
    """The record of a line, and the cursor behind it.

    Raises:
        MalformedBody: it is no entry.
    """
    try:
        entry = orjson.loads(line)
        cursor = entry["__CURSOR"]
        t_ns = int(entry["__REALTIME_TIMESTAMP"]) * 1000
    except (ValueError, TypeError, KeyError) as error:
        reason = f"no entry of the journal ({type(error).__name__})"
        raise MalformedBody("wire.damaged", reason=reason) from error
    if not isinstance(cursor, str):
        raise MalformedBody("wire.damaged", reason="no entry of the journal (cursor)")
    fields: dict[str, FieldValue] = {}
    for name, ecs in FIELDS.items():
        value = read_value(entry.get(name))
        if value is not None:
            fields[ecs] = value
    level = find_level(str(entry.get("PRIORITY")))
    message = read_value(entry.get("MESSAGE")) or b""
    t_ns = t_ns if 0 < t_ns <= _LARGEST else now_ns
    return ReceivedRecord(find_unit_service(entry), t_ns, level, message, fields), cursor


def read_value(value: Any) -> bytes | None:
    """The bytes of a field: a text, the numbers of its bytes, or several of either."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    if isinstance(value, list) and value:
        if all(type(each) is int and 0 <= each < _BYTE for each in value):
            return bytes(value)
        return read_value(value[-1]) if isinstance(value[-1], str) else None
    return None


def find_unit_service(entry: Mapping[str, Any]) -> str:
    """The unit without its suffix, of the user's session where it has one; else the program."""
    for name in ("_SYSTEMD_USER_UNIT", "_SYSTEMD_UNIT"):
        unit = read_value(entry.get(name))
        if unit and not unit.startswith((b"user@", b"session-")):
            text = unit.decode("utf-8", "replace")
            suffix = next((each for each in _UNIT_SUFFIXES if text.endswith(each)), "")
            return text.removesuffix(suffix).partition("@")[0] or text
    program = read_value(entry.get("SYSLOG_IDENTIFIER")) or read_value(entry.get("CONTAINER_NAME"))
    return program.decode("utf-8", "replace") if program else _DEFAULT_SERVICE
