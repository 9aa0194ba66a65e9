"""A configuration is checked without a start."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jipyo.i18n import LANGS, Lang
from support.product import jipyo

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """
collect:
  prometheus_yml: p.yml
  probes: [{job: web, url: "http://h/"}]
  scrape: [{job: a, url: "http://h:1/"}, {job: b, url: "http://h:2/"}]
"""
PROMETHEUS = "rule_files: [x]\nscrape_configs: [{job_name: j, static_configs: [{targets: [c, d]}]}]"


def write(folder: Path, text: str) -> str:
    file = folder / "jipyo.yaml"
    file.write_text(text, "utf-8")
    (folder / "p.yml").write_text(PROMETHEUS)
    return str(file)


@pytest.mark.parametrize("lang", LANGS)
def test_a_valid_file_is_summed_up(tmp_path: Path, lang: Lang) -> None:
    file = write(tmp_path, GOOD)
    for words in (("config", "check", file), ("config", "check", "--config", file)):
        result = jipyo(*words, "--lang", lang)
        assert (result.code, result.err) == (0, "")
        first, ignored = result.out.splitlines()
        assert file in first
        assert "5" in first
        assert "p.yml:1: rule_files" in ignored


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("listen: x\ncollect:\n  interval: 5\nlanguage: fr\n", [":1", ":3", ":4"]),
        ("collect: {prometheus_yml: none.yml}", [":1"]),
        ("catalogue: {metrics: {nothing: {unit: bytes}}}", [":1"]),
        ("listen: 0.0.0.0:80", ["0.0.0.0:80"]),
    ],
)
def test_every_mistake_is_printed_in_the_order_of_lines(
    tmp_path: Path, text: str, places: list[str]
) -> None:
    result = jipyo("config", "check", write(tmp_path, text))
    assert (result.code, result.out) == (2, "")
    found = [result.err.index(place) for place in places]
    assert found == sorted(found)


def test_a_file_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    result = jipyo("config", "check", str(tmp_path / "none.yaml"))
    assert result.code == 2
    assert "none.yaml" in result.err


def test_without_a_file_the_defaults_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert "defaults" in jipyo("config", "check").out
