"""Answers of the Prometheus HTTP API, written: arrays in, bytes out, no I/O.

A range over a week at 60 s has 10,081 points a series, and writing them takes longer than
computing them, so this file is written for speed: numbers are written thousands at a time
(`format_numbers`), and the times, which all series share, are inserted between them in place
(`_weave`). Bytes are those of Prometheus 3.16 (util/jsonutil/marshal.go, promql/value.go);
`format_number` and `format_plain` are the slow and plain rules that the tests hold the fast way to.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, pairwise
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

BLOCK_SERIES = 2048
"""Series of a vector written at once."""
BLOCK_POINTS = 8192
"""Points written at once: their text (about 250 KiB) stays in the processor's cache."""

_NUMPY = orjson.OPT_SERIALIZE_NUMPY
_SERIES_AT_ONCE = 1000
_WORD = 16
_FIRST_MS, _LAST_MS = 10**12, 10**13 - 1
_BLOCK_MS = 10_000_000
_STAMP = b'"],[0000000000.000,"'
_WHOLE_STAMP = b'"],[0000000000,"'
_CLOSING = len(b'"],')
"""The length of the part of a stamp that closes the point before it."""
_DECIMALS = slice(_STAMP.index(b".000"), _STAMP.index(b',"'))
_BITS = tuple(np.uint64(8 * count) for count in range(8))
"""Of so many bytes."""
_Words = npt.NDArray[np.uint64]
_Piece = bytes | memoryview
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
    """Each of the numbers as `format_number` writes it, between commas; at least one."""
    size = np.abs(values)
    smallest, largest = size.min(), size.max()  # NaN where any is
    # As integers they must not be too large, and -0 would lose its sign.
    if (
        values.item(0).is_integer()
        and largest < 1e15
        and (smallest > 0 or not np.signbit(values[size == 0]).any())
    ):
        integers = values.astype(np.int64)
        if (integers == values).all():
            return _write_list(integers)
    text = _write_list(values).replace(b".0,", b",")
    if smallest >= 1e-5 and largest < 1e16:
        return text
    alike = (size >= 1e-5) & (size < 1e16) | (size == 0)
    return text if alike.all() else _repair_texts(text, values, size, ~alike)


def _write_list(numbers: Values | Times) -> bytearray:
    """The numbers in orjson's notation, each between commas: those at the ends, too."""
    text = bytearray(orjson.dumps(np.ascontiguousarray(numbers), option=_NUMPY))
    text[0] = text[-1] = ord(",")
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
    parts = text.split(b",")[1:-1]
    for index in odd:
        part = parts[index]
        fixed = (
            format_plain(values.item(index)) if part == b"null" else _expand_exponent(part.decode())
        )
        parts[index] = bytearray(fixed, "ascii")
    return bytearray(b",").join((b"", *parts, b""))


@lru_cache(maxsize=1)
def _make_digits() -> _Words:
    """The four digits of every number below 10,000, as their bytes are in memory."""
    texts = b"".join(b"%04d" % number for number in range(10_000))
    return np.frombuffer(texts, "<u4").astype(np.uint64)


@dataclass(frozen=True, slots=True)
class _Stamps:
    """The text before each value, `"],[T,"`, of the same length at all steps.

    `words` (steps,) are the 16 bytes from `column` on, which are all that differ. If only some
    steps are whole seconds, `whole` (steps,) marks them: their stamps still have decimals,
    which have to be cut out.
    """

    pattern: bytes
    column: int
    words: npt.NDArray[np.complex128]
    """Not numbers, but the type of that size."""
    whole: Mask | None = None


def _build_stamps(t_ms: Times) -> _Stamps | None:
    """None for moments that are not written with ten digits of seconds (2001 to 2286)."""
    if not len(t_ms) or t_ms.min() < _FIRST_MS or t_ms.max() > _LAST_MS:
        return None
    # Six of the ten digits are those of 10,000 s, so few of them are looked up.
    first_block = int(t_ms[0]) // _BLOCK_MS
    since_ms = t_ms - first_block * _BLOCK_MS
    if since_ms[-1] < 2**32:
        since_ms = since_ms.astype(np.uint32)  # short numbers are divided faster
    since_s = since_ms // 1000
    block = since_s // 10_000
    rest_ms = since_ms - since_s * 1000
    whole = rest_ms == 0
    is_whole = bool(whole.all())
    words = _write_upper_digits(first_block, block, is_whole=is_whole)
    digits = _make_digits()
    lower = digits[since_s - block * 10_000]
    if is_whole:
        words[:, 1] |= lower << _BITS[2]
    else:
        words[:, 1] |= lower | digits[rest_ms] >> _BITS[1] << _BITS[5]
    return _Stamps(
        _WHOLE_STAMP if is_whole else _STAMP,
        0 if is_whole else _STAMP.index(b",["),
        words.view(np.complex128)[:, 0],
        whole if whole.any() and not is_whole else None,
    )


