"""Decimal digits of numbers, found by arithmetic: nothing is written out."""

from __future__ import annotations

from functools import lru_cache, reduce
from typing import TYPE_CHECKING

import numpy as np

from jipyo.logs.store.literal import Literal, Place, Selection, both, either

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from jipyo.logs.store.integers import Integers

MOST_MARKED = 10**6
"""Numbers below are looked up among marks, which are made once for many columns."""
_MOST_DIGITS = 19


@lru_cache(maxsize=12)
def mark_numbers(text: bytes, decimals: int, digits: int) -> NDArray[np.bool_]:
    """Of every number with so many digits or fewer whether it has the text where it is written."""
    found = find_in_numbers(np.arange(10**digits), decimals, Literal(text))
    return np.full(10**digits, found) if isinstance(found, bool) else found


def find_in_numbers(values: Integers, decimals: int, literal: Literal) -> Selection:
    """Which of the numbers, none below 0, have the literal where they are written.

    With three decimals 250 is written `0.250`.
    """
    whole, point, fraction = literal.text.partition(b".")
    if not all(part.isdigit() or not part for part in (whole, fraction)):
        return False
    if len(whole) > _MOST_DIGITS or len(fraction) > _MOST_DIGITS:
        return False
    if not decimals:
        return False if point else _find_digits(_narrow(values), whole, literal.place)
    before, after = np.divmod(values, np.int64(10**decimals))
    if point:
        return _find_around_point(before, after, decimals, literal)
    found: Selection = False
    if literal.place in (Place.ANYWHERE, Place.START):
        found = _find_digits(_narrow(before), whole, literal.place)
    if literal.place in (Place.ANYWHERE, Place.END):
        found = either(found, _find_padded(after, decimals, whole, literal.place))
    return found


def _find_around_point(
    before: Integers, after: Integers, decimals: int, literal: Literal
) -> Selection:
    """Which numbers have the literal, which has the point."""
    left, _, right = literal.text.partition(b".")
    from_start = literal.place in (Place.START, Place.WHOLE)
    to_end = literal.place in (Place.END, Place.WHOLE)
    whole = _find_digits(_narrow(before), left, Place.WHOLE if from_start else Place.END)
    return both(whole, _find_padded(after, decimals, right, Place.WHOLE if to_end else Place.START))


def _narrow(values: Integers) -> Integers:
    """The same in 32 bits where they fit, which divide in half the time."""
    if len(values) and int(values.max()) < 1 << 31:
        return values.astype(np.int32)
    return values


def _find_digits(values: Integers, digits: bytes, place: Place) -> Selection:
    """Which of the numbers, written without leading zeros, have the digits."""
    if not digits:
        return place is not Place.WHOLE
    wanted, length, most = int(digits), len(digits), len(str(int(values.max())))
    if length > most or wanted > int(values.max()):
        return False
    if place is Place.END:
        return _has_at(values, wanted, length, 0)
    if place is Place.ANYWHERE:
        return _any_of(_has_at(values, wanted, length, k) for k in range(most - length + 1))
    if place is Place.WHOLE or digits[:1] == b"0":
        return values == wanted if length == 1 or digits[:1] != b"0" else False
    return _any_of(
        (values >= wanted * 10**k) & (values < (wanted + 1) * 10**k)
        for k in range(most - length + 1)
    )


def _has_at(values: Integers, wanted: int, length: int, above: int) -> NDArray[np.bool_]:
    """Which numbers have the digits with so many digits after them."""
    kind = values.dtype.type
    cut = values // kind(10**above) if above else values
    if length >= len(str(int(values.max()))):
        is_written_so = length == 1 or wanted >= 10 ** (length - 1)  # without leading zeros
        return np.asarray((cut == wanted) & is_written_so)
    found = cut % kind(10**length) == wanted
    if wanted >= 10 ** (length - 1):
        return np.asarray(found)
    return np.asarray(found & ((cut >= kind(10 ** (length - 1))) | (length == 1 and above == 0)))


def _find_padded(values: Integers, width: int, digits: bytes, place: Place) -> Selection:
    """Which of the numbers, written with leading zeros, have the digits."""
    if len(digits) > width or (place is Place.WHOLE and len(digits) != width):
        return False
    if not digits:
        return True
    wanted, length, spare = int(digits), len(digits), width - len(digits)
    at_start = place in (Place.START, Place.WHOLE)
    places = range(spare if at_start else 0, 1 if place is Place.END else spare + 1)
    return _any_of(values // 10**k % 10**length == wanted for k in places)


def _any_of(found: Iterable[NDArray[np.bool_]]) -> Selection:
    return reduce(np.logical_or, found)
