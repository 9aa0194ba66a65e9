"""Numbers in prose, Korean and English: quantities with their units, lengths of time, moments.

`1,234건`, `99.91%`, `2시간 3분`, `3만 건`, `1억 2,000만`, `10. 14. 14:05`, `10월 14일`,
`14 Oct 14:05`, `10~20%`, `1.2%p`. Words for numbers ("twelve", "세 번") are not numbers here.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LONGEST_LINE = 20_000
"""Longer lines are cut into pieces of this size."""
_SCALES = {
    "천": 1e3, "만": 1e4, "억": 1e8, "조": 1e12,
    "thousand": 1e3, "million": 1e6, "billion": 1e9,
}  # fmt: skip
_SECONDS = {
    "일": 86_400.0, "시간": 3600.0, "분": 60.0, "초": 1.0, "밀리초": 0.001, "마이크로초": 1e-6,
    "주": 604_800.0,
    "d": 86_400.0, "day": 86_400.0, "days": 86_400.0, "week": 604_800.0, "weeks": 604_800.0,
    "h": 3600.0, "hour": 3600.0, "hours": 3600.0, "hr": 3600.0,
    "min": 60.0, "minute": 60.0, "minutes": 60.0,
    "s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0,
    "ms": 0.001, "millisecond": 0.001, "milliseconds": 0.001, "µs": 1e-6, "us": 1e-6,
}  # fmt: skip
_BYTES = {
    "B": 1.0, "바이트": 1.0, "bytes": 1.0, "byte": 1.0,
    "KiB": 2.0**10, "MiB": 2.0**20, "GiB": 2.0**30, "TiB": 2.0**40, "PiB": 2.0**50,
    "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "PB": 1e15,
}  # fmt: skip
_COUNTS = (
    "건", "회", "개", "명", "대", "번", "분기", "판", "쪽", "장", "곳", "가지", "종", "단계", "기",
    "requests", "request", "errors", "error", "times", "incidents", "incident", "sessions",
    "session", "samples", "sample", "values", "value", "hosts", "host", "GPUs", "records",
    "record", "tokens", "token", "토큰", "users", "visitors", "outages", "outage", "breaches",
    "breach", "alerts", "alert", "metrics", "metric", "queries", "targets", "target", "issue",
    "issues", "pages", "page",
)  # fmt: skip
_UNITS: Mapping[str, tuple[str, float]] = {
    **{word: ("seconds", factor) for word, factor in _SECONDS.items()},
    **{word: ("bytes", factor) for word, factor in _BYTES.items()},
    **{f"{word}/s": ("bytes_per_second", factor) for word, factor in _BYTES.items()},
    **dict.fromkeys(_COUNTS, ("count", 1.0)),
    **dict.fromkeys(("%p", "pp", "%포인트", "퍼센트포인트", "percentage points",
                     "percentage point"), ("point", 1.0)),
    **dict.fromkeys(("%", "퍼센트", "percent", "per cent"), ("percent", 1.0)),
    **dict.fromkeys(("℃", "°C", "도", "degrees"), ("celsius", 1.0)),
    **dict.fromkeys(("점", "points", "point"), ("points", 1.0)),
    **dict.fromkeys(("배", "×", "times as"), ("factor", 1.0)),
    **dict.fromkeys(("원", "KRW", "won"), ("money", 1.0)),
    "W": ("watt", 1.0), "와트": ("watt", 1.0), "kW": ("watt", 1e3),
    "Wh": ("kilowatt_hours", 1e-3), "kWh": ("kilowatt_hours", 1.0), "MWh": ("kilowatt_hours", 1e3),
    "MHz": ("megahertz", 1.0), "GHz": ("megahertz", 1e3),
    **dict.fromkeys(("/s", "건/s", "건/초", "req/s", "회/s", "회/초", "requests/s", "tok/s",
                     "토큰/s", "토큰/초", "tokens/s"), ("per_second", 1.0)),
    **dict.fromkeys(("/min", "건/분", "회/분"), ("per_minute", 1.0)),
}  # fmt: skip
_MONTHS = {
    name: at
    for at, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_MONTH_EN = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|"
    r"Sep(?:t(?:ember)?)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b\.?"
)
_WEEKDAY_KO = r"(?:\s*\((?:월|화|수|목|금|토|일)(?:요일)?\))?"
_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?(?!\d)"
_CLOCK_KO = r"(?P<ampm>오전|오후)?\s*(?P<hour_ko>\d{1,2})시(?!간)(?:\s*(?P<minute_ko>\d{1,2})분)?"
_AFTER = rf"(?:,?\s*(?:at\s+)?(?:{_CLOCK}|{_CLOCK_KO}))?"
_MOMENTS = [
    re.compile(
        rf"(?<![\d.,-])(?P<year>\d{{4}})-(?P<month>\d{{2}})-(?P<day>\d{{2}})(?!\d)[T ]?{_AFTER}"
    ),
    re.compile(
        rf"(?<![\d.,])(?:(?P<year>\d{{4}})\s*[.년]\s*)?(?P<month>\d{{1,2}})\s*(?:월|\.)\s*"
        rf"(?P<day>\d{{1,2}})(?:일|\.(?!\d)){_WEEKDAY_KO}{_AFTER}"
    ),
    re.compile(
        rf"(?<![\d.,])(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<name>{_MONTH_EN})"
        rf"(?:\s+(?P<year>\d{{4}})(?!\d|:))?{_AFTER}"
    ),
    re.compile(
        rf"(?P<name>{_MONTH_EN})\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?![\d:])"
        rf"(?:,?\s+(?P<year>\d{{4}})(?!\d|:))?{_AFTER}"
    ),
    re.compile(r"(?<![\d.,])(?P<year>\d{4})년(?:\s*(?P<month>\d{1,2})월)?(?!\s*\d{1,2}일)"),
    re.compile(r"(?<![\d.,])(?P<month>\d{1,2})월(?!\s*\d{1,2}일)"),
    re.compile(rf"(?P<name>{_MONTH_EN})\s+(?P<year>\d{{4}})(?!\d)"),
    re.compile(rf"(?<![\d.,:]){_CLOCK}"),
    re.compile(rf"(?<![\d.,:]){_CLOCK_KO}"),
    # A day of the month that is known: "14일" in Korean prose, after a full date.
    re.compile(r"(?<![\d.,])(?P<year>(?:19|20)\d{2})(?![\d.,:%]|\s?(?:[가-힣]|MiB|GiB|W\b|s\b))"),
]  # fmt: skip
_NAME = re.compile(
    r"\d+\.\d+\.\d+\.\d+(?::\d+)?|[A-Za-z_](?:[\w./:@+-]*[\w])?\d[\w./:@+-]*\w|[A-Za-z_][\w]*\d\b"
    r"|\d+(?:\.\d+){2,}|[0-9a-f]*[a-f][0-9a-f]{6,}\b",
    re.ASCII,
)
_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_SCALED = re.compile(
    rf"(?P<number>{_NUMBER})\s*(?P<scale>조|억|만|천|thousand\b|million\b|billion\b)?"
)
_UNIT_WORDS = sorted(_UNITS, key=len, reverse=True)
_UNIT = re.compile(
    r"\s?(?P<unit>"
    + "|".join(re.escape(word) + (r"(?![A-Za-z])" if word[-1].isalpha() and word.isascii() else "")
               for word in _UNIT_WORDS)
    + ")"
)  # fmt: skip
_THEN = re.compile(r"\s*(?:and\s+)?(?=\d)")
"""Between the parts of a length of time."""
_BLANK = re.compile(r"\s?(?=\d)")
_BETWEEN = re.compile(r"^\s*(?:~|∼|–|—|-|to|and|에서|부터|및|와|과|또는|or|→|,)\s*$")


@dataclass(frozen=True, slots=True)
class WrittenMoment:
    """A date, a time of day or both, as far as they are written."""

    year: int | None = None
    month: int | None = None
    day: int | None = None
    hour: int | None = None
    minute: int | None = None
    second: int | None = None


@dataclass(frozen=True, slots=True)
class NumberMention:
    """A number in a text."""

    text: str
    line: int
    column: int
    """Of its first character; both count from 1."""
    dimension: str
    """`percent`, `point`, `count`, `seconds`, `bytes` …; empty without a unit; `moment`, `name`."""
    value: float = 0.0
    """In the unit of the dimension."""
    step: float = 1.0
    """What the last digit that is written counts: the value is rounded to it."""
    moment: WrittenMoment | None = None


def find_numbers(text: str) -> Iterator[NumberMention]:
    """Every number of a text, in order."""
    for number, whole in enumerate(text.splitlines(), 1):
        for start in range(0, max(len(whole), 1), LONGEST_LINE):
            line = whole[start : start + LONGEST_LINE]
            yield from _share_units(line, start, list(_find_in_line(line, number, start)))


def _find_in_line(line: str, number: int, offset: int) -> Iterator[NumberMention]:
    at = 0
    while at < len(line):
        mention, end = _read_at(line, at)
        if mention is None:
            at = end
            continue
        start = at - (mention.text[0] in "+-−" and mention.text[0] != line[at])
        yield replace(mention, line=number, column=offset + start + 1)
        at = end


def _read_at(line: str, at: int) -> tuple[NumberMention | None, int]:
    """The mention that begins at a place, and where to go on."""
    character = line[at]
    if (
        not (character.isascii() and (character.isalnum() or character in "_+-"))
        and character not in "−오"
    ):
        return None, at + 1
    if at and line[at - 1].isascii() and line[at - 1].isalnum() and not character.isdigit():
        return None, at + 1
    name = _NAME.match(line, at)
    if name and not _is_number_with_unit(name[0]):
        return NumberMention(name[0].rstrip(".:,"), 0, 0, "name"), name.end()
    for pattern in _MOMENTS:
        found = pattern.match(line, at)
        if found and (moment := _read_moment(found)) is not None:
            return NumberMention(found[0].strip(), 0, 0, "moment", moment=moment), found.end()
    if character.isdigit():
        return _read_quantity(line, at)
    return None, at + 1


def _is_number_with_unit(text: str) -> bool:
    """`2h`, `12ms`: what looks like a hash or a name and is a number."""
    return text[0].isdigit() and re.fullmatch(rf"{_NUMBER}[A-Za-z]{{1,3}}", text) is not None


def _read_moment(found: re.Match[str]) -> WrittenMoment | None:
    groups = found.groupdict()

    def read(*names: str) -> int | None:
        return next((int(groups[name]) for name in names if groups.get(name)), None)

    hour = read("hour", "hour_ko")
    if hour is not None and groups.get("ampm") == "오후" and hour < 12:
        hour += 12
    month = read("month")
    if groups.get("name"):
        month = _MONTHS[groups["name"][:3].lower()]
    moment = WrittenMoment(
        read("year"), month, read("day"), hour, read("minute", "minute_ko"), read("second")
    )
    in_range = (
        (moment.month or 1) in range(1, 13)
        and (moment.day or 1) in range(1, 32)
        and (moment.hour or 0) in range(25)
        and (moment.minute or 0) in range(60)
    )
    return moment if in_range else None


def _read_quantity(line: str, at: int) -> tuple[NumberMention | None, int]:
    """A number with its sign, scale and unit; lengths of time one after another are one."""
    value, step, end = _read_scaled(line, at)
    unit, dimension = _UNIT.match(line, end), ""
    if unit is not None:
        dimension, factor = _UNITS[unit["unit"]]
        value, step, end = value * factor, step * factor, unit.end()
        if dimension == "seconds" and step >= factor:  # "1.8초 850ms" are two
            value, step, end = _add_smaller(line, value, step, end)
    start = _find_sign(line, at)
    is_negative = start < at and line[start] in "-−"
    return NumberMention(
        line[start:end], 0, 0, dimension, -value if is_negative else value, step
    ), end


def _add_smaller(line: str, value: float, step: float, end: int) -> tuple[float, float, int]:
    """A length of time with the smaller units that follow: `2시간 3분`, `41 min and 30 s`."""
    while more := _THEN.match(line, end):
        number, digit, after = _read_scaled(line, more.end())
        unit = _UNIT.match(line, after)
        dimension, factor = _UNITS[unit["unit"]] if unit else ("", 0.0)
        if unit is None or dimension != "seconds" or factor >= step:
            break
        value, step, end = value + number * factor, digit * factor, unit.end()
    return value, step, end


def _find_sign(line: str, at: int) -> int:
    """Where the number begins with its sign, which follows a blank or a bracket."""
    has_sign = at > 0 and line[at - 1] in "+-−"
    return at - 1 if has_sign and (at == 1 or line[at - 2] in " \t([:→") else at


def _read_scaled(line: str, at: int) -> tuple[float, float, int]:
    """`1억 2,000만`: value, what its last digit counts, and where it ends."""
    total, step, end, last = 0.0, 1.0, at, math.inf
    start = at
    while found := _SCALED.match(line, start):
        scale = _SCALES.get(found["scale"] or "", 1.0)
        if scale >= last:
            break
        digits = found["number"].replace(",", "")
        total += float(digits) * scale
        step, last = scale * 10.0 ** -len(digits.partition(".")[2]), scale
        end = found.end("scale") if found["scale"] else found.end("number")
        blank = _BLANK.match(line, end)
        if not found["scale"] or blank is None:
            break
        start = blank.end()
    return total, step, end


def _share_units(line: str, offset: int, mentions: list[NumberMention]) -> Iterator[NumberMention]:
    """The numbers of a line; one before a dash or a word like it has the unit of the next."""
    for mention, following in zip_longest(mentions, mentions[1:]):
        if following is None or mention.dimension or following.dimension in {"", "moment", "name"}:
            yield mention
            continue
        end = mention.column - 1 - offset + len(mention.text)
        if not _BETWEEN.match(line[end : following.column - 1 - offset]):
            yield mention
            continue
        factor = _find_factor(following)
        yield replace(
            mention,
            dimension=following.dimension,
            value=mention.value * factor,
            step=mention.step * factor,
        )


def _find_factor(mention: NumberMention) -> float:
    """How much one of its unit is in the unit of its dimension."""
    found = _UNIT.search(mention.text)
    return _UNITS[found["unit"]][1] if found else 1.0
