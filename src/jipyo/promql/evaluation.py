"""The tree evaluated over all steps of a query at once, block by block where that can be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from jipyo.model.labels import EMPTY, Labels
from jipyo.model.matcher import MatchOp
from jipyo.model.sample import Mask, SeriesBlock, Times, Values, is_stale
from jipyo.model.store import Queryable
from jipyo.promql import (
    aggregations,
    arithmetic,
    dates,
    elementwise,
    histogram,
    matching,
    relabel,
    selections,
    statistics,
)
from jipyo.promql.ahead import read_ahead
from jipyo.promql.annotations import Notes
from jipyo.promql.ast import (
    Aggregate,
    Binary,
    Call,
    Expr,
    Extension,
    MatrixSelector,
    NumberLiteral,
    StringLiteral,
    Subquery,
    Unary,
    VectorSelector,
)
from jipyo.promql.block import NAME_LABELS, Block, concatenate
from jipyo.promql.guard import Guard
from jipyo.promql.info import enriched
from jipyo.promql.numerals import open_metrics
from jipyo.promql.options import Options
from jipyo.promql.plan import Node, Once
from jipyo.promql.ranges import RANGE_FUNCTIONS, Request, WindowShape
from jipyo.promql.samples import Samples, of_subquery, stored
from jipyo.promql.signatures import ValueType
from jipyo.promql.windows import Prepared, run


_REMEMBERED = 4_000_000
"""So many values of what is asked for more than once are kept; beyond, they are computed again."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One query being answered: over what, within what limits, and what there is to say."""

    store: Queryable
    options: Options
    guard: Guard
    notes: Notes
    shared: frozenset[Node]
    ranged: bool
    """Whether this is a range query, whose answer is ordered by labels."""
    executor: Executor | None
    """What reads on while we compute."""
    known: dict[tuple[Node, int], tuple[Times, list[Block]]]
    """Blocks of what is asked for more than once, by node and steps."""

    @property
    def delayed(self) -> bool:
        """Whether names are dropped at the end only."""
        return self.options.delayed_name_removal

    def block(self, node: Node, t_ms: Times) -> Block:
        """All series of a vector expression."""
        return concatenate(self.stream(node, t_ms), len(t_ms))

    def stream(self, node: Node, t_ms: Times) -> Iterator[Block]:
        """The series of a vector expression, some at a time."""
        if not len(t_ms):
            return
        if node not in self.shared:
            yield from self._pieces(node, t_ms)
            return
        known = self.known.get((node, id(t_ms)))
        if known is not None:
            yield from known[1]
        else:
            yield from self._remembering(node, t_ms)

    def _remembering(self, node: Node, t_ms: Times) -> Iterator[Block]:
        """The blocks, which are kept for the next who asks unless they are too large."""
        kept: list[Block] = []
        size = 0
        for block in self._pieces(node, t_ms):
            size += block.values.size
            if size <= _REMEMBERED:
                kept.append(block)
            else:
                kept.clear()
            yield block
        if size <= _REMEMBERED:
            # The steps are kept too, so that no others can have their identity.
            self.known[node, id(t_ms)] = (t_ms, kept)

    def _pieces(self, node: Node, t_ms: Times) -> Iterator[Block]:
        self.guard.check()
        if self.delayed:
            yield from _vector(self, node, t_ms)
        else:
            yield concatenate(_vector(self, node, t_ms), len(t_ms)).merged()

    def scalar(self, node: Node, t_ms: Times) -> Values:
        """A scalar expression, shape (steps,)."""
        return _scalar(self, node, t_ms)

    def samples(self, node: Node, t_ms: Times) -> Iterator[tuple[Samples, WindowShape]]:
        """What a range vector expression looks at, and how its windows lie."""
        if isinstance(node, MatrixSelector):
            shape = WindowShape.of_selector(node, t_ms, self.options.lookback_ms)
            for samples in self.select(node.selector, *shape.reach()):
                yield samples, shape
        elif isinstance(node, Subquery):
            shape = WindowShape.of_subquery(node, t_ms)
            step = node.step or self.options.subquery_step_ms
            assert isinstance(step, int)
            inner_ms = shape.steps(step, self.guard)
            for block in self.stream(node.expr, inner_ms):
                for samples in of_subquery(block, inner_ms):
                    yield samples, shape

    def select(self, selector: VectorSelector, start_ms: int, end_ms: int) -> Iterator[Samples]:
        """The samples of the matching series."""
        for block in self.read(selector, start_ms, end_ms):
            yield from stored(block)

    def read(self, selector: VectorSelector, start_ms: int, end_ms: int) -> Iterator[SeriesBlock]:
        """The matching series as the store gives them."""
        blocks = self.store.select(selector.matchers, start_ms, end_ms)
        for block in read_ahead(blocks, self.executor):
            self.guard.check()
            self.guard.read(*block.values.shape)
            yield block


