"""Answers of the Prometheus HTTP API, written: arrays in, bytes out, no I/O.

A range over a week at 60 s has 10,081 points a series, and writing them takes longer than
computing them, so this file is written for speed: numbers are written thousands at a time
(`format_numbers`), and the times, which all series share, are inserted between them in place
(`_weave`). Bytes are those of Prometheus 3.16 (util/jsonutil/marshal.go, promql/value.go);
`format_number` and `format_plain` are the slow and plain rules that the tests hold the fast way to.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt
import orjson
from numpy.lib.stride_tricks import as_strided

from jipyo.model.result import Matrix, QueryResult, QueryStats, RawMatrix, Scalar, String, Vector

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from jipyo.model.labels import Labels
    from jipyo.model.sample import Mask, Times, Values

BLOCK_POINTS = 32_768
"""Points written at once: their text (about 1 MiB) stays in the processor's cache."""

_NUMPY = orjson.OPT_SERIALIZE_NUMPY
_WORD = 8
_FIRST_MS, _LAST_MS = 10**12, 10**13 - 1
_STAMP = b'"],[0000000000.000,"'
_DECIMALS = b".000"
_WHOLE_STAMP = b'"],[0000000000,"'
_CLOSING = len(b'"],')
"""The length of the part of a stamp that closes the point before it."""
_Words = npt.NDArray[np.uint64]
_Any = TypeVar("_Any", bound=np.generic)


def format_plain(value: float) -> str:
    """The shortest decimal that reads back as `value`, never with an exponent (Go's 'f', -1)."""
    if math.isfinite(value):
        return _expand_exponent(repr(value)).removesuffix(".0")
    return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"


def _expand_exponent(text: str) -> str:
    """A shortest number without its exponent: `-1.5e-07` is `-0.00000015`."""
    mantissa, exponential, exponent = text.partition("e")
    if not exponential:
        return text
    shift = int(exponent)
    sign = "-" if mantissa.startswith("-") else ""
    digits = mantissa.removeprefix("-").replace(".", "")
    if shift < 0:
        return f"{sign}0.{'0' * (-shift - 1)}{digits}"
    # An exponent from 16 on is beyond the 17 digits of a float64: no fraction is left.
    return sign + digits.ljust(shift + 1, "0")


def format_number(value: float) -> str:
    """As `format_plain`, but with an exponent below 1e-6 and from 1e21 on: vectors and matrices."""
    size = abs(value)
    return repr(value) if 0 < size < 1e-6 or 1e21 <= size < math.inf else format_plain(value)


def format_timestamp(t_ms: int) -> str:
    """Seconds; with all three decimals where it is not a whole second."""
    seconds, rest = divmod(abs(t_ms), 1000)
    sign = "-" if t_ms < 0 else ""
    return f"{sign}{seconds}.{rest:03}" if rest else f"{sign}{seconds}"


def format_numbers(values: Values) -> bytearray:
    """Each of the numbers as `format_number` writes it, followed by a comma; at least one."""
    with np.errstate(invalid="ignore"):  # a signalling NaN is a value like any other
        whole = values == np.trunc(values)
    # As integers they must not be too large, and -0 would lose its sign.
    if (whole & (np.abs(values) < 1e15)).all() and not np.signbit(values[values == 0]).any():
        return _write_list(values.astype(np.int64))
    text = _write_list(values)
    if whole.any():
        text = text.replace(b".0,", b",")
    size = np.abs(values)
    alike = (size >= 1e-5) & (size < 1e16) | (size == 0)
    return text if alike.all() else _repair_texts(text, values, size, ~alike)


def _write_list(numbers: Values | Times) -> bytearray:
    """The numbers in orjson's notation, each followed by a comma."""
    text = bytearray(orjson.dumps(np.ascontiguousarray(numbers), option=_NUMPY))
    text[-1:] = b","
    del text[0]
    return text


def _repair_texts(text: bytearray, values: Values, size: Values, odd: Mask) -> bytearray:
    """The text with the `odd` numbers as Go writes them, where orjson differs."""
    if (odd & (size < 1e-6)).any():
        for digit in (b"7", b"8", b"9"):
            text = text.replace(b"e-%b," % digit, b"e-0%b," % digit)
    if not np.isinf(values).any():
        text = text.replace(b"null", b"NaN")
        odd = odd & ~np.isnan(values)
    odd = odd & ~((size < 1e-6) | (size >= 1e21) & (size < np.inf))
    return _rewrite_texts(text, values, np.flatnonzero(odd).tolist()) if odd.any() else text


