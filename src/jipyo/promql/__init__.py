"""Text -> tree -> arrays, without any I/O."""

from jipyo.promql.engine.engine import Engine
from jipyo.promql.engine.options import Options
from jipyo.promql.syntax.ast import Expr
from jipyo.promql.syntax.features import FEATURE_NAMES, Feature, Features, parse_features
from jipyo.promql.syntax.parser import parse, parse_cached, parse_selector
from jipyo.promql.syntax.printer import format_expr

__all__ = [
    "FEATURE_NAMES",
    "Engine",
    "Expr",
    "Feature",
    "Features",
    "Options",
    "format_expr",
    "parse",
    "parse_cached",
    "parse_features",
    "parse_selector",
]