def _vector(self: Evaluation, node: Node, t_ms: Times) -> Iterator[Block]:
    match node:
        case Once(expr=expr):
            for block in self.stream(expr, t_ms[:1]):
                yield _repeated(block, len(t_ms), self.guard)
        case VectorSelector():
            yield from _instant(self, node, t_ms)
        case Call():
            yield from _call(self, node, t_ms)
        case Aggregate():
            with self.guard.scope():
                block = _aggregate(self, node, t_ms)
            self.guard.hold(block.values.size)
            yield block
        case Binary():
            yield from _binary(self, node, t_ms)
        case Unary(expr=expr):
            for block in self.stream(expr, t_ms):
                negative = replace(block, values=-block.values)
                yield negative.without_names(delayed=self.delayed)
        case _:
            raise AssertionError(f"no vector: {node}")


def _repeated(block: Block, steps: int, guard: Guard) -> Block:
    guard.hold(len(block.series) * (steps - 1))
    shape = (len(block.series), steps)
    return replace(
        block,
        values=np.broadcast_to(block.values, shape),
        present=np.broadcast_to(block.present, shape),
    )


def _scalar(self: Evaluation, node: Node, t_ms: Times) -> Values:
    match node:
        case NumberLiteral(value=value):
            return np.full(len(t_ms), value)
        case Once(expr=expr):
            return np.repeat(_scalar(self, expr, t_ms[:1]), len(t_ms))
        case Unary(expr=expr):
            return -_scalar(self, expr, t_ms)
        case Binary(op=op, left=left, right=right):
            return arithmetic.of_scalars(op, _scalar(self, left, t_ms), _scalar(self, right, t_ms))
        case Call():
            return _scalar_call(self, node, t_ms)
        case _:
            raise AssertionError(f"no scalar: {node}")


def _scalar_call(self: Evaluation, call: Call, t_ms: Times) -> Values:
    match call.function.name:
        case "time":
            return t_ms / 1000
        case "pi":
            return np.full(len(t_ms), np.pi)
        case "scalar":
            return _only_value(self.block(call.args[0], t_ms))
        case "max_of":
            return np.maximum(*(self.scalar(arg, t_ms) for arg in call.args))
        case "min_of":
            return np.minimum(*(self.scalar(arg, t_ms) for arg in call.args))
        case name:
            raise AssertionError(f"no scalar function: {name}")


def _only_value(block: Block) -> Values:
    """The value where exactly one series is present, else NaN."""
    if not len(block.series):
        return np.full(block.values.shape[1], np.nan)
    count = block.present.sum(axis=0)
    first = np.take_along_axis(block.values, block.present.argmax(axis=0)[None, :], axis=0)[0]
    return np.where(count == 1, first, np.nan)


# Selectors


def _instant(self: Evaluation, node: VectorSelector, t_ms: Times) -> Iterator[Block]:
    """The newest sample within the lookback at each step."""
    for block, _ in _looked_up(self, node, t_ms):
        yield block


