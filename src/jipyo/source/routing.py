"""Which of several sources a selector means: the label `source`."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from jipyo.model.errors import QueryError
from jipyo.model.labels import METRIC_NAME, Labels
from jipyo.model.matcher import Matcher, MatchOp
from jipyo.promql import format_expr, parse_cached
from jipyo.promql.syntax.ast import VectorSelector, transform, walk

if TYPE_CHECKING:
    from jipyo.promql.syntax.ast import Expr

SOURCE = "source"
"""The label that names the remote source of a series."""
_EXPORTED = "exported_"
_CACHED_TEXTS = 1024


def label_remote(labels: Labels, name: str) -> Labels:
    """The labels of a remote source's series: with its name as `source`.

    A label of that name moves to `exported_source`, as Prometheus does with labels of targets.
    """
    if SOURCE not in labels:
        return labels.put({SOURCE: name})
    moved = _EXPORTED + SOURCE
    while moved in labels:
        moved = _EXPORTED + moved
    return labels.put({moved: labels[SOURCE], SOURCE: name})


@lru_cache(_CACHED_TEXTS)
def route_expression(expr: str, name: str) -> str:
    """The expression for the remote source of that name: without matchers for `source`.

    A selector that means another source gets one that nothing matches. One that cannot be
    parsed is left to the source, which rejects it in its words.
    """
    if SOURCE not in expr:
        return expr
    try:
        tree = parse_cached(expr)
    except QueryError:
        return expr
    routed = transform(tree, lambda node: _route(node, name))
    return expr if routed == tree else format_expr(routed)


@lru_cache(_CACHED_TEXTS)
def has_selector(expr: str) -> bool:
    """Whether an expression reads any series; a constant has the same answer everywhere."""
    try:
        return any(isinstance(node, VectorSelector) for node in walk(parse_cached(expr)))
    except QueryError:
        return True


def _route(node: Expr, name: str) -> Expr:
    if not isinstance(node, VectorSelector):
        return node
    conditions = [matcher for matcher in node.matchers if matcher.name == SOURCE]
    if not conditions:
        return node
    left = tuple(matcher for matcher in node.matchers if matcher.name != SOURCE)
    if not all(matcher.matches(name) for matcher in conditions):
        left += (Matcher(SOURCE, MatchOp.EQ, name), Matcher(SOURCE, MatchOp.NE, name))
    if all(matcher.matches("") for matcher in left):  # which no server accepts
        left += (Matcher(METRIC_NAME, MatchOp.NE, ""),)
    return replace(node, matchers=left, written=left)
