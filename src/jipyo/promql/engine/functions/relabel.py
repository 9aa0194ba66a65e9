"""Functions of labels: label_replace, label_join, sort_by_label."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cmp_to_key, lru_cache
from typing import TYPE_CHECKING

import re2

from jipyo.model.errors import QueryError
from jipyo.model.labels import METRIC_NAME, Labels

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jipyo.promql.engine.block import VectorBlock

_REFERENCE = re.compile(rb"\$(?:(\$)|([A-Za-z0-9_]+)|\{([A-Za-z0-9_]+)\})")
_MAX_REGEX_BYTES = 8 << 20


def replace_label(block: VectorBlock, texts: Sequence[str]) -> VectorBlock:
    """`label_replace`: set a label to what a pattern matches in another.

    Raises:
        QueryError: the pattern or the target is invalid, or two series become one.
    """
    target, replacement, source, pattern = texts
    expand = _make_expander(pattern, replacement)
    check_label(target, "invalid destination label name in label_replace(): ")

    def change(labels: Labels) -> Labels | None:
        value = expand(labels.get(source, ""))
        return None if value is None else labels.put({target: value})

    return _relabel(block, target, change)


def join_labels(block: VectorBlock, texts: Sequence[str]) -> VectorBlock:
    """`label_join`: set a label to the joined values of others.

    Raises:
        QueryError: a label name is invalid, or two series become one.
    """
    target, separator, *sources = texts
    for source in sources:
        check_label(source, "invalid source label name in label_join(): ")
    check_label(target, "invalid destination label name in label_join(): ")

    def change(labels: Labels) -> Labels:
        value = separator.join(labels.get(source, "") for source in sources)
        return labels.put({target: value})

    return _relabel(block, target, change)


def _relabel(
    block: VectorBlock, target: str, change: Callable[[Labels], Labels | None]
) -> VectorBlock:
    changed = [change(labels) for labels in block.series]
    series = tuple(
        old if new is None else new for new, old in zip(changed, block.series, strict=True)
    )
    nameless = block.nameless
    if target == METRIC_NAME:
        # A name that was set on purpose is not dropped.
        nameless = nameless.copy()
        nameless[[row for row, new in enumerate(changed) if new is not None]] = False
    return replace(block, series=series, nameless=nameless).merge_duplicates()


def check_label(name: str, complaint: str) -> None:
    """Reject what cannot be a label name.

    Raises:
        QueryError: it is empty or not UTF-8.
    """
    if not name or any("\ud800" <= letter <= "\udfff" for letter in name):
        raise QueryError.execution(complaint + name)


def _make_expander(pattern: str, replacement: str) -> Callable[[str], str | None]:
    """A function from a value to its replacement; None where the pattern does not match it all."""
    try:
        regex = _compile_pattern(pattern)
    except re2.error as error:
        complaint = f"invalid regular expression in label_replace(): {pattern}"
        raise QueryError.execution(complaint) from error
    template = replacement.encode("utf-8", "surrogateescape")

    def expand(value: str) -> str | None:
        match = regex.fullmatch(value.encode("utf-8", "surrogateescape"))
        if match is None:
            return None
        filled = _REFERENCE.sub(lambda reference: _get_group(match, regex, reference), template)
        return filled.decode("utf-8", "surrogateescape")

    return expand


def _get_group(match: re2._Match, regex: re2._Regexp, reference: re.Match[bytes]) -> bytes:
    """As in Go's regexp.Expand: a group that does not exist is empty."""
    if reference[1]:
        return b"$"
    name = reference[2] or reference[3]
    number = int(name) if name.isdigit() else regex.groupindex.get(name, regex.groups + 1)
    return (match.group(number) or b"") if number <= regex.groups else b""


@lru_cache(maxsize=256)
def _compile_pattern(pattern: str) -> re2._Regexp:
    options = re2.Options()
    options.dot_nl = True
    options.log_errors = False
    options.max_mem = _MAX_REGEX_BYTES
    return re2.compile(pattern.encode("utf-8", "surrogateescape"), options)


_CHUNK = re.compile(r"\d+|\D+", re.ASCII)


def sort_by_label(block: VectorBlock, names: Sequence[str], *, descending: bool) -> VectorBlock:
    """Order series by label values in natural order: `a2` before `a10`."""

    def compare(row: int, other: int) -> int:
        a, b = block.series[row], block.series[other]
        for name in names:
            first, second = a.get(name, ""), b.get(name, "")
            if first != second:
                return -1 if is_naturally_less(first, second) else 1
        return (a.pairs > b.pairs) - (a.pairs < b.pairs)

    order = sorted(range(len(block.series)), key=cmp_to_key(compare), reverse=descending)
    return block.take_rows(order)


def is_naturally_less(left: str, right: str) -> bool:
    """Whether `left` comes before `right`: runs of digits compare as numbers (facette/natsort)."""
    a, b = _CHUNK.findall(left), _CHUNK.findall(right)
    for first, second in zip(a, b, strict=False):
        if first == second:
            continue
        if first.isdigit() and second.isdigit():
            if int(first) == int(second):
                return len(first) < len(second)
            return int(first) < int(second)
        return bool(first < second)
    return len(a) < len(b)
