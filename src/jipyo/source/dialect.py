"""What a source understands of PromQL, and expressions put in those terms.

The catalogue is written in the PromQL of the embedded engine. A server may know less of the
language; `translate_promql` rewrites what has a plain form and rejects what has none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from jipyo.model.errors import QueryError
from jipyo.promql import format_expr, parse
from jipyo.promql.syntax.ast import (
    Aggregate,
    Binary,
    Boundary,
    Call,
    Duration,
    Expr,
    Extension,
    Matching,
    MatrixSelector,
    Subquery,
    VectorSelector,
    transform,
    walk,
)
from jipyo.promql.syntax.durations import resolve
from jipyo.promql.syntax.features import ALL
from jipyo.promql.syntax.names import needs_quotes
from jipyo.source.metricsql import drop_kept_anchor, rewrite_for_metricsql

if TYPE_CHECKING:
    from collections.abc import Iterator

ANCHORABLE = frozenset({"changes", "delta", "increase", "rate", "resets"})
"""Functions that count changes within a window, and so may be anchored to its edges."""

DEFAULT_LOOKBACK_MS = 300_000
_EXTRAPOLATING = frozenset({"delta", "increase", "rate"})
_CACHED_TEXTS = 1024
_PLAIN_METRIC = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What a source understands beyond the PromQL of Prometheus 2.0."""

    extended_ranges: bool = True
    """`anchored` and `smoothed`. Plain form: without, so that counts are extrapolated."""
    duration_expressions: bool = True
    """`[5m * 2]`, `offset step()`. Plain form: the duration that they come to."""
    unquoted_names: bool = True
    """Names in any script without quotes. Plain form: in quotes."""
    quoted_names: bool = True
    """`{"http.status"}` and `by ("http.status")`. Plain form of a metric name: a matcher for
    `__name__`; label names have none."""
    at_modifier: bool = True
    """`@ 1700000000`, `@ end()`. No plain form."""
    negative_offset: bool = True
    """`offset -5m`. No plain form."""
    fill_modifiers: bool = True
    """`a + fill(0) b`. No plain form."""
    left_open_windows: bool = True
    """`[5m]` leaves out a sample that is exactly 5 m old. Plain form: a window that is 1 ms
    shorter, but where a count is extrapolated to the length of the window."""
    classic_fractions: bool = True
    """`histogram_fraction` of classic buckets; others take native histograms only, and answer
    with nothing. No plain form."""
    metricsql: bool = False
    """What VictoriaMetrics would answer differently is put in other words, see `metricsql`."""


EVERYTHING = Dialect()
"""What the embedded engine understands."""
PROMETHEUS_3 = Dialect(
    extended_ranges=False, duration_expressions=False, unquoted_names=False, fill_modifiers=False
)
"""Prometheus 3 without feature flags."""
PROMETHEUS_2 = replace(
    PROMETHEUS_3, quoted_names=False, left_open_windows=False, classic_fractions=False
)
"""Prometheus 2.33 and later, and servers with its language."""
METRICSQL = replace(PROMETHEUS_3, quoted_names=False, classic_fractions=False, metricsql=True)
"""VictoriaMetrics since 2022, and vmalert."""


@lru_cache(_CACHED_TEXTS)
def translate_promql(
    expr: str,
    dialect: Dialect,
    *,
    step_ms: int = 0,
    range_ms: int = 0,
    lookback_ms: int = DEFAULT_LOOKBACK_MS,
) -> str:
    """The expression in the terms of a dialect; as written where nothing has to change.

    An expression that cannot be parsed is returned as written, for the source to reject in
    its own words.

    Args:
        expr: an expression in the PromQL of the embedded engine.
        dialect: what the source understands.
        step_ms: the step of the query, 0 for an instant one; durations may ask for it.
        range_ms: end minus start of the query; likewise.
        lookback_ms: how old the sample of an instant selector may be, for servers that are
            asked so in the expression.

    Raises:
        QueryError: it needs something that the dialect lacks and that has no plain form.
    """
    if dialect == EVERYTHING:
        return expr
    try:
        tree = parse(expr, ALL)
    except QueryError:
        return expr
    plain = tree if dialect.duration_expressions else resolve(tree, step_ms, range_ms)
    if dialect.metricsql:
        plain = rewrite_for_metricsql(plain, lookback_ms)
    plain = transform(plain, lambda node: _simplify(node, dialect))
    if not dialect.left_open_windows:
        plain = _shorten_window(plain)
    for construct in _find_unsupported(plain, dialect):
        raise QueryError.bad_data(f"the source does not support {construct}: {expr}")
    requoted = not dialect.unquoted_names and any(map(_find_names_to_quote, walk(tree)))
    requoted |= not dialect.quoted_names and any(map(_may_have_quoted_name, walk(tree)))
    if plain == tree and not requoted:
        return expr
    return format_expr(plain, unquoted_utf8=dialect.unquoted_names)


def pin_period(expr: str, start_ms: int, end_ms: int, step_ms: int) -> str:
    """The expression with the ends of a range query in it: it may be asked in pieces.

    `@ start()`, `@ end()`, `range()` and `step()` become what they are in the whole range.
    """
    tree = parse(expr, ALL)
    pinned = transform(resolve(tree, step_ms, end_ms - start_ms), _Pin(start_ms, end_ms))
    return expr if pinned == tree else format_expr(pinned)


