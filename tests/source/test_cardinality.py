"""What makes series many, beside naive counting."""

from hypothesis import given
from hypothesis import strategies as st

from jipyo.model.labels import Labels
from jipyo.model.result import Cardinality
from jipyo.source.cardinality import count_cardinality

SERIES = st.lists(
    st.dictionaries(
        st.sampled_from(["__name__", "job", "지역"]), st.sampled_from(["a", "bb", "서울"])
    ).map(Labels.of),
    unique=True,
    max_size=20,
)


def rank(counts: dict[str, int], limit: int) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:limit])


@given(SERIES, st.integers(1, 5))
def test_cardinality_is_that_of_naive_counting(series: list[Labels], limit: int) -> None:
    pairs = {pair for labels in series for pair in labels.pairs}
    metrics = [labels.metric for labels in series]
    values = {name: {value for other, value in pairs if other == name} for name, _ in pairs}
    assert count_cardinality(series, limit) == Cardinality(
        series=len(series),
        label_pairs=len(pairs),
        series_by_metric=rank({name: metrics.count(name) for name in metrics}, limit),
        values_by_label=rank({name: len(found) for name, found in values.items()}, limit),
        bytes_by_label=rank(
            {name: sum(len(value.encode()) for value in found) for name, found in values.items()},
            limit,
        ),
        series_by_pair=rank(
            {
                f"{name}={value}": sum(labels.get(name) == value for labels in series)
                for name, value in pairs
            },
            limit,
        ),
    )


def test_bytes_that_are_not_utf8_count_as_they_are() -> None:
    series = [Labels.of({"a": b"\xff\xfe".decode("utf-8", "surrogateescape")})]
    assert count_cardinality(series, 1).bytes_by_label == (("a", 2),)


def test_series_are_counted_once_through() -> None:
    """A generator is enough: nothing is read twice."""
    series = (Labels.of({"__name__": "x", "i": str(i)}) for i in range(1000))
    counted = count_cardinality(series, 1)
    assert (counted.series, counted.label_pairs) == (1000, 1001)
    assert counted.series_by_metric == (("x", 1000),)
    assert counted.values_by_label == (("i", 1000),)
