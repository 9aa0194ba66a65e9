"""What series are called, alone and beside one another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.analysis.series_names import name_series, name_series_apart
from jipyo.model.labels import Labels

label_sets = st.dictionaries(
    st.sampled_from(["instance", "job", "model", "cpu", "gpu", "device", "__name__"]),
    st.sampled_from(["a", "b", "0", "1", "10.0.0.1:9100", "GPU-77"]),
    max_size=5,
)


@pytest.mark.parametrize(
    ("labels", "name"),
    [
        ({"instance": "host1", "cpu": "0"}, "host1 · cpu 0"),
        ({"instance": "host1", "device": "eth0"}, "host1 · eth0"),
        ({"instance": "host1", "job": "node"}, "host1"),
        ({"instance": "10.0.0.1:9100", "gpu": "3"}, "10.0.0.1:9100 · GPU 3"),
        ({"gpu": "GPU-77"}, "GPU-77"),
        ({"job": "api"}, "api"),
        ({"__name__": "up", "model": "llama"}, "llama"),
        ({"mountpoint": "/data", "instance": "host1"}, "host1 · /data"),
        ({"status": "2xx", "handler": "/v1"}, "/v1 · status 2xx"),
        ({"model": "70b", "instance": "h"}, "h · 70b"),
        ({}, ""),
        ({"__name__": "up"}, ""),
    ],
)
def test_a_series_is_named_by_its_labels(labels: dict[str, str], name: str) -> None:
    assert name_series(Labels.of(labels)) == name


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        ([{"instance": "a", "cpu": "0"}, {"instance": "a", "cpu": "1"}], ("cpu 0", "cpu 1")),
        ([{"instance": "a", "gpu": "0"}, {"instance": "b", "gpu": "0"}], ("a", "b")),
        (
            [{"instance": "a", "gpu": "0"}, {"instance": "b", "gpu": "1"}],
            ("a · GPU 0", "b · GPU 1"),
        ),
        ([{"mountpoint": "/"}, {"mountpoint": "/data"}], ("/", "/data")),
        ([{"gpu": "GPU-77"}, {"gpu": "0", "model": "x"}], ("GPU-77", "x · GPU 0")),
        ([{"instance": "a", "cpu": "0"}], ("a · cpu 0",)),  # alone it has its full name
        ([{"a": "b"}, {"a": "b"}], ("b", "b")),  # equal series have equal names
        ([{"x": "1"}, {"y": "2"}], ("x 1", "y 2")),
        ([{"x": "a"}, {"y": "a"}], ("x a", "y a")),  # two of one name show their labels' names
        (
            [{"instance": "h", "job": "a"}, {"instance": "h", "job": "b"}, {"instance": "i"}],
            ("instance h · job a", "instance h · job b", "i"),
        ),
        ([], ()),
    ],
)
def test_series_beside_one_another_are_named_by_what_differs(
    labels: list[dict[str, str]], names: tuple[str, ...]
) -> None:
    assert name_series_apart([Labels.of(one) for one in labels]) == names


@given(st.lists(label_sets, max_size=6, unique_by=lambda labels: tuple(sorted(labels.items()))))
def test_different_series_have_different_names(labels: list[dict[str, str]]) -> None:
    """Unless nothing but the metric's name differs, or one has labels that the other lacks."""
    series = [Labels.of({k: v for k, v in one.items() if k != "__name__"}) for one in labels]
    if len(set(series)) == len(series) and all(series):
        assert len(set(name_series_apart(series))) == len(series)
