"""Text -> tree -> arrays, without any I/O."""

from jipyo.promql.ast import Expr
from jipyo.promql.engine import Engine
from jipyo.promql.features import Feature, Features, parse_features
from jipyo.promql.options import Options
from jipyo.promql.parser import parse, parse_selector, parsed
from jipyo.promql.printer import format_expr

__all__ = [
    "Engine",
    "Expr",
    "Feature",
    "Features",
    "Options",
    "format_expr",
    "parse",
    "parse_features",
    "parse_selector",
    "parsed",
]