def _write_upper_digits(first_block: int, block: Times, *, is_whole: bool) -> _Words:
    """The words of stamps without the four last digits of seconds and without decimals.

    `block` ascends from 0; shape (steps, 2).
    """
    count = int(block[-1]) + 1
    are_few = count <= len(block)
    blocks = first_block + (np.arange(count) if are_few else block.astype(np.int64))
    digits = _make_digits()
    first, middle = digits[blocks // 10_000], digits[blocks % 10_000]
    words = np.empty((len(blocks), 2), np.uint64)
    if is_whole:  # `"],[0000` and `000000,"`
        words[:, 0] = _read_word(b'"],[') | first >> _BITS[2] << _BITS[4] | middle << _BITS[6]
        words[:, 1] = middle >> _BITS[2] | _read_word(b'\0\0\0\0\0\0,"')
    else:  # `,[000000` and `0000.000`
        words[:, 0] = _read_word(b",[") | first >> _BITS[2] << _BITS[2] | middle << _BITS[4]
        words[:, 1] = _read_word(b"\0\0\0\0.")
    if not are_few:
        return words
    # Taken as one number each, they take a third of the time.
    return words.view(np.complex128)[:, 0].take(block).view(np.uint64).reshape(-1, 2)


def _read_word(text: bytes) -> np.uint64:
    return np.uint64(int.from_bytes(text, "little"))


@dataclass(frozen=True, slots=True)
class _Points:
    """The points of some series, one after the other: shapes (points,), and how many each has."""

    values: Values
    t_ms: Times
    """Of the steps, shape (steps,)."""
    steps: Times | None
    """The step of each point; None where every series has all of them."""
    counts: Sequence[int]

    def spread_over_points(self, of_steps: npt.NDArray[_Any]) -> npt.NDArray[_Any]:
        """The item of each point's step, from one item a step."""
        if self.steps is not None:
            return of_steps[self.steps]
        return of_steps if len(self.counts) == 1 else np.tile(of_steps, len(self.counts))


def _collect_points(t_ms: Times, values: Values, present: Mask | None = None) -> _Points:
    if present is None or present.all():
        count, steps = values.shape
        return _Points(values.ravel(), t_ms, None, [steps] * count)
    counts = present.sum(axis=1).tolist()
    return _Points(values[present], t_ms, np.nonzero(present)[1], counts)


def _write_points(points: _Points) -> list[memoryview]:
    """`"],[T,"V"],[T,"V` of each series: each point closes the one before it."""
    if not len(points.values):
        return [memoryview(b"")] * len(points.counts)
    stamps = _build_stamps(points.t_ms)
    text, begins = _weave(points, stamps) if stamps else _join_points(points)
    everything = memoryview(text)
    borders = begins[np.cumsum([0, *points.counts])].tolist()
    return [everything[begin:end] for begin, end in pairwise(borders)]


def _weave(points: _Points, stamps: _Stamps) -> tuple[bytes | bytearray, Times]:
    """The text of all points, and where each of them begins and the last one ends.

    The comma before each number is replaced by the same stamp (one pass over the bytes), then
    what differs between steps is written over the stamps' places.
    """
    text = format_numbers(points.values)
    width = len(stamps.pattern)
    begins = np.flatnonzero(np.frombuffer(text, np.uint8) == ord(","))
    begins += np.arange(0, len(begins) * (width - 1), width - 1)
    woven = text.replace(b",", stamps.pattern)
    word = np.frombuffer(woven, np.complex128, count=1)
    anywhere = as_strided(word, (len(woven) - _WORD + 1,), (1,))
    anywhere[begins[:-1] + stamps.column] = points.spread_over_points(stamps.words)
    if stamps.whole is None:
        return woven, begins
    return _cut_decimals(woven, begins, points.spread_over_points(stamps.whole))


def _cut_decimals(text: bytearray, begins: Times, whole: Mask) -> tuple[bytes, Times]:
    """The text without the decimals of the points that are at whole seconds."""
    everything, start = memoryview(text), 0
    pieces = []
    for begin in begins[:-1][whole].tolist():
        pieces.append(everything[start : begin + _DECIMALS.start])
        start = begin + _DECIMALS.stop
    begins[1:] -= np.cumsum(whole) * (_DECIMALS.stop - _DECIMALS.start)
    return b"".join((*pieces, everything[start:])), begins


def _join_points(points: _Points) -> tuple[bytes, Times]:
    """The same for any times, point by point."""
    stamps = [f'"],[{format_timestamp(t)},"'.encode() for t in points.t_ms.tolist()]
    numbers = format_numbers(points.values).split(b",")[1:-1]
    steps = points.spread_over_points(np.arange(len(stamps))).tolist()
    texts = [stamps[step] + number for step, number in zip(steps, numbers, strict=True)]
    return b"".join(texts), np.cumsum([0, *map(len, texts)])


def _encode_series(texts: Iterable[tuple[Labels, memoryview]]) -> Iterator[_Piece]:
    """`{"metric":…,"values":[…]},…`; texts of one series that follow each other are one."""
    open_series: Labels | None = None
    for labels, text in texts:
        if labels is open_series:
            yield text
        elif text:
            metric = encode_labels(labels)
            closing = b"" if open_series is None else b'"]]},'
            yield b'%b{"metric":%b,"values":[' % (closing, metric)
            yield text[_CLOSING:]
            open_series = labels
    if open_series is not None:
        yield b'"]]}'


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


def _write_matrix(matrix: Matrix) -> Iterator[tuple[Labels, memoryview]]:
    """The texts of the series, sorted by labels: of some at a time, or a part of a long one."""
    full = np.flatnonzero(matrix.present.any(axis=1)).tolist()
    full.sort(key=lambda row: matrix.series[row].pairs)
    steps = len(matrix.t_ms)
    count = max(1, BLOCK_POINTS // max(steps, 1))
    for first in range(0, len(full), count):
        rows = full[first : first + count]
        series = [matrix.series[row] for row in rows]
        values, present = matrix.values[rows], matrix.present[rows]
        for at in range(0, steps, BLOCK_POINTS):
            part = np.s_[:, at : at + BLOCK_POINTS]
            points = _collect_points(matrix.t_ms[part[1]], values[part], present[part])
            yield from zip(series, _write_points(points), strict=True)


def _write_raw(raw: RawMatrix) -> Iterator[tuple[Labels, memoryview]]:
    """The same of raw samples: each block has its own times, the series are sorted over all."""
    rows = [(labels, block, row) for block in raw.blocks for row, labels in enumerate(block.series)]
    for labels, block, row in sorted(rows, key=lambda each: each[0].pairs):
        for at in range(0, len(block.t_ms), BLOCK_POINTS):
            part = slice(at, at + BLOCK_POINTS)
            points = _collect_points(block.t_ms[part], block.values[row : row + 1, part])
            yield from zip((labels,), _write_points(points), strict=True)


def _encode_vector(vector: Vector) -> Iterator[bytes]:
    t = format_timestamp(vector.t_ms).encode()
    for first in range(0, len(vector.series), BLOCK_SERIES):
        some = slice(first, first + BLOCK_SERIES)
        numbers = bytes(format_numbers(vector.values[some])).split(b",")[1:-1]
        texts = (
            b'{"metric":%b,"value":[%b,"%b"]}' % (encode_labels(labels), t, text)
            for labels, text in zip(vector.series[some], numbers, strict=True)
        )
        yield b"," * (first > 0) + b",".join(texts)


def _encode_value(result: QueryResult) -> Iterator[_Piece]:
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
    kind = b"vector" if isinstance(value, Vector) else b"matrix"
    yield b'"resultType":"%b","result":[' % kind
    if isinstance(value, Vector):
        yield from _encode_vector(value)
    else:
        texts = _write_matrix(value) if isinstance(value, Matrix) else _write_raw(value)
        yield from _encode_series(texts)
    yield b"]"


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


def answer(result: QueryResult, *, stats: bool = False) -> Iterator[_Piece]:
    """The whole body of an answered query, in pieces of any size."""
    yield b'{"status":"success","data":{'
    yield from _encode_value(result)
    if stats:
        yield _encode_stats(result.stats)
    yield b"}" + encode_tail(result.warnings, result.infos)


def data(value: object, *, warnings: Iterable[str] = ()) -> bytes:
    """The whole body of any other answer; `value` is anything that orjson can write."""
    return b'{"status":"success","data":' + orjson.dumps(value) + encode_tail(warnings)


def label_sets(series: Iterable[Labels], warnings: Iterable[str] = ()) -> Iterator[bytes]:
    """The body of an answer that lists series, in pieces."""
    rest, separator = iter(series), b""
    yield b'{"status":"success","data":['
    while piece := b",".join(map(encode_labels, islice(rest, _SERIES_AT_ONCE))):
        yield separator + piece
        separator = b","
    yield b"]" + encode_tail(warnings)


def error(kind: str, message: str) -> bytes:
    """The body of an error (web/api/v1/api.go, `respondError`)."""
    return orjson.dumps(
        {"status": "error", "errorType": kind, "error": _replace_invalid_utf8(message)}
    )