def _looked_up(
    self: Evaluation, node: VectorSelector, t_ms: Times
) -> Iterator[tuple[Block, Values]]:
    """The newest samples, and when they were, in seconds (steps,)."""
    assert isinstance(node.offset, int)
    lookback_ms = self.options.lookback_ms
    at_ms = np.full(len(t_ms), node.at) if isinstance(node.at, int) else t_ms
    at_ms = at_ms - node.offset
    smoothed = node.extension is Extension.SMOOTHED
    reach = (int(at_ms.min()) - lookback_ms + 1, int(at_ms.max()) + lookback_ms * smoothed)
    if smoothed:
        for samples in self.select(node, *reach):
            yield _smoothed(self, samples, at_ms), at_ms / 1000
        return
    for stored_block in self.read(node, *reach):
        index = np.searchsorted(stored_block.t_ms, at_ms, "right") - 1
        near = (index >= 0) & (stored_block.t_ms[index] > at_ms - lookback_ms)
        if not near.any():
            continue
        values = stored_block.values.take(np.maximum(index, 0), axis=1)
        block = Block.of(stored_block.series, values, _not_stale(values, near)).seen()
        self.guard.hold(block.values.size)
        yield block, stored_block.t_ms[index] / 1000


def _not_stale(values: Values, near: Mask) -> Mask:
    if np.isnan(values).any():
        return near & ~is_stale(values)
    return np.broadcast_to(near, values.shape)


def _smoothed(self: Evaluation, samples: Samples, at_ms: Times) -> Block:
    """On the line between the samples around each step (promql/engine.go, smoothSeries)."""
    t_ms, lookback_ms = samples.t_ms, self.options.lookback_ms
    after = np.searchsorted(t_ms, at_ms, "left")
    before = after - 1
    there = after < len(t_ms)
    there &= t_ms[np.where(there, after, 0)] <= at_ms + lookback_ms
    exact = there & (t_ms[np.where(there, after, 0)] == at_ms)
    recent = (before >= 0) & (t_ms[np.maximum(before, 0)] > at_ms - lookback_ms)
    one = np.where(exact, after, before)
    two = np.where(there & (recent | exact), after, one)
    present = exact | recent
    one, two = np.where(present, one, 0), np.where(present, two, 0)
    apart = t_ms[two] - t_ms[one]
    start, end = samples.values.take(one, axis=1), samples.values.take(two, axis=1)
    line = start + (end - start) * (at_ms - t_ms[one]) / np.where(apart == 0, 1, apart)
    values = np.where(apart == 0, start, line)
    self.guard.hold(values.size)
    return Block.of(samples.series, values, np.broadcast_to(present, values.shape))


# Functions

_Handler = Callable[[Evaluation, Call, Times], Iterator[Block]]


def _call(self: Evaluation, call: Call, t_ms: Times) -> Iterator[Block]:
    name = call.function.name
    if name in RANGE_FUNCTIONS:
        return _over_windows(self, call, t_ms)
    if name in elementwise.PLAIN:
        return _plain(self, call, t_ms)
    if name in dates.NAMES:
        return _date(self, call, t_ms)
    return _HANDLERS[name](self, call, t_ms)


def _over_windows(self: Evaluation, call: Call, t_ms: Times) -> Iterator[Block]:
    request = Request.of(call, [self.scalar(arg, t_ms) for arg in _scalars(call)], t_ms)
    function = RANGE_FUNCTIONS[call.function.name]
    function.check(request)
    for samples, prepared in _prepared(self, request):
        if not prepared.ok.any():
            continue
        self.guard.room_for(len(samples.series) * len(t_ms))
        values = run(prepared, samples.values, check=self.guard.check)
        self.guard.hold(values.size)
        if function.of_counters:
            _tell_no_counters(self.notes, samples.series, call)
        block = Block(
            samples.series,
            values,
            np.broadcast_to(prepared.ok, values.shape),
            samples.nameless,
        )
        yield block if function.keeps_name else block.without_names(delayed=self.delayed)


