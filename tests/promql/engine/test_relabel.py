"""label_replace, label_join and the natural order of labels; parameters that are refused."""

import pytest

from jipyo.model.errors import QueryError
from jipyo.model.labels import Labels
from jipyo.promql import Engine, Feature, Options
from jipyo.promql.engine.functions.relabel import is_naturally_less
from support.answers import vector_of
from support.memory import MemoryStore

ENGINE = Engine(Options(features=frozenset(Feature)))


@pytest.mark.parametrize(
    ("one", "two"),
    [("a2", "a10"), ("a", "b"), ("a", "a1"), ("1", "01"), ("a1b2", "a1b10"), ("1x", "x")],
)
def test_labels_are_ordered_as_people_count(one: str, two: str) -> None:
    assert is_naturally_less(one, two)
    assert not is_naturally_less(two, one)


@pytest.mark.parametrize(
    ("replacement", "made"),
    [
        ("$1", "left"),
        ("${2}-$$", "right-$"),
        ("$name!", "right!"),
        ("${nobody}", ""),
        ("$9", ""),
        ("a$", "a$"),
    ],
)
def test_replacements_are_expanded_as_go_does(replacement: str, made: str) -> None:
    store = MemoryStore()
    store.put(Labels.of({"__name__": "x", "a": "left:right"}), [0], [1.0])
    expr = f'label_replace(x, "b", "{replacement}", "a", "(.*):(?P<name>.*)")'
    (labels,) = vector_of(ENGINE.instant(store, expr, 0)).series
    assert labels.get("b", "") == made


@pytest.mark.parametrize(
    ("expr", "message"),
    [
        (
            'label_replace(x, "", "", "a", "")',
            "invalid destination label name in label_replace(): ",
        ),
        ('label_join(x, "", "-", "a")', "invalid destination label name in label_join(): "),
        ('label_join(x, "b", "-", "\\xff")', "invalid source label name in label_join(): "),
        ('count_values("", x)', "invalid label name "),
    ],
)
def test_impossible_label_names_are_refused(expr: str, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        ENGINE.instant(MemoryStore(), expr, 0)
    assert caught.value.message.startswith(message)


@pytest.mark.parametrize(
    ("expr", "message"),
    [
        ("topk(NaN, x) or topk(vector(1) * 0, x)", ""),
        ("topk(scalar(x) * 1e300, x)", "Scalar value 3e+300 overflows int64"),
        ("limit_ratio(NaN, x)", "Ratio value is NaN"),
    ],
)
def test_impossible_parameters_are_refused(expr: str, message: str) -> None:
    store = MemoryStore()
    store.put(Labels.of({"__name__": "x"}), [0], [3.0])
    with pytest.raises(QueryError) as caught:
        ENGINE.instant(store, expr, 0)
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("k", "message"),
    [
        ("x * 0 / 0 or vector(NaN)", "Parameter value is NaN"),
        ("x - 1e300", "Scalar value -1e+300 underflows int64"),
    ],
)
def test_parameters_that_change_are_checked_at_every_step(k: str, message: str) -> None:
    store = MemoryStore()
    store.put(Labels.of({"__name__": "x"}), [0, 600_000], [3.0, 4.0])
    wanted = (
        f"scalar({k} and on () (x == 4) or vector(1))"
        if "NaN" not in k
        else ("scalar((x == 3) or vector(NaN))")
    )
    with pytest.raises(QueryError) as caught:
        ENGINE.range(store, f"topk({wanted}, x)", 0, 600_000, 600_000)
    assert caught.value.message == message
