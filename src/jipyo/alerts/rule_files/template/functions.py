"""The functions of templates: those of Go's text/template, and those of Prometheus.

As Prometheus' template/template.go and docs/configuration/template_reference.md have them. None
of them can run code, read a file or open a connection: `query` asks the function it is given.
"""

from __future__ import annotations

import html
import ipaddress
import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote_plus, urlsplit

import re2

from jipyo.alerts.rule_files.template.errors import TemplateError, TooMuchError
from jipyo.alerts.rule_files.template.formatting import (
    check_length,
    format_values,
    print_line,
    print_values,
)
from jipyo.alerts.rule_files.template.values import (
    Arguments,
    Sample,
    TemplateDuration,
    TemplateQueryResult,
    TemplateTime,
    Value,
    is_true,
    name_type,
    print_value,
)
from jipyo.model.duration import parse_duration
from jipyo.model.matcher import describe_regex_error
from jipyo.model.regex import compile_pattern
from jipyo.promql.syntax.number_format import format_rounded
from jipyo.promql.syntax.quoting import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

AskQuery = Callable[[str], Sequence[tuple["Mapping[str, str]", float]]]
"""The series and values of an expression; raises a TemplateError where it cannot be answered."""
_MOST_QUERIES = 50
_MOST_ARGUMENTS = 200


@dataclass(slots=True)
class Surroundings:
    """What functions know beside their arguments."""

    t_ms: int
    ask: AskQuery
    external_url: str = ""
    queries: int = 0


@dataclass(frozen=True, slots=True)
class TemplateFunction:
    """A function: the Go types of its parameters, and what computes it.

    A last type that begins with dots may be there any number of times.
    """

    parameters: tuple[str, ...]
    call: Callable[..., Value]
    needs_surroundings: bool = False

    @property
    def is_variadic(self) -> bool:
        """Whether the last parameter takes any number of arguments."""
        return bool(self.parameters) and self.parameters[-1].startswith("...")

    @property
    def fixed(self) -> int:
        """How many arguments there are at least."""
        return len(self.parameters) - self.is_variadic

    def type_of(self, at: int) -> str:
        """The type of an argument."""
        if at >= self.fixed:
            return self.parameters[-1].removeprefix("...")
        return self.parameters[at]


# --- numbers for people

_UP = ("k", "M", "G", "T", "P", "E", "Z", "Y")
_DOWN = ("m", "u", "n", "p", "f", "a", "z", "y")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:_[0-9]+)*\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_SPECIAL = re.compile(r"[+-]?(?:inf|infinity)|nan", re.IGNORECASE)
_NS = 1_000_000_000


def _to_float(value: Value) -> float:
    if isinstance(value, str):
        if not _NUMBER.fullmatch(value) and not _SPECIAL.fullmatch(value):
            raise TemplateError(f"strconv.ParseFloat: parsing {quote(value)}: invalid syntax")
        number = float(value)
        if math.isinf(number) and not _SPECIAL.fullmatch(value):
            raise TemplateError(f"strconv.ParseFloat: parsing {quote(value)}: value out of range")
        return number
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TemplateError(f"can't convert {name_type(value)} to float")
    return float(value)


def _scale(number: float, prefixes: Sequence[str], factor: float) -> tuple[float, str]:
    """A number from 1 up to the factor, and the prefix that it then needs."""
    chosen = ""
    for prefix in prefixes:
        if abs(number) < factor if factor > 1 else abs(number) >= 1:
            break
        chosen = prefix
        number = number / factor if factor > 1 else number * 1000
    return number, chosen


def _show(number: float) -> str:
    return format_rounded(number, 4)


def humanize(value: Value) -> str:
    """A number with a metric prefix."""
    number = _to_float(value)
    if number == 0 or not math.isfinite(number):
        return _show(number)
    up = abs(number) >= 1
    number, prefix = _scale(number, _UP if up else _DOWN, 1000 if up else 1)
    return _show(number) + prefix


