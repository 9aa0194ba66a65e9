"""`docs/python-api.md` names attributes and classes that exist, and its code runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import jipyo
from api.sites import build_site
from jipyo.analysis.health import MetricHealth
from jipyo.api import (
    ActiveBreach,
    CurrentValue,
    PartHealth,
    RenderedReport,
    ReportAnalysis,
    SeriesValue,
)
from jipyo.catalogue import load
from jipyo.model.figure import ProportionEstimate

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = ("python-api.md", "python-api.ko.md")
RETURNED = {
    each.__name__: each for each in (CurrentValue, PartHealth, ActiveBreach, RenderedReport)
}
NESTED = (SeriesValue, ProportionEstimate, MetricHealth, ReportAnalysis)
"""Values inside those, whose attributes the same lines name."""
STATES_AND_KEYS = {"ok", "unknown", "model_accuracy", "MetricHealth"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_site(tmp_path_factory.mktemp("site"))


def run_python(site: Path, *words: str) -> str:
    """What a script prints that finds the site's configuration in its place."""
    environ = {**os.environ, "XDG_CONFIG_HOME": str(site)}
    command = [sys.executable, "-W", "error", *words]
    done = subprocess.run(
        command, check=False, env=environ, capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize("page", PAGES)
def test_the_code_of_the_page_runs_as_it_stands(page: str, site: Path) -> None:
    text = (DOCS / page).read_text("utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = run_python(site, "-c", code).splitlines()
    assert lines[0] == "40%"
    assert lines[2] == "critical"
    assert re.fullmatch(r"\w+ .*/reports/jipyo-daily-[0-9-]+\.en\.html", lines[-1])


def test_the_example_runs_as_it_stands(site: Path) -> None:
    lines = run_python(site, str(ROOT / "examples" / "python_api.py")).splitlines()
    assert lines[:3] == ["cpu_usage 40%", "memory_usage 95%", "gpu_usage 55%, 95%"]
    assert "system_health critical" in lines
    assert Path(lines[-1].split()[-1]).is_file()


@pytest.mark.parametrize("page", PAGES)
def test_every_attribute_and_method_of_the_table_exists(page: str) -> None:
    text = (DOCS / page).read_text("utf-8")
    rows = re.findall(r"^\| `([A-Z]\w+)` \| (.*?) ?\| (.*) \|$", text, re.MULTILINE)
    assert len(rows) >= 7
    missing = [
        f"{name}.{attribute}"
        for name, attributes, methods in rows
        for attribute in (
            *re.findall(r"`(\w+)`", attributes),
            *re.findall(r"`(?:await )?(\w+)\(", methods),
        )
        if not hasattr(getattr(jipyo, name)(), attribute)
    ]
    assert missing == []


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
