"""Texts of which many are equal, kept once each, with a number for every row."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, overload

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

_SAMPLE = 256
_FEW = 8
"""Texts that occur so often are numbered as they come."""


class CodedTexts(Sequence[bytes]):
    """A sequence of texts: the different ones, and of every row which of them it has.

    Rows are taken, joined and counted without touching a text, which is why parsers make them.
    """

    __slots__ = ("codes", "distinct")

    def __init__(self, distinct: Sequence[bytes], codes: NDArray[np.int32]) -> None:
        """Some of the distinct texts may be of no row; none is there twice."""
        self.distinct = distinct
        self.codes = codes

    def __len__(self) -> int:
        return len(self.codes)

    @overload
    def __getitem__(self, index: int) -> bytes: ...
    @overload
    def __getitem__(self, index: slice) -> CodedTexts: ...
    def __getitem__(self, index: int | slice) -> bytes | CodedTexts:
        if isinstance(index, slice):
            return self.take(index)
        return self.distinct[int(self.codes[index])]

    def __iter__(self) -> Iterator[bytes]:
        return map(self.distinct.__getitem__, self.codes.tolist())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"CodedTexts({list(self)!r})"

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_] | slice) -> CodedTexts:
        """Some rows, in this order."""
        return CodedTexts(self.distinct, self.codes[rows])

    def sort(self) -> CodedTexts:
        """The same with exactly the texts that occur, in order."""
        occurs = np.bincount(self.codes, minlength=len(self.distinct)) > 0
        used = np.flatnonzero(occurs).tolist()
        used.sort(key=self.distinct.__getitem__)
        places = np.zeros(len(self.distinct), np.int32)
        places[used] = np.arange(len(used), dtype=np.int32)
        return CodedTexts([self.distinct[code] for code in used], places[self.codes])


class _Numbers(dict[bytes, int]):
    """Numbers of texts in order of appearance; quick as long as few are new."""

    def __missing__(self, text: bytes) -> int:
        number = self[text] = len(self)
        return number


def code_texts(texts: Sequence[bytes]) -> CodedTexts:
    """The same texts, coded.

    >>> code_texts([b"a", b"b", b"a"]).codes.tolist()
    [0, 1, 0]
    """
    numbers: dict[bytes, int] = _Numbers()
    if not is_repetitive(texts, _FEW):
        distinct = dict.fromkeys(texts)
        numbers = dict(zip(distinct, range(len(distinct)), strict=True))
    codes = np.fromiter(map(numbers.__getitem__, texts), np.int32, len(texts))
    return CodedTexts(list(numbers), codes)


def code_repetitive(texts: Sequence[bytes]) -> Sequence[bytes]:
    """The same texts, coded where a sample of them shows that only a few are different ones."""
    return code_texts(texts) if is_repetitive(texts, _FEW) else texts


def is_repetitive(texts: Sequence[bytes], times: int = 2) -> bool:
    """Whether a sample of texts has each of them so many times on average."""
    sample = texts[:: max(1, len(texts) // _SAMPLE)]
    return len(set(sample)) * times <= len(sample) or len(sample) == 1


def repeat_text(text: bytes, n: int) -> CodedTexts:
    """The same text in every row."""
    return CodedTexts([text], np.zeros(n, np.int32))


def join_texts(parts: Iterable[Sequence[bytes]]) -> Sequence[bytes]:
    """The rows of several sequences as one; coded if all of them are."""
    parts = list(parts)
    coded = [part for part in parts if isinstance(part, CodedTexts)]
    if len(coded) < len(parts):
        return list(chain.from_iterable(parts))
    numbers = _Numbers()
    codes = [
        np.fromiter(map(numbers.__getitem__, part.distinct), np.int32, len(part.distinct))[
            part.codes
        ]
        for part in coded
    ]
    return CodedTexts(list(numbers), np.concatenate([np.zeros(0, np.int32), *codes]))
