"""Rule files: what is read of them, and every mistake with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jipyo import promql
from jipyo.alerts.rule_files.duplicates import find_duplicates
from jipyo.alerts.rule_files.read import parse_rule_file, read_rule_files
from jipyo.alerts.rule_files.values import FileRule, RuleGroup
from jipyo.i18n import texts
from jipyo.model.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

RULES = """\
groups:
- name: gpus
  interval: 30s
  query_offset: 10s
  limit: 5
  labels: {team: ops, severity: none}
  rules:
  - record: instance:heat:max
    expr: max by (instance) (DCGM_FI_DEV_GPU_TEMP)
  - alert: Hot
    expr: instance:heat:max > 90
    for: 5m
    keep_firing_for: 1m
    labels: {severity: page}
    annotations: {summary: "{{ $labels.instance }}"}
- name: empty
  rules:
"""


def parse(text: str) -> tuple[RuleGroup, ...]:
    return parse_rule_file(text, "r.yml", promql.parse)


def test_all_keys_are_read() -> None:
    record = FileRule(
        record="instance:heat:max",
        expr="max by (instance) (DCGM_FI_DEV_GPU_TEMP)",
        labels=(("severity", "none"), ("team", "ops")),
        where="r.yml:8",
    )
    alert = FileRule(
        alert="Hot",
        expr="instance:heat:max > 90",
        for_ms=300_000,
        keep_firing_for_ms=60_000,
        labels=(("severity", "page"), ("team", "ops")),
        annotations=(("summary", "{{ $labels.instance }}"),),
        where="r.yml:10",
    )
    gpus = RuleGroup(
        file="r.yml",
        name="gpus",
        interval_ms=30_000,
        query_offset_ms=10_000,
        limit=5,
        rules=(record, alert),
    )
    assert parse(RULES) == (gpus, RuleGroup(file="r.yml", name="empty"))


@pytest.mark.parametrize("text", ["", "groups:", "groups: []"])
def test_a_file_may_be_empty(text: str) -> None:
    assert parse(text) == ()


GROUP = "groups:\n- name: g\n  rules:\n"


@pytest.mark.parametrize(
    ("text", "mistakes"),
    [
        (GROUP + "  - {alert: A, expr: up ==}", ["r.yml:4: rules[0].expr: Invalid PromQL"]),
        (GROUP + "  - {alert: A, record: b, expr: up}", ["r.yml:4: rules[0]: A rule has either"]),
        (GROUP + "  - {expr: up}", ["r.yml:4: rules[0]: The rule has neither record nor alert"]),
        (GROUP + "  - {alert: A}", ["r.yml:4: rules[0]: The key expr is missing"]),
        (GROUP + "  - {record: 'a{}', expr: up}", ["r.yml:4: rules[0].record: a{} is not a"]),
        (
            GROUP + "  - {record: a, expr: up, for: 5m, annotations: {a: b}}",
            ["rules[0].for: A recording rule cannot", "rules[0].annotations: A recording rule"],
        ),
        (GROUP + "  - {alert: A, expr: up, for: 5}", ["rules[0].for: 5 is not a duration"]),
        (GROUP + "  - {alert: A, expr: up, labels: {__name__: a}}", ["__name__ is not a label"]),
        (
            f"{GROUP}  - {{alert: A, expr: up, labels: {{a: '{{{{ if }}}}'}},"
            " annotations: {b: '{{ x }}'}}",
            ["labels.a: The template cannot", 'template: __alert_A:1: function "x" not defined'],
        ),
        (GROUP + "  - {alert: A, expr: up, four: 5m}", ["Unknown key four. Did you mean for?"]),
        ("groups:\n- name: a\n- name: a", ["r.yml:3: There is an entry named a already"]),
        ("groups:\n- rules: []", ["r.yml:2: The key name is missing"]),
        ("groups:\n- {name: a, interval: x, limit: -1}", ["interval: x", "limit: -1 is out"]),
        ("group: []", ["r.yml:1: Unknown key group. Did you mean groups?"]),
    ],
)  # fmt: skip
def test_every_mistake_is_reported_with_its_place(text: str, mistakes: list[str]) -> None:
    with pytest.raises(ConfigError) as refused:
        parse(text)
    shown = texts("en").error(refused.value)
    assert len(refused.value.mistakes) == len(mistakes)
    for mistake in mistakes:
        assert mistake in shown


def test_the_mistakes_of_all_files_come_together(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a.yml", "b.yml", "gone.yml")]
    for file in files[:2]:
        file.write_text("group: []")
    with pytest.raises(ConfigError) as refused:
        read_rule_files(files, promql.parse)
    assert len(refused.value.mistakes) == 3


def test_a_rule_with_the_name_and_labels_of_another_is_found() -> None:
    rules = "".join(f"  - {{alert: {name}, expr: up}}\n" for name in ("A", "B", "A"))
    again, first = next(find_duplicates(parse(GROUP + rules)))
    assert (again.where, first.where) == ("r.yml:6", "r.yml:4")
