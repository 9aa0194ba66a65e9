"""What must not be stored (prompts, secrets, personal data), found by RE2 and replaced."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import re2

from jipyo.model.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_VALUE = r"""[^\s"'&,;}\])\\]+"""
_KEY_END = r"""\\?["']? ?[=:] ?\\?["']?"""
BUILT_IN: Mapping[str, str] = {
    "prompt": r"""\bprompt: ('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")"""
    r"""|"(?:prompt|messages_text)" ?: ?"((?:[^"\\\n]|\\.)*)\""""
    r"""|\bprompt_token_ids: \[([0-9, ]*)\]""",
    "authorization": r"""(?i:\bauthorization)""" + _KEY_END
    + r"""((?:(?i:basic|bearer|digest|negotiate) )?[^\s"',;}\\]{4,})"""
    r"""|\b[Bb]earer ([A-Za-z0-9._~+/=-]{8,})""",
    "token": r"""(?i:\b(?:[a-z0-9]+[_-])?(?:token|api[_-]?key|secret|access[_-]?key))""" + _KEY_END
    + "(" + _VALUE[:-1] + r"""{6,})"""
    r"""|\b(sk-[A-Za-z0-9_-]{16,}|gh[pousr]_[A-Za-z0-9]{20,}|hf_[A-Za-z0-9]{20,}"""
    r"""|AKIA[A-Z0-9]{16}"""
    r"""|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*)""",
    "password": r"""(?i:password|passwd|\bpwd|비밀번호)""" + _KEY_END + "(" + _VALUE + ")"
    r"""|[a-z]://[^\s/:@"]*:([^\s/@"]+)@""",
    "resident": r"""\b([0-9]{6}-[1-8][0-9]{6}|[0-9]{13})\b""",
    "card": r"""\b([2-69][0-9]{3}[ -]?[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{3,4}"""
    r"""|3[47][0-9]{2}[ -]?[0-9]{6}[ -]?[0-9]{5})\b""",
    "email": r"""\b([A-Za-z0-9][A-Za-z0-9._%+-]*"""
    r"""@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,})\b""",
    "phone": r"""\b(01[016789]-?[0-9]{3,4}-?[0-9]{4})\b""",
}  # fmt: skip
"""Patterns by kind; their groups are what is replaced."""
DEFAULT_KINDS = tuple(kind for kind in BUILT_IN if kind != "phone")
_RESIDENT_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
_OLDEST_WITHOUT_HYPHEN = 1930
_RESIDENT_DIGITS = 13


@dataclass(frozen=True, slots=True, kw_only=True)
class RedactionOptions:
    """What is redacted."""

    kinds: tuple[str, ...] = DEFAULT_KINDS
    """Of the built-in ones; empty for none."""
    patterns: tuple[tuple[str, str], ...] = ()
    """More kinds with patterns of RE2; their first group is replaced, or all that they match."""


class Redactor:
    """Finds all kinds in one pass over a block, and replaces what it finds by `[kind]`."""

    def __init__(self, options: RedactionOptions | None = None) -> None:
        """Compile the patterns.

        Raises:
            ConfigError: a pattern is not RE2.
        """
        chosen = options or RedactionOptions()
        patterns = [(kind, BUILT_IN[kind]) for kind in chosen.kinds]
        for kind, pattern in chosen.patterns:
            groups = _compile(kind, pattern).groups
            patterns.append((kind, pattern if groups else f"({pattern})"))
        self._kinds: list[str] = [""]
        for kind, pattern in patterns:
            self._kinds += [kind] * _compile(kind, pattern).groups
        self._pattern = _compile("", "|".join(pattern for _, pattern in patterns))
        self._is_empty = not patterns

    def redact(self, block: bytes) -> tuple[bytes, Sequence[tuple[int, str]]]:
        """The block without them, with as many lines; and the place and kind of each."""
        if self._is_empty:
            return block, ()
        pieces: list[bytes] = []
        hits: list[tuple[int, str]] = []
        place = 0
        for found in self._pattern.finditer(block):
            group = found.lastindex or 0
            start, stop = found.span(group)
            kind, text = self._kinds[group], block[start:stop]
            if group == 0 or start < place or not text or not _is_real(kind, text):
                continue
            mark = b"[%s]" % kind.encode()
            if b"\n" in text:
                mark += b"\n" * text.count(b"\n")
            if text[:1] in {b"'", b'"'}:
                mark = text[:1] + mark + text[:1]
            elif _is_json_number(block, start, stop):
                mark = b'"' + mark + b'"'
            pieces += [block[place:start], mark]
            hits.append((start, kind))
            place = stop
        if not hits:
            return block, ()
        return b"".join([*pieces, block[place:]]), hits


def _compile(kind: str, pattern: str) -> re2._Regexp:
    """A pattern over bytes, of which those that are not ASCII stand for themselves."""
    options = re2.Options()
    options.log_errors = False
    options.encoding = re2.Options.Encoding.LATIN1
    try:
        return re2.compile(pattern.encode(), options)
    except re2.error as error:
        reason = error.args[0]
        text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise ConfigError(
            "logs_formats.redact",
            hint="logs_formats.redact.hint",
            kind=kind,
            pattern=pattern,
            reason=text,
        ) from error


def _is_json_number(block: bytes, start: int, stop: int) -> bool:
    """Whether the text is a value of JSON without quotes, which a mark cannot be."""
    before = block[max(start - 3, 0) : start].rstrip(b" ")
    return before.endswith(b'":') and block[stop : stop + 1] in {b",", b"}", b" "}


def _is_real(kind: str, text: bytes) -> bool:
    if kind == "resident":
        return is_resident_number(text)
    if kind == "card":
        return is_card_number(text)
    return True


def is_resident_number(text: bytes) -> bool:
    """Whether it can be a Korean resident registration number, or a foreigner's.

    With a hyphen the date of birth decides, for those given since October 2020 have no check
    digit. Thirteen digits without one must also pass the check, so that times are not taken.
    """
    digits = text.replace(b"-", b"")
    century = 1900 if digits[6:7] in b"1256" else 2000
    year, month, day = century + int(digits[:2]), int(digits[2:4]), int(digits[4:6])
    try:
        date(year, month, day)
    except ValueError:
        return False
    if digits[6:7] not in b"12345678":
        return False
    if b"-" in text:
        return True
    if year < _OLDEST_WITHOUT_HYPHEN:
        return False
    weighted = zip(_RESIDENT_WEIGHTS, digits, strict=False)
    total = sum(weight * (digit - ord("0")) for weight, digit in weighted)
    return (11 - total % 11) % 10 == digits[_RESIDENT_DIGITS - 1] - ord("0")


def is_card_number(text: bytes) -> bool:
    """Luhn's check."""
    digits = [code - ord("0") for code in text if code >= ord("0")]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