def _prepared(self: Evaluation, request: Request) -> Iterator[tuple[Samples, Prepared]]:
    """The samples of a call's range vector, and what to do with them."""
    hours = _hours(self, request)
    if hours is not None:
        yield from hours
        return
    function = RANGE_FUNCTIONS[request.call.function.name]
    for samples, shape in self.samples(request.window, request.t_ms):
        yield samples, function.prepare(request, samples.t_ms, shape, self.notes)


def _hours(self: Evaluation, request: Request) -> list[tuple[Samples, Prepared]] | None:
    """The same from hourly statistics, where they give the exact answer."""
    window, name = request.window, request.call.function.name
    if not isinstance(window, MatrixSelector):
        return None
    shape = WindowShape.of_selector(window, request.t_ms, self.options.lookback_ms)
    if shape.extension or not statistics.on_the_hour(name, shape.end_ms, shape.range_ms):
        return None
    start_ms, end_ms = shape.reach()
    blocks = self.store.hours(window.selector.matchers, start_ms - 1, end_ms)
    return statistics.evaluate(name, blocks, shape.windows)


def _scalars(call: Call) -> list[Expr]:
    return [arg for arg in call.args if arg.value_type is ValueType.SCALAR]


_COUNTER_ENDINGS = ("_total", "_sum", "_count", "_bucket")


def _tell_no_counters(notes: Notes, series: tuple[Labels, ...], call: Call) -> None:
    for name in sorted({labels.metric for labels in series}):
        if name and not name.endswith(_COUNTER_ENDINGS):
            notes.not_a_counter(name, call.args[0].pos)


def _plain(self: Evaluation, call: Call, t_ms: Times) -> Iterator[Block]:
    change = elementwise.PLAIN[call.function.name]
    for block in self.stream(call.args[0], t_ms):
        yield replace(block, values=change(block.values)).without_names(delayed=self.delayed)


def _round(self: Evaluation, call: Call, t_ms: Times) -> Iterator[Block]:
    to = self.scalar(call.args[1], t_ms) if len(call.args) > 1 else np.ones(len(t_ms))
    for block in self.stream(call.args[0], t_ms):
        values = elementwise.rounded(block.values, to)
        yield replace(block, values=values).without_names(delayed=self.delayed)


def _clamp(self: Evaluation, call: Call, t_ms: Times) -> Iterator[Block]:
    name, *limits = call.function.name, *(self.scalar(arg, t_ms) for arg in call.args[1:])
    low = limits[0] if name != "clamp_max" else np.full(len(t_ms), -np.inf)
    high = limits[-1] if name != "clamp_min" else np.full(len(t_ms), np.inf)
    for block in self.stream(call.args[0], t_ms):
        values = elementwise.clamped(block.values, low, high)
        present = block.present & ~(high < low)
        clamped = replace(block, values=values, present=present)
        yield clamped.without_names(delayed=self.delayed)


def _date(self: Evaluation, call: Call, t_ms: Times) -> Iterator[Block]:
    name = call.function.name
    if not call.args:
        yield Block.of([EMPTY], dates.part(name, np.floor_divide(t_ms, 1000).astype(float))[None])
        return
    for block in self.stream(call.args[0], t_ms):
        values = dates.part(name, block.values)
        yield replace(block, values=values).without_names(delayed=self.delayed)


def _timestamp(self: Evaluation, call: Call, t_ms: Times) -> Iterator[Block]:
    argument = call.args[0]
    if isinstance(argument, VectorSelector):
        for block, seconds in _looked_up(self, argument, t_ms):
            values = np.broadcast_to(seconds, block.values.shape)
            yield replace(block, values=values).without_names(delayed=self.delayed)
        return
    for block in self.stream(argument, t_ms):
        values = np.broadcast_to(t_ms / 1000, block.values.shape)
        yield replace(block, values=values).without_names(delayed=self.delayed)


def _nothing(self: Evaluation, call: Call, t_ms: Times) -> Iterator[Block]:
    """What acts on native histograms or start timestamps, which we do not keep."""
    for _ in self.stream(call.args[0], t_ms):
        pass
    yield Block.empty(len(t_ms))


def _made_vector(self: Evaluation, call: Call, t_ms: Times) -> Iterator[Block]:
    yield Block.of([EMPTY], self.scalar(call.args[0], t_ms)[None, :])


