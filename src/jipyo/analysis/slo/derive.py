"""Objectives of the catalogue's metrics: which requests are good, from how a metric is computed.

A latency metric is a quantile of a histogram, whose buckets count the requests; a share is
`100 * part / total`, both of which count. With `increase` of anchored windows in place of rates
they are whole numbers, which add up.
"""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from jipyo.analysis.service_load import list_latency_buckets
from jipyo.analysis.slo.objective import (
    LatencyIndicator,
    Naming,
    RatioIndicator,
    ServiceLevelObjective,
    TimeIndicator,
    WithoutCounts,
)
from jipyo.catalogue import SERVER, Direction, Statistic, Unit
from jipyo.catalogue.metric import Compare
from jipyo.model.labels import METRIC_NAME
from jipyo.model.matcher import Matcher, MatchOp
from jipyo.promql import format_expr, parse
from jipyo.promql.syntax.ast import (
    Aggregate,
    Binary,
    BinaryOp,
    Call,
    Card,
    Extension,
    Matching,
    MatrixSelector,
    NumberLiteral,
    Paren,
    VectorSelector,
    transform,
    walk,
)
from jipyo.promql.syntax.features import ALL
from jipyo.promql.syntax.signatures import AGGREGATORS, FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jipyo.analysis.slo.objective import Indicator
    from jipyo.catalogue import Catalogue, Metric, MetricQuery
    from jipyo.promql import Expr

_WINDOW, _WINDOW_MS = "20m34s567ms", 1_234_567
"""Stands for `$w` while an expression is a tree; no catalogue has such a window itself."""
_LE = "le"


def list_specified(catalogue: Catalogue) -> Iterator[ServiceLevelObjective]:
    """The objectives of the catalogue's metrics that requests can keep or break.

    That 95% of requests take at most 2 s is what the specification's 2 s mean for a 95th
    percentile. A capacity has no budget: idle hours do not spend any.
    """
    for metric in catalogue.metrics:
        objective = metric.objective
        if objective is None or objective.compare is Compare.AT_LEAST:
            continue
        quantile = next((one.quantile for one in list_latency_buckets(metric)), None)
        if quantile is not None:
            target, indicators = Fraction(str(quantile)), list_latency(metric, objective.value)
        elif metric.unit is Unit.PERCENT:
            target = 1 - Fraction(str(objective.value)) / 100
            indicators = list_shares(metric)
        else:
            continue
        yield ServiceLevelObjective(
            id=metric.id.replace(".", "-").replace("_", "-"),
            name=metric.name,
            target=target,
            indicators=tuple(indicators),
            target_labels=list_target_labels(metric),
            metric_id=metric.id,
            origin=objective.origin,
        )


def list_target_labels(metric: Metric) -> tuple[str, ...]:
    """The labels that identify what a series of a metric is of."""
    server = (SERVER,) if SERVER in metric.labels[1:] else ()
    return (*metric.labels[:1], *server)


def list_latency(metric: Metric, within_s: float) -> Iterator[Indicator]:
    """How many requests take at most so long, by each query of a latency metric."""
    buckets = list(list_latency_buckets(metric))
    for query in metric.queries:
        naming = _name(metric, query)
        text = next((one.expression for one in buckets if one.query is query), "0")
        tree = parse(text, ALL)
        selector = next((one for one in walk(tree) if isinstance(one, VectorSelector)), None)
        if selector is None or not isinstance(tree, Aggregate):
            yield WithoutCounts(query.expression("5m"), naming)
            continue
        by = tuple(label for label in tree.grouping if label != _LE)
        scale = 1000.0 if query.promql.endswith("/ 1000") else 1.0
        yield LatencyIndicator(format_expr(selector), within_s, by, scale, naming)


def list_shares(metric: Metric) -> Iterator[Indicator]:
    """How many of all cases are good, by each query of a share."""
    for query in metric.queries:
        naming = _name(metric, query)
        found = None if query.statistic is Statistic.MEAN else _split_share(query)
        if found is None:
            yield WithoutCounts(query.expression("5m"), naming)
            continue
        part, total = found
        if metric.direction is Direction.LOWER_IS_WORSE:
            yield RatioIndicator(total, good=part, naming=naming)
        else:
            yield RatioIndicator(total, bad=part, naming=naming)


def list_minutes(metric: Metric, compare: Compare, value: float) -> Iterator[Indicator]:
    """The minutes in which a metric's value compares well, by each of its queries."""
    for query in metric.queries:
        text = query.expression(f"{metric.window_ms // 1000}s")
        yield TimeIndicator(text, compare, value, _name(metric, query))


