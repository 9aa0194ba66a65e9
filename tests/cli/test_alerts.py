"""`jipyo alerts`: rule files checked, and rules tried on ten minutes of a small host."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from support.product import jipyo

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.i18n import Lang

RULES = """\
groups:
- name: memory
  rules:
  - alert: LittleMemory
    expr: node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes < 0.1
    for: 2m
    labels: {severity: critical}
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    file = tmp_path / "rules.yml"
    file.write_text(RULES)
    return file


@pytest.mark.parametrize(
    ("lang", "word"), [("en", "is valid: 1 alert rule"), ("ko", "alert rule 1개")]
)
def test_a_sound_file_is_valid(rules: Path, lang: Lang, word: str) -> None:
    result = jipyo("alerts", "check", str(rules), "--lang", lang)
    assert (result.code, result.err) == (0, "")
    assert word in result.out


def test_mistakes_are_listed_with_their_lines(rules: Path) -> None:
    rules.write_text(RULES.replace("< 0.1", "<").replace("2m", "2"))
    result = jipyo("alerts", "check", str(rules))
    assert result.code == 2
    assert f"{rules}:5: rules[0].expr: Invalid PromQL" in result.err
    assert f"{rules}:6: rules[0].for: 2 is not a duration" in result.err


def test_a_rule_that_overwrites_another_is_a_warning(rules: Path) -> None:
    rules.write_text(RULES + RULES[RULES.index("  - alert") :])
    result = jipyo("alerts", "check", str(rules))
    assert result.code == 0
    assert "LittleMemory has the same name and labels as the rule at" in result.err


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ("1 incident, 1 open", "LittleMemory", "critical", "pending → firing")),
        ("ko", ("LittleMemory", "위험", "→ 발생 중")),
    ],
)
def test_a_file_is_tried_on_the_past(
    data: Path, rules: Path, lang: Lang, words: tuple[str, ...]
) -> None:
    command = ("alerts", "replay", "--from", "-8m", "--rules", str(rules), "--changes")
    result = jipyo(*command, "--data", str(data), "--lang", lang)
    assert (result.code, result.err) == (0, "")
    for word in words:
        assert word in result.out


def test_the_rules_in_force_are_replayed_as_json(data: Path) -> None:
    result = jipyo("alerts", "replay", "--from", "-3m", "--data", str(data), "--json")
    assert result.code == 0
    played = json.loads(result.out)
    (incident,) = [one for one in played["incidents"] if "호스트1" in one["title"]]
    assert incident["state"] == "open"
    changes = [one for one in played["changes"] if one["rule"] == "system.memory.utilization"]
    assert [one["state"] for one in changes] == ["firing"]
    assert played["problems"] == {}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--from", "now", "--to", "-1h"), "The start (--from) must be before"),
        (("--rules", "{records}"), "The files have no alert rule"),
    ],
)
def test_what_cannot_be_replayed_is_refused(
    data: Path, tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    records = tmp_path / "records.yml"
    records.write_text("groups: [{name: a, rules: [{record: a, expr: up}]}]")
    words = [word.format(records=records) for word in options]
    result = jipyo("alerts", "replay", *words, "--data", str(data))
    assert result.code == 2
    assert message in result.err


def test_a_series_that_was_never_recorded_is_a_warning(data: Path, rules: Path) -> None:
    rules.write_text(RULES + "  - {record: 'a:b', expr: up}\n")
    result = jipyo("alerts", "replay", "--from", "-1m", "--rules", str(rules), "--data", str(data))
    assert result.code == 0
    assert "a:b is recorded by these files and has no samples" in result.err


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ("Alerts that would have fired", "for 5 min", "1 *", "needs at least 7 days")),
        ("ko", ("발생했을 알림 수", "5분 지속", "1 *", "7일 이상이 필요합니다")),
    ],
)
def test_thresholds_are_tuned(data: Path, lang: Lang, words: tuple[str, ...]) -> None:
    command = ("alerts", "tune", "system.memory.utilization", "--from", "-9m")
    result = jipyo(*command, "--data", str(data), "--lang", lang)
    assert (result.code, result.err) == (0, "")
    for word in words:
        assert word in result.out


def test_tuning_as_json_has_the_grid(data: Path) -> None:
    command = ("alerts", "tune", "system.memory.utilization", "--from", "-9m", "--json")
    tuned = json.loads(jipyo(*command, "--data", str(data)).out)
    assert tuned["advice"] == "too_little"
    assert tuned["current"] in tuned["counts"]
    assert {one["fired"] for one in tuned["counts"]} == {0, 1}


def test_a_metric_without_thresholds_cannot_be_tuned(data: Path) -> None:
    result = jipyo("alerts", "tune", "system.process.count", "--data", str(data))
    assert result.code == 2
