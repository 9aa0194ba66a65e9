"""A page -> samples: text format 0.0.4 and 1.0.0, OpenMetrics 1.0.0.

The same series stand on a page again and again, so each is understood once: what comes
before the value is the key of a cache. A page that has the same lines as the one before
costs one comparison and one conversion of numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter

import numpy as np
import numpy.typing as npt
import orjson

from jipyo.model.errors import MalformedBody
from jipyo.model.labels import METRIC_NAME, Labels
from jipyo.model.reading import NO_TIME, ReadingNote, TargetReading
from jipyo.model.sample import MetricMetadata, MetricType, Values
from jipyo.wire.exposition.write import Format, format_value

Finish = Callable[[Labels], Labels | None]
"""What becomes of a series that was read: other labels, or None to drop it."""

_EXCERPT = 120
_SPARE_KEYS = 1000


def decode_text(body: bytes) -> str:
    """The text of an exposition.

    Raises:
        MalformedBody: it is not UTF-8.
    """
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise MalformedBody("wire.not_utf8", at=error.start) from error


def unchanged(labels: Labels) -> Labels:
    """The series as the page names it."""
    return labels


@dataclass(frozen=True, slots=True)
class _Layout:
    """What the lines of a page mean, apart from their values."""

    lines: int
    comments: tuple[str, ...]
    pick_comments: Callable[[list[str]], tuple[str, ...]]
    pick_samples: Callable[[list[str]], tuple[str, ...]]
    keys: list[str]
    """What stands before the last blank of each sample's line."""
    series: tuple[Labels, ...]
    take: npt.NDArray[np.intp] | None
    """Which samples these series are; None where it is all of them, in order."""
    notes: tuple[ReadingNote, ...]


class Parser:
    """Reads the pages of one target."""

    def __init__(self, finish: Finish = unchanged) -> None:
        """`finish` is asked once for each series that appears."""
        self._finish = finish
        self._known: dict[str, Labels | None] = {}
        self._layout: _Layout | None = None
        self._comments: tuple[str, ...] = ()
        self._form = Format.TEXT
        self._said = _Said({}, ())

    def read(self, text: str, form: Format = Format.TEXT) -> TargetReading:
        """The samples of a page.

        Raises:
            MalformedBody: a line is not what the format allows, or OpenMetrics ends early.
        """
        lines = text.split("\n")
        if form is self._form and self._layout is not None:
            values = _values(self._layout, lines)
            if values is not None:
                return self._reading(self._layout, values)
        return self._read_slowly(lines, form)

    def _hear(self, comments: tuple[str, ...], form: Format) -> None:
        if comments == self._comments and form is self._form:
            return
        said = _listen(comments, form)
        if said.types != self._said.types or form is not self._form:
            # The type decides how a bucket's edge is written.
            self._known = {}
        self._comments, self._form, self._said = comments, form, said

    def _reading(self, layout: _Layout, values: Values) -> TargetReading:
        return TargetReading(
            layout.series,
            values if layout.take is None else values[layout.take],
            metadata=self._said.metadata,
            scraped=len(values),
            notes=layout.notes,
        )

    def _read_slowly(self, lines: list[str], form: Format) -> TargetReading:
        if form is Format.OPENMETRICS:
            _check_end(lines)
        self._layout = None
        at = [index for index, line in enumerate(lines) if not _is_aside(line)]
        self._hear(tuple([line for line in lines if line[:1] == "#"]), form)
        found = [self._line(index + 1, lines[index]) for index in at]
        self._trim(found)
        if any(sample.t_ms != NO_TIME for sample in found):
            return self._timed(found)
        layout = _lay_out(found, lines, at)
        if layout.keys == [sample.key for sample in found]:
            self._layout = layout
        return self._reading(layout, np.array([sample.value for sample in found], np.float64))

    def _timed(self, found: Sequence[_Sample]) -> TargetReading:
        """A page with times of its own; the same series may stand there at several times."""
        kept: dict[tuple[Labels, int], float] = {}
        for sample in found:
            if sample.labels is not None:
                kept.setdefault((sample.labels, sample.t_ms), sample.value)
        return TargetReading(
            tuple(labels for labels, _ in kept),
            np.array(list(kept.values()), np.float64),
            np.array([t_ms for _, t_ms in kept], np.int64),
            self._said.metadata,
            len(found),
        )

    def _line(self, number: int, line: str) -> _Sample:
        key, _, word = line.rpartition(" ")
        if key in self._known:
            value = _number(word)
            if value is not None:
                return _Sample(key, self._known[key], value)
        return self._whole_line(number, line)

    def _whole_line(self, number: int, line: str) -> _Sample:
        found = _LINE.match(line)
        value = _number(found["value"]) if found is not None else None
        t_ms = _time(found["time"], self._form) if found is not None else None
        if found is None or value is None or t_ms is None:
            raise _bad_line(number, line)
        key = found["series"]
        if key not in self._known:
            try:
                labels = _series(key, self._said.types)
            except ValueError as error:
                raise _bad_line(number, line) from error
            self._known[key] = self._finish(labels)
        return _Sample(key, self._known[key], value, t_ms)

    def _trim(self, found: Sequence[_Sample]) -> None:
        """Forget the series that are no longer there, when they are many."""
        if len(self._known) > 2 * len(found) + _SPARE_KEYS:
            self._known = {sample.key: self._known[sample.key] for sample in found}


