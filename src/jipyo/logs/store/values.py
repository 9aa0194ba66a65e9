"""Columns of texts, each in the smallest of five forms, searched without being written out.

constant    one text
dictionary  up to 65,536 different texts, and a code a row
integers    decimals without leading zeros, or numbers of a field with their decimals
fixed       texts of one length that differ only in digits, or only in lower-case hex digits
plain       everything else
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

from jipyo.logs.coded import CodedTexts, code_texts, is_repetitive
from jipyo.logs.store import bloom
from jipyo.logs.store.blobs import BlobReader, BlobWriter, compress, decompress
from jipyo.logs.store.integers import (
    Integers,
    group_integers,
    read_integers,
    read_steps,
    write_integers,
)
from jipyo.logs.store.literal import (
    Literal,
    Place,
    Selection,
    either,
    find_in_joined,
    find_in_matrix,
    find_in_parts,
)
from jipyo.logs.store.nibbles import find_in_nibbles
from jipyo.logs.store.numbers import MOST_MARKED, find_in_numbers, mark_numbers
from jipyo.logs.store.slices import (
    MOST_DIGITS,
    Rows,
    Slices,
    byte_set,
    byte_set_of,
    number_texts,
    parse_decimals,
    parse_numbers,
    slice_texts,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Self

    from numpy.typing import NDArray

ValuesMeta: TypeAlias = list[Any]
"""The form's letter and what it needs to be read; JSON."""

