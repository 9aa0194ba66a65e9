"""`jipyo doctor`: what has data, from which source, and how to get the rest."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import yaml

from jipyo import config
from jipyo.catalogue import load
from jipyo.i18n import LANGS, Lang
from support.product import jipyo

if TYPE_CHECKING:
    from pathlib import Path

EACH = pytest.mark.parametrize("lang", LANGS)


@EACH
def test_the_source_and_the_remedy_are_named(data: Path, lang: Lang) -> None:
    result = jipyo("doctor", "--data", str(data), "--lang", lang)
    assert result.code == 0, result.err
    assert "node_exporter" in result.out
    assert "collect:" in result.out


@EACH
def test_no_line_of_configuration_is_broken(data: Path, lang: Lang) -> None:
    out = jipyo("doctor", "--data", str(data), "--lang", lang).out
    entries = [line for line in out.splitlines() if line.startswith("      - {")]
    assert any(len(line) > 80 for line in entries)
    assert all(line.endswith("}") for line in entries)


@EACH
def test_the_lines_of_configuration_can_be_used_as_they_are(data: Path, lang: Lang) -> None:
    out = jipyo("doctor", "--data", str(data), "--lang", lang).out
    blocks = re.findall(r"^  (collect:\n(?:    .*\n?)+)", out, re.MULTILINE)
    assert len(blocks) > 5
    for block in blocks:
        text = "\n".join(line.removeprefix("  ") for line in block.splitlines())
        assert yaml.safe_load(text)
        config.parse(text, "jipyo.yaml")


def test_it_counts_the_metrics_with_data(data: Path) -> None:
    out = jipyo("doctor", "--data", str(data)).out
    n, total = map(int, re.findall(r"\d+", out.splitlines()[0])[:2])
    assert total == len(load().metrics)
    assert 0 < n < total
    assert out.count("✗ ") == total - n


def test_it_can_be_limited_to_the_metrics_of_the_specification(data: Path) -> None:
    out = jipyo("doctor", "--required", "--data", str(data)).out
    required = [metric for metric in load().metrics if metric.required]
    assert f"of {len(required)} metrics" in out.splitlines()[0]
    assert len(out) < len(jipyo("doctor", "--data", str(data)).out)