@dataclass(frozen=True, slots=True)
class _Sample:
    key: str
    labels: Labels | None
    value: float
    t_ms: int = NO_TIME


@dataclass(frozen=True, slots=True)
class _Said:
    """What the comments of a page say."""

    types: dict[str, MetricType]
    """By the name of the family."""
    metadata: tuple[MetricMetadata, ...]


def _values(layout: _Layout, lines: list[str]) -> Values | None:
    """The values of a page that is laid out like the one before; None if it is not."""
    if len(lines) != layout.lines or layout.pick_comments(lines) != layout.comments:
        return None
    parts = [line.rpartition(" ") for line in layout.pick_samples(lines)]
    if [part[0] for part in parts] != layout.keys:
        return None
    return _numbers([part[2] for part in parts])


def _picker(at: Sequence[int]) -> Callable[[list[str]], tuple[str, ...]]:
    if len(at) > 1:
        return itemgetter(*at)
    return lambda lines: tuple([lines[index] for index in at])


def _lay_out(found: Sequence[_Sample], lines: list[str], at: Sequence[int]) -> _Layout:
    first: dict[Labels, int] = {}
    repeated = 0
    for index, sample in enumerate(found):
        if sample.labels is not None:
            repeated += first.setdefault(sample.labels, index) != index
    samples = frozenset(at)
    pick_comments = _picker([index for index in range(len(lines)) if index not in samples])
    return _Layout(
        lines=len(lines),
        comments=pick_comments(lines),
        pick_comments=pick_comments,
        pick_samples=_picker(at),
        keys=[lines[index].rpartition(" ")[0] for index in at],
        series=tuple(first),
        take=None if len(first) == len(found) else np.fromiter(first.values(), np.intp, len(first)),
        notes=(ReadingNote("wire.repeated_series", (("count", repeated),)),) if repeated else (),
    )


def _is_aside(line: str) -> bool:
    """Only blanks, or a comment behind blanks."""
    bare = line.strip(" \t")
    return not bare or bare[0] == "#"


_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_QUOTED = r'"(?:[^"\\\n]|\\.)*"'
_LINE = re.compile(
    rf"[ \t]*(?P<series>(?:{_NAME})?(?:[ \t]*\{{(?:[^\"}}]|{_QUOTED})*\}})?)[ \t]*"
    r"(?P<value>[^ \t#]+)(?:[ \t]+(?P<time>[^ \t#]+))?[ \t]*(?:#[ \t].*)?$"
)
_METRIC = re.compile(rf"[ \t]*(?P<name>{_NAME})?[ \t]*(?:\{{(?P<labels>.*)\}})?$", re.DOTALL)
_PAIR = re.compile(
    rf"[ \t]*(?:(?P<name>[a-zA-Z_][a-zA-Z0-9_]*)|(?P<quoted>{_QUOTED}))[ \t]*"
    rf"(?:=[ \t]*(?P<value>{_QUOTED}))?[ \t]*(?:,|$)",
)
_ESCAPE = re.compile(r'\\([\\n"])')


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda found: "\n" if found[1] == "n" else found[1], text)


def _series(key: str, types: dict[str, MetricType]) -> Labels:
    """The labels that a key means.

    Raises:
        ValueError: it means none.
    """
    found = _METRIC.match(key)
    if found is None:
        raise ValueError(key)
    pairs = dict[str, str]()
    if found["name"]:
        pairs[METRIC_NAME] = found["name"]
    for name, value in _pairs(found["labels"] or ""):
        if name in pairs:
            raise ValueError(name)
        pairs[name] = value
    if not pairs.get(METRIC_NAME):
        raise ValueError(key)
    _write_edge(pairs, types)
    return Labels.of(pairs)