_SAMPLE = 256
_MOST_INLINE_BYTES = 512
_WIDEST = 64
_LEAST_HEX = 8
_HEX_ROWS = 4096
"""Of each piece of a column of hex digits: ids of a few records are read without all others."""
_ONE_PIECE = 6
"""The length of the meta data of fixed texts whose digits are one column."""
_DIGITS = byte_set_of([b"0123456789"])
_HEX = byte_set_of([b"0123456789abcdef"])
_UPPER = byte_set_of([b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"])
_SIGN_AND_POINT = byte_set_of([b"-."])
_NIBBLES = np.zeros(256, np.uint8)
_NIBBLES[np.frombuffer(b"0123456789abcdef", np.uint8)] = np.arange(16)


class TokenGatherer:
    """The long tokens of a block while it is written."""

    def __init__(self) -> None:
        self.texts: set[bytes] = set()
        self.hashes: list[bloom.Hashes] = []
        self.longest = 0

    def add_text(self, text: bytes) -> int:
        """Gather the tokens of a text; the length of the longest."""
        tokens = bloom.find_tokens(text)
        self.texts |= tokens
        return self._lengthen(bloom.longest_token(tokens))

    def add_rows(self, matrix: NDArray[np.uint8]) -> int:
        """Gather tokens of one length, in lower case, which are the rows of a matrix."""
        self.hashes.append(bloom.hash_rows(matrix))
        return self._lengthen(matrix.shape[1])

    def all_hashes(self) -> bloom.Hashes:
        """The hashes of all of them."""
        return np.concatenate([*self.hashes, bloom.hash_tokens(self.texts)])

    def _lengthen(self, length: int) -> int:
        self.longest = max(self.longest, length)
        return length


# --- writing


def write_texts(texts: Sequence[bytes], blobs: BlobWriter, tokens: TokenGatherer) -> ValuesMeta:
    """Put texts, at least one, in the smallest form; what describes them is returned."""
    if isinstance(texts, CodedTexts) or is_repetitive(texts):
        meta = _write_dictionary(texts, blobs, tokens)
        if meta is not None:
            return meta
        texts = list(texts)
    if not _may_be_typed(texts):
        return write_plain(texts, blobs, tokens)
    slices = slice_texts(texts)
    return _write_typed(slices, blobs, tokens) or write_plain(texts, blobs, tokens)


def write_slices(slices: Slices, blobs: BlobWriter, tokens: TokenGatherer) -> ValuesMeta:
    """Put texts of a buffer, at least one, in the smallest form."""
    numbers = parse_numbers(slices)
    if numbers is not None and _are_varied(numbers):
        return ["i", 0, *write_integers(numbers, blobs)]
    step = max(1, len(slices) // _SAMPLE)
    if is_repetitive(slices.take(np.arange(0, len(slices), step)).to_list()):
        return write_texts(slices.to_list(), blobs, tokens)
    meta = _write_typed(slices, blobs, tokens)
    return meta or write_plain(slices.to_list(), blobs, tokens)


def write_plain(texts: Sequence[bytes], blobs: BlobWriter, tokens: TokenGatherer) -> ValuesMeta:
    """Put texts as they are: `["p", separator, byte set, longest, longest token, blob]`.

    Joined by a newline or by NUL, or with their lengths where both occur (separator -1).
    """
    longest = max(map(len, texts))
    for separator in (b"\n", b"\0"):
        joined = separator.join(texts)
        if joined.count(separator) == len(texts) - 1:
            break
    else:
        separator = b""
        joined = b"".join(texts)
    token = 0
    if longest >= bloom.LEAST_TOKEN:
        token = tokens.add_text(joined if separator else b"\n".join(texts))
    if not separator:
        lengths = np.fromiter(map(len, texts), "<u4", len(texts)).tobytes()
        return [
            "p",
            -1,
            f"{byte_set(joined):x}",
            longest,
            token,
            blobs.put(compress(lengths + joined)),
        ]
    return ["p", separator[0], f"{byte_set(joined):x}", longest, token, blobs.put(compress(joined))]


def write_numbers(values: Integers, decimals: int, blobs: BlobWriter) -> ValuesMeta:
    """Put numbers of a field, at least one."""
    return ["n", decimals, *write_integers(values, blobs)]


def write_codes(codes: NDArray[np.integer], most: int, blobs: BlobWriter) -> int:
    """Put small numbers below `most`, up to 65,536: low bytes, then high bytes."""
    low = codes.astype(np.uint8).tobytes()
    high = b"" if most <= 256 else (codes >> 8).astype(np.uint8).tobytes()
    return blobs.put(compress(low + high))


def read_codes(blob: int, n: int, blobs: BlobReader) -> NDArray[np.uint16] | NDArray[np.uint8]:
    """The codes that were put."""
    planes = np.frombuffer(decompress(blobs.get(blob)), np.uint8)
    if len(planes) == n:
        return planes
    wide: NDArray[np.uint16] = planes[n:].astype(np.uint16)
    return wide << np.uint16(8) | planes[:n]


def _may_be_typed(texts: Sequence[bytes]) -> bool:
    """Whether a sample of texts are all numbers, or all of one length: else none is typed."""
    sample = texts[:: max(1, len(texts) // _SAMPLE)]
    is_number = all(text.replace(b".", b"", 1).isdigit() for text in sample)
    return is_number or len(set(map(len, sample))) == 1


def _are_varied(numbers: Integers) -> bool:
    """Whether numbers are better kept as such than as codes of a dictionary."""
    if int(numbers.max()) - int(numbers.min()) < 1 << 16:
        return True
    sample = numbers[:: max(1, len(numbers) // _SAMPLE)]
    return len(np.unique(sample)) * 2 > len(sample)


def _write_dictionary(
    texts: Sequence[bytes], blobs: BlobWriter, tokens: TokenGatherer
) -> ValuesMeta | None:
    """`["c", text]`, or `["d", size, codes, texts]`, the texts as a plain column if long."""
    coded = (texts if isinstance(texts, CodedTexts) else code_texts(texts)).sort()
    distinct = coded.distinct
    size, length = len(distinct), sum(map(len, distinct))
    if size == 1 and length <= _MOST_INLINE_BYTES:
        tokens.add_text(distinct[0])
        return ["c", distinct[0].decode("latin-1")]
    if size * 2 > len(texts) and size > 1:
        return None
    blob = write_codes(coded.codes, size, blobs)
    if length <= _MOST_INLINE_BYTES:
        tokens.add_text(b"\n".join(distinct))
        return ["d", size, blob, [text.decode("latin-1") for text in distinct]]
    return ["d", size, blob, write_plain(distinct, blobs, tokens)]


def _write_typed(slices: Slices, blobs: BlobWriter, tokens: TokenGatherer) -> ValuesMeta | None:
    numbers = parse_numbers(slices)
    if numbers is not None:
        return ["i", 0, *write_integers(numbers, blobs)]
    decimals = parse_decimals(slices)
    if decimals is not None:
        return ["i", decimals[1], *write_integers(decimals[0], blobs)]
    widths = slices.ends - slices.starts
    width = int(widths[0])
    if not 0 < width <= _WIDEST or (widths != width).any():
        return None
    return _write_fixed(slices.to_matrix(width), blobs, tokens)


def _write_fixed(
    matrix: NDArray[np.uint8], blobs: BlobWriter, tokens: TokenGatherer
) -> ValuesMeta | None:
    """`["f", text, places that vary as bits, longest token, "h", blobs]`, or `"d"` and integers."""
    varies = (matrix != matrix[0]).any(axis=0)
    part = matrix[:, varies]
    is_digit = (part >= ord("0")) & (part <= ord("9"))
    text = matrix[0].copy()
    text[varies] = ord("0")
    places = int.from_bytes(np.packbits(varies, bitorder="little").tobytes(), "little")
    head = ["f", text.tobytes().decode("latin-1"), places]
    if is_digit.all():
        token = _add_fixed_tokens(matrix, tokens)
        return [*head, token, "d", *(write_integers(each, blobs) for each in _split_digits(part))]
    if part.shape[1] < _LEAST_HEX or not (is_digit | ((part >= 97) & (part <= 102))).all():
        return None
    token = _add_fixed_tokens(matrix, tokens)
    pieces = (part[at : at + _HEX_ROWS] for at in range(0, len(part), _HEX_ROWS))
    return [*head, token, "h", *(blobs.put(_pack_nibbles(piece)) for piece in pieces)]


def _add_fixed_tokens(matrix: NDArray[np.uint8], tokens: TokenGatherer) -> int:
    lower = np.frombuffer(matrix.tobytes().lower(), np.uint8).reshape(matrix.shape)
    is_part = ((lower >= 48) & (lower <= 57)) | ((lower >= 97) & (lower <= 122))
    if is_part.all() and matrix.shape[1] >= bloom.LEAST_TOKEN:
        return tokens.add_rows(lower)
    if not is_part.any() or matrix.shape[1] < bloom.LEAST_TOKEN:
        return 0
    return tokens.add_text(b"\n".join(row.tobytes() for row in lower))


def _split_digits(digits: NDArray[np.uint8]) -> list[Integers]:
    """The digits of each row as numbers of up to 18 digits."""
    pieces = []
    for first in range(0, digits.shape[1], MOST_DIGITS):
        total = np.zeros(len(digits), np.int64)
        for column in digits[:, first : first + MOST_DIGITS].T:
            total = total * 10 + (column - np.uint8(ord("0")))
        pieces.append(total)
    return pieces


def _pack_nibbles(digits: NDArray[np.uint8]) -> bytes:
    nibbles = _NIBBLES[digits]
    if nibbles.shape[1] % 2:
        nibbles = np.concatenate([nibbles, np.zeros((len(nibbles), 1), np.uint8)], axis=1)
    return (nibbles[:, ::2] << 4 | nibbles[:, 1::2]).tobytes()


# --- reading


class StoredValues(Protocol):
    """A column of texts as it is kept."""

    def texts(self, rows: Rows | None = None) -> list[bytes]:
        """The texts of all rows, or of some."""
        ...

    def group(self) -> tuple[list[bytes], NDArray[np.int64]]:
        """The different texts, and of each row which of them."""
        ...

    def may_have(self, literal: Literal) -> bool:
        """Whether any text can have the literal, from the meta data alone."""
        ...

    def find(self, literal: Literal) -> Selection:
        """The rows whose text has the literal."""
        ...

    def match(self, holds: Callable[[bytes], bool]) -> Selection:
        """The rows of whose text something is true; different texts are asked for once."""
        ...

    def numbers(self, rows: Rows | None = None) -> tuple[Integers, int] | None:
        """Numbers of all rows or of some, and decimals, if it has numbers."""
        ...

    @property
    def is_number_field(self) -> bool:
        """Whether it was put as a column of numbers."""
        ...

    @property
    def bytes_within(self) -> int:
        """A byte set (`slices.byte_set`) with all bytes that occur, and perhaps more."""
        ...

    @property
    def longest_text(self) -> int:
        """No text is longer."""
        ...

    @property
    def longest_token(self) -> int:
        """The longest token that the Bloom filter has from here; 0 if texts are not read for it."""
        ...


def open_values(meta: ValuesMeta, n: int, blobs: BlobReader) -> StoredValues:
    """The column of `n` texts that the meta data describe; nothing is read yet."""
    return _FORMS[meta[0]](meta, n, blobs)


def has_codes(meta: ValuesMeta) -> bool:
    """Whether the different texts of a column are found without reading all of its texts."""
    return meta[0] in ("c", "d") or (meta[0] == "f" and meta[4] == "d" and len(meta) == _ONE_PIECE)


class _Values:
    """What the forms share."""

    longest_token = 0
    is_number_field = False

    def __init__(self, meta: ValuesMeta, n: int, blobs: BlobReader) -> None:
        self._meta = meta
        self._n = n
        self._blobs = blobs

    def numbers(self, rows: Rows | None = None) -> tuple[Integers, int] | None:
        return None

    def texts(self, rows: Rows | None = None) -> list[bytes]:
        raise NotImplementedError

    def group(self) -> tuple[list[bytes], NDArray[np.int64]]:
        return number_texts(self.texts())

    def may_have(self, literal: Literal) -> bool:
        raise NotImplementedError

    def find(self, literal: Literal) -> Selection:
        if literal.is_in_every_text:
            return True
        return self.search(literal) if self.may_have(literal) else False

    def search(self, literal: Literal) -> Selection:
        raise NotImplementedError

    def match(self, holds: Callable[[bytes], bool]) -> Selection:
        return np.fromiter(map(holds, self.texts()), bool, self._n)


class _ConstantValues(_Values):
    """One text in all rows."""

    @cached_property
    def text(self) -> bytes:
        """It."""
        return str(self._meta[1]).encode("latin-1")

    @property
    def bytes_within(self) -> int:
        return byte_set_of([self.text])

    @property
    def longest_text(self) -> int:
        return len(self.text)

    def texts(self, rows: Rows | None = None) -> list[bytes]:
        return [self.text] * (self._n if rows is None else len(rows))

    def group(self) -> tuple[list[bytes], NDArray[np.int64]]:
        return [self.text], np.zeros(self._n, np.int64)

    def may_have(self, literal: Literal) -> bool:
        return literal.holds(self.text)

    def search(self, literal: Literal) -> Selection:
        return literal.holds(self.text)

    def match(self, holds: Callable[[bytes], bool]) -> Selection:
        return holds(self.text)


class _DictionaryValues(_Values):
    """Different texts, sorted, and the place of each row's text among them."""

    @cached_property
    def distinct(self) -> list[bytes]:
        """The texts."""
        texts = self._meta[3]
        return self._plain.texts() if self._plain else [one.encode("latin-1") for one in texts]

    @cached_property
    def codes(self) -> NDArray[np.uint16] | NDArray[np.uint8]:
        """The place of each row's text."""
        return read_codes(self._meta[2], self._n, self._blobs)

    @cached_property
    def _plain(self) -> StoredValues | None:
        """The texts as a column, if they are too long for the meta data."""
        texts = self._meta[3]
        return open_values(texts, self._meta[1], self._blobs) if texts[0] == "p" else None

    @property
    def bytes_within(self) -> int:
        return self._plain.bytes_within if self._plain else byte_set_of(self.distinct)

    @property
    def longest_text(self) -> int:
        return self._plain.longest_text if self._plain else max(map(len, self.distinct))

    @property
    def longest_token(self) -> int:  # type: ignore[override]
        return self._plain.longest_token if self._plain else 0

    def texts(self, rows: Rows | None = None) -> list[bytes]:
        codes = self.codes if rows is None else self.codes[rows]
        return list(map(self.distinct.__getitem__, codes.tolist()))

    def group(self) -> tuple[list[bytes], NDArray[np.int64]]:
        return self.distinct, self.codes.astype(np.int64)

    def may_have(self, literal: Literal) -> bool:
        if self._plain:
            return self._plain.may_have(literal)
        return any(map(literal.holds, self.distinct))

    def search(self, literal: Literal) -> Selection:
        if self._plain:
            return self._expand(self._plain.find(literal))
        return self.match(literal.holds)

    def match(self, holds: Callable[[bytes], bool]) -> Selection:
        return self._expand(np.fromiter(map(holds, self.distinct), bool, len(self.distinct)))

    def _expand(self, chosen: Selection) -> Selection:
        if isinstance(chosen, bool):
            return chosen
        if not chosen.any() or chosen.all():
            return bool(chosen[0])
        return chosen[self.codes]


class _IntegerValues(_Values):
    """Numbers, each written with the same number of decimals."""

    @property
    def is_number_field(self) -> bool:  # type: ignore[override]
        return bool(self._meta[0] == "n")

    def numbers(self, rows: Rows | None = None) -> tuple[Integers, int]:
        return read_integers(self._meta[2:], self._n, self._blobs, rows), self._meta[1]

    @property
    def bytes_within(self) -> int:
        plain = self._meta[1] == 0 and self._meta[2] >= 0
        return _DIGITS if plain else _DIGITS | _SIGN_AND_POINT

    def texts(self, rows: Rows | None = None) -> list[bytes]:
        return write_decimals(*self.numbers(rows))

    @property
    def longest_text(self) -> int:
        decimals, low = int(self._meta[1]), int(self._meta[2])
        high = max(map(abs, self._meta[2:4]))
        return max(len(str(high)), decimals + 1) + (decimals > 0) + (low < 0)

    def group(self) -> tuple[list[bytes], NDArray[np.int64]]:
        values, decimals = self.numbers()
        distinct, codes = group_integers(values)
        return write_decimals(distinct, decimals), codes

    def may_have(self, literal: Literal) -> bool:
        decimals, low, *more = self._meta[1:]
        if (
            len(literal.text) > self.longest_text
            or byte_set_of([literal.text]) & ~self.bytes_within
        ):
            return False
        return bool(more) or literal.holds(write_decimals(np.array([low]), decimals)[0])

    def search(self, literal: Literal) -> Selection:
        decimals, low, *rest = self._meta[1:]
        if low >= 0 and rest and rest[0] < MOST_MARKED and literal.place is Place.ANYWHERE:
            marks = mark_numbers(literal.text, decimals, len(str(rest[0])))
            steps, unit = read_steps(self._meta[2:], self._blobs)
            return np.asarray(marks[low::unit][steps])
        values, _ = self.numbers()
        if low < 0:
            joined = b"\n".join(write_decimals(values, decimals))
            return find_in_joined(joined, b"\n", self._n, literal)
        return find_in_numbers(values, decimals, literal)


@dataclass(frozen=True, slots=True)
class StoredNumbers:
    """A column that was put as numbers, read as whole steps above the lowest one."""

    decimals: int
    low: int
    high: int
    unit: int
    """A step; the numbers are all so many steps apart."""
    _meta: ValuesMeta
    _n: int
    _blobs: BlobReader

    @classmethod
    def open(cls, meta: ValuesMeta, n: int, blobs: BlobReader) -> Self | None:
        """None of a column of texts; nothing is read yet."""
        if meta[0] != "n":
            return None
        decimals, low, *rest = meta[1:]
        high, unit = (rest[0], rest[3]) if rest else (low, 1)
        return cls(decimals, low, high, unit, meta, n, blobs)

    def read_steps(self) -> NDArray[np.int64]:
        """Of each number how many steps it is above the lowest."""
        if self.low == self.high:
            return np.zeros(self._n, np.int64)
        return read_steps(self._meta[2:], self._blobs)[0].astype(np.int64)


def write_decimals(values: Integers, decimals: int) -> list[bytes]:
    """Numbers as texts: -250 with three decimals is `-0.250`."""
    if not decimals:
        return list(map(b"%d".__mod__, values.tolist()))
    unit = 10**decimals
    signs = (b"", b"-")
    pattern = b"%%b%%d.%%0%dd" % decimals
    parts = ((signs[v < 0], *divmod(abs(v), unit)) for v in values.tolist())
    return list(map(pattern.__mod__, parts))


class _FixedValues(_Values):
    """Texts of one length, of which only what varies is kept, packed."""

    @cached_property
    def _varying(self) -> Rows:
        width = len(self._meta[1])
        return np.array([at for at in range(width) if self._meta[2] >> at & 1], np.int64)

    @property
    def longest_text(self) -> int:
        return len(self._meta[1])

    @property
    def longest_token(self) -> int:  # type: ignore[override]
        return int(self._meta[3])

    @property
    def bytes_within(self) -> int:
        fixed = byte_set_of([self._meta[1].encode("latin-1")])
        return fixed | (_HEX if self._meta[4] == "h" else _DIGITS)

    def texts(self, rows: Rows | None = None) -> list[bytes]:
        matrix = np.ascontiguousarray(self.matrix(rows))
        width = matrix.shape[1]
        if self._meta[1].endswith("\0"):  # numpy drops it
            flat = matrix.tobytes()
            return [flat[at : at + width] for at in range(0, len(flat), width)]
        texts: list[bytes] = matrix.view(f"S{width}").ravel().tolist()
        return texts

    def may_have(self, literal: Literal) -> bool:
        if len(literal.text) > self.longest_text:
            return False
        return not byte_set_of([literal.text]) & ~fold_set(self.bytes_within, literal.folded)

    def search(self, literal: Literal) -> Selection:
        if self._meta[4] == "h" and len(self._varying) == self.longest_text:
            return find_in_nibbles(self._read_packed(), self.longest_text, literal)
        if self._meta[4] == "d" and len(self._meta) == _ONE_PIECE:
            return self._find_in_digits(literal)
        return find_in_matrix(self.matrix(), literal)

    def _find_in_digits(self, literal: Literal) -> Selection:
        """For each place at which the literal can lie, a test of the digits that vary there."""
        text = self._meta[1].encode("latin-1")
        text = text.lower() if literal.folded else text
        values: Integers | None = None
        found: Selection = False
        for first in literal.list_places(len(text)):
            inside = np.flatnonzero(
                (self._varying >= first) & (self._varying < first + len(literal.text))
            )
            part = bytearray(text[first : first + len(literal.text)])
            digits = bytearray()
            for at in (self._varying[inside] - first).tolist():
                digits.append(literal.text[at])
                part[at] = literal.text[at]
            if part != literal.text or not (digits or b"0").isdigit():
                continue
            if not digits:
                return True
            if values is None:
                values = read_integers(self._meta[5], self._n, self._blobs)
            after = len(self._varying) - int(inside[-1]) - 1
            found = either(found, values // 10**after % 10 ** len(digits) == int(digits))
        return found

    def group(self) -> tuple[list[bytes], NDArray[np.int64]]:
        if not has_codes(self._meta):
            return super().group()
        numbers, codes = group_integers(read_integers(self._meta[5], self._n, self._blobs))
        rows = np.empty(len(numbers), np.int64)
        rows[codes] = np.arange(self._n)
        return self.texts(rows), codes

    def matrix(self, rows: Rows | None = None) -> NDArray[np.uint8]:
        """The texts, or some of them, as rows."""
        text = np.frombuffer(self._meta[1].encode("latin-1"), np.uint8)
        varying = self._varying
        if len(varying) == len(text):
            return self._read_varying(rows)
        part = self._read_varying(rows)
        matrix = np.empty((len(part), len(text)), np.uint8)
        matrix[:] = text
        cuts = np.flatnonzero(np.diff(varying) > 1) + 1
        for run in np.split(np.arange(len(varying)), cuts) if len(varying) else ():
            first = int(varying[run[0]])
            matrix[:, first : first + len(run)] = part[:, run[0] : run[-1] + 1]
        return matrix

    def _read_varying(self, rows: Rows | None) -> NDArray[np.uint8]:
        width = len(self._varying)
        n = self._n if rows is None else len(rows)
        if self._meta[4] == "h":
            packed = self._read_packed(rows)
            flat = np.frombuffer(packed.tobytes().hex().encode(), np.uint8)
            return flat.reshape(n, 2 * packed.shape[1])[:, :width]
        digits = np.empty((n, width), np.uint8)
        for piece, meta in enumerate(self._meta[5:]):
            first = piece * MOST_DIGITS
            left = read_integers(meta, self._n, self._blobs, rows)
            for place in range(min(width, first + MOST_DIGITS) - 1, first - 1, -1):
                left, digits[:, place] = np.divmod(left, 10)
        return digits + np.uint8(ord("0"))

    def _read_packed(self, rows: Rows | None = None) -> NDArray[np.uint8]:
        """The digits that vary as the rows of a matrix, two in a byte."""
        pieces = self._meta[5:]
        if rows is None:
            packed = b"".join(map(self._blobs.get, pieces))
            return np.frombuffer(packed, np.uint8).reshape(self._n, -1)
        chosen = np.empty((len(rows), (len(self._varying) + 1) // 2), np.uint8)
        of_rows = rows // _HEX_ROWS
        for number in np.unique(of_rows).tolist():
            piece = np.frombuffer(self._blobs.get(pieces[number]), np.uint8)
            mine = of_rows == number
            chosen[mine] = piece.reshape(-1, chosen.shape[1])[rows[mine] % _HEX_ROWS]
        return chosen


class _PlainValues(_Values):
    """Texts one after the other."""

    @property
    def bytes_within(self) -> int:
        return int(self._meta[2], 16)

    @property
    def longest_text(self) -> int:
        return int(self._meta[3])

    @property
    def longest_token(self) -> int:  # type: ignore[override]
        return int(self._meta[4])

    def texts(self, rows: Rows | None = None) -> list[bytes]:
        joined, ends = self._read()
        if rows is None and ends is None:
            return joined.split(self._separator)
        if ends is None:
            edges = np.flatnonzero(np.frombuffer(joined, np.uint8) == self._separator[0])
            ends = np.append(edges, len(joined))
        starts = np.concatenate([[0], ends[:-1] + len(self._separator)])
        if rows is not None:
            starts, ends = starts[rows], ends[rows]
        return [joined[a:b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]

    def may_have(self, literal: Literal) -> bool:
        if len(literal.text) > self.longest_text:
            return False
        return not byte_set_of([literal.text]) & ~fold_set(self.bytes_within, literal.folded)

    def search(self, literal: Literal) -> Selection:
        if not self.bytes_within & _UPPER:
            literal = Literal(literal.text, literal.place)
        joined, ends = self._read()
        if ends is None:
            return find_in_joined(joined, self._separator, self._n, literal)
        return find_in_parts(joined, ends, literal)

    @property
    def _separator(self) -> bytes:
        return b"" if self._meta[1] < 0 else bytes((self._meta[1],))

    def _read(self) -> tuple[bytes, Rows | None]:
        """The texts, and where each ends if no separator says so."""
        content = decompress(self._blobs.get(self._meta[5]))
        if self._separator:
            return content, None
        lengths = np.frombuffer(content[: 4 * self._n], "<u4")
        return content[4 * self._n :], np.cumsum(lengths, dtype=np.int64)


_FORMS: dict[str, Callable[[ValuesMeta, int, BlobReader], StoredValues]] = {
    "c": _ConstantValues,
    "d": _DictionaryValues,
    "i": _IntegerValues,
    "n": _IntegerValues,
    "f": _FixedValues,
    "p": _PlainValues,
}


def fold_set(bits: int, folded: bool) -> int:
    """The byte set of the same texts in lower case, if folded."""
    if not folded:
        return bits
    upper = bits >> ord("A") & (1 << 26) - 1
    return bits & ~(((1 << 26) - 1) << ord("A")) | upper << ord("a")
