"""The guide of alerts and its example: every configuration is valid, every command exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from jipyo import promql
from jipyo.alerts.rule_files.read import read_rule_files
from jipyo.config.load import parse

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "alerts"
PAGES = [ROOT / "docs" / name for name in ("alerts.md", "alerts.ko.md")]


def blocks(page: Path, kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", page.read_text("utf-8"), re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_configuration_of_the_guide_is_valid(page: Path) -> None:
    found = blocks(page, "yaml")
    assert len(found) == 4
    for text in found:
        assert parse(text, str(EXAMPLE / "jipyo.yaml")).alerts is not None


def test_both_languages_show_the_same_configurations_and_commands() -> None:
    english, korean = ([*blocks(page, "yaml"), *blocks(page, "sh")] for page in PAGES)
    assert english == korean


def test_the_example_loads_and_its_rules_are_right() -> None:
    file = EXAMPLE / "jipyo.yaml"
    alerts = parse(file.read_text("utf-8"), str(file)).alerts
    assert alerts is not None
    assert {channel.name for channel in alerts.channels} == {"ops", "on-call", "monitoring"}
    (pattern,) = alerts.rule_files
    files = sorted(pattern.parent.glob(pattern.name))
    groups = read_rule_files(files, promql.parse)
    names = [rule.record or rule.alert for group in groups for rule in group.rules]
    assert names == ["job:http_requests:rate5m", "QueueGrows"]
