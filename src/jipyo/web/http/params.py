"""Parameters of the Prometheus HTTP API, with its own words where one is wrong.

Follows web/api/v1/api.go of Prometheus 3.16 (`parseTime`, `parseDuration`, `parseLimitParam`).
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import orjson

from jipyo.model.duration import parse_duration
from jipyo.model.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jipyo.web.http.message import WebRequest

MIN_TIME_MS = (-9_223_372_036_854_775 + 62_135_596_801) * 1000
MAX_TIME_MS = (9_223_372_036_854_775 - 62_135_596_801) * 1000 + 999
MAX_DURATION_NS = 2**63 - 1
_NS_PER_MS = 10**6
_BOUNDARIES = {
    "-292273086-05-16T16:47:06Z": MIN_TIME_MS,
    "292277025-08-18T07:12:54.999999999Z": MAX_TIME_MS,
}
_NUMBER = re.compile(r"[+-]?(\d++\.?\d*+|\.\d++)([eE][+-]?\d++)?", re.ASCII)
_RFC3339 = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)", re.ASCII)
_MAX_FIELDS = 10_000
_INT64 = range(-(2**63), 2**63)


def parse_fields(form: bytes, query_string: bytes) -> Mapping[str, Sequence[str]]:
    """Fields of a form and a query string; bytes that are not UTF-8 become surrogate escapes.

    Raises:
        QueryError: there are too many fields.
    """
    fields: dict[str, list[str]] = {}
    try:
        for part in (form, query_string):
            for name, value in parse_qsl(
                part.decode("utf-8", "surrogateescape"),
                keep_blank_values=True,
                errors="surrogateescape",
                max_num_fields=_MAX_FIELDS,
            ):
                fields.setdefault(name, []).append(value)
    except ValueError as error:
        raise QueryError.bad_data(f"error parsing form values: {error}") from error
    return fields


def quote(text: str) -> str:
    """The text in double quotes, as Go's `%q` prints it."""
    return orjson.dumps(text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")).decode()


def invalid_parameter(name: str, reason: str) -> QueryError:
    """The error that names a parameter."""
    return QueryError.bad_data(f'invalid parameter "{name}": {reason}')


def parse_time_ms(text: str) -> int | None:
    """Unix seconds or RFC 3339 as milliseconds; None where it is neither."""
    if _NUMBER.fullmatch(text):
        return _seconds_to_ms(float(text))
    if text in _BOUNDARIES:
        return _BOUNDARIES[text]
    match = _RFC3339.fullmatch(text)
    if not match:
        return None
    date_time, fraction, zone = match.groups()
    try:
        moment = datetime.fromisoformat(date_time + ("+00:00" if zone == "Z" else zone))
    except ValueError:
        return None
    since_epoch = moment - datetime(1970, 1, 1, tzinfo=UTC)
    whole_ms = (since_epoch.days * 86400 + since_epoch.seconds) * 1000
    return whole_ms + int((fraction or "0")[:3].ljust(3, "0"))


def _seconds_to_ms(seconds: float) -> int | None:
    if not abs(seconds) <= MAX_TIME_MS / 1000:
        return None
    fraction, whole = math.modf(seconds)
    return int(whole) * 1000 + int(math.copysign(math.floor(abs(fraction) * 1000 + 0.5), fraction))


def read_required_time(request: WebRequest, name: str) -> int:
    """A time that must be given, in milliseconds.

    Raises:
        QueryError: it is missing or not a time.
    """
    t_ms = parse_time_ms(request.first(name))
    if t_ms is None:
        raise invalid_parameter(
            name, f"cannot parse {quote(request.first(name))} to a valid timestamp"
        )
    return t_ms


def read_time(request: WebRequest, name: str, default_ms: int) -> int:
    """A time that may be left out, in milliseconds.

    Raises:
        QueryError: it is not a time.
    """
    text = request.first(name)
    t_ms = parse_time_ms(text) if text else default_ms
    if t_ms is None:
        reason = f"cannot parse {quote(text)} to a valid timestamp"
        raise invalid_parameter(name, f"invalid time value for '{name}': {reason}")
    return t_ms


def read_time_range(request: WebRequest) -> tuple[int, int]:
    """`start` and `end` in milliseconds; all of time where they are left out.

    Raises:
        QueryError: one of them is not a time.
    """
    return read_time(request, "start", MIN_TIME_MS), read_time(request, "end", MAX_TIME_MS)


def parse_duration_ns(text: str) -> int:
    """Seconds (`15`, `0.5`) or a duration (`1h30m`) in nanoseconds.

    Raises:
        QueryError: it is neither; without the parameter's name.
    """
    # A number beyond all floats is none for Go.
    if _NUMBER.fullmatch(text) and math.isfinite(float(text)):
        nanoseconds = float(text) * 1e9
        if not -MAX_DURATION_NS <= nanoseconds < MAX_DURATION_NS:
            reason = f"cannot parse {quote(text)} to a valid duration. It overflows int64"
            raise QueryError.bad_data(reason)
        return int(nanoseconds)
    try:
        if text:
            return parse_duration(text) * _NS_PER_MS
    except ValueError:
        pass
    raise QueryError.bad_data(f"cannot parse {quote(text)} to a valid duration")


def read_duration_ns(request: WebRequest, name: str) -> int:
    """A duration in nanoseconds.

    Raises:
        QueryError: it is missing or not a duration.
    """
    try:
        return parse_duration_ns(request.first(name))
    except QueryError as error:
        raise invalid_parameter(name, error.message) from error


def read_limit(request: WebRequest) -> int:
    """How many rows are wanted at most; 0 means all of them.

    Raises:
        QueryError: not a number, or a negative one.
    """
    text = request.first("limit")
    limit = parse_int(text) if text else 0
    if limit is None:
        is_number = re.fullmatch(r"[+-]?\d+", text, re.ASCII)
        reason = "value out of range" if is_number else "invalid syntax"
        raise invalid_parameter("limit", f"strconv.Atoi: parsing {quote(text)}: {reason}")
    if limit < 0:
        raise invalid_parameter("limit", "limit must be non-negative")
    return limit


def parse_float(text: str) -> float | None:
    """A finite number as Go writes it; None where it is none."""
    number = float(text) if _NUMBER.fullmatch(text) else math.inf
    return number if math.isfinite(number) else None


def parse_int(text: str) -> int | None:
    """What Go's `Atoi` accepts; None for everything else."""
    match = re.fullmatch(r"([+-]?)0*(\d{1,19})", text, re.ASCII)
    number = int(match[1] + match[2]) if match else _INT64.stop
    return number if number in _INT64 else None


def format_go_duration(nanoseconds: int) -> str:
    """A duration below a minute as Go prints it: `-1.5s`, `-500ms`, `0s`."""
    for unit, size in (("s", 10**9), ("ms", 10**6), ("µs", 10**3)):
        if abs(nanoseconds) >= size or not nanoseconds:
            return f"{nanoseconds / size:.9f}".rstrip("0").rstrip(".") + unit
    return f"{nanoseconds}ns"
