"""Functions over range vectors, evaluated at every step: from samples, or from whole hours."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.labels import METRIC_NAME
from jipyo.model.matcher import MatchOp
from jipyo.promql.engine.block import VectorBlock
from jipyo.promql.engine.functions import hourly
from jipyo.promql.engine.functions.range_functions import RANGE_FUNCTIONS, RangeCall
from jipyo.promql.engine.functions.side_by_side import (
    apply_side_by_side,
    can_stand_side_by_side,
    collect_small_parts,
)
from jipyo.promql.engine.windows import Prepared, WindowShape, apply_to_series
from jipyo.promql.syntax.ast import Call, MatrixSelector
from jipyo.promql.syntax.signatures import ValueType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.model.labels import Labels
    from jipyo.model.sample import Times
    from jipyo.promql.engine.annotations import Annotations
    from jipyo.promql.engine.evaluator import Evaluator
    from jipyo.promql.engine.functions.range_functions import RangeFunction
    from jipyo.promql.engine.samples import Samples

_COUNTER_ENDINGS = ("_total", "_sum", "_count", "_bucket")


def apply_over_windows(ev: Evaluator, call: Call, t_ms: Times) -> Iterator[VectorBlock]:
    """A function over the windows of a range vector, at each step."""
    scalars = [arg for arg in call.args if arg.value_type is ValueType.SCALAR]
    range_call = RangeCall.of(call, [ev.evaluate_scalar(arg, t_ms) for arg in scalars], t_ms)
    function = RANGE_FUNCTIONS[call.function.name]
    function.check_extension(range_call)
    for block in _compute_blocks(ev, range_call):
        if not block.present.any():
            continue
        if function.of_counters:
            _note_non_counters(ev.annotations, block.series, call)
        yield block if function.keeps_name else block.drop_names(delayed=ev.delays_names)


def _compute_blocks(ev: Evaluator, range_call: RangeCall) -> Iterator[VectorBlock]:
    """The results of a call, with the names of the series."""
    function = RANGE_FUNCTIONS[range_call.call.function.name]
    from_hours = _prepare_from_hours(ev, range_call)
    if from_hours is not None:
        for samples, prepared in from_hours:
            yield from _compute_block(ev, samples, prepared)
        return
    for shape, parts in _collect_parts(ev, range_call, function):
        if len(parts) == 1:
            (samples,) = parts
            prepared = function.prepare(range_call, samples.t_ms, shape, ev.annotations)
            yield from _compute_block(ev, samples, prepared)
        else:
            yield _compute_side_by_side(ev, function, parts, shape)


def _collect_parts(
    ev: Evaluator, range_call: RangeCall, function: RangeFunction
) -> Iterator[tuple[WindowShape, list[Samples]]]:
    """The samples of a call's range vector, alone or together, and the shape of its windows."""
    found = ev.read_samples(range_call.window, range_call.t_ms)
    first = next(found, None)
    if first is None:
        return
    shape, steps = first[1], len(range_call.t_ms)
    parts = (samples for samples, _ in itertools.chain((first,), found))
    if function.sees_only_windows and can_stand_side_by_side(shape):
        for some in collect_small_parts(parts, steps):
            yield shape, some
    else:
        for samples in parts:
            yield shape, [samples]


def _compute_block(ev: Evaluator, samples: Samples, prepared: Prepared) -> Iterator[VectorBlock]:
    """The results of series with common times; nothing where no window has any."""
    if not prepared.ok.any():
        return
    ev.budget.require_room(len(samples.series) * len(prepared.ok))
    values = apply_to_series(prepared, samples.values, check=ev.budget.check)
    ev.budget.hold(values.size)
    present = np.broadcast_to(prepared.ok, values.shape)
    yield VectorBlock(samples.series, values, present, samples.nameless)


def _compute_side_by_side(
    ev: Evaluator, function: RangeFunction, parts: list[Samples], shape: WindowShape
) -> VectorBlock:
    """The results of series with different times."""
    series = tuple(labels for samples in parts for labels in samples.series)
    ev.budget.hold(len(series) * len(shape.end_ms))
    values, present = apply_side_by_side(function.kernel, parts, shape, ev.budget.check)
    nameless = np.concatenate([samples.nameless for samples in parts])
    return VectorBlock(series, values, present, nameless).drop_empty()


def _prepare_from_hours(
    ev: Evaluator, range_call: RangeCall
) -> list[tuple[Samples, Prepared]] | None:
    """The same from hourly statistics, where they give the exact answer."""
    window, name = range_call.window, range_call.call.function.name
    if not isinstance(window, MatrixSelector):
        return None
    shape = WindowShape.from_selector(window, range_call.t_ms, ev.options.lookback_ms)
    if not hourly.is_answerable(name, shape):
        return None
    start_ms, end_ms = shape.find_reach()
    figures = hourly.find_needed_figures(name)
    blocks = ev.store.hours(window.selector.matchers, start_ms - 1, end_ms, figures)
    return hourly.prepare_hours(name, blocks, shape.place)


def _note_non_counters(annotations: Annotations, series: tuple[Labels, ...], call: Call) -> None:
    for name in sorted(_find_metric_names(series, call)):
        if name and not name.endswith(_COUNTER_ENDINGS):
            annotations.note_not_a_counter(name, call.args[0].pos)


def _find_metric_names(series: tuple[Labels, ...], call: Call) -> set[str]:
    """The names of the series; a selector of one name saves looking at each of them."""
    window = call.args[0]
    if isinstance(window, MatrixSelector):
        for matcher in window.selector.matchers:
            if matcher.name == METRIC_NAME and matcher.op is MatchOp.EQ:
                return {matcher.value}
    return {labels.metric for labels in series}