def _absent(self: Evaluation, call: Call, t_ms: Times) -> Iterator[Block]:
    missing = np.ones(len(t_ms), np.bool_)
    for block in self.stream(call.args[0], t_ms):
        missing &= ~block.present.any(axis=0)
    yield from _ones_where(missing, _labels_of_absent(call.args[0]))


def _absent_over_time(self: Evaluation, call: Call, t_ms: Times) -> Iterator[Block]:
    missing = np.ones(len(t_ms), np.bool_)
    for samples, shape in self.samples(call.args[0], t_ms):
        missing &= shape.windows(samples.t_ms).count == 0
    for block in _ones_where(missing, _labels_of_absent(call.args[0])):
        yield block.without_names(delayed=self.delayed)


def _ones_where(missing: Mask, labels: Labels) -> Iterator[Block]:
    if missing.any():
        yield Block.of([labels], np.ones((1, len(missing))), missing[None, :])


def _labels_of_absent(node: Node) -> Labels:
    """What the missing series would be called, as far as the selector says."""
    if isinstance(node, MatrixSelector):
        node = node.selector
    if isinstance(node, Once):
        return _labels_of_absent(node.expr)
    if not isinstance(node, VectorSelector):
        return EMPTY
    names = [matcher.name for matcher in node.matchers if matcher.name not in NAME_LABELS]
    return Labels.of(
        (matcher.name, matcher.value)
        for matcher in node.matchers
        if matcher.op is MatchOp.EQ and names.count(matcher.name) == 1
    )


def _sort(self: Evaluation, call: Call, t_ms: Times) -> Iterator[Block]:
    name = call.function.name
    block = self.block(call.args[0], t_ms)
    if self.ranged:
        self.notes.sort_in_range(call.pos)
        yield block
        return
    block = block.rows(block.present[:, 0])
    if name.startswith("sort_by_label"):
        texts = _texts(call)
        yield relabel.sort_by_label(block, texts, descending=name.endswith("_desc"))
        return
    sign = -1.0 if name == "sort_desc" else 1.0
    yield block.rows(np.argsort(sign * block.values[:, 0], kind="stable"))


def _texts(call: Call) -> list[str]:
    return [arg.value for arg in call.args if isinstance(arg, StringLiteral)]


def _label_replace(self: Evaluation, call: Call, t_ms: Times) -> Iterator[Block]:
    yield relabel.label_replace(self.block(call.args[0], t_ms), _texts(call))


def _label_join(self: Evaluation, call: Call, t_ms: Times) -> Iterator[Block]:
    yield relabel.label_join(self.block(call.args[0], t_ms), _texts(call))


def _context(self: Evaluation, node: Node, t_ms: Times) -> histogram.Context:
    return histogram.Context(t_ms, self.notes, node.pos, self.delayed, self.options.advice)


def _histogram_quantile(self: Evaluation, call: Call, t_ms: Times) -> Iterator[Block]:
    argument, inner = call.args
    q = self.scalar(argument, t_ms)
    _tell_invalid_quantiles(self.notes, q, argument)
    block = self.block(inner, t_ms)
    yield histogram.quantile(block, q, _context(self, inner, t_ms))


def _tell_invalid_quantiles(notes: Notes, q: Values, node: Node) -> None:
    for value in np.unique(q[~((q >= 0) & (q <= 1))]):
        notes.invalid_quantile(float(value), node.pos)


def _histogram_quantiles(self: Evaluation, call: Call, t_ms: Times) -> Iterator[Block]:
    inner, label, *arguments = call.args
    assert isinstance(label, StringLiteral)
    block = self.block(inner, t_ms)
    wanted = []
    for argument in arguments:
        q = self.scalar(argument, t_ms)
        _tell_invalid_quantiles(self.notes, q, argument)
        for value in np.unique(q):
            here = np.isnan(q) if np.isnan(value) else q == value
            wanted.append(histogram.Wanted(open_metrics(float(value)), float(value), here))
    yield histogram.quantiles(block, wanted, label.value, _context(self, inner, t_ms))


