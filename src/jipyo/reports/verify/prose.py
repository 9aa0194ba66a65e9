"""Prose on a report, by people or a language model: each of its numbers traced to a figure.

A number is traced if the report has a value that is the same after the rounding with which the
number is written, in its unit, and if that value is about what the sentence is about: the words of
a sentence and those of the place of a value are compared, rare words counting most (as the idf of
Spärck Jones, 1972). So 91.2% of the disk is not taken for 91.2% of the processor.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, get_args

from jipyo.i18n import LANGS
from jipyo.model.calendar import local_time
from jipyo.model.figure import Delta, Figure
from jipyo.reports.archive.changes import list_values
from jipyo.reports.archive.content_hash import list_hash_words
from jipyo.reports.document import (
    Badge,
    Day,
    Duration,
    ExactTime,
    Inline,
    Joined,
    Moment,
    Phrase,
    Quantity,
    Quotient,
    ScoreRow,
    ScoreSheet,
    Share,
    ThresholdLine,
)
from jipyo.reports.verify.numbers import NumberMention, WrittenMoment, find_numbers
from jipyo.reports.wording import Localizer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from jipyo.reports.archive.changes import PlacedValue
    from jipyo.reports.document import Report

LARGEST_BYTES = 4 << 20
"""Most bytes of a text."""
_WORD = re.compile(r"[A-Za-z][A-Za-z._-]*\d[\d.:a-z-]*\b|[A-Za-z]{3,}|[가-힣]{2,}", re.ASCII)
_CLAUSE = re.compile(r"[,;:.]\s|이며|[—–]|\b(?:and|but|while)\b")
_SIGNS = ("+", "-", "−")
_LEADING_ZERO = re.compile(r"[+−-]?0\d")
_COMMON = frozenset(
    (
        *("the", "and", "with", "from", "was", "were", "for", "min", "not", "are", "has", "had"),
        *("than", "mon", "tue", "wed", "thu", "fri", "sat", "sun", "jan", "feb", "mar", "apr"),
        *("may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", "january", "february", "march"),
        *("april", "june", "july", "august", "september", "october", "november", "december"),
    )
)
_NEAR = 0.55
"""A value counts if it is about the sentence at least so much as the one that is most."""
_ABOUT = 1.5
"""Below this score no value is about a sentence."""
_OF_PERIOD, _OF_REPORT = -1, -2
"""Rows of facts that are not in the report's blocks."""
_DIMENSIONS = {
    "percent": ("percent", 1.0),
    "ratio": ("percent", 100.0),
    "point": ("point", 1.0),
    "count": ("count", 1.0),
    "requests": ("count", 1.0),
    "seconds": ("seconds", 1.0),
    "days": ("seconds", 86_400.0),
    "bytes": ("bytes", 1.0),
    "bytes_per_second": ("bytes_per_second", 1.0),
    "celsius": ("celsius", 1.0),
    "watt": ("watt", 1.0),
    "kilowatt_hours": ("kilowatt_hours", 1.0),
    "megahertz": ("megahertz", 1.0),
    "factor": ("factor", 1.0),
    "per_minute": ("per_minute", 1.0),
    "%": ("percent", 1.0),
}


@dataclass(frozen=True, slots=True)
class ReportFact:
    """A number of the report, in the unit of its dimension, with the words around it."""

    dimension: str
    value: float
    moment: datetime | None
    words: frozenset[str]
    place: tuple[Inline, ...]
    row: int
    """Values of one row of a table have the same."""
    is_head: bool = False
    """A day at the head of a row: it counts with another value of its row only."""
    is_cut: bool = False
    """A share of 1, which is never rounded up."""
    is_change: bool = False
    """A difference: a number that is written with its sign is one."""
    written: WrittenMoment | None = None
    """A month or a time of day as the report prints it, without a date."""


@dataclass(frozen=True, slots=True)
class TracedNumber:
    """A number of a text, and the value of the report that it is; None: untraceable."""

    mention: NumberMention
    fact: ReportFact | None
    elsewhere: ReportFact | None = None
    """A value that is the same, and about something else than the sentence."""


