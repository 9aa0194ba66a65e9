"""Metric families: the builders, and putting families of one name together."""

from __future__ import annotations

import pytest

from jipyo.model.family import (
    Family,
    counter,
    family,
    gauge,
    info,
    intern_labels,
    merge_families,
    single,
)
from jipyo.model.sample import MetricType


@pytest.mark.parametrize(
    ("built", "kind", "samples"),
    [
        (gauge("g", "t", ("a",), [("x", 1), ("y", 2)]), "gauge", {'g{a="x"}': 1, 'g{a="y"}': 2}),
        (counter("c_total", "t", (), [((), 3.0)]), "counter", {"c_total": 3.0}),
        (single(MetricType.UNKNOWN, "u", "t", 4.0), "unknown", {"u": 4.0}),
        (info("i", "t", {"v": "1", "p": "2"}), "gauge", {'i{p="2",v="1"}': 1.0}),
        (family(MetricType.GAUGE, "e", "t", ("a",), [(("",), 5.0)]), "gauge", {"e": 5.0}),
        (gauge("n", "t", ("a",), []), "gauge", {}),
    ],
)  # fmt: skip
def test_builders(built: Family, kind: str, samples: dict[str, float]) -> None:
    assert (built.type.value, built.help) == (kind, "t")
    assert {str(sample.labels): sample.value for sample in built.samples} == samples


def test_every_label_needs_its_value() -> None:
    with pytest.raises(ValueError, match="zip"):
        gauge("g", "t", ("a", "b"), [(("x",), 1.0)])


def test_equal_label_sets_are_one_object() -> None:
    assert intern_labels("m", ("a",), ("x",)) is intern_labels("m", ("a",), ("x",))


def test_families_of_one_name_are_merged_in_order() -> None:
    merged = merge_families([
        gauge("a", "first", ("n",), [(("1",), 1.0)]),
        gauge("b", "other", (), [((), 9.0)]),
        gauge("a", "second", ("n",), [(("2",), 2.0)]),
    ])  # fmt: skip
    assert [(one.name, one.help, len(one.samples)) for one in merged] == [
        ("a", "first", 2),
        ("b", "other", 1),
    ]
    assert merge_families([]) == []
