"""Times as log lines write them -> nanoseconds, a whole column at once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import IntFlag
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

NS = 1_000_000_000
_CLOCK = rb"(?P<h>\d\d):(?P<mi>\d\d):(?P<s>\d\d)(?:[.,](?P<f>\d{1,9})\d*)?"
_ZONE = rb"(?: ?(?P<z>Z|UTC|GMT|KST|[+-]\d\d:?\d\d))?"
_SHAPES = tuple(
    re.compile(shape)
    for shape in (
        rb"(?P<y>\d{4})([-/.])(?P<mo>\d\d)\2(?P<d>\d\d)[T _:]" + _CLOCK + _ZONE,
        rb"(?P<d>\d\d)/(?P<mon>[A-Z][a-z]{2})/(?P<y>\d{4})[: ]" + _CLOCK + _ZONE,
        rb"(?P<mon>[A-Z][a-z]{2}) (?P<d>[ \d]\d) " + _CLOCK + rb"(?: (?P<y>\d{4}))?" + _ZONE,
        rb"(?P<w>[A-Z][a-z]{2}) (?P<mon>[A-Z][a-z]{2}) (?P<d>[ \d]\d) " + _CLOCK
        + rb" (?:(?P<z>UTC|KST|GMT) )?(?P<y>\d{4})",
        rb"(?P<mo>\d\d)[-/](?P<d>\d\d) " + _CLOCK,
        rb"(?P<mo>\d\d)(?P<d>\d\d) " + _CLOCK,
        rb"(?P<yy>\d\d)/(?P<mo>\d\d)/(?P<d>\d\d) " + _CLOCK,
        rb"(?P<yy>\d\d)(?P<mo>\d\d)(?P<d>\d\d) (?P<h>\d\d)(?P<mi>\d\d)(?P<s>\d\d)",
        rb"(?P<y>\d{4})(?P<mo>\d\d)(?P<d>\d\d)T(?P<h>\d\d)(?P<mi>\d\d)(?P<s>\d\d)" + _ZONE,
        rb"(?P<d>\d\d) (?P<mon>[A-Z][a-z]{2}) (?P<y>\d{4}) " + _CLOCK + _ZONE,
        _CLOCK,
        rb"(?P<e>\d{10}|\d{13}|\d{16}|\d{19})",
        rb"(?P<e>\d{10})\.(?P<f>\d{1,9})\d*",
    )
)  # fmt: skip
MONTHS = b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_MONTH_CODES = {int.from_bytes(name, "big"): n for n, name in enumerate(MONTHS, 1)}
_NAMED_ZONES_S = {b"Z": 0, b"UTC": 0, b"GMT": 0, b"KST": 9 * 3600}
_MONTH_DAYS = np.array([0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], np.int64)
_FIRST_YEAR, _LAST_YEAR = 1971, 2261
_FEBRUARY, _LEAP_DAY = 2, 29
_QUARTER_S = 900
_DAY_S = 86_400
_DATE_TOLERANCE_S = 3600
_MAX_SHAPES = 8
_ZERO = ord("0")


class Assumed(IntFlag):
    """What a line's time does not say and was taken from its arrival or its surroundings."""

    ZONE = 1
    YEAR = 2
    DATE = 4
    TIME = 8


_ASSUMED_TEXTS = {
    0: b"",
    Assumed.ZONE: b"zone",
    Assumed.YEAR: b"year",
    Assumed.ZONE | Assumed.YEAR: b"year zone",
    Assumed.ZONE | Assumed.DATE: b"date zone",
    Assumed.TIME: b"time",
}


@dataclass(frozen=True, slots=True)
class TimeContext:
    """What completes a time without year or zone: where it was written, and when it arrived."""

    zone: tzinfo
    arrival_ns: int


@dataclass(frozen=True, slots=True)
class Times:
    """A column of times."""

    t_ns: NDArray[np.int64]
    assumed: NDArray[np.uint8]
    """`Assumed`."""
    valid: NDArray[np.bool_]
    """Where the text is a time; elsewhere the others mean nothing."""


def write_assumed(assumed: int) -> bytes:
    """As the field `log.time.assumed` has it."""
    return _ASSUMED_TEXTS[assumed]


# -------------------------------------------------------------------------------------- columns