def humanize_1024(value: Value) -> str:
    """A number with a binary prefix."""
    number = _to_float(value)
    if abs(number) <= 1 or not math.isfinite(number):
        return _show(number)
    number, prefix = _scale(number, [f"{one}i" for one in _UP], 1024)
    return _show(number) + prefix


def humanize_duration(value: Value) -> str:
    """Seconds as days, hours, minutes and seconds."""
    number = _to_float(value)
    if not math.isfinite(number):
        return _show(number)
    if number == 0:
        return "0s"
    if abs(number) < 1:
        number, prefix = _scale(number, _DOWN, 1)
        return f"{_show(number)}{prefix}s"
    sign, number = ("-" if number < 0 else ""), abs(number)
    minutes, seconds = divmod(min(int(number), (1 << 63) - 1), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{sign}{days}d {hours}h {minutes}m {seconds}s"
    if hours:
        return f"{sign}{hours}h {minutes}m {seconds}s"
    return f"{sign}{minutes}m {seconds}s" if minutes else f"{sign}{_show(number)}s"


def humanize_percentage(value: Value) -> str:
    """A ratio in percent."""
    return f"{_show(_to_float(value) * 100)}%"


def to_time(value: Value) -> TemplateTime:
    """Unix seconds as a moment."""
    number = _to_float(value)
    if not math.isfinite(number):
        raise TemplateError("value is NaN or Inf")
    if not -(2.0**63) <= number * 1e9 <= 2.0**63:
        raise TemplateError(
            f"{print_value(number)} cannot be represented as a nanoseconds timestamp"
            " since it overflows int64"
        )
    ns = int(number * 1e9)
    return TemplateTime(ns // 1_000_000 if ns >= 0 else -(-ns // 1_000_000))


def humanize_timestamp(value: Value) -> str:
    """Unix seconds as a date and a time in UTC."""
    number = _to_float(value)
    return str(to_time(number)) if math.isfinite(number) else _show(number)


def to_duration(value: Value) -> TemplateDuration:
    """Seconds as a duration."""
    number = _to_float(value) * _NS
    bound = float(1 << 63)
    return TemplateDuration(int(number) if abs(number) < bound else -(1 << 63))


def parse_seconds(text: str) -> float:
    """The seconds of a duration, which may be negative."""
    try:
        ms = parse_duration(text.removeprefix("-"))
    except ValueError as error:
        raise TemplateError(str(error)) from error
    return -ms / 1000 if text.startswith("-") else ms / 1000


# --- texts

_WITHIN = frozenset(bytes([byte]) for byte in range(0x80, 0xC0))
"""Bytes within a letter of UTF-8."""
_TITLE_WORD = re.compile(r"[^\W\d_][\w'’.:·]*")
_REFERENCE = re.compile(rb"\$(?:(\$)|([A-Za-z0-9_]+)|\{([A-Za-z0-9_]+)\})")


def title(text: str) -> str:
    """Every word with a capital."""
    return _TITLE_WORD.sub(lambda word: word[0][:1].title() + word[0][1:], text)


def to_upper(text: str) -> str:
    """A text in capitals, letter by letter: `ß` has none."""
    return "".join(char.upper() if len(char.upper()) == 1 else char for char in text)


def to_lower(text: str) -> str:
    """A text in small letters, letter by letter."""
    return "".join(char.lower()[:1] for char in text)


def _compile(pattern: str, caller: str) -> re2._Regexp:
    try:
        return compile_pattern(pattern.encode("utf-8", "surrogateescape"))
    except re2.error as error:
        problem = f"error parsing regexp: {describe_regex_error(error)}"
        raise TemplateError(caller + problem) from error


def match_pattern(pattern: str, text: str) -> bool:
    """Whether a pattern is anywhere in a text."""
    return _compile(pattern, "").search(text.encode("utf-8", "surrogateescape")) is not None


def replace_all(pattern: str, replacement: str, text: str) -> str:
    """A text with all that a pattern matches replaced."""
    shown = f"`{pattern}`" if "`" not in pattern else quote(pattern)
    regex = _compile(pattern, f"regexp: Compile({shown}): ")
    template = replacement.encode("utf-8", "surrogateescape")
    length = 0

    def fill(match: re2._Match) -> bytes:
        def find(reference: re.Match[bytes]) -> bytes:
            if reference[1]:
                return b"$"
            name = reference[2] or reference[3]
            number = int(name[:9]) if name.isdigit() else regex.groupindex.get(name, -1)
            return (match.group(number) or b"") if 0 <= number <= regex.groups else b""

        nonlocal length
        filled = _REFERENCE.sub(find, template)
        length += len(filled)
        check_length(length)
        return filled

    body = text.encode("utf-8", "surrogateescape")
    pieces: list[bytes] = []
    at = 0
    for match in regex.finditer(body):
        start, end = match.span()
        # As Go: nothing is put right after a match, nor within a letter.
        is_after = bool(pieces) and start == at
        if start == end and (is_after or body[start : start + 1] in _WITHIN):
            continue
        pieces += body[at:start], fill(match)
        at = end
    pieces.append(body[at:])
    return b"".join(pieces).decode("utf-8", "surrogateescape")


def _split_port(address: str) -> tuple[str, str] | None:
    """Host and port of an address; None where it has no port."""
    bracketed = re.fullmatch(r"\[([^\[\]]*)\]:([^:\[\]]*)", address)
    plain = re.fullmatch(r"([^:\[\]]*):([^:\[\]]*)", address)
    found = bracketed or plain
    return (found[1], found[2]) if found else None


def strip_port(address: str) -> str:
    """The host of an address."""
    split = _split_port(address)
    return address if split is None else split[0]


def strip_domain(address: str) -> str:
    """The first part of a host's name, with the port; an IP address as it is."""
    host, port = _split_port(address) or (address, "")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        host = host.split(".")[0]
        return f"{host}:{port}" if port else host
    return address


def _escape_query(text: str) -> str:
    return quote_plus(text, errors="surrogateescape")


def _link(tab: int) -> Callable[[str], str]:
    return lambda expr: f"/graph?g0.expr={_escape_query(expr)}&g0.tab={tab}"


def _escape_html(text: str) -> str:
    escaped = html.escape(text, quote=False).replace('"', "&#34;").replace("'", "&#39;")
    return escaped.replace("\0", "\ufffd")


def _escape_script(text: str) -> str:
    escaped = json.dumps(text, ensure_ascii=False)[1:-1].replace("'", "\\'")
    marks = {"<": "\\u003C", ">": "\\u003E", "&": "\\u0026", "=": "\\u003D"}
    return "".join(marks.get(char, char) for char in escaped)


def _print_joined(values: Sequence[Value]) -> str:
    return values[0] if len(values) == 1 and isinstance(values[0], str) else print_values(values)


# --- series


def ask_query(around: Surroundings, expr: str) -> TemplateQueryResult:
    """The series of an expression at the moment of the evaluation."""
    around.queries += 1
    if around.queries > _MOST_QUERIES:
        raise TemplateError(f"more than {_MOST_QUERIES} queries")
    return TemplateQueryResult(Sample(dict(labels), value) for labels, value in around.ask(expr))


def take_first(result: TemplateQueryResult | None) -> Sample:
    """The first series of a result."""
    if not result:
        raise TemplateError("first() called on vector with no elements")
    return result[0]


def sort_by_label(label: str, result: TemplateQueryResult | None) -> TemplateQueryResult:
    """The series in the order of a label."""
    return TemplateQueryResult(
        sorted(result or (), key=lambda sample: sample.Labels.get(label, ""))
    )


def _of_sample(sample: Sample | None) -> Sample:
    if sample is None:
        raise TemplateError("runtime error: invalid memory address or nil pointer dereference")
    return sample


# --- Go's own


def _index(item: Value, *places: Value) -> Value:
    if item is None:
        raise TemplateError("index of untyped nil")
    for place in places:
        if isinstance(item, dict):
            if not isinstance(place, str):
                problem = "value is nil; should be of type string"
                raise TemplateError(
                    problem
                    if place is None
                    else f"value has type {name_type(place)}; should be string"
                )
            item = item.get(place, None if isinstance(item, Arguments) else "")
        elif isinstance(item, TemplateQueryResult | str):
            sequence = item.encode("utf-8", "surrogateescape") if isinstance(item, str) else item
            at = _find_place(place, len(sequence))
            if at >= len(sequence):
                raise TemplateError(
                    f"reflect: {'string' if isinstance(item, str) else 'slice'} index out of range"
                )
            item = sequence[at]
        else:
            raise TemplateError(f"can't index item of type {name_type(item).removeprefix('*')}")
    return item


def _find_place(place: Value, length: int) -> int:
    if place is None:
        raise TemplateError("cannot index slice/array with nil")
    if isinstance(place, bool) or not isinstance(place, int):
        raise TemplateError(f"cannot index slice/array with type {name_type(place)}")
    if not 0 <= place <= length:
        raise TemplateError(f"index out of range: {place}")
    return place


def _slice(item: Value, *places: Value) -> Value:
    if item is None:
        raise TemplateError("slice of untyped nil")
    if len(places) > 3:
        raise TemplateError(f"too many slice indexes: {len(places)}")
    if not isinstance(item, str | TemplateQueryResult):
        raise TemplateError(f"can't slice item of type {name_type(item).removeprefix('*')}")
    if isinstance(item, str) and len(places) == 3:
        raise TemplateError("cannot 3-index slice a string")
    sequence = item.encode("utf-8", "surrogateescape") if isinstance(item, str) else item
    found = [_find_place(place, len(sequence)) for place in places]
    first, last = (found + [0, len(sequence)][len(found) :])[:2]
    if first > last:
        raise TemplateError(f"invalid slice index: {first} > {last}")
    piece = sequence[first:last]
    if isinstance(piece, bytes):
        return piece.decode("utf-8", "surrogateescape")
    return TemplateQueryResult(piece)


def _count(item: Value) -> int:
    if isinstance(item, str):
        return len(item.encode("utf-8", "surrogateescape"))
    if item is None:
        raise TemplateError("len of nil pointer")
    if not isinstance(item, dict | TemplateQueryResult):
        raise TemplateError(f"len of type {name_type(item).removeprefix('*')}")
    return len(item)


_KINDS: tuple[tuple[type, str], ...] = ((bool, "bool"), (int, "int"), (float, "float"))


def _kind(value: Value) -> str:
    found = next((name for kind, name in _KINDS if isinstance(value, kind)), "")
    return found or ("string" if isinstance(value, str) else "")


def _is_equal(left: Value, *others: Value) -> bool:
    if not others:
        raise TemplateError("missing argument for comparison")
    for other in others:
        if _kind(left) != _kind(other):
            if left is None or other is None:
                continue
            types = f"{name_type(left)} and {name_type(other)}"
            raise TemplateError(f"incompatible types for comparison: {types}")
        if isinstance(left, dict | TemplateQueryResult) or isinstance(
            other, dict | TemplateQueryResult
        ):
            shown = f"{print_value(other)}: {name_type(other)}"
            raise TemplateError(f"non-comparable type {shown}")
        if left == other:
            return True
    return False


def _is_less(left: Value, right: Value) -> bool:
    kinds = _kind(left), _kind(right)
    if not all(kinds):
        raise TemplateError("invalid type for comparison")
    if kinds[0] != kinds[1]:
        types = f"{name_type(left)} and {name_type(right)}"
        raise TemplateError(f"incompatible types for comparison: {types}")
    if kinds[0] == "bool":
        raise TemplateError("invalid type for comparison")
    return bool(left < right)


def _is_less_or_equal(left: Value, right: Value) -> bool:
    return _is_less(left, right) or _is_equal(left, right)


def _collect(values: Sequence[Value]) -> Arguments:
    """The values by their numbers; those within one another are bounded, as they print alike."""
    arguments = Arguments((f"arg{at}", value) for at, value in enumerate(values))
    if arguments.count_values() > _MOST_ARGUMENTS:
        raise TooMuchError(f"more than {_MOST_ARGUMENTS} arguments")
    return arguments


def _refuse_call(function: Value, *_: Value) -> Value:
    if function is None:
        raise TemplateError("call of nil")
    raise TemplateError(f"non-function {print_value(function)} of type {name_type(function)}")


_LAYOUT = re.compile(
    r"January|Jan|Monday|Mon|MST|2006|-07:00|-0700|Z07:00|Z0700|002|_2|0[1-6]|15"
    r"|PM|pm|[.,](?:0+|9+)(?![0-9])|[1-5]"
)


def format_moment(moment: TemplateTime, layout: str) -> str:
    """A moment by one of Go's layouts, as `2006-01-02 15:04`."""
    utc = moment.utc
    hour = utc.hour % 12 or 12
    parts = {
        "January": f"{utc:%B}", "Jan": f"{utc:%b}", "Monday": f"{utc:%A}", "Mon": f"{utc:%a}",
        "MST": "UTC", "2006": f"{utc.year:04}", "06": f"{utc.year % 100:02}", "-07:00": "+00:00",
        "-0700": "+0000", "Z07:00": "Z", "Z0700": "Z", "002": f"{utc:%j}", "_2": f"{utc.day:>2}",
        "01": f"{utc.month:02}", "1": str(utc.month), "02": f"{utc.day:02}", "2": str(utc.day),
        "15": f"{utc.hour:02}", "03": f"{hour:02}", "3": str(hour), "04": f"{utc.minute:02}",
        "4": str(utc.minute), "05": f"{utc.second:02}", "5": str(utc.second),
        "PM": f"{utc:%p}", "pm": f"{utc:%p}".lower(),
    }  # fmt: skip

    def write(match: re.Match[str]) -> str:
        word = match[0]
        if word in parts:
            return parts[word]
        digits = f"{utc.microsecond * 1000:09}"[: len(word) - 1]
        if word[1] == "9":
            digits = digits.rstrip("0")
        return f"{word[0]}{digits}" if digits else ""

    return _LAYOUT.sub(write, layout)


_ANY = "interface {}"
_VALUE = "reflect.Value"
_SAMPLE = "*template.sample"
_RESULT = "template.queryResult"

FUNCTIONS: dict[str, TemplateFunction] = {
    "and": TemplateFunction((_VALUE, f"...{_VALUE}"), is_true),
    "or": TemplateFunction((_VALUE, f"...{_VALUE}"), is_true),
    "not": TemplateFunction((_VALUE,), lambda value: not is_true(value)),
    "call": TemplateFunction((_VALUE, f"...{_VALUE}"), _refuse_call),
    "index": TemplateFunction((_VALUE, f"...{_VALUE}"), _index),
    "slice": TemplateFunction((_VALUE, f"...{_VALUE}"), _slice),
    "len": TemplateFunction((_VALUE,), _count),
    "print": TemplateFunction((f"...{_ANY}",), lambda *values: print_values(values)),
    "printf": TemplateFunction(
        ("string", f"...{_ANY}"), lambda text, *values: format_values(text, values)
    ),
    "println": TemplateFunction((f"...{_ANY}",), lambda *values: print_line(values)),
    "html": TemplateFunction((f"...{_ANY}",), lambda *values: _escape_html(_print_joined(values))),
    "js": TemplateFunction((f"...{_ANY}",), lambda *values: _escape_script(_print_joined(values))),
    "urlquery": TemplateFunction(
        (f"...{_ANY}",), lambda *values: _escape_query(_print_joined(values))
    ),
    "eq": TemplateFunction((_VALUE, f"...{_VALUE}"), _is_equal),
    "ne": TemplateFunction((_VALUE, _VALUE), lambda left, right: not _is_equal(left, right)),
    "lt": TemplateFunction((_VALUE, _VALUE), _is_less),
    "le": TemplateFunction((_VALUE, _VALUE), _is_less_or_equal),
    "gt": TemplateFunction(
        (_VALUE, _VALUE), lambda left, right: not _is_less_or_equal(left, right)
    ),
    "ge": TemplateFunction((_VALUE, _VALUE), lambda left, right: not _is_less(left, right)),
    "query": TemplateFunction(("string",), ask_query, needs_surroundings=True),
    "first": TemplateFunction((_RESULT,), take_first),
    "label": TemplateFunction(
        ("string", _SAMPLE), lambda label, sample: _of_sample(sample).Labels.get(label, "")
    ),
    "value": TemplateFunction((_SAMPLE,), lambda sample: _of_sample(sample).Value),
    "strvalue": TemplateFunction(
        (_SAMPLE,), lambda sample: _of_sample(sample).Labels.get("__value__", "")
    ),
    "args": TemplateFunction((f"...{_ANY}",), lambda *values: _collect(values)),
    "reReplaceAll": TemplateFunction(("string", "string", "string"), replace_all),
    "safeHtml": TemplateFunction(("string",), str),
    "match": TemplateFunction(("string", "string"), match_pattern),
    "title": TemplateFunction(("string",), title),
    "toUpper": TemplateFunction(("string",), to_upper),
    "toLower": TemplateFunction(("string",), to_lower),
    "graphLink": TemplateFunction(("string",), _link(0)),
    "tableLink": TemplateFunction(("string",), _link(1)),
    "sortByLabel": TemplateFunction(("string", _RESULT), sort_by_label),
    "stripPort": TemplateFunction(("string",), strip_port),
    "stripDomain": TemplateFunction(("string",), strip_domain),
    "humanize": TemplateFunction((_ANY,), humanize),
    "humanize1024": TemplateFunction((_ANY,), humanize_1024),
    "humanizeDuration": TemplateFunction((_ANY,), humanize_duration),
    "humanizePercentage": TemplateFunction((_ANY,), humanize_percentage),
    "humanizeTimestamp": TemplateFunction((_ANY,), humanize_timestamp),
    "toTime": TemplateFunction((_ANY,), to_time),
    "toDuration": TemplateFunction((_ANY,), to_duration),
    "now": TemplateFunction((), lambda around: around.t_ms / 1000, needs_surroundings=True),
    "pathPrefix": TemplateFunction(
        (), lambda around: urlsplit(around.external_url).path, needs_surroundings=True
    ),
    "externalURL": TemplateFunction(
        (), lambda around: around.external_url, needs_surroundings=True
    ),
    "parseDuration": TemplateFunction(("string",), parse_seconds),
    "urlQueryEscape": TemplateFunction(("string",), _escape_query),
}
"""By the name that templates use."""

METHODS: dict[type, dict[str, TemplateFunction]] = {
    TemplateTime: {
        "Unix": TemplateFunction((), lambda moment: moment.t_ms // 1000),
        "UnixMilli": TemplateFunction((), lambda moment: moment.t_ms),
        "Year": TemplateFunction((), lambda moment: moment.utc.year),
        "Day": TemplateFunction((), lambda moment: moment.utc.day),
        "Hour": TemplateFunction((), lambda moment: moment.utc.hour),
        "Minute": TemplateFunction((), lambda moment: moment.utc.minute),
        "Second": TemplateFunction((), lambda moment: moment.utc.second),
        "YearDay": TemplateFunction((), lambda moment: moment.utc.timetuple().tm_yday),
        "Month": TemplateFunction((), lambda moment: f"{moment.utc:%B}"),
        "Weekday": TemplateFunction((), lambda moment: f"{moment.utc:%A}"),
        "UTC": TemplateFunction((), lambda moment: moment),
        "String": TemplateFunction((), str),
        "Format": TemplateFunction(("string",), format_moment),
    },
    TemplateDuration: {
        "Seconds": TemplateFunction((), lambda span: span.ns / _NS),
        "Minutes": TemplateFunction((), lambda span: span.ns / (60 * _NS)),
        "Hours": TemplateFunction((), lambda span: span.ns / (3600 * _NS)),
        "Milliseconds": TemplateFunction((), lambda span: int(span.ns / 1_000_000)),
        "String": TemplateFunction((), str),
    },
}
"""The methods of Go's `time.Time` and `time.Duration` that templates use."""
