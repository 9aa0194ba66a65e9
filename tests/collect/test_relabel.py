"""Relabelling as Prometheus does it (the cases follow relabel_test.go)."""

from __future__ import annotations

from typing import Any

import pytest

from jipyo.collect.relabel import Relabel, RelabelRule
from jipyo.model.errors import ConfigError

ABC = {"a": "foo", "b": "bar", "c": "baz"}


def relabelled(labels: dict[str, str], *rules: dict[str, Any]) -> dict[str, str] | None:
    return Relabel([RelabelRule(**rule) for rule in rules])(labels)


@pytest.mark.parametrize(
    ("labels", "rule", "expected"),
    [
        (ABC, {"source_labels": ("a",), "regex": "f(.*)", "target_label": "d",
               "replacement": "ch${1}-ch${1}"}, {**ABC, "d": "choo-choo"}),
        (ABC, {"source_labels": ("a", "b"), "regex": "f(.*);(.*)r", "target_label": "a",
               "replacement": "b${1}${2}m"}, {**ABC, "a": "booba" "m"}),
        (ABC, {"source_labels": ("a",), "regex": "o", "target_label": "d"}, ABC),
        (ABC, {"source_labels": ("a",), "target_label": "b", "replacement": ""},
         {"a": "foo", "c": "baz"}),
        (ABC, {"source_labels": ("a",), "regex": "(.*)", "target_label": "${1}-"}, ABC),
        ({"a": "x\n"}, {"source_labels": ("a",), "target_label": "$1"}, {"a": "x\n"}),
        (ABC, {"source_labels": ("a",), "target_label": "$1"}, {**ABC, "foo": "foo"}),
        (ABC, {"source_labels": ("a",), "target_label": "d", "replacement": "$$x $9 ${no}!"},
         {**ABC, "d": "$x  !"}),
        (ABC, {"source_labels": ("a",), "regex": "(?P<n>f)oo", "target_label": "d",
               "replacement": "${n}$n"}, {**ABC, "d": "ff"}),
        (ABC, {"source_labels": ("a", "b"), "separator": "-", "target_label": "d"},
         {**ABC, "d": "foo-bar"}),
        (ABC, {"target_label": "d", "replacement": "fixed"}, {**ABC, "d": "fixed"}),
        (ABC, {"source_labels": ("a",), "action": "drop", "regex": ".*o.*"}, None),
        (ABC, {"source_labels": ("a",), "action": "drop", "regex": "o"}, ABC),
        (ABC, {"source_labels": ("a",), "action": "keep", "regex": "f..|x"}, ABC),
        (ABC, {"source_labels": ("a",), "action": "keep", "regex": "no-match"}, None),
        ({"a": "x\ny"}, {"source_labels": ("a",), "action": "keep", "regex": "x.y"},
         {"a": "x\ny"}),
        (ABC, {"source_labels": ("c",), "action": "hashmod", "target_label": "d", "modulus": 1000},
         {**ABC, "d": "976"}),
        ({"a": "foo\nbar"}, {"source_labels": ("a",), "action": "hashmod", "target_label": "b",
                             "modulus": 1000}, {"a": "foo\nbar", "b": "734"}),
        ({"a": "foo", "b1": "bar", "b2": "baz"}, {"action": "labelmap", "regex": "(b.*)",
                                                  "replacement": "bar_${1}"},
         {"a": "foo", "b1": "bar", "b2": "baz", "bar_b1": "bar", "bar_b2": "baz"}),
        (ABC, {"action": "labeldrop", "regex": "[ab]"}, {"c": "baz"}),
        (ABC, {"action": "labelkeep", "regex": "[ab]"}, {"a": "foo", "b": "bar"}),
        ({"a": "fOo"}, {"source_labels": ("a",), "action": "lowercase", "target_label": "b"},
         {"a": "fOo", "b": "foo"}),
        ({"a": "fOo"}, {"source_labels": ("a",), "action": "Uppercase", "target_label": "b"},
         {"a": "fOo", "b": "FOO"}),
        ({"a": "1", "b": "1"}, {"source_labels": ("a",), "action": "keepequal",
                                "target_label": "b"}, {"a": "1", "b": "1"}),
        ({"a": "1", "b": "2"}, {"source_labels": ("a",), "action": "keepequal",
                                "target_label": "b"}, None),
        ({"a": "1", "b": "1"}, {"source_labels": ("a",), "action": "dropequal",
                                "target_label": "b"}, None),
        ({"a": "1", "b": "2"}, {"source_labels": ("a",), "action": "dropequal",
                                "target_label": "b"}, {"a": "1", "b": "2"}),
    ],
)  # fmt: skip
def test_a_rule_does_what_prometheus_does(
    labels: dict[str, str], rule: dict[str, Any], expected: dict[str, str] | None
) -> None:
    before = dict(labels)
    assert relabelled(labels, rule) == expected
    assert labels == before


def test_rules_follow_one_another_and_stop_at_a_drop() -> None:
    first = {"source_labels": ("a",), "target_label": "d"}
    assert (
        relabelled(ABC, first, {"source_labels": ("d",), "action": "drop", "regex": "foo"}) is None
    )
    assert not Relabel([])


@pytest.mark.parametrize(
    ("rule", "key"),
    [
        ({"action": "rename"}, "collect.relabel_action"),
        ({"action": "replace"}, "collect.relabel_missing"),
        ({"action": "hashmod", "target_label": "x"}, "collect.relabel_missing"),
        ({"action": "drop", "regex": "(a"}, "collect.relabel_regex"),
    ],
)
def test_a_rule_that_cannot_work_is_refused(rule: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Relabel([RelabelRule(**rule)])
    assert caught.value.key == key