def trace_numbers(text: str, report: Report) -> tuple[TracedNumber, ...]:
    """Every number of a text, traced to a value of the report or named as untraceable."""
    book = FactBook(report)
    lines = text.splitlines()
    found: dict[int, list[NumberMention]] = defaultdict(list)
    for mention in find_numbers(text):
        found[mention.line].append(mention)
    return tuple(
        traced
        for number, mentions in found.items()
        for traced in book.trace(lines[number - 1], mentions)
    )


class FactBook:
    """All numbers of a report, and what they are about."""

    def __init__(self, report: Report) -> None:
        """Collect the facts of a report in both languages."""
        self.localizers = [Localizer.for_period(report.period, lang) for lang in LANGS]
        self.zone: ZoneInfo = self.localizers[0].zone
        self.year = report.period.first_day.year
        self.names: set[str] = {report.number, report.catalogue, *list_hash_words(report)}
        self.facts = _share_words(list(self._collect(report)))
        counts = Counter(word for fact in self.facts for word in fact.words)
        total = len(self.facts) + 1
        self.weights = {word: math.log(total / n) for word, n in counts.items()}
        self.by_dimension: Mapping[str, list[ReportFact]] = _group(self.facts)

    def trace(self, line: str, mentions: Sequence[NumberMention]) -> Iterator[TracedNumber]:
        """The numbers of one line."""
        clauses = _find_clauses(line)
        whole = self._score(line)
        results: list[TracedNumber] = []
        for mention in mentions:
            at = mention.column - 1
            clause = next((text for start, end, text in clauses if start <= at < end), line)
            results.append(self._trace_one(mention, (self._score(clause), whole)))
        rows = {one.fact.row for one in results if one.fact and not one.fact.is_head}
        for one in results:
            is_alone = one.fact is not None and one.fact.is_head and one.fact.row not in rows
            if is_alone and not rows & {fact.row for fact in self._match(one.mention)}:
                yield TracedNumber(one.mention, None, one.fact)
            else:
                yield one

    def _trace_one(
        self, mention: NumberMention, scores: Sequence[Mapping[str, float]]
    ) -> TracedNumber:
        """One number; `scores` are of its clause and of the whole line."""
        if mention.dimension == "name":
            return TracedNumber(mention, self._find_name(mention))
        matching = self._match(mention)
        if not matching:
            return TracedNumber(mention, None)
        candidates = self._list_candidates(mention)
        about = [_find_best(matching, candidates, weights) for weights in scores]
        for fact, share in about:
            if share >= _NEAR:
                return TracedNumber(mention, fact)
        fact, share = about[-1]
        return TracedNumber(mention, fact) if share < 0 else TracedNumber(mention, None, fact)

    def _find_name(self, mention: NumberMention) -> ReportFact | None:
        """A name with digits, as of a version or a host, is traced if the report has it."""
        if mention.text in self.names:
            return ReportFact("name", 0.0, None, frozenset(), (mention.text,), -1)
        return None

    def _list_candidates(self, mention: NumberMention) -> Sequence[ReportFact]:
        if mention.moment is not None:
            return self.by_dimension["moment"]
        if not mention.dimension:
            return [one for one in self.facts if one.dimension not in {"moment", "name"}]
        return [*self.by_dimension.get(mention.dimension, ()), *self.by_dimension.get("", ())]

    def _match(self, mention: NumberMention) -> list[ReportFact]:
        return [fact for fact in self._list_candidates(mention) if _is_same(mention, fact)]

    def _score(self, line: str) -> Mapping[str, float]:
        """The weight of each word of the facts that the line has, in any form of it."""
        own = {word.lower() for word in _WORD.findall(line)}
        return {
            word: weight
            for word, weight in self.weights.items()
            if any(one.startswith(word) for one in own)
        }

    def _collect(self, report: Report) -> Iterator[ReportFact]:
        period = report.period
        for row, (key, placed) in enumerate(list_values(report).items()):
            del key
            yield from self._collect_value(placed, row)
        for t_ms in (period.start_ms, period.end_ms - 1):
            yield self._build_moment(t_ms, _OF_PERIOD)
        for t_ms in (period.end_ms, report.made_ms):
            yield self._build_moment(t_ms, _OF_REPORT)
        days = (period.next_day - period.first_day).days
        yield ReportFact("seconds", days * 86_400.0, None, frozenset(), (), _OF_REPORT)
        if report.issue:
            yield ReportFact("count", float(report.issue), None, frozenset(), (), _OF_REPORT)

    def _collect_value(self, placed: PlacedValue, at: int) -> Iterator[ReportFact]:
        place = placed.place
        row = at if placed.owner is None else id(placed.owner)
        value_texts = self._format(placed.value)
        place_texts = [text for part in place for text in self._format(part)]
        words = frozenset(_split_words(" ".join([*place_texts, *value_texts])))
        is_head = (
            isinstance(placed.value, Day)
            and isinstance(placed.owner, tuple)
            and placed.value is placed.owner[0]
        )
        if _is_bare(placed.value) and not _holds_numbers(placed.owner):
            return
        for part in _list_inlines(placed.value):
            is_cut = isinstance(part, Share)
            for dimension, value, moment in self._list_exact(part):
                is_change = isinstance(part, Delta)
                yield ReportFact(
                    dimension, value, moment, words, place, row, is_head, is_cut, is_change
                )
        for text in () if is_head else value_texts:
            for mention in find_numbers(text):
                yield from self._read_printed(mention, words, place, row)

    def _read_printed(
        self, mention: NumberMention, words: frozenset[str], place: tuple[Inline, ...], row: int
    ) -> Iterator[ReportFact]:
        """A number as the report prints it; of moments those with a date."""
        written = mention.moment
        if mention.dimension == "name":
            self.names.add(mention.text)
        elif written is None:
            fact = ReportFact(mention.dimension, mention.value, None, words, place, row)
            yield replace(fact, is_change=mention.text.startswith(_SIGNS))
        elif written.month and written.day:
            with contextlib.suppress(ValueError):  # 31 June
                moment = datetime(
                    written.year or self.year,
                    written.month,
                    written.day,
                    (written.hour or 0) % 24,
                    written.minute or 0,
                    written.second or 0,
                    tzinfo=self.zone,
                )
                yield ReportFact("moment", 0.0, moment, words, place, row)
        else:
            yield ReportFact("moment", 0.0, None, words, place, row, written=written)

    def _format(self, value: object) -> list[str]:
        if not isinstance(value, get_args(Inline)) or value is None:
            return []
        return [localizer.format(value) for localizer in self.localizers]

    def _list_exact(self, part: object) -> Iterator[tuple[str, float, datetime | None]]:
        match part:
            case Figure(value=number, unit=unit) if number is not None:
                dimension, factor = _DIMENSIONS.get(unit, ("", 1.0))
                yield dimension, number * factor, None
                yield "count", float(part.samples), None
            case Quantity(value=number, unit=unit) | Delta(value=number, unit=unit):
                dimension, factor = _DIMENSIONS.get(unit, ("", 1.0))
                yield dimension, number * factor, None
            case Share(value=number):
                yield "percent", number * 100, None
            case Duration(ms=ms) | ExactTime(ms=ms):
                yield "seconds", ms / 1000, None
            case Moment(t_ms=t_ms):
                yield "moment", 0.0, local_time(t_ms, self.zone)
            case Day(day=day):
                yield "moment", 0.0, datetime(day.year, day.month, day.day, tzinfo=self.zone)
            case int() | float() if math.isfinite(part):
                yield "", float(part), None

    def _build_moment(self, t_ms: int, row: int) -> ReportFact:
        return ReportFact("moment", 0.0, local_time(t_ms, self.zone), frozenset(), (), row)


