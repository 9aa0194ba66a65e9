"""The table of functions over range vectors: their kernels, arguments and windows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.errors import QueryError
from jipyo.promql.engine.functions import over_time, rates
from jipyo.promql.engine.windows import Kernel, Prepared, Windows, WindowShape
from jipyo.promql.syntax.ast import Call, Expr, Extension, MatrixSelector
from jipyo.promql.syntax.signatures import ValueType

if TYPE_CHECKING:
    from jipyo.model.sample import Mask, Times, Values
    from jipyo.promql.engine.annotations import Annotations


@dataclass(frozen=True, slots=True)
class RangeCall:
    """A call of a range function with its scalar arguments, each of shape (steps,)."""

    call: Call
    window: Expr
    args: tuple[Values, ...]
    t_ms: Times

    @classmethod
    def of(cls, call: Call, args: Sequence[Values], t_ms: Times) -> RangeCall:
        """Take the call apart into its range vector and its scalars."""
        window = next(arg for arg in call.args if arg.value_type is ValueType.MATRIX)
        return cls(call, window, tuple(args), t_ms)


_MakeExtended = Callable[[bool], Kernel]


@dataclass(frozen=True, slots=True)
class RangeFunction:
    """A row of the table.

    `make_extended` returns the kernel of anchored (False) or smoothed (True) windows;
    `check_args` annotates wrong arguments where there are samples, and returns those to use.
    """

    kernel: Kernel
    make_extended: _MakeExtended | None = None
    smoothable: bool = False
    keeps_name: bool = False
    of_counters: bool = False
    sees_only_windows: bool = False
    """Whether a result is the same to the last digit whatever samples lie outside of its window,
    and at whatever time it is; such a function has no arguments."""
    check_args: Callable[[RangeCall, Windows, Annotations], tuple[Values, ...]] | None = None

    def check_extension(self, range_call: RangeCall) -> None:
        """Reject extended windows that this function does not support.

        Raises:
            QueryError: the window is anchored or smoothed.
        """
        window = range_call.window
        extension = window.selector.extension if isinstance(window, MatrixSelector) else None
        if extension is None:
            return
        fits = (
            self.smoothable if extension is Extension.SMOOTHED else self.make_extended is not None
        )
        if not fits:
            raise _build_extension_error(extension, range_call.call.function.name)

    def prepare(
        self, range_call: RangeCall, t_ms: Times, shape: WindowShape, annotations: Annotations
    ) -> Prepared:
        """Prepare the kernel for series that share these times."""
        windows = shape.place(t_ms)
        args = range_call.args
        if self.check_args is not None:
            args = self.check_args(range_call, windows, annotations)
        if shape.extension is None:
            return self.kernel(t_ms, windows, args)
        assert self.make_extended is not None
        return self.make_extended(shape.smoothed)(t_ms, windows, args)


def _build_extension_error(extension: Extension, name: str) -> QueryError:
    smoothed = extension is Extension.SMOOTHED
    supporting = sorted(
        supported
        for supported, function in RANGE_FUNCTIONS.items()
        if (function.smoothable if smoothed else function.make_extended is not None)
    )
    names = ", ".join(supporting)
    return QueryError.execution(
        f"{extension.value} modifier can only be used with: {names} - not with {name}"
    )


def _check_quantile(
    range_call: RangeCall, windows: Windows, annotations: Annotations
) -> tuple[Values, ...]:
    q = range_call.args[0][windows.count > 0]
    for value in np.unique(q[~((q >= 0) & (q <= 1))]):
        annotations.warn_invalid_quantile(float(value), range_call.call.args[0].pos)
    return range_call.args


def _check_smoothing(range_call: RangeCall, windows: Windows, _: Annotations) -> tuple[Values, ...]:
    filled = windows.count > 0
    for what, values in zip(("smoothing", "trend"), range_call.args, strict=True):
        wrong = filled & ((values <= 0) | (values >= 1))
        if wrong.any():
            short = "sf" if what == "smoothing" else "tf"
            raise QueryError.execution(
                f"invalid {what} factor. Expected: 0 < {short} < 1, got: {values[wrong][0]:f}"
            )
    return range_call.args


def _check_strategy(
    range_call: RangeCall, windows: Windows, annotations: Annotations
) -> tuple[Values, ...]:
    if not range_call.args:
        return ()
    rule = range_call.args[0]
    wrong = ~np.isin(rule, (0.0, 1.0, 2.0))
    for value in np.unique(rule[wrong & (windows.count > 0)]):
        annotations.warn_invalid_strategy(float(value), range_call.call.args[1].pos)
    return (np.where(wrong, 2.0, rule),)


def _make_rate_function(name: str, kernel: Kernel) -> RangeFunction:
    counter, per_second = name != "delta", name == "rate"

    def make_extended(smoothed: bool) -> Kernel:
        return rates.make_extended_rate(smoothed=smoothed, counter=counter, per_second=per_second)

    return RangeFunction(
        kernel, make_extended, smoothable=True, of_counters=counter, sees_only_windows=True
    )


def _make_count_function(kernel: Kernel, flag: Callable[[Values], Mask]) -> RangeFunction:
    return RangeFunction(kernel, lambda _: rates.make_anchored_count(flag), sees_only_windows=True)


RANGE_FUNCTIONS: Mapping[str, RangeFunction] = MappingProxyType(
    {
        "avg_over_time": RangeFunction(over_time.avg_over_time),
        "changes": _make_count_function(over_time.changes, over_time.find_changes),
        "count_over_time": RangeFunction(over_time.count_over_time, sees_only_windows=True),
        "delta": _make_rate_function("delta", rates.delta),
        "deriv": RangeFunction(over_time.deriv),
        "double_exponential_smoothing": RangeFunction(
            over_time.double_exponential_smoothing, check_args=_check_smoothing
        ),
        "first_over_time": RangeFunction(
            over_time.first_over_time, keeps_name=True, sees_only_windows=True
        ),
        "idelta": RangeFunction(rates.idelta, sees_only_windows=True),
        "increase": _make_rate_function("increase", rates.increase),
        "integral": RangeFunction(over_time.integral, check_args=_check_strategy),
        "irate": RangeFunction(rates.irate, sees_only_windows=True),
        "last_over_time": RangeFunction(
            over_time.last_over_time, keeps_name=True, sees_only_windows=True
        ),
        "mad_over_time": RangeFunction(over_time.mad_over_time),
        "max_over_time": RangeFunction(over_time.max_over_time),
        "min_over_time": RangeFunction(over_time.min_over_time),
        "predict_linear": RangeFunction(
            over_time.predict_linear,
            check_args=lambda range_call, _, __: (*range_call.args, range_call.t_ms.astype(float)),
        ),
        "present_over_time": RangeFunction(over_time.present_over_time, sees_only_windows=True),
        "quantile_over_time": RangeFunction(
            over_time.quantile_over_time, check_args=_check_quantile
        ),
        "rate": _make_rate_function("rate", rates.rate),
        "resets": _make_count_function(over_time.resets, over_time.find_drops),
        "stddev_over_time": RangeFunction(over_time.stddev_over_time),
        "stdvar_over_time": RangeFunction(over_time.stdvar_over_time),
        "sum_over_time": RangeFunction(over_time.sum_over_time),
        "ts_of_first_over_time": RangeFunction(over_time.ts_of_first_over_time),
        "ts_of_last_over_time": RangeFunction(over_time.ts_of_last_over_time),
        "ts_of_max_over_time": RangeFunction(over_time.ts_of_max_over_time),
        "ts_of_min_over_time": RangeFunction(over_time.ts_of_min_over_time),
    }
)
"""Every function over a range vector except absent_over_time, which makes up its series."""
