"""Text -> tree -> arrays, without any I/O."""

from jipyo.promql.ast import Expr
from jipyo.promql.features import Feature, Features, parse_features
from jipyo.promql.parser import parse, parse_selector
from jipyo.promql.printer import format_expr

__all__ = [
    "Expr",
    "Feature",
    "Features",
    "format_expr",
    "parse",
    "parse_features",
    "parse_selector",
]
