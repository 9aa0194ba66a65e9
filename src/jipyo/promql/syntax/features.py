"""Parts of the language that are enabled by name, as with Prometheus' --enable-feature."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from jipyo.model.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable


class Feature(Enum):
    """What can be enabled; the value is Prometheus' name."""

    EXPERIMENTAL_FUNCTIONS = "promql-experimental-functions"
    """Functions and aggregators marked experimental in `signatures`."""
    FILL_MODIFIERS = "promql-binop-fill-modifiers"
    """`a + fill(0) b`, `fill_left`, `fill_right`."""
    UNQUOTED_UTF8_NAMES = "promql-unquoted-utf8-names"
    """Letters of any script and inner dots in names without quotes."""
    DELAYED_NAME_REMOVAL = "promql-delayed-name-removal"
    """The metric name is dropped at the end of a query; for the engine, not the parser."""


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

FEATURE_NAMES = (*(feature.value for feature in Feature), *sorted(_ALWAYS_ON))
"""Every name that `parse_features` knows."""


def parse_features(names: Iterable[str]) -> Features:
    """Features by Prometheus' names, added to the default ones.

    Names of features that are always on are accepted.

    Raises:
        ConfigError: a name is unknown.
    """
    by_name = {feature.value: feature for feature in Feature}
    chosen = set(DEFAULT)
    for name in names:
        if name in by_name:
            chosen.add(by_name[name])
        elif name not in _ALWAYS_ON:
            raise ConfigError("promql.unknown_feature", name=name, known=", ".join(sorted(by_name)))
    return frozenset(chosen)
