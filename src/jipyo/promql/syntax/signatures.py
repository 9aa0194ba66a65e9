"""The signatures of functions and aggregators (prometheus/promql/parser/functions.go, 3.16).

The parser checks calls against these tables; the engine has the kernels.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class ValueType(Enum):
    """What an expression evaluates to; the value is the API's name."""

    SCALAR = "scalar"
    VECTOR = "vector"
    MATRIX = "matrix"
    STRING = "string"

    @property
    def documented(self) -> str:
        """The name in the documentation and in parse errors."""
        return _DOCUMENTED.get(self.value, self.value)


_DOCUMENTED = {"vector": "instant vector", "matrix": "range vector"}

_S = ValueType.SCALAR
_V = ValueType.VECTOR
_M = ValueType.MATRIX
_T = ValueType.STRING


@dataclass(frozen=True, slots=True)
class Function:
    """A row of the function table.

    `variadic` says how the last of `arg_types` repeats: 0 exactly once, n > 0 none to n
    times, -1 any number of times, none included.
    """

    name: str
    arg_types: tuple[ValueType, ...]
    return_type: ValueType = _V
    variadic: int = 0
    experimental: bool = False


@dataclass(frozen=True, slots=True)
class Aggregator:
    """A row of the aggregator table; `param` is the type of its first argument, if it has two."""

    name: str
    param: ValueType | None = None
    experimental: bool = False


def _list_vector_functions() -> Iterable[Function]:
    names = (
        "abs absent acos acosh asin asinh atan atanh ceil cos cosh deg exp floor "
        "histogram_avg histogram_count histogram_stddev histogram_stdvar histogram_sum "
        "ln log10 log2 rad sgn sin sinh sort sort_desc sqrt tan tanh timestamp"
    )
    return (Function(name, (_V,)) for name in names.split())


def _list_date_functions() -> Iterable[Function]:
    names = "day_of_month day_of_week day_of_year days_in_month hour minute month year"
    return (Function(name, (_V,), variadic=1) for name in names.split())


def _list_window_functions() -> Iterable[Function]:
    names = (
        "absent_over_time avg_over_time changes count_over_time delta deriv first_over_time "
        "idelta increase irate last_over_time max_over_time min_over_time present_over_time "
        "rate resets stddev_over_time stdvar_over_time sum_over_time"
    )
    experimental = (
        "mad_over_time ts_of_first_over_time ts_of_last_over_time ts_of_max_over_time "
        "ts_of_min_over_time"
    )
    yield from (Function(name, (_M,)) for name in names.split())
    yield from (Function(name, (_M,), experimental=True) for name in experimental.split())


_OTHERS = (
    *(Function(name, (), _S, experimental=True) for name in ("end", "range", "start", "step")),
    Function("clamp", (_V, _S, _S)),
    Function("clamp_max", (_V, _S)),
    Function("clamp_min", (_V, _S)),
    Function("double_exponential_smoothing", (_M, _S, _S), experimental=True),
    Function("histogram_fraction", (_S, _S, _V)),
    Function("histogram_quantile", (_S, _V)),
    Function("histogram_quantiles", (_V, _T, _S, _S), variadic=9, experimental=True),
    Function("info", (_V, _V), variadic=1, experimental=True),
    Function("integral", (_M, _S), variadic=1, experimental=True),
    Function("label_join", (_V, _T, _T, _T), variadic=-1),
    Function("label_replace", (_V, _T, _T, _T, _T)),
    Function("max_of", (_S, _S), _S, experimental=True),
    Function("min_of", (_S, _S), _S, experimental=True),
    Function("pi", (), _S),
    Function("predict_linear", (_M, _S)),
    Function("quantile_over_time", (_S, _M)),
    Function("round", (_V, _S), variadic=1),
    Function("scalar", (_V,), _S),
    Function("sort_by_label", (_V, _T), variadic=-1, experimental=True),
    Function("sort_by_label_desc", (_V, _T), variadic=-1, experimental=True),
    Function("start_timestamp", (_V,), experimental=True),
    Function("time", (), _S),
    Function("vector", (_S,)),
)

ORDERING = frozenset(
    {"sort", "sort_desc", "sort_by_label", "sort_by_label_desc", "topk", "bottomk"}
)
"""Functions and aggregators whose result has an order."""

FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {
        function.name: function
        for function in (
            *_list_vector_functions(),
            *_list_date_functions(),
            *_list_window_functions(),
            *_OTHERS,
        )
    }
)
"""Every function by name; names are case-sensitive."""

AGGREGATORS: Mapping[str, Aggregator] = MappingProxyType(
    {
        aggregator.name: aggregator
        for aggregator in (
            *(Aggregator(name) for name in ("avg", "count", "group", "max", "min")),
            *(Aggregator(name) for name in ("stddev", "stdvar", "sum")),
            Aggregator("bottomk", _S),
            Aggregator("count_values", _T),
            Aggregator("limit_ratio", _S, experimental=True),
            Aggregator("limitk", _S, experimental=True),
            Aggregator("quantile", _S),
            Aggregator("topk", _S),
        )
    }
)
"""Every aggregator by its name in small letters; queries may write it in any case."""
