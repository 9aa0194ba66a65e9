"""Selectors: the newest sample at each step, and functions over windows of samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.labels import METRIC_NAME
from jipyo.model.matcher import MatchOp
from jipyo.model.sample import Mask, Times, Values, is_stale
from jipyo.promql.engine import hourly as statistics
from jipyo.promql.engine.block import Block
from jipyo.promql.engine.ranges import RANGE_FUNCTIONS, Request, WindowShape
from jipyo.promql.engine.samples import Samples, stored
from jipyo.promql.engine.windows import Prepared, run
from jipyo.promql.syntax.ast import Call, Expr, Extension, MatrixSelector, VectorSelector
from jipyo.promql.syntax.signatures import ValueType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.model.labels import Labels
    from jipyo.promql.engine.annotations import Annotations
    from jipyo.promql.engine.context import Evaluator


def instant(self: Evaluator, node: VectorSelector, t_ms: Times) -> Iterator[Block]:
    """An instant selector: the newest sample within the lookback at each step."""
    for block, _ in looked_up(self, node, t_ms):
        yield block


def looked_up(self: Evaluator, node: VectorSelector, t_ms: Times) -> Iterator[tuple[Block, Values]]:
    """The newest samples, and when they were, in seconds (steps,)."""
    assert isinstance(node.offset, int)
    lookback_ms = self.options.lookback_ms
    at_ms = np.full(len(t_ms), node.at) if isinstance(node.at, int) else t_ms
    at_ms = at_ms - node.offset
    smoothed = node.extension is Extension.SMOOTHED
    reach = (int(at_ms.min()) - lookback_ms + 1, int(at_ms.max()) + lookback_ms * smoothed)
    if smoothed:
        for whole in self.read(node, *reach):
            for samples in stored(whole):
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


def _smoothed(self: Evaluator, samples: Samples, at_ms: Times) -> Block:
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


def over_windows(self: Evaluator, call: Call, t_ms: Times) -> Iterator[Block]:
    """A function over the windows of a range vector, at each step."""
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


def _prepared(self: Evaluator, request: Request) -> Iterator[tuple[Samples, Prepared]]:
    """The samples of a call's range vector, and what to do with them."""
    hours = _hours(self, request)
    if hours is not None:
        yield from hours
        return
    function = RANGE_FUNCTIONS[request.call.function.name]
    for samples, shape in self.samples(request.window, request.t_ms):
        yield samples, function.prepare(request, samples.t_ms, shape, self.notes)


def _hours(self: Evaluator, request: Request) -> list[tuple[Samples, Prepared]] | None:
    """The same from hourly statistics, where they give the exact answer."""
    window, name = request.window, request.call.function.name
    if not isinstance(window, MatrixSelector):
        return None
    shape = WindowShape.of_selector(window, request.t_ms, self.options.lookback_ms)
    if shape.extension or not statistics.on_the_hour(name, shape.end_ms, shape.range_ms):
        return None
    start_ms, end_ms = shape.reach()
    figures = statistics.figures(name)
    blocks = self.store.hours(window.selector.matchers, start_ms - 1, end_ms, figures)
    return statistics.evaluate(name, blocks, shape.windows)


def _scalars(call: Call) -> list[Expr]:
    return [arg for arg in call.args if arg.value_type is ValueType.SCALAR]


def _metrics(series: tuple[Labels, ...], call: Call) -> set[str]:
    """The names of the series; a selector that asks for one name needs no look at them."""
    window = call.args[0]
    if isinstance(window, MatrixSelector):
        for matcher in window.selector.matchers:
            if matcher.name == METRIC_NAME and matcher.op is MatchOp.EQ:
                return {matcher.value}
    return {labels.metric for labels in series}


_COUNTER_ENDINGS = ("_total", "_sum", "_count", "_bucket")


def _tell_no_counters(notes: Annotations, series: tuple[Labels, ...], call: Call) -> None:
    for name in sorted(_metrics(series, call)):
        if name and not name.endswith(_COUNTER_ENDINGS):
            notes.not_a_counter(name, call.args[0].pos)
