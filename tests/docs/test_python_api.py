"""`docs/python-api.md` names attributes and classes that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import jipyo
from jipyo.analysis.health import Health, MetricHealth
from jipyo.api.metrics import CurrentValue, SeriesValue
from jipyo.api.performance import ActiveBreach
from jipyo.catalogue import load
from jipyo.model.figure import ProportionEstimate

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("python-api.md", "python-api.ko.md")
RETURNED = {"CurrentValue": CurrentValue, "Health": Health, "ActiveBreach": ActiveBreach}
NESTED = (SeriesValue, ProportionEstimate, MetricHealth)
"""Values inside those, whose attributes the same lines name."""
STATES_AND_KEYS = {"unknown", "model_accuracy", "MetricHealth"}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("name", sorted(RETURNED))
def test_every_attribute_that_is_documented_exists(page: str, name: str) -> None:
    text = (DOCS / page).read_text("utf-8")
    line = next(line for line in text.splitlines() if line.startswith(f"- `{name}`:"))
    known = {attribute for owner in (RETURNED[name], *NESTED) for attribute in dir(owner)}
    documented = set(re.findall(r"`([A-Za-z_]+)(?:\([a-z_]*\))?`", line)) - {name}
    assert documented - known - STATES_AND_KEYS == set()
    assert len(documented) >= 3


@pytest.mark.parametrize("page", PAGES)
def test_every_class_of_the_table_can_be_imported(page: str) -> None:
    text = (DOCS / page).read_text("utf-8")
    classes = re.findall(r"^\| `([A-Z]\w+)` \|", text, re.MULTILINE)
    assert len(classes) >= 3
    assert [name for name in classes if not hasattr(jipyo, name)] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_name_of_the_specification_leads_to_a_metric(page: str) -> None:
    text = (DOCS / page).read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| `([a-z_.]+)` \|$", text, re.MULTILINE)
    metrics = {metric.id for metric in load().metrics}
    assert len(rows) == 10
    assert [metric_id for _, metric_id in rows if metric_id not in metrics] == []


@pytest.mark.parametrize("page", ["specification.md", "specification.ko.md"])
def test_the_specification_names_metrics_that_it_requires(page: str) -> None:
    text = (DOCS / page).read_text("utf-8")
    named = set(re.findall(r"`((?:system|app|ai|db)\.[a-z_.]+)`", text))
    required = {metric.id for metric in load().metrics if metric.required}
    assert len(named) > 15
    assert named - required == set()
