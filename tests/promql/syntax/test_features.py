import pytest

from jipyo.model.errors import ConfigError
from jipyo.promql import Feature, parse_features
from jipyo.promql.syntax.features import DEFAULT
from jipyo.promql.syntax.signatures import AGGREGATORS, FUNCTIONS, ValueType


def test_features_are_added_to_the_default_ones() -> None:
    chosen = parse_features(["promql-experimental-functions", "promql-duration-expr"])
    assert chosen == DEFAULT | {Feature.EXPERIMENTAL_FUNCTIONS}
    assert parse_features([]) == DEFAULT


def test_an_unknown_feature_is_named_with_the_known_ones() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_features(["promql-time-travel"])
    assert caught.value.key == "promql.unknown_feature"
    assert caught.value.values["name"] == "promql-time-travel"
    assert "promql-binop-fill-modifiers" in str(caught.value.values["known"])


def test_every_function_and_aggregator_of_prometheus_is_there() -> None:
    assert len(FUNCTIONS) == 91
    assert len(AGGREGATORS) == 14
    assert sum(function.experimental for function in FUNCTIONS.values()) == 18


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        (ValueType.VECTOR, "instant vector"),
        (ValueType.MATRIX, "range vector"),
        (ValueType.SCALAR, "scalar"),
        (ValueType.STRING, "string"),
    ],
)
def test_types_are_called_as_in_the_documentation(kind: ValueType, word: str) -> None:
    assert kind.documented == word