def parse_times(texts: Sequence[bytes], context: TimeContext) -> Times:
    """Parse a column; texts written alike are parsed together."""
    n = len(texts)
    times = Times(np.zeros(n, np.int64), np.zeros(n, np.uint8), np.zeros(n, np.bool_))
    if not n:
        return times
    lengths = np.full(n, len(texts[0]))
    if len(set(map(len, texts))) > 1:
        lengths = np.fromiter(map(len, texts), np.int64, n)
    pending = np.ones(n, np.bool_)
    for _ in range(_MAX_SHAPES):
        first = int(np.argmax(pending))
        alike = np.flatnonzero(pending & (lengths == lengths[first]))
        parsed = _parse_alike(texts, alike, texts[first], context)
        pending[first] = False
        if parsed is not None:
            rows, t_ns, assumed = parsed
            if len(rows) == n:
                return Times(t_ns, np.full(n, assumed, np.uint8), np.ones(n, np.bool_))
            times.t_ns[rows], times.assumed[rows], times.valid[rows] = t_ns, assumed, True
            pending[rows] = False
        if not pending.any():
            return times
    for row in np.flatnonzero(pending).tolist():
        one = parse_time(texts[row], context)
        if one is not None:
            times.t_ns[row], times.assumed[row], times.valid[row] = *one, True
    return times


def _parse_alike(
    texts: Sequence[bytes], rows: NDArray[np.intp], sample: bytes, context: TimeContext
) -> tuple[NDArray[np.intp], NDArray[np.int64], int] | None:
    """Rows of texts as long as the sample that are written like it; None where it is no time."""
    found = _find_shape(sample)
    if found is None:
        return None
    chosen = texts if len(rows) == len(texts) else [texts[row] for row in rows.tolist()]
    lines = np.frombuffer(b"".join(chosen), np.uint8).reshape(len(rows), len(sample))
    matrix = np.ascontiguousarray(lines.T)
    spans = {name: found.span(name) for name, text in found.groupdict().items() if text is not None}
    fits = _check_shape(matrix, spans, sample)
    if not fits.all():
        matrix, rows = matrix[:, fits], rows[fits]
    if "e" in spans:
        t_ns, assumed = _read_epochs(matrix, spans), 0
    else:
        zone_s = _read_zone(sample[slice(*spans["z"])]) if "z" in spans else None
        t_ns, assumed, valid = _read_calendar(matrix, spans, zone_s, context)
        if not valid.all():
            rows, t_ns = rows[valid], t_ns[valid]
    return rows, t_ns, assumed


def _check_shape(
    matrix: NDArray[np.uint8], spans: dict[str, tuple[int, int]], sample: bytes
) -> NDArray[np.bool_]:
    """Which columns have digits and fixed characters where the sample has them."""
    model = np.frombuffer(sample, np.uint8)
    digit = np.zeros(len(model), np.bool_)
    free = np.zeros(len(model), np.bool_)
    for name, (start, end) in spans.items():
        (free if name in ("mon", "w") else digit)[start:end] = name != "z"
    padded = "mon" in spans and "d" in spans and spans["d"][0]
    if padded and spans["mon"][0] < padded:
        digit[padded], free[padded] = False, True
    tail = spans.get("f", (0, 0))[1]
    while tail and tail < len(sample) and sample[tail : tail + 1].isdigit():
        digit[tail], tail = True, tail + 1
    fixed = ~digit & ~free
    fits = ((matrix[digit] - _ZERO) <= 9).all(axis=0)
    fits &= (matrix[fixed] == model[fixed, None]).all(axis=0)
    if padded and free[padded]:
        tens = matrix[padded]
        fits &= (tens == ord(" ")) | ((tens - _ZERO) <= 9)
    return np.asarray(fits, np.bool_)


def _read_number(matrix: NDArray[np.uint8], span: tuple[int, int]) -> NDArray[np.int64]:
    """The digits of a span; a blank counts as nought."""
    kind = np.int32 if span[1] - span[0] <= _MOST_INT32_DIGITS else np.int64
    value: NDArray[np.signedinteger] = np.zeros(matrix.shape[1], kind)
    for place in range(*span):
        value = value * 10 + (matrix[place] & 15)
    return value.astype(np.int64)


