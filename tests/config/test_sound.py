"""What can be used of a file with mistakes: its sound keys, and nothing of the wrong ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jipyo.config.load import load_sound_part
from jipyo.config.overrides import CliOverrides
from jipyo.config.sound import find_sound_part
from jipyo.model.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

METRICS = "catalogue: {metrics: {system.cpu.utilization: {thresholds: {warning: 40}}}}\n"


@pytest.mark.parametrize(
    ("text", "left_out", "mistakes"),
    [
        ("", (), []),
        ("instance: a\n" + METRICS, (), []),
        ("instance: a\nlisten: x\n", ("listen",), [":2"]),
        ("instance: a\ncolect: {}\n", ("colect",), [":2"]),
        ("listen: x\ncollect: {interval: 5}\n", ("listen", "collect"), [":1", ":2"]),
        ("catalogue: {metrics: {nothing: {unit: bytes}}}\n", ("catalogue",), [":1"]),
        ("instance: a\ncollect: [\n" + METRICS, ("collect",), [":"]),
        ("instance: a\ncollect:\n  - x\n  y: 1\ndata: d\n", ("collect",), [":4"]),
        ("instance: a\ninstance: b\n", (), [":2"]),
    ],
)
def test_the_keys_without_mistakes_are_used(
    tmp_path: Path, text: str, left_out: tuple[str, ...], mistakes: list[str]
) -> None:
    file = tmp_path / "jipyo.yaml"
    file.write_text(text)
    config, part = load_sound_part(CliOverrides(file=file), {"HOME": str(tmp_path)}, "en")
    assert part.left_out == left_out
    found = part.error.mistakes if part.error else ()
    assert len(found) == len(mistakes)
    for mistake, place in zip(found, mistakes, strict=True):
        assert f"{file}{place}" in str(mistake)
    if "instance: a" in text and "instance: b" not in text:
        assert config.instance == "a"
    assert bool(config.settings.catalogue.metrics) is (METRICS in text)
    if "data: d" in text:
        assert config.data == tmp_path / "d"


def test_a_file_that_is_no_mapping_has_no_sound_part(tmp_path: Path) -> None:
    file = tmp_path / "jipyo.yaml"
    file.write_text("- a\n")
    with pytest.raises(ConfigError):
        load_sound_part(CliOverrides(file=file), {}, "en")


def test_every_key_is_checked_by_itself() -> None:
    seen: list[list[str]] = []
    part = find_sound_part("a: 1\nb: 2\n", "x", lambda tree: seen.append([*(tree.entries or {})]))
    assert (seen, part.error, part.left_out) == ([["a"], ["b"]], None, ())
