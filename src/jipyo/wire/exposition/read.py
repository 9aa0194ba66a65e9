"""Exposition -> samples: text format 0.0.4 and 1.0.0, OpenMetrics 1.0.0.

A target exposes the same series again and again, so each is parsed once: the text before
the value is the key of a cache. An exposition with the same lines as the one before costs
one comparison and one conversion of numbers.
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
from jipyo.wire.elements import WorkLimit
from jipyo.wire.exposition.write import Format, format_value

Finish = Callable[[Labels], Labels | None]
"""Maps a new series to the labels it gets, or to None to drop it."""

_EXCERPT = 120
_SPARE_KEYS = 1000
_BATCH = 10_000
"""After so many lines we look whether anybody still waits for them."""
_MAX_TIME = (1 << 63) - 1


def decode_text(body: bytes) -> str:
    """The text of an exposition.

    Raises:
        MalformedBody: it is not UTF-8.
    """
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise MalformedBody("wire.not_utf8", at=error.start) from error


def keep_labels(labels: Labels) -> Labels:
    """The series as the exposition names it."""
    return labels


@dataclass(frozen=True, slots=True)
class _Layout:
    """The meaning of all lines of an exposition, apart from their values."""

    lines: int
    comments: tuple[str, ...]
    pick_comments: Callable[[list[str]], tuple[str, ...]]
    pick_samples: Callable[[list[str]], tuple[str, ...]]
    keys: list[str]
    """The text before the last blank of each sample's line."""
    series: tuple[Labels, ...]
    take: npt.NDArray[np.intp] | None
    """Which samples these series are; None where it is all of them, in order."""
    notes: tuple[ReadingNote, ...]


class Parser:
    """Parses the expositions of one target."""

    def __init__(
        self, finish: Finish = keep_labels, *, work_limit: WorkLimit | None = None
    ) -> None:
        """`finish` is called once for each new series."""
        self._finish = finish
        self._work_limit = work_limit or WorkLimit()
        self._known: dict[str, Labels | None] = {}
        self._layout: _Layout | None = None
        self._comments: tuple[str, ...] = ()
        self._form = Format.TEXT
        self._about = _Comments({}, ())

    def parse(self, text: str, form: Format = Format.TEXT) -> TargetReading:
        """The samples of an exposition.

        Raises:
            MalformedBody: a line is not what the format allows, or OpenMetrics ends early.
            TooLarge: it has more lines or labels than allowed.
        """
        self._work_limit.check_text(text)
        lines = text.split("\n")
        if form is self._form and self._layout is not None:
            values = _read_values(self._layout, lines)
            if values is not None:
                return self._build_reading(self._layout, values)
        return self._parse_all(lines, form)

    def _update_comments(self, comments: tuple[str, ...], form: Format) -> None:
        if comments == self._comments and form is self._form:
            return
        about = _parse_comments(comments, form)
        if about.types != self._about.types or form is not self._form:
            # The type decides how a bucket's edge is written.
            self._known = {}
        self._comments, self._form, self._about = comments, form, about

    def _build_reading(self, layout: _Layout, values: Values) -> TargetReading:
        return TargetReading(
            layout.series,
            values if layout.take is None else values[layout.take],
            metadata=self._about.metadata,
            scraped=len(values),
            notes=layout.notes,
        )

    def _parse_all(self, lines: list[str], form: Format) -> TargetReading:
        if form is Format.OPENMETRICS:
            last = next((line for line in reversed(lines) if line), "")
            if last != "# EOF":
                raise MalformedBody("wire.no_end", hint="wire.no_end.hint", text=last[:_EXCERPT])
        self._layout = None
        at = [index for index, line in enumerate(lines) if line.lstrip(" \t")[:1] not in _ASIDE]
        self._update_comments(tuple([line for line in lines if line[:1] == "#"]), form)
        samples: list[_Sample] = []
        for start in range(0, len(at), _BATCH):
            self._work_limit.check_waiting()
            batch = at[start : start + _BATCH]
            samples += [self._parse_line(index + 1, lines[index]) for index in batch]
        if len(self._known) > 2 * len(samples) + _SPARE_KEYS:
            self._known = {sample.key: self._known[sample.key] for sample in samples}
        if any(sample.t_ms != NO_TIME for sample in samples):
            return self._build_timed_reading(samples)
        layout = _build_layout(samples, lines, at)
        if layout.keys == [sample.key for sample in samples]:
            self._layout = layout
        values = np.array([sample.value for sample in samples], np.float64)
        return self._build_reading(layout, values)

    def _build_timed_reading(self, samples: Sequence[_Sample]) -> TargetReading:
        """With timestamps of its own; the same series may have several."""
        kept: dict[tuple[Labels, int], float] = {}
        for sample in samples:
            if sample.labels is not None:
                kept.setdefault((sample.labels, sample.t_ms), sample.value)
        return TargetReading(
            tuple(labels for labels, _ in kept),
            np.array(list(kept.values()), np.float64),
            np.array([t_ms for _, t_ms in kept], np.int64),
            self._about.metadata,
            len(samples),
        )

    def _parse_line(self, number: int, line: str) -> _Sample:
        key, _, word = line.rpartition(" ")
        if key in self._known:
            value = _parse_number(word)
            if value is not None:
                return _Sample(key, self._known[key], value)
        return self._parse_new_line(number, line)

    def _parse_new_line(self, number: int, line: str) -> _Sample:
        match = _LINE.match(line)
        value = _parse_number(match["value"]) if match is not None else None
        t_ms = _parse_time(match["time"], self._form) if match is not None else None
        if match is None or value is None or t_ms is None:
            raise _build_line_error(number, line)
        key = match["series"]
        if key not in self._known:
            try:
                labels = _parse_series(key, self._about.types)
            except ValueError as error:
                raise _build_line_error(number, line) from error
            self._known[key] = self._finish(labels)
        return _Sample(key, self._known[key], value, t_ms)