@dataclass(frozen=True, slots=True)
class _Pin:
    start_ms: int
    end_ms: int

    def __call__(self, node: Expr) -> Expr:
        if isinstance(node, VectorSelector | Subquery) and isinstance(node.at, Boundary):
            return replace(node, at=self.start_ms if node.at is Boundary.START else self.end_ms)
        return node


@lru_cache(_CACHED_TEXTS)
def loses_anchors(expr: str, dialect: Dialect) -> bool:
    """Whether the plain form of an expression extrapolates what it would count exactly."""
    if dialect.extended_ranges:
        return False
    try:
        tree = parse(expr, ALL)
    except QueryError:
        return False
    if dialect.metricsql:
        tree = transform(tree, drop_kept_anchor)
    return any(isinstance(node, VectorSelector) and node.extension for node in walk(tree))


@lru_cache(_CACHED_TEXTS)
def expand_to_whole_window(promql: str, window_ms: int) -> str:
    """A catalogue expression over one whole window instead of its rolling one (`$w`).

    Where a function counts changes, the window is anchored: from the last sample before it
    to the last one in it, without extrapolation. `translate_promql` gives the plain form.

    Args:
        promql: an expression of the catalogue, in which `$w` is the window.
        window_ms: the length of the window.
    """
    text = promql.replace("$w", f"{window_ms // 1000}s")
    if text == promql:
        return promql
    try:
        tree = parse(text, ALL)
    except QueryError:
        return text
    anchored = transform(tree, lambda node: _anchor(node, window_ms // 1000 * 1000))
    return text if anchored == tree else format_expr(anchored)


def _anchor(node: Expr, window_ms: int) -> Expr:
    """Anchor the window of a counting function where it is the given one."""
    match node:
        case Call(function=function, args=(MatrixSelector() as matrix, *rest)):
            if function.name not in ANCHORABLE or matrix.range != window_ms:
                return node
            selector = replace(matrix.selector, extension=Extension.ANCHORED)
            return replace(node, args=(replace(matrix, selector=selector), *rest))
        case _:
            return node


def _simplify(node: Expr, dialect: Dialect) -> Expr:
    """One node without what the dialect lacks, if there is a plain form of it."""
    if not dialect.left_open_windows:
        node = _shorten_windows(node)
    if not isinstance(node, VectorSelector):
        return node
    if node.extension is not None and not dialect.extended_ranges:
        node = replace(node, extension=None)
    if not dialect.unquoted_names and not _PLAIN_METRIC.fullmatch(node.name):
        # The matcher for the name stays, and is printed as `{__name__="..."}`.
        node = replace(node, name="")
    return node


def _may_have_quoted_name(node: Expr) -> bool:
    """Whether a selector may be `{"name"}`: its tree is that of `{__name__="name"}`."""
    return isinstance(node, VectorSelector) and not node.name


def _shorten_windows(node: Expr) -> Expr:
    """Windows in the arguments of a function without their left edge."""
    if not isinstance(node, Call) or node.function.name in _EXTRAPOLATING:
        return node
    return replace(node, args=tuple(_shorten_window(arg) for arg in node.args))


def _shorten_window(node: Expr) -> Expr:
    if isinstance(node, MatrixSelector | Subquery) and isinstance(node.range, int):
        return replace(node, range=max(node.range - 1, 1))
    return node


def _find_unsupported(expr: Expr, dialect: Dialect) -> Iterator[str]:
    """The constructs of an expression that the dialect lacks, as an error names them."""
    for node in walk(expr):
        match node:
            case VectorSelector() | Subquery():
                if node.at is not None and not dialect.at_modifier:
                    yield "the @ modifier"
                if _may_look_ahead(node.offset) and not dialect.negative_offset:
                    yield "a negative offset"
            case Binary(matching=Matching() as matching) if not dialect.fill_modifiers:
                if matching.fill_left or matching.fill_right:
                    yield "fill modifiers"
            case Call(function=function) if not dialect.classic_fractions:
                if function.name == "histogram_fraction":
                    yield "histogram_fraction of classic buckets"
            case _:
                pass
        if not (dialect.quoted_names or dialect.unquoted_names):
            yield from (f"the label name {name!r}" for name in _find_names_to_quote(node))


def _may_look_ahead(offset: Duration) -> bool:
    """Whether an offset is negative, or may be: what it comes to is known to the server only."""
    return offset < 0 if isinstance(offset, int) else True


def _find_names_to_quote(node: Expr) -> list[str]:
    """The label names in a node, without those below it, that Prometheus wants in quotes."""
    match node:
        case VectorSelector(matchers=matchers):
            names = tuple(matcher.name for matcher in matchers)
        case Aggregate(grouping=grouping):
            names = grouping
        case Binary(matching=Matching() as matching):
            names = (*matching.labels, *matching.include)
        case _:
            names = ()
    return [name for name in names if needs_quotes(name, unquoted_utf8=False)]