def _rewrite_texts(text: bytearray, values: Values, odd: Sequence[int]) -> bytearray:
    parts = text.split(b",")
    for index in odd:
        part = parts[index]
        fixed = (
            format_plain(values.item(index)) if part == b"null" else _expand_exponent(part.decode())
        )
        parts[index] = bytearray(fixed, "ascii")
    return bytearray(b",").join(parts)


@dataclass(frozen=True, slots=True)
class _Stamps:
    """The text before each value, `"],[T,"`, of the same length for all steps.

    `words` holds the columns that differ between steps, eight bytes at a time: (column, its
    bytes at every step). If only some steps are whole seconds, `whole` (steps,) marks them:
    their stamps still have decimals, which have to be cut out.
    """

    rows: npt.NDArray[np.uint8]
    words: tuple[tuple[int, _Words], ...]
    whole: Mask | None = None


def _build_stamps(t_ms: Times) -> _Stamps | None:
    """None for moments that are not written with ten digits of seconds (2001 to 2286)."""
    if not len(t_ms) or t_ms.min() < _FIRST_MS or t_ms.max() > _LAST_MS:
        return None
    whole = t_ms % 1000 == 0
    numbers, pattern = (t_ms // 1000, _WHOLE_STAMP) if whole.all() else (t_ms, _STAMP)
    rows = _fill_stamp_rows(numbers, pattern)
    return _Stamps(
        rows, _find_differing_words(rows), whole if whole.any() and not whole.all() else None
    )


def _fill_stamp_rows(numbers: Times, pattern: bytes) -> npt.NDArray[np.uint8]:
    """The pattern once for each number, its zeros replaced by the number's digits."""
    digits = np.frombuffer(_write_list(numbers), np.uint8).reshape(len(numbers), -1)
    rows = np.tile(np.frombuffer(pattern, np.uint8), (len(numbers), 1))
    at = 0
    for zeros in re.finditer(b"0+", pattern):
        start, end = zeros.span()
        rows[:, start:end] = digits[:, at : at + end - start]
        at += end - start
    return rows


def _find_differing_words(rows: npt.NDArray[np.uint8]) -> tuple[tuple[int, _Words], ...]:
    # Times ascend: the common beginning of the first and the last is common to all.
    differ = np.flatnonzero(rows[0] != rows[-1])
    if not len(differ):
        return ()
    last = rows.shape[1] - 1
    while (rows[:, last] == rows[0, last]).all():
        last -= 1
    ends = range(last + 1, int(differ[0]), -_WORD)
    columns = [max(end - _WORD, 0) for end in ends]
    return tuple(
        (column, np.ascontiguousarray(rows[:, column : column + _WORD]).view(np.uint64)[:, 0])
        for column in columns
    )


@dataclass(frozen=True, slots=True)
class _Points:
    """The points of some series, one after the other: shapes (points,), and how many each has."""

    values: Values
    steps: Times | None
    """The step of each point; None where every series has all of them."""
    counts: Sequence[int]

    def find_steps(self, points: Times) -> Times:
        """The steps of these points."""
        return points % self.counts[0] if self.steps is None else self.steps[points]

    def spread_over_points(self, of_steps: npt.NDArray[_Any]) -> npt.NDArray[_Any]:
        """The item of each point's step, from one item a step."""
        if self.steps is None:
            return np.tile(of_steps, len(self.counts))
        return of_steps[self.steps]


_Text = tuple[bytes, bytes | memoryview]


def _weave(points: _Points, stamps: _Stamps) -> list[_Text]:
    """`[T,"V"],[T,"V"],…,[T,"V` of each series, in two pieces.

    Every comma between two numbers is replaced by the stamp of the first step (one pass
    over the bytes), then the columns that differ are written over the stamps' places.
    """
    text = format_numbers(points.values)
    width = stamps.rows.shape[1]
    ends = np.flatnonzero(np.frombuffer(text, np.uint8) == ord(","))
    ends += np.arange(0, len(ends) * (width - 1), width - 1)
    woven = text.replace(b",", stamps.rows[0].tobytes())
    word = np.frombuffer(woven, np.uint64, count=1)
    anywhere = as_strided(word, (len(woven) - _WORD + 1,), (1,))
    for column, words in stamps.words:
        anywhere[ends[:-1] + column] = points.spread_over_points(words)[1:]
    lasts = np.cumsum(points.counts) - 1
    firsts = np.concatenate(([0], lasts[:-1] + 1))
    starts = np.where(firsts > 0, ends[firsts - 1] + width, 0)
    heads = stamps.rows[points.find_steps(firsts), _CLOSING:]
    bodies = list(zip(starts.tolist(), ends[lasts].tolist(), strict=True))
    everything = memoryview(woven)
    if stamps.whole is None:
        return [
            (head.tobytes(), everything[start:end])
            for head, (start, end) in zip(heads, bodies, strict=True)
        ]
    cuts = ends[np.flatnonzero(points.spread_over_points(stamps.whole)[1:])] + _STAMP.index(
        _DECIMALS
    )
    return [
        (head.tobytes().replace(_DECIMALS + b",", b","), _cut_out(everything, body, cuts))
        for head, body in zip(heads, bodies, strict=True)
    ]


def _cut_out(text: memoryview, body: tuple[int, int], cuts: Times) -> bytes:
    """A part of the text without the decimals at these places."""
    start, end = body
    first, last = np.searchsorted(cuts, body).tolist()
    pieces = []
    for cut in cuts[first:last].tolist():
        pieces.append(text[start:cut])
        start = cut + len(_DECIMALS)
    return b"".join((*pieces, text[start:end]))


def _join_points(points: _Points, t_ms: Times) -> list[_Text]:
    """The same for any times, point by point."""
    rows = [f'"],[{format_timestamp(t)},"'.encode() for t in t_ms.tolist()]
    pieces: list[bytes | bytearray] = [b""] * (2 * len(points.values))
    pieces[0::2] = [
        rows[step] for step in points.find_steps(np.arange(len(points.values))).tolist()
    ]
    pieces[1::2] = format_numbers(points.values).split(b",")[:-1]
    ends = np.cumsum(points.counts).tolist()
    return [
        (b"".join(pieces[2 * (end - count) : 2 * end])[_CLOSING:], b"")
        for end, count in zip(ends, points.counts, strict=True)
    ]


def _encode_series(series: Sequence[Labels], texts: Sequence[_Text]) -> list[bytes | memoryview]:
    """The pieces of `{"metric":…,"values":…},…`, with a comma at the end."""
    out: list[bytes | memoryview] = []
    for labels, (head, body) in zip(series, texts, strict=True):
        out += (b'{"metric":', encode_labels(labels), b',"values":[', head, body, b'"]]},')
    return out


def encode_labels(labels: Labels) -> bytes:
    """The labels as a JSON object, in their order; bytes that are not UTF-8 become U+FFFD."""
    try:
        return orjson.dumps(dict(labels.pairs))
    except TypeError:
        return orjson.dumps(
            {_replace_invalid_utf8(k): _replace_invalid_utf8(v) for k, v in labels.pairs}
        )


def _replace_invalid_utf8(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _encode_matrix(matrix: Matrix) -> Iterator[bytes]:
    """The series with points, sorted by labels, some of them at a time."""
    stamps = _build_stamps(matrix.t_ms)
    full = np.flatnonzero(matrix.present.any(axis=1)).tolist()
    full.sort(key=lambda row: matrix.series[row].pairs)
    block = max(1, BLOCK_POINTS // max(len(matrix.t_ms), 1))
    for first in range(0, len(full), block):
        rows = full[first : first + block]
        points = _collect_points(matrix.values[rows], matrix.present[rows])
        texts = _weave(points, stamps) if stamps else _join_points(points, matrix.t_ms)
        yield b"".join(_encode_series([matrix.series[row] for row in rows], texts))


def _collect_points(values: Values, present: Mask) -> _Points:
    if present.all():
        count, steps = values.shape
        return _Points(values.ravel(), None, [steps] * count)
    counts = present.sum(axis=1).tolist()
    return _Points(values[present], np.nonzero(present)[1], counts)


def _encode_raw(raw: RawMatrix) -> Iterator[bytes]:
    """Raw samples: each block has its own times, the series are sorted over all blocks."""
    texts_by_series: list[tuple[Labels, _Text]] = []
    for block in raw.blocks:
        if block.values.size:
            points = _collect_points(block.values, np.ones(block.values.shape, np.bool_))
            stamps = _build_stamps(block.t_ms)
            texts = _weave(points, stamps) if stamps else _join_points(points, block.t_ms)
            texts_by_series += zip(block.series, texts, strict=True)
    texts_by_series.sort(key=lambda pair: pair[0].pairs)
    for labels, text in texts_by_series:
        yield b"".join(_encode_series([labels], [text]))


def _encode_vector(vector: Vector) -> Iterator[bytes]:
    if not vector.series:
        return
    t = format_timestamp(vector.t_ms).encode()
    numbers = bytes(format_numbers(vector.values)).split(b",")[:-1]
    yield b"".join(
        b'{"metric":%b,"value":[%b,"%b"]},' % (encode_labels(labels), t, text)
        for labels, text in zip(vector.series, numbers, strict=True)
    )


def _encode_value(result: QueryResult) -> Iterator[bytes]:
    """`"resultType":…,"result":…` in pieces."""
    value = result.value
    if isinstance(value, Scalar | String):
        text = (
            format_plain(value.value)
            if isinstance(value, Scalar)
            else _replace_invalid_utf8(value.value)
        )
        kind = b"scalar" if isinstance(value, Scalar) else b"string"
        # These go through Go's ordinary JSON: no zeros after the last digit.
        t = format_plain(value.t_ms / 1000).encode()
        yield b'"resultType":"%b","result":[%b,%b]' % (kind, t, orjson.dumps(text))
        return
    pieces = (
        _encode_vector(value)
        if isinstance(value, Vector)
        else _encode_matrix(value)
        if isinstance(value, Matrix)
        else _encode_raw(value)
    )
    kind = b"vector" if isinstance(value, Vector) else b"matrix"
    yield b'"resultType":"%b","result":[' % kind
    yield from _drop_last_comma(pieces)
    yield b"]"


def _drop_last_comma(pieces: Iterator[bytes]) -> Iterator[bytes]:
    last = next(pieces, b"")
    for piece in pieces:
        yield last
        last = piece
    yield last[:-1]


def _encode_stats(stats: QueryStats) -> bytes:
    """The cost of the query, under Prometheus' names (util/stats/query_stats.go)."""
    timings = dict.fromkeys(
        ("resultSortTime", "queryPreparationTime", "execQueueTime"), 0.0
    ) | dict.fromkeys(("evalTotalTime", "innerEvalTime", "execTotalTime"), stats.seconds)
    samples = {
        "totalQueryableSamples": stats.samples,
        "samplesRead": stats.samples,
        "seriesTouched": stats.series,
        "peakSamples": stats.samples,
    }
    return b',"stats":' + orjson.dumps({"timings": timings, "samples": samples})


def encode_tail(warnings: Iterable[str] = (), infos: Iterable[str] = ()) -> bytes:
    """The end of a body after the data: warnings, infos, the closing brace."""
    inside = b"".join(
        b',"%b":%b' % (name, orjson.dumps([_replace_invalid_utf8(text) for text in texts]))
        for name, texts in ((b"warnings", tuple(warnings)), (b"infos", tuple(infos)))
        if texts
    )
    return inside + b"}"


def answer(result: QueryResult, *, stats: bool = False) -> Iterator[bytes]:
    """The whole body of an answered query, in pieces of about a MiB."""
    yield b'{"status":"success","data":{'
    yield from _encode_value(result)
    if stats:
        yield _encode_stats(result.stats)
    yield b"}" + encode_tail(result.warnings, result.infos)


def data(value: object, *, warnings: Iterable[str] = ()) -> bytes:
    """The whole body of any other answer; `value` is anything that orjson can write."""
    return b'{"status":"success","data":' + orjson.dumps(value) + encode_tail(warnings)


def label_sets(series: Iterable[Labels], warnings: Iterable[str] = ()) -> bytes:
    """The whole body of an answer that lists series."""
    inside = b",".join(encode_labels(labels) for labels in series)
    return b'{"status":"success","data":[%b]' % inside + encode_tail(warnings)


def error(kind: str, message: str) -> bytes:
    """The body of an error (web/api/v1/api.go, `respondError`)."""
    return orjson.dumps(
        {"status": "error", "errorType": kind, "error": _replace_invalid_utf8(message)}
    )
