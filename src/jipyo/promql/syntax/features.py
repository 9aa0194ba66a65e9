"""Parts of the language that are switched on by name, as with Prometheus' --enable-feature."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from jipyo.model.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable


class Feature(Enum):
    """What may be switched; the value is Prometheus' name."""

    EXPERIMENTAL_FUNCTIONS = "promql-experimental-functions"
    """Functions and aggregators marked experimental in `signatures`."""
    FILL_MODIFIERS = "promql-binop-fill-modifiers"
    """`a + fill(0) b`, `fill_left`, `fill_right`."""
    UNQUOTED_UTF8_NAMES = "promql-unquoted-utf8-names"
    """Letters of any script and inner dots in names without quotes."""
    DELAYED_NAME_REMOVAL = "promql-delayed-name-removal"
    """The metric name is dropped at the very end; a matter of the engine, not of the parser."""


Features = frozenset[Feature]

ALL: Features = frozenset(Feature)
DEFAULT: Features = frozenset({Feature.UNQUOTED_UTF8_NAMES})

_ALWAYS_ON = frozenset(
    {
        "promql-at-modifier",
        "promql-negative-offset",
        "promql-duration-expr",
        "promql-extended-range-selectors",
    }
)


def parse_features(names: Iterable[str]) -> Features:
    """Features by Prometheus' names, added to the default ones.

    Names of what has become a fixed part of the language are taken without effect.

    Raises:
        ConfigError: nobody knows a name.
    """
    known = {feature.value: feature for feature in Feature}
    chosen = set(DEFAULT)
    for name in names:
        if name in known:
            chosen.add(known[name])
        elif name not in _ALWAYS_ON:
            raise ConfigError("promql.unknown_feature", name=name, known=", ".join(sorted(known)))
    return frozenset(chosen)