def _share_words(facts: Sequence[ReportFact]) -> list[ReportFact]:
    """The facts with the words of all that stand in the same row."""
    words: dict[int, set[str]] = defaultdict(set)
    for fact in facts:
        words[fact.row] |= fact.words
    shared = {row: frozenset(found) for row, found in words.items()}
    return [replace(fact, words=shared[fact.row]) for fact in facts]


def _find_best(
    matching: Sequence[ReportFact], candidates: Sequence[ReportFact], weights: Mapping[str, float]
) -> tuple[ReportFact, float]:
    """The fact that is most about some words, and how much next to all; -1: none is at all."""
    best = max(_rate(one, weights) for one in candidates)
    fact = max(matching, key=lambda one: (_rate(one, weights), not one.is_head))
    return fact, -1.0 if best < _ABOUT else _rate(fact, weights) / best


def _rate(fact: ReportFact, weights: Mapping[str, float]) -> float:
    """How much a fact is about what has these words."""
    return sum(weights.get(word, 0.0) for word in fact.words)


def _find_clauses(line: str) -> list[tuple[int, int, str]]:
    """The clauses of a line with their places."""
    ends = [found.end() for found in _CLAUSE.finditer(line)]
    starts = [0, *ends]
    return [(a, b, line[a:b]) for a, b in zip(starts, [*ends, len(line)], strict=True)]


