"""Go's `printf` for the values of templates, with its marks for what does not fit."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from jipyo.alerts.rule_files.template.errors import TooMuchError
from jipyo.alerts.rule_files.template.values import (
    Value,
    name_type,
    print_float,
    print_value,
)
from jipyo.promql.syntax.quoting import quote, quote_char

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_CHARACTERS = 1 << 18
"""The longest text that a template, or a function in one, may make."""
_MAX_WIDTH = 1_000_000
_VERB = re.compile(
    r"%(?P<flags>[+\-# 0]*)(?P<width>\*|[0-9]+)?(?:\.(?P<precision>\*|[0-9]*))?(?P<verb>.)?",
    re.DOTALL,
)


def check_length(length: int) -> None:
    """Refuse a text that would be too long.

    Raises:
        TooMuchError: it would.
    """
    if length > MAX_CHARACTERS:
        raise TooMuchError(f"more than {MAX_CHARACTERS} characters")


def print_values(values: Sequence[Value]) -> str:
    """Go's `Sprint`: a space between two that are both no text."""
    written = ""
    for at, value in enumerate(values):
        both = at and not isinstance(value, str) and not isinstance(values[at - 1], str)
        written += (" " if both else "") + _print_argument(value)
        check_length(len(written))
    return written


def print_line(values: Sequence[Value]) -> str:
    """Go's `Sprintln`: spaces between all, and the end of the line."""
    line = " ".join(map(_print_argument, values)) + "\n"
    check_length(len(line))
    return line


def _print_argument(value: Value) -> str:
    return "<nil>" if value is None else print_value(value)


def format_values(template: str, values: Sequence[Value]) -> str:
    """Go's `Sprintf`.

    Raises:
        TooMuchError: the text would be too long.
    """
    rest = iter(values)
    written: list[str] = []
    used = at = length = 0
    for match in _VERB.finditer(template):
        piece = template[at : match.start()]
        at = match.end()
        if match["verb"] == "%":
            piece += "%"
        elif match["verb"] is None:
            piece += "%!(NOVERB)"
        else:
            text, count = _format_verb(match, rest)
            used += count
            piece += text
        length += len(piece)
        check_length(length)
        written.append(piece)
    written.append(template[at:])
    if used < len(values):
        extra = (f"{name_type(v)}={_print_argument(v)}" for v in values[used:])
        written.append(f"%!(EXTRA {', '.join(extra)})")
    text = "".join(written)
    check_length(len(text))
    return text


def _format_verb(match: re.Match[str], values: Iterator[Value]) -> tuple[str, int]:
    """The text of one verb, and how many values it took."""
    flags, problem, used = match["flags"], "", 0
    sizes: list[int | None] = []
    for word, mark in ((match["width"], "%!(BADWIDTH)"), (match["precision"], "%!(BADPREC)")):
        size: int | None = None
        if word == "*":
            given = next(values, None)
            used += given is not None
            if isinstance(given, int) and abs(given) <= _MAX_WIDTH:
                size = int(given)
            else:
                problem += mark
        elif word is not None:
            size = int(word[:8] or 0)
            if size > _MAX_WIDTH:
                problem, size = problem + mark, None
        sizes.append(size)
    width, precision = sizes
    if width is not None and width < 0:
        flags, width = flags + "-", -width
    missing = object()
    value = next(values, missing)
    if value is missing:
        return f"{problem}%!{match['verb']}(MISSING)", used
    check_length(max(width or 0, precision or 0))
    text = _format_value(value, match["verb"], flags, precision)
    return problem + _pad(text, width or 0, flags, value), used + 1


def _pad(text: str, width: int, flags: str, value: Value) -> str:
    if "-" in flags:
        return text.ljust(width)
    is_finite = isinstance(value, int | float) and math.isfinite(value)
    if "0" in flags and is_finite:
        sign = text[:1] if text[:1] in {"-", "+", " "} else ""
        return sign + text[len(sign) :].rjust(width - len(sign), "0")
    return text.rjust(width)


def _format_value(value: Value, verb: str, flags: str, precision: int | None) -> str:
    if verb == "T":
        return name_type(value)
    if value is None:
        return "<nil>" if verb == "v" else f"%!{verb}(<nil>)"
    formatted: str | None = None
    match value:
        case bool():
            formatted = print_value(value) if verb in {"t", "v"} else None
        case int():
            formatted = _format_int(value, verb, flags, precision)
        case float():
            formatted = _format_float(value, verb, flags, precision)
        case str():
            formatted = _format_text(value, verb, flags, precision)
        case _:
            formatted = print_value(value) if verb in {"v", "s"} else None
    if formatted is None:
        return f"%!{verb}({name_type(value)}={print_value(value)})"
    return formatted


_BASES = {"d": "d", "v": "d", "b": "b", "o": "o", "x": "x", "X": "X"}


def _format_int(value: int, verb: str, flags: str, precision: int | None) -> str | None:
    if verb in _BASES:
        digits = format(abs(value), _BASES[verb])
        if precision is not None:
            digits = digits.rjust(precision, "0") if value or precision else ""
        prefix = {"x": "0x", "X": "0X", "o": "0", "b": "0b"}.get(verb, "") if "#" in flags else ""
        sign = "-" if value < 0 else "+" if "+" in flags else " " if " " in flags else ""
        return sign + prefix + digits
    is_character = 0 <= value < 0x110000 and not 0xD800 <= value < 0xE000
    char = chr(value) if is_character else "\ufffd"
    shown = {"c": char, "q": quote_char(char), "U": f"U+{value & (2**64 - 1):04X}"}
    return shown.get(verb)


def _format_float(value: float, verb: str, flags: str, precision: int | None) -> str | None:
    if verb not in "vgGeEfF":
        return None
    if not math.isfinite(value):
        text = "NaN" if math.isnan(value) else print_float(value)
        return (
            text if "+" in flags or value < 0 else text.removeprefix("+") if verb != "v" else text
        )
    if verb in "vgG" and precision is None:
        text = print_float(value)
        text = text.upper() if verb == "G" else text
    else:
        text = format(value, f".{6 if precision is None else precision}{verb.replace('v', 'g')}")
    if not text.startswith("-"):
        text = ("+" if "+" in flags else " " if " " in flags else "") + text
    return text


def _format_text(value: str, verb: str, flags: str, precision: int | None) -> str | None:
    cut = value if precision is None else value[:precision]
    match verb:
        case "s" | "v":
            return cut
        case "q":
            return f"`{cut}`" if "#" in flags and "`" not in cut else quote(cut)
        case "x" | "X":
            octets = cut.encode("utf-8", "surrogateescape")
            digits = octets.hex(" ") if " " in flags else octets.hex()
            return digits if verb == "x" else digits.upper()
        case _:
            return None
