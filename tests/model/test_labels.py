"""Label sets: immutable, sorted, without empty values; equal where they mean the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.model.labels import EMPTY, Labels

NAMES = st.sampled_from(["__name__", "a", "b", "job", "지역"])
PAIRS = st.dictionaries(NAMES, st.text(max_size=3))


@given(PAIRS)
def test_a_label_set_is_a_sorted_mapping_without_empty_values(pairs: dict[str, str]) -> None:
    labels = Labels.of(pairs)
    assert dict(labels) == {name: value for name, value in pairs.items() if value}
    assert list(labels) == sorted(labels)
    assert len(labels) == len(dict(labels))


@given(PAIRS, PAIRS)
def test_label_sets_are_equal_where_they_mean_the_same(
    one: dict[str, str], two: dict[str, str]
) -> None:
    left, right = Labels.of(one), Labels.of(dict(reversed(two.items())))
    alike = {n: v for n, v in one.items() if v} == {n: v for n, v in two.items() if v}
    assert (left == right) is alike
    assert (len({left, right}) == 1) is alike
    assert (left < right) is (left.pairs < right.pairs)


@given(PAIRS, st.sets(NAMES))
def test_keeping_and_dropping_are_complements(pairs: dict[str, str], names: set[str]) -> None:
    labels = Labels.of(pairs)
    kept, dropped = labels.keep(names), labels.drop(names)
    assert set(kept) == set(labels) & names
    assert set(dropped) == set(labels) - names
    assert kept.put(dropped) == labels


@given(PAIRS, PAIRS)
def test_put_sets_and_removes(pairs: dict[str, str], more: dict[str, str]) -> None:
    merged = Labels.of(pairs).put(more)
    assert merged == Labels.of({**pairs, **more})
    assert not set(merged) & {name for name, value in more.items() if not value}


@pytest.mark.parametrize(
    ("pairs", "text"),
    [
        ({}, "{}"),
        ({"__name__": "up"}, "up"),
        ({"__name__": "up", "job": "node"}, 'up{job="node"}'),
        ({"job": "node", "a": "1"}, '{a="1",job="node"}'),
        ({"a": 'say "hi"\n\\'}, '{a="say \\"hi\\"\\n\\\\"}'),
        ({"지역": "서울"}, '{지역="서울"}'),
    ],
)
def test_labels_are_written_as_a_selector(pairs: dict[str, str], text: str) -> None:
    labels = Labels.of(pairs)
    assert str(labels) == text
    assert repr(labels) == f"Labels({text})"


def test_of_two_pairs_with_one_name_the_last_wins() -> None:
    assert Labels.of([("a", "1"), ("a", "2")]) == Labels.of({"a": "2"})


@pytest.mark.parametrize(
    ("pairs", "metric"),
    [({"__name__": "x", "a": "1"}, "x"), ({"A": "1", "__name__": "x"}, "x"), ({"a": "1"}, "")],
)
def test_the_metric_is_its_name_label(pairs: dict[str, str], metric: str) -> None:
    """`A` sorts before `__name__`, which then is not the first pair."""
    assert Labels.of(pairs).metric == metric


def test_a_label_that_is_not_there_is_a_key_error() -> None:
    labels = Labels.of({"a": "1"})
    assert labels["a"] == "1"
    assert labels.get("b") is None
    assert "b" not in labels
    with pytest.raises(KeyError, match="b"):
        labels["b"]


def test_labels_equal_no_other_mapping() -> None:
    assert Labels.of({"a": "1"}) != {"a": "1"}
    assert Labels.of({}) == EMPTY
