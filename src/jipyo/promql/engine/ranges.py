"""Functions over range vectors: how their windows lie, and which kernel they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.errors import QueryError
from jipyo.promql.engine import over_time, rates
from jipyo.promql.engine.windows import Kernel, Prepared, Windows
from jipyo.promql.syntax.ast import Call, Expr, Extension, MatrixSelector, Subquery
from jipyo.promql.syntax.signatures import ValueType

if TYPE_CHECKING:
    from jipyo.model.sample import Mask, Times, Values
    from jipyo.promql.engine.annotations import Annotations
    from jipyo.promql.engine.budget import Guard


@dataclass(frozen=True, slots=True)
class WindowShape:
    """Windows of one length, one for each step; `end_ms` (steps,)."""

    end_ms: Times
    range_ms: int
    extension: Extension | None = None
    lookback_ms: int = 0

    @classmethod
    def of_selector(cls, node: MatrixSelector, t_ms: Times, lookback_ms: int) -> WindowShape:
        """The windows of `x[5m]`."""
        selector = node.selector
        assert isinstance(selector.offset, int)
        assert isinstance(node.range, int)
        at_ms = np.full(len(t_ms), selector.at) if isinstance(selector.at, int) else t_ms
        return cls(at_ms - selector.offset, node.range, selector.extension, lookback_ms)

    @classmethod
    def of_subquery(cls, node: Subquery, t_ms: Times) -> WindowShape:
        """The windows of `expr[1h:5m]`."""
        assert isinstance(node.offset, int)
        assert isinstance(node.range, int)
        at_ms = np.full(len(t_ms), node.at) if isinstance(node.at, int) else t_ms
        return cls(at_ms - node.offset, node.range)

    @property
    def smoothed(self) -> bool:
        """Whether edges lie on the line between samples."""
        return self.extension is Extension.SMOOTHED

    def windows(self, t_ms: Times) -> Windows:
        """Where the windows lie on these times."""
        if self.extension is None:
            return Windows.over(t_ms, self.end_ms, self.range_ms)
        return rates.extended_windows(
            t_ms, self.end_ms, self.range_ms, self.lookback_ms, smoothed=self.smoothed
        )

    def reach(self) -> tuple[int, int]:
        """The first and last moment at which a sample counts."""
        back = self.range_ms + (self.lookback_ms if self.extension else 0)
        ahead = self.lookback_ms if self.smoothed else 0
        return int(self.end_ms.min()) - back + 1, int(self.end_ms.max()) + ahead

    def steps(self, step_ms: int, guard: Guard) -> Times:
        """The multiples of the step that lie in any window.

        Raises:
            QueryError: they are more than samples are allowed.
        """
        first = np.floor_divide(self.end_ms - self.range_ms, step_ms) + 1
        last = np.floor_divide(self.end_ms, step_ms)
        if len(first) > 1 and (first[1:] > last[:-1] + 1).any():
            guard.room_for(int(np.maximum(last - first + 1, 0).sum()))
            parts = [np.arange(a, b + 1) for a, b in zip(first, last, strict=True)]
            return np.unique(np.concatenate(parts)) * step_ms
        low, high = int(first.min()), int(last.max())
        guard.room_for(high - low + 1)
        return np.arange(low, high + 1, dtype=np.int64) * step_ms


@dataclass(frozen=True, slots=True)
class Request:
    """A call with its scalar arguments, each of shape (steps,)."""

    call: Call
    window: Expr
    args: tuple[Values, ...]
    t_ms: Times

    @classmethod
    def of(cls, call: Call, args: Sequence[Values], t_ms: Times) -> Request:
        """The call's range vector apart from its scalars."""
        window = next(arg for arg in call.args if arg.value_type is ValueType.MATRIX)
        return cls(call, window, tuple(args), t_ms)


_Extended = Callable[[bool], Kernel]


@dataclass(frozen=True, slots=True)
class RangeFunction:
    """A row of the table.

    `extended` gives the kernel for anchored (False) and smoothed (True) windows; `judge`
    looks at the arguments where there are samples, and gives those to be used.
    """

    kernel: Kernel
    extended: _Extended | None = None
    smoothable: bool = False
    keeps_name: bool = False
    of_counters: bool = False
    judge: Callable[[Request, Windows, Annotations], tuple[Values, ...]] | None = None

    def check(self, request: Request) -> None:
        """Refuse windows that this function cannot have.

        Raises:
            QueryError: the window is anchored or smoothed.
        """
        window = request.window
        extension = window.selector.extension if isinstance(window, MatrixSelector) else None
        if extension is None:
            return
        fits = self.smoothable if extension is Extension.SMOOTHED else self.extended is not None
        if not fits:
            raise _unfit(extension, request.call.function.name)

    def prepare(
        self, request: Request, t_ms: Times, shape: WindowShape, notes: Annotations
    ) -> Prepared:
        """What to do with series that share these times."""
        windows = shape.windows(t_ms)
        args = request.args
        if self.judge is not None:
            args = self.judge(request, windows, notes)
        if shape.extension is None:
            return self.kernel(t_ms, windows, args)
        assert self.extended is not None
        return self.extended(shape.smoothed)(t_ms, windows, args)


