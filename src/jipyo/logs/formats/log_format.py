"""A web server's own `log_format` (nginx) or `LogFormat` (Apache) -> the formats of its lines.

https://nginx.org/en/docs/http/ngx_http_log_module.html,
https://httpd.apache.org/docs/2.4/mod/mod_log_config.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jipyo.logs.formats.access import (
    ISO_OFFSET,
    MILLIS,
    OFFSET,
    REQUEST_TIME,
    STATUS,
    URL,
    WHOLE,
    AccessFormat,
    Slot,
    build_access_format,
    build_iso_part,
    build_time_part,
    list_request,
)
from jipyo.logs.formats.pattern import QUOTED
from jipyo.model.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jipyo.logs.record import TimePart

_REQUEST, _TIME, _ISO_TIME = "request", "time", "iso_time"
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_DIRECTIVE = re.compile(r"%[<>!\d,]*(?:\{([^}]*)\}(\^[a-z]{2}|[a-zA-Z])|(\^[A-Z]{2}|[a-zA-Z%]))")
_NUMBER, _MILLIS = "number", "millis"
_NGINX: dict[str, str | tuple[str, str]] = {
    "args": "url.query", "body_bytes_sent": ("http.response.body.bytes", _NUMBER),
    "bytes_sent": ("http.response.bytes", _NUMBER), "host": "url.domain",
    "http_host": "url.domain", "http_referer": "http.request.referrer",
    "http_user_agent": "user_agent.original",
    "http_x_forwarded_for": "http.request.headers.x-forwarded-for",
    "query_string": "url.query", "realip_remote_addr": "client.address",
    "remote_addr": "client.ip", "remote_port": ("client.port", _NUMBER),
    "remote_user": "user.name", "request_id": "http.request.id",
    "request_length": ("http.request.bytes", _NUMBER), "request_method": "http.request.method",
    "request_time": (REQUEST_TIME, _MILLIS), "request_uri": URL, "scheme": "url.scheme",
    "server_name": "server.address", "server_port": ("server.port", _NUMBER),
    "server_protocol": "http.request.protocol", "ssl_cipher": "tls.cipher",
    "ssl_protocol": "tls.version", "status": (STATUS, _NUMBER), "uri": "url.path",
    "request": _REQUEST, "time_local": _TIME, "time_iso8601": _ISO_TIME,
}  # fmt: skip
"""Fields of nginx's variables, and how the numbers among them are written."""
_APACHE: dict[str, str | tuple[str, str]] = {
    "a": "client.ip", "A": "server.ip", "b": ("http.response.body.bytes", _NUMBER),
    "B": ("http.response.body.bytes", _NUMBER), "D": ("apache.request_time_us", _NUMBER),
    "h": "client.ip", "H": "http.request.protocol", "I": ("http.request.bytes", _NUMBER),
    "l": "client.ident", "L": "apache.log_id", "m": "http.request.method",
    "O": ("http.response.bytes", _NUMBER), "p": ("server.port", _NUMBER),
    "P": ("process.pid", _NUMBER), "q": "url.query", "r": _REQUEST, "s": (STATUS, _NUMBER),
    "T": ("apache.request_time_s", _NUMBER), "u": "user.name", "U": "url.path",
    "v": "url.domain", "V": "url.domain", "X": "apache.connection", "k": "apache.keepalive",
}  # fmt: skip
_APACHE_NAMED: dict[tuple[str, str], str | tuple[str, str]] = {
    ("referer", "i"): "http.request.referrer", ("user-agent", "i"): "user_agent.original",
    ("x-forwarded-for", "i"): "http.request.headers.x-forwarded-for", ("host", "i"): "url.domain",
    ("unique_id", "e"): "http.request.id", ("us", "T"): ("apache.request_time_us", _NUMBER),
    ("ms", "T"): ("apache.request_time_ms", _NUMBER),
    ("s", "T"): ("apache.request_time_s", _NUMBER),
    ("c", "a"): "client.address",
}  # fmt: skip
_APACHE_TIME = "%d/%b/%Y:%H:%M:%S %z"
_PATTERNS = {
    _REQUEST: b'(?P<request>' + QUOTED + b')',
    _TIME: rb"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d (?P<zone>" + OFFSET + rb")",
    _ISO_TIME: rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?P<zone>" + ISO_OFFSET + rb"|Z)",
}  # fmt: skip
_MAX_FORMAT = 4096


@dataclass(frozen=True, slots=True)
class LogFormat:
    """What an operator wrote; the zone and the kind of request are found in the lines."""

    pieces: tuple[bytes | Slot | str, ...]
    """Literal texts, fields, and the names of a request and of a time."""
    pattern: re.Pattern[bytes]

    def learn(self, line: bytes) -> AccessFormat | None:
        """The format of a line; None where it is not written so."""
        found = self.pattern.fullmatch(line)
        return None if found is None else build_access_format("access", list(self._fill(found)))

    def _fill(self, found: re.Match[bytes]) -> Iterator[bytes | Slot | TimePart]:
        for piece in self.pieces:
            if piece == _REQUEST:
                yield from list_request(found[_REQUEST])
            elif piece == _TIME:
                yield build_time_part(found["zone"])
            elif piece == _ISO_TIME:
                yield build_iso_part(found["zone"])
            else:
                assert not isinstance(piece, str), "BUG: a piece without a meaning"
                yield piece