def _pairs(inside: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(inside.rstrip(" \t")):
        found = _PAIR.match(inside, at)
        if found is None:
            raise ValueError(inside)
        name = found["name"] or _unescape(found["quoted"][1:-1])
        if found["value"] is not None:
            yield name, _unescape(found["value"][1:-1])
        elif found["quoted"] is not None and at == 0:
            yield METRIC_NAME, name  # {"a metric in UTF-8", …}
        else:
            raise ValueError(inside)
        at = found.end()


def _write_edge(pairs: dict[str, str], types: dict[str, MetricType]) -> None:
    """Write a bucket's edge as Prometheus 3 does: `le="1"` becomes `le="1.0"`."""
    metric = pairs[METRIC_NAME]
    if "le" in pairs and types.get(metric.removesuffix("_bucket")) is MetricType.HISTOGRAM:
        pairs["le"] = _edge(pairs["le"])
    if "quantile" in pairs and types.get(metric) is MetricType.SUMMARY:
        pairs["quantile"] = _edge(pairs["quantile"])


def _edge(text: str) -> str:
    value = _number(text)
    if value is None:
        return text
    written = format_value(value)
    return f"{written}.0" if written.lstrip("-").isdigit() else written


def _number(word: str) -> float | None:
    """A number as the formats write it; Python's `1_000` and other digits are none."""
    if "_" in word or not word.isascii():
        return None
    try:
        return float(word)
    except ValueError:
        return None


_PLAIN = b"0123456789+-.eE,"


def _numbers(words: list[str]) -> Values | None:
    """All numbers of a page at once; None where one of them is none."""
    together = ",".join(words).encode("utf-8", "replace")
    # JSON knows no "-0" as a float, and a comma inside a word would make two of it.
    if not together.translate(None, _PLAIN) and b",-0" not in b"," + together:
        try:
            values = np.array(orjson.loads(b"[%b]" % together), np.float64)
        except orjson.JSONDecodeError:
            pass  # +1 and .5 are numbers here, but not in JSON
        else:
            return values if len(values) == len(words) else None
    numbers = [_number(word) for word in words]
    return None if None in numbers else np.array(numbers, np.float64)


def _time(word: str | None, form: Format) -> int | None:
    """A time in ms; NO_TIME where there is none, None where it is not one."""
    if word is None:
        return NO_TIME
    try:
        return int(word) if form is Format.TEXT else int(float(word) * 1000)
    except (ValueError, OverflowError):
        return None


def _check_end(lines: Sequence[str]) -> None:
    last = next((line for line in reversed(lines) if line), "")
    if last != "# EOF":
        raise MalformedBody("wire.no_end", hint="wire.no_end.hint", text=last[:_EXCERPT])


def _bad_line(number: int, line: str) -> MalformedBody:
    return MalformedBody("wire.bad_line", line=number, text=line[:_EXCERPT])


_COMMENT = re.compile(rf"#[ \t]+(HELP|TYPE|UNIT)[ \t]+({_QUOTED}|[^ \t]+)(?:[ \t]+(.*))?$")
_TYPES = {
    **{kind.value: kind for kind in MetricType},
    "untyped": MetricType.UNKNOWN,
    "gaugehistogram": MetricType.UNKNOWN,
}
_SUFFIX = {MetricType.COUNTER: "_total", MetricType.INFO: "_info"}


def _listen(comments: Sequence[str], form: Format) -> _Said:
    """Help, type and unit of every family that is talked about."""
    said: dict[str, dict[str, str]] = {}
    for comment in comments:
        found = _COMMENT.match(comment)
        if found is not None:
            name = found[2]
            name = _unescape(name[1:-1]) if name.startswith('"') else name
            said.setdefault(name, {})[found[1]] = found[3] or ""
    types = {
        name: _TYPES.get(told.get("TYPE", ""), MetricType.UNKNOWN) for name, told in said.items()
    }
    metadata = tuple(
        MetricMetadata(
            _full_name(name, types[name], form),
            types[name],
            _help(told.get("HELP", ""), form),
            told.get("UNIT", ""),
        )
        for name, told in said.items()
    )
    return _Said(types, metadata)


def _full_name(name: str, kind: MetricType, form: Format) -> str:
    """A family's name as the text format has it, whatever the page is written in."""
    suffix = _SUFFIX.get(kind, "") if form is Format.OPENMETRICS else ""
    return name if name.endswith(suffix) else name + suffix


def _help(text: str, form: Format) -> str:
    if form is Format.OPENMETRICS:
        return _unescape(text)
    return re.sub(r"\\([\\n])", lambda found: "\n" if found[1] == "n" else "\\", text)
