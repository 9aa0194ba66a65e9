"""Several mistakes of configuration files as one error, and errors that are equal."""

from __future__ import annotations

import pytest

from jipyo.model.errors import ConfigError, NetError, SourceError


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        (["a.yaml:10: x", "a.yaml:9: y", "a.yaml:2"], ["a.yaml:2", "a.yaml:9: y", "a.yaml:10: x"]),
        (["b:3", "a:9", "b:1", "a:2"], ["b:1", "b:3", "a:2", "a:9"]),
        (["a:2: second", "a:2: first"], ["a:2: second", "a:2: first"]),
        (
            ["C:\\x: y.yaml:7: p", "C:\\x: y.yaml:5: p"],
            ["C:\\x: y.yaml:5: p", "C:\\x: y.yaml:7: p"],
        ),
        (["--listen", "a:1"], ["--listen", "a:1"]),
    ],
)
def test_mistakes_stand_in_the_order_of_lines(places: list[str], expected: list[str]) -> None:
    error = ConfigError.of([ConfigError("k", where=place) for place in places])
    assert [mistake.values["where"] for mistake in error.mistakes] == expected
    nested = ConfigError.of([*error.mistakes, ConfigError("k", where=expected[0])])
    assert nested.mistakes[0].values["where"] == expected[0]


def test_a_single_mistake_is_an_error_of_its_own() -> None:
    error = ConfigError.of([ConfigError("k", hint="h", where="a:1")])
    assert (error.key, error.hint, error.mistakes) == ("k", "h", (error,))


def test_errors_that_say_the_same_are_equal() -> None:
    error = SourceError("net.timeout", url="http://a", seconds="10")
    assert error == SourceError("net.timeout", url="http://a", seconds="10")
    assert len({error, SourceError("net.timeout", url="http://a", seconds="10")}) == 1
    for other in (
        SourceError("net.timeout", url="http://b", seconds="10"),
        SourceError("net.cut", url="http://a", seconds="10"),
        SourceError("net.timeout", hint="net.cut", url="http://a", seconds="10"),
        NetError("net.timeout", url="http://a", seconds="10"),
    ):
        assert error != other