def parse_log_format(text: str, where: str = "log_format") -> LogFormat:
    """Read a format; `$` begins a variable of nginx, `%` a directive of Apache.

    Raises:
        ConfigError: it has neither, no time, or two values that nothing separates.
    """
    if len(text) > _MAX_FORMAT or "\n" in text:
        raise _make_error("empty", where)
    pieces = list(_read_nginx(text) if _VARIABLE.search(text) else _read_apache(text))
    times = [piece for piece in pieces if piece in {_TIME, _ISO_TIME}]
    if len(times) != 1:
        raise _make_error("time", where)
    if pieces.count(_REQUEST) > 1 or not any(isinstance(piece, Slot) for piece in pieces):
        raise _make_error("empty", where)
    pieces = _name_apart(_join_literals(pieces))
    bounded: list[bytes | Slot | str] = []
    for piece, after in zip(pieces, [*pieces[1:], b"\n"], strict=True):
        each = _bound(piece, after)
        if each is None:
            raise _make_error("joined", where)
        bounded.append(each)
    pattern = b"".join(_write_pattern(piece) for piece in bounded)
    return LogFormat(tuple(bounded), re.compile(pattern))


def _make_error(problem: str, where: str) -> ConfigError:
    return ConfigError(f"logs_formats.log_format.{problem}", where=where)


def _read_nginx(text: str) -> Iterator[bytes | Slot | str]:
    place = 0
    for found in _VARIABLE.finditer(text):
        yield text[place : found.start()].encode()
        name, place = found[1] or found[2], found.end()
        yield _find_field(_NGINX.get(name, f"nginx.{name}"))
    yield text[place:].encode()


def _read_apache(text: str) -> Iterator[bytes | Slot | str]:
    place = 0
    for found in _DIRECTIVE.finditer(text):
        yield _unescape(text[place : found.start()])
        name, place = found[1], found.end()
        letter = (found[2] or found[3]).lstrip("^")
        if letter == "%":
            yield b"%"
        elif letter == "t" and name in (None, _APACHE_TIME):
            yield from ((b"[", _TIME, b"]") if name is None else (_TIME,))
        elif name is None:
            yield _find_field(_APACHE.get(letter, f"apache.{letter}"))
        else:
            default = f"apache.{name.lower()}"
            yield _find_field(_APACHE_NAMED.get((name.lower(), letter), default))
    yield _unescape(text[place:])


def _unescape(text: str) -> bytes:
    return re.sub(r"\\(.)", r"\1", text.replace("\\t", "\t")).encode()


def _find_field(about: str | tuple[str, str]) -> Slot | str:
    """A field without the pattern of its text, which depends on what follows; or a name."""
    if about in _PATTERNS:
        return str(about)
    field, kind = (about, "") if isinstance(about, str) else about
    if field == STATUS:
        return Slot(field, rb"[1-9][0-9]{2}", 0)
    if kind == _MILLIS:
        return Slot(field, MILLIS + rb"|-", 3)
    return Slot(field, WHOLE + rb"|-", 0) if kind == _NUMBER else Slot(field, b"")


def _join_literals(pieces: Sequence[bytes | Slot | str]) -> list[bytes | Slot | str]:
    joined: list[bytes | Slot | str] = []
    for piece in pieces:
        last = joined[-1] if joined else None
        if isinstance(piece, bytes) and isinstance(last, bytes):
            joined[-1] = last + piece
        elif piece:
            joined.append(piece)
    return joined


def _name_apart(pieces: Sequence[bytes | Slot | str]) -> list[bytes | Slot | str]:
    """A field that is there again has a number behind its name."""
    seen: dict[str, int] = {}
    if _REQUEST in pieces:
        parts = [slot for slot in list_request(b"GET / HTTP/1.1") if isinstance(slot, Slot)]
        seen = {slot.field: 1 for slot in parts}
    named: list[bytes | Slot | str] = []
    for piece in pieces:
        if isinstance(piece, Slot):
            seen[piece.field] = number = seen.get(piece.field, 0) + 1
            named.append(replace(piece, field=f"{piece.field}_{number}") if number > 1 else piece)
        else:
            named.append(piece)
    return named


def _bound(piece: bytes | Slot | str, after: bytes | Slot | str) -> bytes | Slot | str | None:
    """A piece whose text ends where the literal behind it begins; None without a literal."""
    if isinstance(piece, bytes):
        return piece
    if not isinstance(after, bytes):
        return None
    if not isinstance(piece, Slot) or piece.pattern:
        return piece
    if after[:1] == b'"':
        return replace(piece, pattern=QUOTED)
    if after[:1] == b" " and piece.field.startswith("nginx.upstream_"):
        return replace(piece, pattern=rb"[^ ,\n]+(?:(?:, | : )[^ ,\n]+)*")
    end = re.escape(after[:1]) if after[:1] != b"\n" else b""
    return replace(piece, pattern=b"[^" + end + rb"\n]*")


def _write_pattern(piece: bytes | Slot | str) -> bytes:
    if isinstance(piece, Slot):
        return b"(?:" + piece.pattern + b")"
    return re.escape(piece) if isinstance(piece, bytes) else _PATTERNS[piece]
