"""String literals of PromQL, quoted and unquoted with Go's escapes.

A string holds bytes that need not be UTF-8; such bytes are kept as surrogate escapes (U+DC80
to U+DCFF), as in `bytes.decode("utf-8", "surrogateescape")`.
"""

from __future__ import annotations

import re

_WRITTEN = {
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
    "\\": "\\\\",
}
_READ = {written[1].encode(): char.encode() for char, written in _WRITTEN.items()}

_ESCAPE = re.compile(
    rb"\\(?:x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL
)


def quote(text: str) -> str:
    r"""The text in double quotes, as Go's `%q` writes it.

    >>> print(quote('a"b' + chr(10)))
    "a\"b\n"
    """
    if text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return '"' + "".join(_escape_char(char, '"') for char in text) + '"'


def quote_char(char: str) -> str:
    """One character in single quotes; an empty one means the end of the input."""
    return f"'{_escape_char(char or chr(0xFFFD), chr(39))}'"


def _escape_char(char: str, mark: str) -> str:
    if char == mark:
        return "\\" + char
    if char in _WRITTEN:
        return _WRITTEN[char]
    if char.isprintable():
        return char
    code = ord(char)
    if code < 0x80:
        return f"\\x{code:02x}"
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def unquote(literal: str) -> str:
    """The value of a string literal; the lexer has already rejected bad escapes."""
    inside = literal[1:-1]
    if literal[0] == "`" or "\\" not in inside:
        return inside
    # Bytes first: "\xc3\xa9" is one letter.
    raw = _ESCAPE.sub(_unescape_match, inside.encode("utf-8", "surrogateescape"))
    return raw.decode("utf-8", "surrogateescape")


def _unescape_match(match: re.Match[bytes]) -> bytes:
    two, octal, four, eight, single = match.groups()
    if two:
        return bytes([int(two, 16)])
    if octal:
        return bytes([int(octal, 8)])
    if single:
        return _READ.get(single, single)
    return chr(int(four or eight, 16)).encode()
