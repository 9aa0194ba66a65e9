"""The templates of alerts say what promtool of Prometheus 3 says, mistakes included."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import yaml

import support
from jipyo.alerts.rule_files.answers import bind_query
from jipyo.alerts.rule_files.template import (
    AlertData,
    Surroundings,
    TemplateError,
    check_template,
    expand_template,
)
from jipyo.model.labels import Labels
from jipyo.model.sample import Scrape
from jipyo.promql import Engine, Options, parse_selector
from jipyo.source.embedded import Embedded
from support.memory import MemoryStore
from support.services import binary

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.integration

URL = "http://jipyo.example/ops"
EXTERNAL = {"site": "seoul"}
MOST_DIFFERENT = 1234567.875
SERIES = {
    'x{instance="gpu-1.example.com:9400", job="dcgm", kind="a<b>&\'c"}': MOST_DIFFERENT,
    'y{instance="b", n="1"}': 0.05,
    'y{instance="a", n="2"}': 3.0,
    'y{instance="c"}': -40.0,
}

FOLDER = Path(support.__file__).parent / "rule_templates"
TEMPLATES = (FOLDER / "sound.lines").read_text().splitlines()
BROKEN = [line.replace("¶", "\n") for line in (FOLDER / "broken.lines").read_text().splitlines()]


def store_series() -> MemoryStore:
    store = MemoryStore()
    for text, value in SERIES.items():
        labels = Labels.of({one.name: one.value for one in parse_selector(text)})
        store.append([Scrape(0, (labels,), np.array([value]))])
    return store


def expand_here(templates: Sequence[str]) -> list[str]:
    source = Embedded(store_series(), Engine(Options()))

    labels = dict(source.series(["x"], 0, 0).__next__())
    data = AlertData(labels, EXTERNAL, URL, MOST_DIFFERENT)
    return [
        expand_template(one, f"T{at}", data, Surroundings(0, bind_query(source, 0), URL))
        for at, one in enumerate(templates)
    ]


def run_promtool(folder: Path, templates: Sequence[str], *words: str) -> str:
    """What promtool complains about, with the templates as annotations of alerts."""
    rules = [
        {"alert": f"T{at}", "expr": "x", "annotations": {"a": one}}
        for at, one in enumerate(templates)
    ]
    (folder / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "g", "rules": rules}]}))
    command = [binary("promtool"), *words]
    run = subprocess.run(command, check=False, capture_output=True, text=True, cwd=folder)
    return run.stdout + run.stderr if run.returncode else ""


def compare_with_promtool(folder: Path, templates: Sequence[str], expected: Sequence[str]) -> str:
    """What promtool finds different; empty where it agrees about all."""
    labels = {"instance": "gpu-1.example.com:9400", "job": "dcgm", "kind": "a<b>&'c"}
    cases = [
        {
            "eval_time": "0m",
            "alertname": f"T{at}",
            "exp_alerts": [{"exp_labels": labels, "exp_annotations": {"a": text}}],
        }
        for at, text in enumerate(expected)
    ]
    inputs = [{"series": series, "values": f"{value!r}"} for series, value in SERIES.items()]
    test = {
        "interval": "1m",
        "input_series": inputs,
        "alert_rule_test": cases,
        "external_labels": EXTERNAL,
        "external_url": URL,
    }
    tests = {"rule_files": ["rules.yml"], "tests": [test]}
    (folder / "tests.yml").write_text(yaml.safe_dump(tests))
    return run_promtool(folder, templates, "test", "rules", "tests.yml")


def test_every_template_says_what_promtool_says(tmp_path: Path) -> None:
    expected = expand_here(TEMPLATES)
    assert compare_with_promtool(tmp_path, TEMPLATES, expected) == ""


def test_every_broken_template_is_refused_in_the_words_of_promtool(tmp_path: Path) -> None:
    complaints = run_promtool(tmp_path, BROKEN, "check", "rules", "rules.yml")
    found = [line.partition('annotation "a": ')[2] for line in complaints.splitlines()]
    mine: list[str] = []
    for at, one in enumerate(BROKEN):
        with pytest.raises(TemplateError) as refused:
            check_template(one, f"T{at}")
        mine.append(str(refused.value))
    assert [line for line in found if line] == mine
