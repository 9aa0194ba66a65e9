"""Parameters of the Prometheus HTTP API, with its own words where one is wrong.

Follows web/api/v1/api.go of Prometheus 3.16 (`parseTime`, `parseDuration`, `parseLimitParam`).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import orjson

from jipyo.model.duration import parse_duration
from jipyo.model.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MIN_TIME_MS = (-9_223_372_036_854_775 + 62_135_596_801) * 1000
MAX_TIME_MS = (9_223_372_036_854_775 - 62_135_596_801) * 1000 + 999
_BOUNDARIES = {
    "-292273086-05-16T16:47:06Z": MIN_TIME_MS,
    "292277025-08-18T07:12:54.999999999Z": MAX_TIME_MS,
}
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_RFC3339 = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)", re.ASCII)
MAX_NS = 2**63 - 1
_MAX_FIELDS = 10_000


@dataclass(frozen=True, slots=True)
class Form:
    """What a request asks for: the form's fields before those of the address, and the path's."""

    fields: Mapping[str, Sequence[str]] = field(default_factory=dict)
    path: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    """The request's headers, by names in lower case."""
    body: bytes = b""
    """What was sent, as it came."""
    raw_path: bytes = b"/"
    """The path as it came, percent-encoded."""

    def one(self, name: str) -> str:
        """The first value of a field, or an empty string."""
        values = self.fields.get(name)
        return values[0] if values else ""

    def many(self, name: str) -> Sequence[str]:
        """All values of a field."""
        return self.fields.get(name, ())


def fields(body: bytes, query: bytes) -> Mapping[str, Sequence[str]]:
    """Read a form and the address's query; bytes that are not UTF-8 stay surrogate escapes.

    Raises:
        QueryError: there are too many fields.
    """
    found: dict[str, list[str]] = {}
    try:
        for part in (body, query):
            for name, value in parse_qsl(
                part.decode("utf-8", "surrogateescape"),
                keep_blank_values=True,
                errors="surrogateescape",
                max_num_fields=_MAX_FIELDS,
            ):
                found.setdefault(name, []).append(value)
    except ValueError as error:
        raise QueryError.bad_data(f"error parsing form values: {error}") from error
    return found


def quoted(text: str) -> str:
    """As Go's `%q` prints it."""
    return orjson.dumps(text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")).decode()


def wrong(parameter: str, reason: str) -> QueryError:
    """A parameter that cannot be taken."""
    return QueryError.bad_data(f'invalid parameter "{parameter}": {reason}')


def time_ms(text: str) -> int | None:
    """Unix seconds or RFC 3339 as milliseconds; None where it is neither."""
    if _NUMBER.fullmatch(text):
        return _seconds_ms(float(text))
    if text in _BOUNDARIES:
        return _BOUNDARIES[text]
    found = _RFC3339.fullmatch(text)
    if not found:
        return None
    try:
        moment = datetime.fromisoformat(found[1] + ("+00:00" if found[3] == "Z" else found[3]))
    except ValueError:
        return None
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86400 + since.seconds) * 1000 + int((found[2] or "0")[:3].ljust(3, "0"))


def _seconds_ms(seconds: float) -> int | None:
    if not abs(seconds) <= MAX_TIME_MS / 1000:
        return None
    part, whole = math.modf(seconds)
    return int(whole) * 1000 + int(math.copysign(math.floor(abs(part) * 1000 + 0.5), part))


def needed_time(form: Form, name: str) -> int:
    """A time that must be there.

    Raises:
        QueryError: it is not, or is no time.
    """
    found = time_ms(form.one(name))
    if found is None:
        raise wrong(name, f"cannot parse {quoted(form.one(name))} to a valid timestamp")
    return found


def optional_time(form: Form, name: str, default_ms: int) -> int:
    """A time that may be left out.

    Raises:
        QueryError: it is no time.
    """
    text = form.one(name)
    found = time_ms(text) if text else default_ms
    if found is None:
        reason = f"cannot parse {quoted(text)} to a valid timestamp"
        raise wrong(name, f"invalid time value for '{name}': {reason}")
    return found


def duration_ns(text: str) -> int:
    """Seconds (`15`, `0.5`) or a duration (`1h30m`) in nanoseconds.

    Raises:
        QueryError: it is neither; the parameter's name is for the caller to say.
    """
    if _NUMBER.fullmatch(text):
        nanos = float(text) * 1e9
        if not -MAX_NS <= nanos < MAX_NS:
            reason = f"cannot parse {quoted(text)} to a valid duration. It overflows int64"
            raise QueryError.bad_data(reason)
        return int(nanos)
    try:
        return parse_duration(text) * 1_000_000
    except ValueError:
        raise QueryError.bad_data(f"cannot parse {quoted(text)} to a valid duration") from None


def duration_param(form: Form, name: str) -> int:
    """A duration in nanoseconds.

    Raises:
        QueryError: it is not there or is none.
    """
    try:
        return duration_ns(form.one(name))
    except QueryError as error:
        raise wrong(name, error.message) from error


def limit(form: Form) -> int:
    """How many rows are wanted; 0 is all of them.

    Raises:
        QueryError: no number, or a negative one.
    """
    text = form.one("limit")
    found = whole_number(text) if text else 0
    if found is None:
        raise wrong("limit", f"strconv.Atoi: parsing {quoted(text)}: invalid syntax")
    if found < 0:
        raise wrong("limit", "limit must be non-negative")
    return found


def whole_number(text: str) -> int | None:
    """What Go's `Atoi` takes; None for everything else."""
    return int(text) if re.fullmatch(r"[+-]?\d{1,18}", text, re.ASCII) else None
