"""Every function by name: how it is evaluated over the vectors and scalars in its arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.labels import EMPTY, Labels
from jipyo.model.matcher import MatchOp
from jipyo.model.sample import Times, Values
from jipyo.promql.engine.block import NAME_LABELS, VectorBlock
from jipyo.promql.engine.evaluator import Evaluator
from jipyo.promql.engine.functions import dates, elementwise, histogram, relabel
from jipyo.promql.engine.functions.info import add_info_labels
from jipyo.promql.engine.functions.over_windows import apply_over_windows
from jipyo.promql.engine.functions.range_functions import RANGE_FUNCTIONS
from jipyo.promql.engine.selectors import select_newest
from jipyo.promql.syntax.ast import Call, MatrixSelector, StringLiteral, VectorSelector
from jipyo.promql.syntax.number_format import format_openmetrics

if TYPE_CHECKING:
    from jipyo.promql.engine.annotations import Annotations
    from jipyo.promql.engine.plan import Node


def _apply_elementwise(ev: Evaluator, call: Call, t_ms: Times) -> Iterator[VectorBlock]:
    change = elementwise.ELEMENTWISE[call.function.name]
    for block in ev.stream_vector(call.args[0], t_ms):
        yield replace(block, values=change(block.values)).drop_names(delayed=ev.delays_names)


def _round(ev: Evaluator, call: Call, t_ms: Times) -> Iterator[VectorBlock]:
    multiple = ev.evaluate_scalar(call.args[1], t_ms) if len(call.args) > 1 else np.ones(len(t_ms))
    for block in ev.stream_vector(call.args[0], t_ms):
        values = elementwise.round_to_multiple(block.values, multiple)
        yield replace(block, values=values).drop_names(delayed=ev.delays_names)


def _apply_clamp(ev: Evaluator, call: Call, t_ms: Times) -> Iterator[VectorBlock]:
    name, *limits = call.function.name, *(ev.evaluate_scalar(arg, t_ms) for arg in call.args[1:])
    low = limits[0] if name != "clamp_max" else np.full(len(t_ms), -np.inf)
    high = limits[-1] if name != "clamp_min" else np.full(len(t_ms), np.inf)
    for block in ev.stream_vector(call.args[0], t_ms):
        values = elementwise.clip_values(block.values, low, high)
        present = block.present & ~(high < low)
        clamped = replace(block, values=values, present=present)
        yield clamped.drop_names(delayed=ev.delays_names)


def _extract_date_part(ev: Evaluator, call: Call, t_ms: Times) -> Iterator[VectorBlock]:
    name = call.function.name
    if not call.args:
        yield VectorBlock.of(
            [EMPTY], dates.extract_part(name, np.floor_divide(t_ms, 1000).astype(float))[None]
        )
        return
    for block in ev.stream_vector(call.args[0], t_ms):
        values = dates.extract_part(name, block.values)
        yield replace(block, values=values).drop_names(delayed=ev.delays_names)


def _read_timestamps(ev: Evaluator, call: Call, t_ms: Times) -> Iterator[VectorBlock]:
    argument = call.args[0]
    if isinstance(argument, VectorSelector):
        # A smoothed value has no time of its own: as in Prometheus, the sample before gives it.
        for block, seconds in select_newest(ev, replace(argument, extension=None), t_ms):
            values = np.broadcast_to(seconds, block.values.shape)
            yield replace(block, values=values).drop_names(delayed=ev.delays_names)
        return
    for block in ev.stream_vector(argument, t_ms):
        values = np.broadcast_to(t_ms / 1000, block.values.shape)
        yield replace(block, values=values).drop_names(delayed=ev.delays_names)


def _evaluate_to_nothing(ev: Evaluator, call: Call, t_ms: Times) -> Iterator[VectorBlock]:
    """Functions of native histograms and start timestamps, which the store does not keep."""
    for _ in ev.stream_vector(call.args[0], t_ms):
        pass
    yield VectorBlock.empty(len(t_ms))


def _make_vector(ev: Evaluator, call: Call, t_ms: Times) -> Iterator[VectorBlock]:
    yield VectorBlock.of([EMPTY], ev.evaluate_scalar(call.args[0], t_ms)[None, :])


def _find_absent(ev: Evaluator, call: Call, t_ms: Times) -> Iterator[VectorBlock]:
    """`absent` and `absent_over_time`: 1 at the steps where the argument has no series."""
    missing = np.ones(len(t_ms), np.bool_)
    over_time = call.function.name == "absent_over_time"
    if over_time:
        for samples, shape in ev.read_samples(call.args[0], t_ms):
            missing &= shape.place(samples.t_ms).count == 0
    else:
        for block in ev.stream_vector(call.args[0], t_ms):
            missing &= ~block.present.any(axis=0)
    if missing.any():
        labels = _derive_absent_labels(call.args[0])
        ones = VectorBlock.of([labels], np.ones((1, len(t_ms))), missing[None, :])
        yield ones.drop_names(delayed=ev.delays_names) if over_time else ones


def _derive_absent_labels(node: Node) -> Labels:
    """The labels of the missing series, as far as the selector determines them."""
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


def _sort(ev: Evaluator, call: Call, t_ms: Times) -> VectorBlock:
    name = call.function.name
    block = ev.evaluate_vector(call.args[0], t_ms)
    if ev.is_range_query:
        ev.annotations.warn_sort_in_range(call.pos)
        return block
    block = block.take_rows(block.present[:, 0])
    if name.startswith("sort_by_label"):
        texts = _get_text_args(call)
        return relabel.sort_by_label(block, texts, descending=name.endswith("_desc"))
    sign = -1.0 if name == "sort_desc" else 1.0
    return block.take_rows(np.argsort(sign * block.values[:, 0], kind="stable"))


def _get_text_args(call: Call) -> list[str]:
    return [arg.value for arg in call.args if isinstance(arg, StringLiteral)]


def _change_labels(ev: Evaluator, call: Call, t_ms: Times) -> VectorBlock:
    is_join = call.function.name == "label_join"
    change = relabel.join_labels if is_join else relabel.replace_label
    return change(ev.evaluate_vector(call.args[0], t_ms), _get_text_args(call))


def _build_histogram_context(ev: Evaluator, node: Node, t_ms: Times) -> histogram.HistogramContext:
    return histogram.HistogramContext(
        t_ms, ev.annotations, node.pos, ev.delays_names, ev.options.advice
    )


def _compute_histogram_quantile(ev: Evaluator, call: Call, t_ms: Times) -> VectorBlock:
    argument, inner = call.args
    q = ev.evaluate_scalar(argument, t_ms)
    _warn_invalid_quantiles(ev.annotations, q, argument)
    block = ev.evaluate_vector(inner, t_ms)
    return histogram.compute_quantile(block, q, _build_histogram_context(ev, inner, t_ms))


def _warn_invalid_quantiles(annotations: Annotations, q: Values, node: Node) -> None:
    for value in np.unique(q[~((q >= 0) & (q <= 1))]):
        annotations.warn_invalid_quantile(float(value), node.pos)


def _compute_histogram_quantiles(ev: Evaluator, call: Call, t_ms: Times) -> VectorBlock:
    inner, label, *arguments = call.args
    assert isinstance(label, StringLiteral)
    block = ev.evaluate_vector(inner, t_ms)
    wanted = []
    for argument in arguments:
        q = ev.evaluate_scalar(argument, t_ms)
        _warn_invalid_quantiles(ev.annotations, q, argument)
        for value in np.unique(q):
            at_steps = np.isnan(q) if np.isnan(value) else q == value
            wanted.append(
                histogram.RequestedQuantile(
                    format_openmetrics(float(value)), float(value), at_steps
                )
            )
    return histogram.compute_quantiles(
        block, wanted, label.value, _build_histogram_context(ev, inner, t_ms)
    )


def _compute_histogram_fraction(ev: Evaluator, call: Call, t_ms: Times) -> VectorBlock:
    lower, upper = (ev.evaluate_scalar(arg, t_ms) for arg in call.args[:2])
    block = ev.evaluate_vector(call.args[2], t_ms)
    return histogram.compute_fraction(
        block, lower, upper, _build_histogram_context(ev, call.args[2], t_ms)
    )


def _join_info(ev: Evaluator, call: Call, t_ms: Times) -> VectorBlock:
    base = ev.evaluate_vector(call.args[0], t_ms)
    return add_info_labels(call, base, lambda selector: select_newest(ev, selector, t_ms))


_StreamFunction = Callable[[Evaluator, Call, Times], Iterator[VectorBlock]]
_BlockFunction = Callable[[Evaluator, Call, Times], VectorBlock]

_STREAM_FUNCTIONS: Mapping[str, _StreamFunction] = MappingProxyType(
    {
        **dict.fromkeys(RANGE_FUNCTIONS, apply_over_windows),
        **dict.fromkeys(elementwise.ELEMENTWISE, _apply_elementwise),
        **dict.fromkeys(dates.DATE_FUNCTIONS, _extract_date_part),
        **dict.fromkeys(("clamp", "clamp_max", "clamp_min"), _apply_clamp),
        "absent": _find_absent,
        "absent_over_time": _find_absent,
        "histogram_avg": _evaluate_to_nothing,
        "histogram_count": _evaluate_to_nothing,
        "histogram_stddev": _evaluate_to_nothing,
        "histogram_stdvar": _evaluate_to_nothing,
        "histogram_sum": _evaluate_to_nothing,
        "round": _round,
        "start_timestamp": _evaluate_to_nothing,
        "timestamp": _read_timestamps,
        "vector": _make_vector,
    }
)
"""Functions that need only some of the series at a time."""

_BLOCK_FUNCTIONS: Mapping[str, _BlockFunction] = MappingProxyType(
    {
        **dict.fromkeys(("sort", "sort_desc", "sort_by_label", "sort_by_label_desc"), _sort),
        "histogram_fraction": _compute_histogram_fraction,
        "histogram_quantile": _compute_histogram_quantile,
        "histogram_quantiles": _compute_histogram_quantiles,
        "info": _join_info,
        "label_join": _change_labels,
        "label_replace": _change_labels,
    }
)
"""Functions that need all series at once."""


def _pick_extreme_scalar(ev: Evaluator, call: Call, t_ms: Times) -> Values:
    pick = elementwise.pick_greater if call.function.name == "max_of" else elementwise.pick_smaller
    return pick(*(ev.evaluate_scalar(arg, t_ms) for arg in call.args))


def _extract_only_value(ev: Evaluator, call: Call, t_ms: Times) -> Values:
    """`scalar`: the value where exactly one series is present, else NaN."""
    with ev.budget.release_at_exit():
        block = ev.evaluate_vector(call.args[0], t_ms)
    if not len(block.series):
        return np.full(block.values.shape[1], np.nan)
    count = block.present.sum(axis=0)
    first = np.take_along_axis(block.values, block.present.argmax(axis=0)[None, :], axis=0)[0]
    return np.where(count == 1, first, np.nan)


_SCALARS: Mapping[str, Callable[[Evaluator, Call, Times], Values]] = MappingProxyType(
    {
        "max_of": _pick_extreme_scalar,
        "min_of": _pick_extreme_scalar,
        "pi": lambda _, __, t_ms: np.full(len(t_ms), np.pi),
        "scalar": _extract_only_value,
        "time": lambda _, __, t_ms: t_ms / 1000,
    }
)


def call_vector_function(ev: Evaluator, call: Call, t_ms: Times) -> Iterator[VectorBlock]:
    """The vector that a function returns."""
    name = call.function.name
    if name in _STREAM_FUNCTIONS:
        return _STREAM_FUNCTIONS[name](ev, call, t_ms)
    return ev.materialize(lambda: _BLOCK_FUNCTIONS[name](ev, call, t_ms))


def call_scalar_function(ev: Evaluator, call: Call, t_ms: Times) -> Values:
    """The scalar that a function returns, shape (steps,)."""
    return _SCALARS[call.function.name](ev, call, t_ms)