def _histogram_fraction(self: Evaluation, call: Call, t_ms: Times) -> Iterator[Block]:
    lower, upper = (self.scalar(arg, t_ms) for arg in call.args[:2])
    block = self.block(call.args[2], t_ms)
    yield histogram.fraction(block, lower, upper, _context(self, call.args[2], t_ms))


def _info(self: Evaluation, call: Call, t_ms: Times) -> Iterator[Block]:
    base = self.block(call.args[0], t_ms)
    yield enriched(call, base, lambda selector: _looked_up(self, selector, t_ms))


_HANDLERS: Mapping[str, _Handler] = MappingProxyType(
    {
        "absent": _absent,
        "absent_over_time": _absent_over_time,
        "clamp": _clamp,
        "clamp_max": _clamp,
        "clamp_min": _clamp,
        "histogram_avg": _nothing,
        "histogram_count": _nothing,
        "histogram_fraction": _histogram_fraction,
        "histogram_quantile": _histogram_quantile,
        "histogram_quantiles": _histogram_quantiles,
        "histogram_stddev": _nothing,
        "histogram_stdvar": _nothing,
        "histogram_sum": _nothing,
        "info": _info,
        "label_join": _label_join,
        "label_replace": _label_replace,
        "round": _round,
        "sort": _sort,
        "sort_by_label": _sort,
        "sort_by_label_desc": _sort,
        "sort_desc": _sort,
        "start_timestamp": _nothing,
        "timestamp": _timestamp,
        "vector": _made_vector,
    }
)


# Aggregations and operators


def _aggregate(self: Evaluation, node: Aggregate, t_ms: Times) -> Block:
    name = node.op.name
    if name in aggregations.FOLDED:
        return aggregations.fold(node, lambda: self.stream(node.expr, t_ms), len(t_ms))
    if name == "count_values":
        return _count_values(self, node, t_ms)
    assert node.param is not None
    param = self.scalar(node.param, t_ms)
    block = self.block(node.expr, t_ms)
    match name:
        case "quantile":
            return selections.quantile(node, block, param, self.notes)
        case "topk" | "bottomk":
            return selections.top(node, block, param)
        case "limitk":
            return selections.limit(node, block, param)
        case _:
            return selections.limit_ratio(node, block, param, self.notes)


def _count_values(self: Evaluation, node: Aggregate, t_ms: Times) -> Block:
    assert isinstance(node.param, StringLiteral)
    label = node.param.value
    relabel.check_label(label, "invalid label name ")
    block = self.block(node.expr, t_ms)
    return selections.count_values(node, block, label, self.guard.hold)


def _binary(self: Evaluation, node: Binary, t_ms: Times) -> Iterator[Block]:
    left_type, right_type = node.left.value_type, node.right.value_type
    if node.op in arithmetic.FOR_HISTOGRAMS:
        yield _no_histograms(self, node, t_ms)
        return
    if right_type is ValueType.SCALAR or left_type is ValueType.SCALAR:
        swapped = left_type is ValueType.SCALAR
        vector, number = (node.right, node.left) if swapped else (node.left, node.right)
        scalar = self.scalar(number, t_ms)
        for block in self.stream(vector, t_ms):
            yield arithmetic.with_scalar(node, block, scalar, swapped=swapped, delayed=self.delayed)
        return
    left, right = self.block(node.left, t_ms), self.block(node.right, t_ms)
    assert node.matching is not None
    if node.op.is_set:
        yield matching.set_operation(node.op, node.matching, left, right)
    else:
        yield matching.combine(node, left, right, delayed=self.delayed)


def _no_histograms(self: Evaluation, node: Binary, t_ms: Times) -> Block:
    sides = [side for side in (node.left, node.right) if side.value_type is ValueType.VECTOR]
    if all(self.block(side, t_ms).present.any() for side in sides):
        self.notes.not_for_floats(node.op.value, node.pos)
    return Block.empty(len(t_ms))