def _is_bare(value: object) -> bool:
    return isinstance(value, bool | int | float)


def _holds_numbers(owner: object) -> bool:
    """Whether plain numbers of a part are what a text may quote, and not its layout.

    The bands of points are left out: of them one or the other is near any value.
    """
    return isinstance(owner, tuple | ScoreRow | ScoreSheet | Quotient | ThresholdLine)


def _list_inlines(value: object) -> Iterator[object]:
    """A value, and the values in its sentence."""
    match value:
        case Phrase(values=values):
            for _, inner in values:
                yield from _list_inlines(inner)
        case Joined(parts=parts):
            for inner in parts:
                yield from _list_inlines(inner)
        case Badge(text=text):
            yield from _list_inlines(text)
        case bool() | None:
            return
        case _:
            yield value


def _group(facts: Sequence[ReportFact]) -> Mapping[str, list[ReportFact]]:
    grouped: dict[str, list[ReportFact]] = defaultdict(list)
    for fact in facts:
        grouped[fact.dimension].append(fact)
    return grouped


def _split_words(text: str) -> Iterator[str]:
    return (word.lower() for word in _WORD.findall(text) if word.lower() not in _COMMON)


def _is_same(mention: NumberMention, fact: ReportFact) -> bool:
    """Whether a number is a value as it is rounded; lengths of time are also cut off."""
    if mention.moment is not None:
        # A month alone is that of the period, whatever else lies in it.
        is_day = mention.moment.day is not None or mention.moment.hour is not None
        if fact.written is not None:
            return fact.written == mention.moment
        if fact.moment is None or not (is_day or fact.row == _OF_PERIOD):
            return False
        return _is_same_moment(mention.moment, fact.moment)
    has_sign = mention.text.startswith(_SIGNS)
    if fact.dimension == "moment" or (has_sign and not fact.is_change and fact.value >= 0):
        return False
    return not _LEADING_ZERO.match(mention.text) and _is_same_value(mention, fact)


def _is_same_value(mention: NumberMention, fact: ReportFact) -> bool:
    difference, step = fact.value - mention.value, mention.step
    if not fact.dimension and mention.dimension in {"seconds", "bytes"} and step > 1:
        return False  # a plain 2 is not 2 minutes
    slack = 1e-9 * max(abs(fact.value), step)
    is_cut = -slack <= difference < step - slack
    if fact.is_cut:
        return is_cut
    if abs(difference) <= step / 2 + slack or (mention.dimension == "seconds" and is_cut):
        return True
    # A fall of 1.2 is written without its sign, beside a word for falling.
    has_sign = mention.text.startswith(_SIGNS)
    return not has_sign and fact.value < 0 and abs(fact.value + mention.value) <= step / 2 + slack


def _is_same_moment(written: WrittenMoment, moment: datetime) -> bool:
    if written.hour == 24:
        moment -= timedelta(days=1)
        hour = 24 if moment.hour == 0 else moment.hour
    else:
        hour = moment.hour
    return all(
        want is None or want == have
        for want, have in (
            (written.year, moment.year),
            (written.month, moment.month),
            (written.day, moment.day),
            (written.hour, hour),
            (written.minute, moment.minute),
            (written.second, moment.second),
        )
    )