def _read_calendar(
    matrix: NDArray[np.uint8],
    spans: dict[str, tuple[int, int]],
    zone_s: int | None,
    context: TimeContext,
) -> tuple[NDArray[np.int64], int, NDArray[np.bool_]]:
    """Nanoseconds, what was assumed, and which rows are times of a calendar."""
    numbers = {
        name: _read_number(matrix, span) for name, span in spans.items() if name not in _NO_NUMBER
    }
    hour, minute, second = numbers["h"], numbers["mi"], numbers["s"]
    clock_s = hour * 3600 + minute * 60 + second
    valid = (hour < 24) & (minute < 60) & (second < 60)
    fraction = _read_fraction(numbers.get("f"), spans.get("f", (0, 0)))
    assumed = Assumed(0) if zone_s is not None else Assumed.ZONE
    if "d" not in numbers:
        utc_s = _choose_date(clock_s, context)
        return utc_s * NS + fraction, assumed | Assumed.DATE, valid
    month = _read_month(matrix, spans["mon"]) if "mon" in spans else numbers["mo"]
    day = numbers["d"]
    year = numbers["yy"] + 2000 if "yy" in numbers else numbers.get("y")
    if year is None:
        year = _choose_years(month, day, clock_s, context)
        assumed |= Assumed.YEAR
    codes = (year * 16 + month) * 32 + day
    first, place = np.array([0]), np.array(0)
    if not (codes == codes[0]).all():
        _, first, place = np.unique(codes, return_index=True, return_inverse=True)
    dates = year[first], month[first], day[first]
    exist = _check_dates(*dates)
    valid &= exist[place]
    local_s = np.where(exist, count_days(*dates) * _DAY_S, 0)[place] + clock_s
    utc_s = local_s - zone_s if zone_s is not None else to_utc(local_s, context.zone)
    return utc_s * NS + fraction, assumed, valid


_NO_NUMBER = frozenset({"mon", "z", "w", "e"})


def _read_fraction(
    digits: NDArray[np.int64] | None, span: tuple[int, int]
) -> NDArray[np.int64] | int:
    return 0 if digits is None else digits * np.int64(10 ** (9 - (span[1] - span[0])))


def _read_epochs(matrix: NDArray[np.uint8], spans: dict[str, tuple[int, int]]) -> NDArray[np.int64]:
    start, end = spans["e"]
    whole = _read_number(matrix, (start, end)) * np.int64(10 ** (19 - (end - start)))
    if "f" in spans:
        whole += _read_fraction(_read_number(matrix, spans["f"]), spans["f"])
    return whole


def _read_month(matrix: NDArray[np.uint8], span: tuple[int, int]) -> NDArray[np.int64]:
    """Months by their English names; 0 where it is none."""
    letters = matrix[span[0] : span[1]].astype(np.int64)
    codes = letters[0] << 16 | letters[1] << 8 | letters[2]
    if (codes == codes[0]).all():
        return np.full(len(codes), _MONTH_CODES.get(int(codes[0]), 0), np.int64)
    months = np.zeros(len(codes), np.int64)
    for code in np.unique(codes).tolist():
        months[codes == code] = _MONTH_CODES.get(code, 0)
    return months


def _check_dates(
    year: NDArray[np.int64], month: NDArray[np.int64], day: NDArray[np.int64]
) -> NDArray[np.bool_]:
    known = (month >= 1) & (month <= 12)
    valid = known & (day >= 1) & (day <= _MONTH_DAYS[np.where(known, month, 0)])
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    valid &= leap | (month != _FEBRUARY) | (day != _LEAP_DAY)
    return np.asarray(valid & (year >= _FIRST_YEAR) & (year <= _LAST_YEAR), np.bool_)


