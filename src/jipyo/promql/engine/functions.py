"""Every function by name: what it makes of the vectors and scalars below it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.labels import EMPTY, Labels
from jipyo.model.matcher import MatchOp
from jipyo.model.sample import Mask, Times, Values
from jipyo.promql.engine import dates, elementwise, histogram, relabel
from jipyo.promql.engine.block import NAME_LABELS, Block
from jipyo.promql.engine.context import Evaluator
from jipyo.promql.engine.info import enriched
from jipyo.promql.engine.ranges import RANGE_FUNCTIONS
from jipyo.promql.engine.selectors import looked_up, over_windows
from jipyo.promql.syntax.ast import Call, MatrixSelector, StringLiteral, VectorSelector
from jipyo.promql.syntax.number_format import open_metrics

if TYPE_CHECKING:
    from jipyo.promql.engine.annotations import Annotations
    from jipyo.promql.engine.plan import Node


def _plain(self: Evaluator, call: Call, t_ms: Times) -> Iterator[Block]:
    change = elementwise.PLAIN[call.function.name]
    for block in self.stream(call.args[0], t_ms):
        yield replace(block, values=change(block.values)).without_names(delayed=self.delayed)


def _round(self: Evaluator, call: Call, t_ms: Times) -> Iterator[Block]:
    to = self.scalar(call.args[1], t_ms) if len(call.args) > 1 else np.ones(len(t_ms))
    for block in self.stream(call.args[0], t_ms):
        values = elementwise.rounded(block.values, to)
        yield replace(block, values=values).without_names(delayed=self.delayed)


def _clamp(self: Evaluator, call: Call, t_ms: Times) -> Iterator[Block]:
    name, *limits = call.function.name, *(self.scalar(arg, t_ms) for arg in call.args[1:])
    low = limits[0] if name != "clamp_max" else np.full(len(t_ms), -np.inf)
    high = limits[-1] if name != "clamp_min" else np.full(len(t_ms), np.inf)
    for block in self.stream(call.args[0], t_ms):
        values = elementwise.clamped(block.values, low, high)
        present = block.present & ~(high < low)
        clamped = replace(block, values=values, present=present)
        yield clamped.without_names(delayed=self.delayed)


def _date(self: Evaluator, call: Call, t_ms: Times) -> Iterator[Block]:
    name = call.function.name
    if not call.args:
        yield Block.of([EMPTY], dates.part(name, np.floor_divide(t_ms, 1000).astype(float))[None])
        return
    for block in self.stream(call.args[0], t_ms):
        values = dates.part(name, block.values)
        yield replace(block, values=values).without_names(delayed=self.delayed)


def _timestamp(self: Evaluator, call: Call, t_ms: Times) -> Iterator[Block]:
    argument = call.args[0]
    if isinstance(argument, VectorSelector):
        # A smoothed value has no time of its own: Prometheus tells that of the sample before.
        for block, seconds in looked_up(self, replace(argument, extension=None), t_ms):
            values = np.broadcast_to(seconds, block.values.shape)
            yield replace(block, values=values).without_names(delayed=self.delayed)
        return
    for block in self.stream(argument, t_ms):
        values = np.broadcast_to(t_ms / 1000, block.values.shape)
        yield replace(block, values=values).without_names(delayed=self.delayed)


def _nothing(self: Evaluator, call: Call, t_ms: Times) -> Iterator[Block]:
    """What acts on native histograms or start timestamps, which we do not keep."""
    for _ in self.stream(call.args[0], t_ms):
        pass
    yield Block.empty(len(t_ms))


def _made_vector(self: Evaluator, call: Call, t_ms: Times) -> Iterator[Block]:
    yield Block.of([EMPTY], self.scalar(call.args[0], t_ms)[None, :])


def _absent(self: Evaluator, call: Call, t_ms: Times) -> Iterator[Block]:
    missing = np.ones(len(t_ms), np.bool_)
    for block in self.stream(call.args[0], t_ms):
        missing &= ~block.present.any(axis=0)
    yield from _ones_where(missing, _labels_of_absent(call.args[0]))


def _absent_over_time(self: Evaluator, call: Call, t_ms: Times) -> Iterator[Block]:
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
    if not isinstance(node, VectorSelector):
        return EMPTY
    names = [matcher.name for matcher in node.matchers if matcher.name not in NAME_LABELS]
    return Labels.of(
        (matcher.name, matcher.value)
        for matcher in node.matchers
        if matcher.op is MatchOp.EQ and names.count(matcher.name) == 1
    )


def _sort(self: Evaluator, call: Call, t_ms: Times) -> Block:
    name = call.function.name
    block = self.block(call.args[0], t_ms)
    if self.ranged:
        self.notes.sort_in_range(call.pos)
        return block
    block = block.rows(block.present[:, 0])
    if name.startswith("sort_by_label"):
        texts = _texts(call)
        return relabel.sort_by_label(block, texts, descending=name.endswith("_desc"))
    sign = -1.0 if name == "sort_desc" else 1.0
    return block.rows(np.argsort(sign * block.values[:, 0], kind="stable"))


def _texts(call: Call) -> list[str]:
    return [arg.value for arg in call.args if isinstance(arg, StringLiteral)]


def _label_replace(self: Evaluator, call: Call, t_ms: Times) -> Block:
    return relabel.label_replace(self.block(call.args[0], t_ms), _texts(call))


def _label_join(self: Evaluator, call: Call, t_ms: Times) -> Block:
    return relabel.label_join(self.block(call.args[0], t_ms), _texts(call))


def _context(self: Evaluator, node: Node, t_ms: Times) -> histogram.Context:
    return histogram.Context(t_ms, self.notes, node.pos, self.delayed, self.options.advice)


def _histogram_quantile(self: Evaluator, call: Call, t_ms: Times) -> Block:
    argument, inner = call.args
    q = self.scalar(argument, t_ms)
    _tell_invalid_quantiles(self.notes, q, argument)
    block = self.block(inner, t_ms)
    return histogram.quantile(block, q, _context(self, inner, t_ms))


def _tell_invalid_quantiles(notes: Annotations, q: Values, node: Node) -> None:
    for value in np.unique(q[~((q >= 0) & (q <= 1))]):
        notes.invalid_quantile(float(value), node.pos)


def _histogram_quantiles(self: Evaluator, call: Call, t_ms: Times) -> Block:
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
    return histogram.quantiles(block, wanted, label.value, _context(self, inner, t_ms))


def _histogram_fraction(self: Evaluator, call: Call, t_ms: Times) -> Block:
    lower, upper = (self.scalar(arg, t_ms) for arg in call.args[:2])
    block = self.block(call.args[2], t_ms)
    return histogram.fraction(block, lower, upper, _context(self, call.args[2], t_ms))


def _info(self: Evaluator, call: Call, t_ms: Times) -> Block:
    base = self.block(call.args[0], t_ms)
    return enriched(call, base, lambda selector: looked_up(self, selector, t_ms))


_Streaming = Callable[[Evaluator, Call, Times], Iterator[Block]]
_Gathering = Callable[[Evaluator, Call, Times], Block]

_STREAMING: Mapping[str, _Streaming] = MappingProxyType(
    {
        **dict.fromkeys(RANGE_FUNCTIONS, over_windows),
        **dict.fromkeys(elementwise.PLAIN, _plain),
        **dict.fromkeys(dates.NAMES, _date),
        **dict.fromkeys(("clamp", "clamp_max", "clamp_min"), _clamp),
        "absent": _absent,
        "absent_over_time": _absent_over_time,
        "histogram_avg": _nothing,
        "histogram_count": _nothing,
        "histogram_stddev": _nothing,
        "histogram_stdvar": _nothing,
        "histogram_sum": _nothing,
        "round": _round,
        "start_timestamp": _nothing,
        "timestamp": _timestamp,
        "vector": _made_vector,
    }
)
"""What can be done with some series at a time."""

_GATHERING: Mapping[str, _Gathering] = MappingProxyType(
    {
        **dict.fromkeys(("sort", "sort_desc", "sort_by_label", "sort_by_label_desc"), _sort),
        "histogram_fraction": _histogram_fraction,
        "histogram_quantile": _histogram_quantile,
        "histogram_quantiles": _histogram_quantiles,
        "info": _info,
        "label_join": _label_join,
        "label_replace": _label_replace,
    }
)
"""What needs all series at once."""


def of_vector(self: Evaluator, call: Call, t_ms: Times) -> Iterator[Block]:
    """A function that gives a vector."""
    name = call.function.name
    if name in _STREAMING:
        return _STREAMING[name](self, call, t_ms)
    return self.gathered(lambda: _GATHERING[name](self, call, t_ms))


def of_scalar(self: Evaluator, call: Call, t_ms: Times) -> Values:
    """A function that gives a scalar."""
    return _SCALARS[call.function.name](self, call, t_ms)


def _time(_: Evaluator, __: Call, t_ms: Times) -> Values:
    return t_ms / 1000


def _pi(_: Evaluator, __: Call, t_ms: Times) -> Values:
    return np.full(len(t_ms), np.pi)


def _max_of(self: Evaluator, call: Call, t_ms: Times) -> Values:
    return elementwise.greater(*(self.scalar(arg, t_ms) for arg in call.args))


def _min_of(self: Evaluator, call: Call, t_ms: Times) -> Values:
    return elementwise.smaller(*(self.scalar(arg, t_ms) for arg in call.args))


def _scalar(self: Evaluator, call: Call, t_ms: Times) -> Values:
    with self.guard.scope():
        return _only_value(self.block(call.args[0], t_ms))


def _only_value(block: Block) -> Values:
    """The value where exactly one series is present, else NaN."""
    if not len(block.series):
        return np.full(block.values.shape[1], np.nan)
    count = block.present.sum(axis=0)
    first = np.take_along_axis(block.values, block.present.argmax(axis=0)[None, :], axis=0)[0]
    return np.where(count == 1, first, np.nan)


_SCALARS: Mapping[str, Callable[[Evaluator, Call, Times], Values]] = MappingProxyType(
    {"max_of": _max_of, "min_of": _min_of, "pi": _pi, "scalar": _scalar, "time": _time}
)