@dataclass(frozen=True, slots=True)
class _Sample:
    key: str
    labels: Labels | None
    value: float
    t_ms: int = NO_TIME


@dataclass(frozen=True, slots=True)
class _Comments:
    """The comments of an exposition, parsed."""

    types: dict[str, MetricType]
    """By the name of the family."""
    metadata: tuple[MetricMetadata, ...]


def _read_values(layout: _Layout, lines: list[str]) -> Values | None:
    """The values where all else equals the previous exposition; None where it does not."""
    if len(lines) != layout.lines or layout.pick_comments(lines) != layout.comments:
        return None
    parts = [line.rpartition(" ") for line in layout.pick_samples(lines)]
    if [part[0] for part in parts] != layout.keys:
        return None
    return _parse_numbers([part[2] for part in parts])


def _build_picker(at: Sequence[int]) -> Callable[[list[str]], tuple[str, ...]]:
    if len(at) > 1:
        return itemgetter(*at)
    return lambda lines: tuple([lines[index] for index in at])


def _build_layout(samples: Sequence[_Sample], lines: list[str], at: Sequence[int]) -> _Layout:
    first: dict[Labels, int] = {}
    repeated = 0
    for index, sample in enumerate(samples):
        if sample.labels is not None:
            repeated += first.setdefault(sample.labels, index) != index
    of_samples = frozenset(at)
    pick_comments = _build_picker([index for index in range(len(lines)) if index not in of_samples])
    return _Layout(
        lines=len(lines),
        comments=pick_comments(lines),
        pick_comments=pick_comments,
        pick_samples=_build_picker(at),
        keys=[lines[index].rpartition(" ")[0] for index in at],
        series=tuple(first),
        take=None
        if len(first) == len(samples)
        else np.fromiter(first.values(), np.intp, len(first)),
        notes=(ReadingNote("wire.repeated_series", (("count", repeated),)),) if repeated else (),
    )


_ASIDE = ("", "#")
"""How a line begins, blanks apart, that has no sample."""
# Every repetition is possessive: a line that does not match is refused in one pass over it.
_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*+"
_QUOTED = r'"(?:[^"\\\n]++|\\.)*+"'
_LINE = re.compile(
    rf"[ \t]*+(?P<series>(?:{_NAME})?+(?:[ \t]*+\{{(?:[^\"}}]++|{_QUOTED})*+\}})?+)"
    # Without a blank a name would end wherever a number can begin.
    r"(?:(?<=\})[ \t]*+|[ \t]++)"
    r"(?P<value>[^ \t#]++)(?:[ \t]++(?P<time>[^ \t#]++))?+[ \t]*+(?:#[ \t].*)?$"
)
_METRIC = re.compile(rf"[ \t]*+(?P<name>{_NAME})?+[ \t]*+(?:\{{(?P<labels>.*)\}})?$", re.DOTALL)
_PAIR = re.compile(
    rf"[ \t]*+(?:(?P<name>[a-zA-Z_][a-zA-Z0-9_]*+)|(?P<quoted>{_QUOTED}))[ \t]*+"
    rf"(?:=[ \t]*+(?P<value>{_QUOTED}))?+[ \t]*+(?:,|$)",
)
_ESCAPE = re.compile(r'\\([\\n"])')


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda match: "\n" if match[1] == "n" else match[1], text)


def _parse_series(key: str, types: dict[str, MetricType]) -> Labels:
    """The labels of a series as it is written.

    Raises:
        ValueError: it is not a series.
    """
    match = _METRIC.match(key)
    if match is None:
        raise ValueError(key)
    pairs = dict[str, str]()
    if match["name"]:
        pairs[METRIC_NAME] = match["name"]
    for name, value in _parse_labels(match["labels"] or ""):
        if name in pairs:
            raise ValueError(name)
        pairs[name] = value
    if not pairs.get(METRIC_NAME):
        raise ValueError(key)
    _normalize_edges(pairs, types)
    return Labels.of(pairs)