def count_days(
    year: NDArray[np.int64], month: NDArray[np.int64], day: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Days since 1970 (Hinnant, days_from_civil)."""
    shifted = year - (month <= _FEBRUARY)
    era_year = shifted % 400
    year_day = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    era_day = era_year * 365 + era_year // 4 - era_year // 100 + year_day
    return np.asarray((shifted // 400) * 146_097 + era_day - 719_468, np.int64)


def to_utc(local_s: NDArray[np.int64], zone: tzinfo) -> NDArray[np.int64]:
    """Seconds of wall time in a zone -> UTC; the first of two where the clock was put back."""
    quarters = local_s // _QUARTER_S
    if len(quarters) and quarters[0] == quarters[-1] and (quarters == quarters[0]).all():
        return local_s - _find_offset_s(int(quarters[0]) * _QUARTER_S, zone)
    distinct, place = np.unique(quarters, return_inverse=True)
    offsets = [_find_offset_s(quarter * _QUARTER_S, zone) for quarter in distinct.tolist()]
    return local_s - np.array(offsets, np.int64)[place]


def _find_offset_s(local_s: int, zone: tzinfo) -> int:
    wall = (_EPOCH + timedelta(seconds=local_s)).replace(tzinfo=zone)
    offset = wall.utcoffset()
    assert offset is not None, "BUG: a zone without offsets"
    return round(offset.total_seconds())


_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - wall time of whatever zone
_UTC_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _find_local_arrival_s(context: TimeContext) -> int:
    arrival = (_UTC_EPOCH + timedelta(seconds=context.arrival_ns // NS)).astimezone(context.zone)
    return round((arrival.replace(tzinfo=None) - _EPOCH).total_seconds())


def _choose_years(
    month: NDArray[np.int64],
    day: NDArray[np.int64],
    clock_s: NDArray[np.int64],
    context: TimeContext,
) -> NDArray[np.int64]:
    """The latest year in which the date exists and is at most a day after the arrival."""
    latest_s = _find_local_arrival_s(context) + _DAY_S
    this_year = (_EPOCH + timedelta(seconds=latest_s)).year
    year = np.full(len(month), this_year, np.int64)
    for _ in range(_LONGEST_WITHOUT_LEAP):
        late = count_days(year, month, day) * _DAY_S + clock_s > latest_s
        late |= (month == _FEBRUARY) & (day == _LEAP_DAY) & ~_check_dates(year, month, day)
        if not late.any():
            break
        year -= late
    return year


_LONGEST_WITHOUT_LEAP = 9
_MOST_INT32_DIGITS = 9


def _choose_date(clock_s: NDArray[np.int64], context: TimeContext) -> NDArray[np.int64]:
    """UTC of the last time that the clock in the zone showed this, up to an hour ahead."""
    local_s = _find_local_arrival_s(context)
    t_s = local_s // _DAY_S * _DAY_S + clock_s
    t_s = t_s - _DAY_S * (t_s > local_s + _DATE_TOLERANCE_S)
    return to_utc(t_s, context.zone)


# ------------------------------------------------------------------------------------- one text


def _find_shape(text: bytes) -> re.Match[bytes] | None:
    for shape in _SHAPES:
        if found := shape.fullmatch(text):
            return found
    return None


def _read_zone(text: bytes) -> int:
    """Seconds east of UTC."""
    if text in _NAMED_ZONES_S:
        return _NAMED_ZONES_S[text]
    offset_s = int(text[1:3]) * 3600 + int(text[-2:]) * 60
    return -offset_s if text[:1] == b"-" else offset_s


def parse_time(text: bytes, context: TimeContext) -> tuple[int, int] | None:
    """Nanoseconds and what was assumed, for one text; None where it is no time."""
    found = _find_shape(text)
    if found is None:
        return None
    parts = {name: value for name, value in found.groupdict().items() if value is not None}
    fraction = int(parts.get("f", b"").ljust(9, b"0"))
    if "e" in parts:
        return int(parts["e"].ljust(19, b"0")) + fraction, 0
    try:
        clock_s = _read_clock(parts)
        if "d" not in parts:
            utc_s = int(_choose_date(np.array([clock_s]), context)[0])
            return utc_s * NS + fraction, Assumed.ZONE | Assumed.DATE
        assumed, day = _read_date(parts, clock_s, context)
    except ValueError:
        return None
    local_s = (day - date(1970, 1, 1)).days * _DAY_S + clock_s
    if "z" in parts:
        return (local_s - _read_zone(parts["z"])) * NS + fraction, assumed
    utc_s = local_s - _find_offset_s(local_s // _QUARTER_S * _QUARTER_S, context.zone)
    return utc_s * NS + fraction, assumed | Assumed.ZONE


def _read_clock(parts: dict[str, bytes]) -> int:
    hour, minute, second = (int(parts[name]) for name in ("h", "mi", "s"))
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError
    return hour * 3600 + minute * 60 + second


def _read_date(parts: dict[str, bytes], clock_s: int, context: TimeContext) -> tuple[int, date]:
    """What was assumed, and the date; raises `ValueError` for none."""
    month = int(parts["mo"]) if "mo" in parts else MONTHS.index(parts["mon"]) + 1
    day = int(parts["d"])
    if "y" in parts or "yy" in parts:
        year = int(parts["y"]) if "y" in parts else 2000 + int(parts["yy"])
        if not _FIRST_YEAR <= year <= _LAST_YEAR:
            raise ValueError
        return 0, date(year, month, day)
    date(2000, month, day)
    months, days, clocks = (np.array([each]) for each in (month, day, clock_s))
    chosen = _choose_years(months, days, clocks, context)
    return Assumed.YEAR, date(int(chosen[0]), month, day)