def count_series(selector: str, by: tuple[str, ...]) -> str:
    """What counters rise by in a window, with `$w` for it."""
    return _format(_add_up(_increase(_parse_selector(selector)), by))


def count_buckets(
    buckets: str, by: tuple[str, ...], within: Sequence[str], all_: Sequence[str]
) -> tuple[str, str]:
    """How many requests are within a boundary, and how many there are.

    A boundary is given as its texts, for it may be written in two ways. A histogram counts in a
    window only where it has the boundary then: before a bucket was added nobody knows.
    """
    tree = _parse_selector(buckets)
    good, total = (_increase(_select_bounds(tree, texts)) for texts in (within, all_))
    matching = Matching(Card.MANY_TO_MANY, labels=(_LE,))
    counted = Binary(BinaryOp.AND, total, good, matching)
    return _format(_add_up(good, by)), _format(_add_up(counted, by))


def _select_bounds(tree: VectorSelector, bounds: Sequence[str]) -> VectorSelector:
    one = Matcher(_LE, MatchOp.EQ, bounds[0])
    some = Matcher(_LE, MatchOp.RE, "|".join(map(re.escape, bounds)))
    end = one if len(bounds) == 1 else some
    return replace(tree, matchers=(*tree.matchers, end), written=(*tree.written, end))


def _increase(tree: VectorSelector) -> Expr:
    window = MatrixSelector(replace(tree, extension=Extension.ANCHORED), _WINDOW_MS)
    return Call(FUNCTIONS["increase"], (window,))


def _add_up(expr: Expr, by: tuple[str, ...]) -> Expr:
    return Aggregate(AGGREGATORS["sum"], expr, grouping=by)


def name_histogram(buckets: str) -> str:
    """The selector of the histogram itself, which has series only where it is a native one."""
    tree = _parse_selector(buckets)

    def change(matcher: Matcher) -> Matcher:
        is_name = matcher.name == METRIC_NAME
        return replace(matcher, value=matcher.value.removesuffix("_bucket")) if is_name else matcher

    renamed = replace(
        tree,
        name=tree.name.removesuffix("_bucket"),
        matchers=tuple(map(change, tree.matchers)),
        written=tuple(map(change, tree.written)),
    )
    return format_expr(renamed)


def _parse_selector(text: str) -> VectorSelector:
    tree = parse(text, ALL)
    assert isinstance(tree, VectorSelector), f"BUG: {text} is not a selector"
    return tree


def _name(metric: Metric, query: MetricQuery) -> Naming:
    server = query.exporter if query.names_server_of(metric) else ""
    return Naming(query.exporter, tuple(query.rename.items()), server, query.fallback)


def _split_share(query: MetricQuery) -> tuple[str, str] | None:
    """Part and total of `100 * part / (total > 0)`; None for what is no share of counts."""
    tree = parse(query.expression(_WINDOW), ALL)
    if not isinstance(tree, Binary) or tree.op is not BinaryOp.DIV:
        return None
    left, total = tree.left, _unwrap(tree.right)
    if isinstance(total, Binary) and total.op is BinaryOp.GT:
        total = _unwrap(total.left)
    if not (
        isinstance(left, Binary)
        and left.op is BinaryOp.MUL
        and isinstance(left.left, NumberLiteral)
        and left.left.value == 100
        and _counts(left.right)
        and _counts(total)
    ):
        return None
    return _format(_count(_unwrap(left.right))), _format(_count(total))


def _unwrap(expr: Expr) -> Expr:
    return _unwrap(expr.expr) if isinstance(expr, Paren) else expr


def _counts(expr: Expr) -> bool:
    """Whether an expression is made of what counters rise by in the window."""
    windows = [one for one in walk(expr) if isinstance(one, MatrixSelector)]
    calls = [one for one in walk(expr) if isinstance(one, Call)]
    is_of_window = all(one.range == _WINDOW_MS for one in windows)
    return (
        bool(windows)
        and is_of_window
        and all(one.function.name in ("rate", "increase") for one in calls)
    )


def _count(expr: Expr) -> Expr:
    """The same with counts in place of rates."""

    def change(node: Expr) -> Expr:
        if isinstance(node, MatrixSelector):
            selector = replace(node.selector, extension=Extension.ANCHORED)
            return replace(node, selector=selector)
        if isinstance(node, Call) and node.function.name == "rate":
            return replace(node, function=FUNCTIONS["increase"])
        return node

    return transform(expr, change)


def _format(expr: Expr) -> str:
    return format_expr(expr).replace(f"[{_WINDOW}]", "[$w]")