def _parse_labels(inside: str) -> Iterator[tuple[str, str]]:
    at, end = 0, len(inside.rstrip(" \t"))
    while at < end:
        match = _PAIR.match(inside, at)
        if match is None:
            raise ValueError(inside)
        name = match["name"] or _unescape(match["quoted"][1:-1])
        if match["value"] is not None:
            yield name, _unescape(match["value"][1:-1])
        elif match["quoted"] is not None and at == 0:
            yield METRIC_NAME, name  # {"a metric in UTF-8", …}
        else:
            raise ValueError(inside)
        at = match.end()


def _normalize_edges(pairs: dict[str, str], types: dict[str, MetricType]) -> None:
    """Write edges of buckets and quantiles as Prometheus 3 does: `le="1"` becomes `le="1.0"`."""
    metric = pairs[METRIC_NAME]
    if "le" in pairs and types.get(metric.removesuffix("_bucket")) is MetricType.HISTOGRAM:
        pairs["le"] = _normalize_edge(pairs["le"])
    if "quantile" in pairs and types.get(metric) is MetricType.SUMMARY:
        pairs["quantile"] = _normalize_edge(pairs["quantile"])


def _normalize_edge(text: str) -> str:
    value = _parse_number(text)
    if value is None:
        return text
    written = format_value(value)
    return f"{written}.0" if written.lstrip("-").isdigit() else written


def _parse_number(word: str) -> float | None:
    """A number in the syntax of the formats: neither `1_000` nor digits beyond ASCII."""
    if "_" in word or not word.isascii():
        return None
    try:
        return float(word)
    except ValueError:
        return None


_PLAIN = b"0123456789+-.eE,"


def _parse_numbers(words: list[str]) -> Values | None:
    """All numbers at once; None where one of them is none."""
    together = ",".join(words).encode("utf-8", "replace")
    # JSON knows no "-0" as a float, and a comma inside a word would make two of it.
    if not together.translate(None, _PLAIN) and b",-0" not in b"," + together:
        try:
            values = np.array(orjson.loads(b"[%b]" % together), np.float64)
        except orjson.JSONDecodeError:
            pass  # +1 and .5 are numbers here, but not in JSON
        else:
            return values if len(values) == len(words) else None
    numbers = [_parse_number(word) for word in words]
    return None if None in numbers else np.array(numbers, np.float64)


def _parse_time(word: str | None, form: Format) -> int | None:
    """A time in ms; NO_TIME where there is none, None where it is not one of 64 bits."""
    if word is None:
        return NO_TIME
    try:
        t_ms = int(word) if form is Format.TEXT else int(float(word) * 1000)
    except (ValueError, OverflowError):
        return None
    return t_ms if -_MAX_TIME <= t_ms <= _MAX_TIME else None


def _build_line_error(number: int, line: str) -> MalformedBody:
    return MalformedBody("wire.bad_line", line=number, text=line[:_EXCERPT])


_COMMENT = re.compile(rf"#[ \t]++(HELP|TYPE|UNIT)[ \t]++({_QUOTED}|[^ \t]++)(?:[ \t]++(.*))?$")
_TYPES = {
    **{kind.value: kind for kind in MetricType},
    "untyped": MetricType.UNKNOWN,
    "gaugehistogram": MetricType.UNKNOWN,
}
_SUFFIX = {MetricType.COUNTER: "_total", MetricType.INFO: "_info"}


def _parse_comments(comments: Sequence[str], form: Format) -> _Comments:
    """Help, type and unit of every family that the comments name."""
    families: dict[str, dict[str, str]] = {}
    for comment in comments:
        match = _COMMENT.match(comment)
        if match is not None:
            name = _unescape(match[2][1:-1]) if match[2].startswith('"') else match[2]
            families.setdefault(name, {})[match[1]] = match[3] or ""
    types = {
        name: _TYPES.get(about.get("TYPE", ""), MetricType.UNKNOWN)
        for name, about in families.items()
    }
    return _Comments(
        types,
        tuple(_build_metadata(name, types[name], families[name], form) for name in families),
    )


def _build_metadata(
    name: str, kind: MetricType, about: dict[str, str], form: Format
) -> MetricMetadata:
    """The metadata under the name that the family has in the text format."""
    text, unit = about.get("HELP", ""), about.get("UNIT", "")
    if form is Format.OPENMETRICS:
        suffix = _SUFFIX.get(kind, "")
        name = name if name.endswith(suffix) else name + suffix
        return MetricMetadata(name, kind, _unescape(text), unit)
    text = re.sub(r"\\([\\n])", lambda match: "\n" if match[1] == "n" else "\\", text)
    return MetricMetadata(name, kind, text, unit)
