"""The catalogue in the terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jipyo.catalogue import load
from jipyo.i18n import LANGS, Lang
from support.product import jipyo

EXAMPLE = Path(__file__).parents[2] / "examples" / "catalogue.yaml"


@pytest.mark.parametrize("lang", LANGS)
def test_every_metric_is_listed(lang: Lang) -> None:
    result = jipyo("catalogue", "list", "--lang", lang)
    assert result.code == 0, result.err
    for name in ("app.throughput", "ai.queue.length", "db.connections"):
        assert name in result.out.replace("\n", "")


@pytest.mark.parametrize(("lang", "name"), [("ko", "메모리 사용률"), ("en", "Memory utilisation")])
def test_one_metric_is_shown_whole(lang: Lang, name: str) -> None:
    result = jipyo("catalogue", "show", "system.memory.utilization", "--lang", lang)
    assert name in result.out
    assert "node_memory_MemAvailable_bytes" in result.out


def test_an_unknown_metric_names_the_near_ones() -> None:
    result = jipyo("catalogue", "show", "system.memory.utilisation")
    assert result.code == 2
    assert "system.memory.utilization" in result.err


def test_a_file_is_checked(tmp_path: Path) -> None:
    assert jipyo("catalogue", "check", str(EXAMPLE)).code == 0
    bad = tmp_path / "bad.yaml"
    bad.write_text("version: 1\nmetrics:\n- id: X\n")
    result = jipyo("catalogue", "check", str(bad))
    assert result.code == 2
    assert "bad.yaml:3" in result.err


def test_promql_is_not_broken_on_a_narrow_terminal() -> None:
    words = [sys.executable, "-m", "jipyo", "catalogue", "show", "system.network.receive"]
    terminal = {**os.environ, "FORCE_COLOR": "1", "COLUMNS": "40", "TERM": "xterm"}
    out = subprocess.run(words, env=terminal, capture_output=True, text=True, check=True).stdout
    metric = load().get("system.network.receive")
    assert metric is not None
    assert all(query.promql in out for query in metric.queries)
