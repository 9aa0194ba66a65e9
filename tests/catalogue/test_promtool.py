"""Prometheus' own checker accepts every expression that is built in."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest
import yaml

from jipyo.catalogue import load
from support.services import binary

if TYPE_CHECKING:
    from pathlib import Path

ANCHORED_SINCE = (3, 16)

pytestmark = pytest.mark.integration


def version(promtool: str) -> tuple[int, int]:
    result = subprocess.run([promtool, "--version"], check=True, capture_output=True, text=True)
    match = re.search(r"version (\d+)\.(\d+)", result.stdout + result.stderr)
    # What `make services` builds from the newest source says no version.
    return (int(match[1]), int(match[2])) if match else ANCHORED_SINCE


def test_promtool_accepts_every_expression(tmp_path: Path) -> None:
    promtool = binary("promtool")
    old = version(promtool) < ANCHORED_SINCE
    rules = [
        {
            "record": f"jipyo:{metric.id.replace('.', '_')}:{i}:{part}",
            "expr": promql.replace("$w", "5m").replace(" anchored", "" if old else " anchored"),
        }
        for metric in load().metrics
        for i, query in enumerate(metric.queries)
        for part, promql in (("value", query.promql), ("n", query.total_promql))
        if promql is not None
    ]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "catalogue", "rules": rules}]}))
    checked = subprocess.run(
        [promtool, "check", "rules", str(file)], check=False, capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stderr
    assert f"{len(rules)} rules found" in checked.stdout