def _unfit(extension: Extension, name: str) -> QueryError:
    smoothed = extension is Extension.SMOOTHED
    able = sorted(
        each
        for each, function in RANGE_FUNCTIONS.items()
        if (function.smoothable if smoothed else function.extended is not None)
    )
    return QueryError.execution(
        f"{extension.value} modifier can only be used with: {', '.join(able)} - not with {name}"
    )


def _quantile(request: Request, windows: Windows, notes: Annotations) -> tuple[Values, ...]:
    q = request.args[0][windows.count > 0]
    for value in np.unique(q[~((q >= 0) & (q <= 1))]):
        notes.invalid_quantile(float(value), request.call.args[0].pos)
    return request.args


def _smoothing(request: Request, windows: Windows, _: Annotations) -> tuple[Values, ...]:
    filled = windows.count > 0
    for what, values in zip(("smoothing", "trend"), request.args, strict=True):
        wrong = filled & ((values <= 0) | (values >= 1))
        if wrong.any():
            short = "sf" if what == "smoothing" else "tf"
            raise QueryError.execution(
                f"invalid {what} factor. Expected: 0 < {short} < 1, got: {values[wrong][0]:f}"
            )
    return request.args


def _strategy(request: Request, windows: Windows, notes: Annotations) -> tuple[Values, ...]:
    if not request.args:
        return ()
    rule = request.args[0]
    wrong = ~np.isin(rule, (0.0, 1.0, 2.0))
    for value in np.unique(rule[wrong & (windows.count > 0)]):
        notes.invalid_strategy(float(value), request.call.args[1].pos)
    return (np.where(wrong, 2.0, rule),)


def _ahead(request: Request, _: Windows, __: Annotations) -> tuple[Values, ...]:
    return (*request.args, request.t_ms.astype(np.float64))


def _rate(name: str, kernel: Kernel) -> RangeFunction:
    counter, per_second = name != "delta", name == "rate"

    def extended(smoothed: bool) -> Kernel:
        return rates.extended_rate(smoothed=smoothed, counter=counter, per_second=per_second)

    return RangeFunction(kernel, extended, smoothable=True, of_counters=counter)


def _anchored(kernel: Kernel, flag: Callable[[Values], Mask]) -> RangeFunction:
    return RangeFunction(kernel, lambda _: rates.anchored_count(flag))


RANGE_FUNCTIONS: Mapping[str, RangeFunction] = MappingProxyType(
    {
        "avg_over_time": RangeFunction(over_time.avg_over_time),
        "changes": _anchored(over_time.changes, over_time.differ),
        "count_over_time": RangeFunction(over_time.count_over_time),
        "delta": _rate("delta", rates.delta),
        "deriv": RangeFunction(over_time.deriv),
        "double_exponential_smoothing": RangeFunction(
            over_time.double_exponential_smoothing, judge=_smoothing
        ),
        "first_over_time": RangeFunction(over_time.first_over_time, keeps_name=True),
        "idelta": RangeFunction(rates.idelta),
        "increase": _rate("increase", rates.increase),
        "integral": RangeFunction(over_time.integral, judge=_strategy),
        "irate": RangeFunction(rates.irate),
        "last_over_time": RangeFunction(over_time.last_over_time, keeps_name=True),
        "mad_over_time": RangeFunction(over_time.mad_over_time),
        "max_over_time": RangeFunction(over_time.max_over_time),
        "min_over_time": RangeFunction(over_time.min_over_time),
        "predict_linear": RangeFunction(over_time.predict_linear, judge=_ahead),
        "present_over_time": RangeFunction(over_time.present_over_time),
        "quantile_over_time": RangeFunction(over_time.quantile_over_time, judge=_quantile),
        "rate": _rate("rate", rates.rate),
        "resets": _anchored(over_time.resets, over_time.falls),
        "stddev_over_time": RangeFunction(over_time.stddev_over_time),
        "stdvar_over_time": RangeFunction(over_time.stdvar_over_time),
        "sum_over_time": RangeFunction(over_time.sum_over_time),
        "ts_of_first_over_time": RangeFunction(over_time.ts_of_first_over_time),
        "ts_of_last_over_time": RangeFunction(over_time.ts_of_last_over_time),
        "ts_of_max_over_time": RangeFunction(over_time.ts_of_max_over_time),
        "ts_of_min_over_time": RangeFunction(over_time.ts_of_min_over_time),
    }
)
"""Every function over a range vector but absent_over_time, which makes series of its own."""
