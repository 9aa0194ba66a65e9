"""What commands print where a source cannot be read: once, in the reader's language."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

DEAD = "http://127.0.0.1:1"
COMMANDS = {
    "targets": ("targets",),
    "csv": ("query", "--format", "csv", "up"),
    "report": ("report", "daily"),
}
FIRST = {"ko": "불완전", "en": "Incomplete: Source central cannot be read: "}


def run(data: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command over a store and a server that refuses connections."""
    file = folder / "jipyo.yaml"
    file.write_text(f'sources: [{{name: central, url: "{DEAD}", retries: 0}}]\n')
    command = [sys.executable, "-m", "jipyo", *words, "--config", str(file), "--data", str(data)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done


@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_source_that_does_not_answer_is_named_once(
    data: Path, tmp_path: Path, command: str, lang: str
) -> None:
    words = [*COMMANDS[command], *(("--out", str(tmp_path)) if command == "report" else ())]
    done = run(data, tmp_path, *words, "--lang", lang)
    assert done.stdout
    assert DEAD not in done.stdout
    assert done.stderr.startswith(FIRST[lang])
    assert done.stderr.count(DEAD) == 1


def test_a_table_and_json_have_it_on_standard_output(data: Path, tmp_path: Path) -> None:
    table = run(data, tmp_path, "query", "up", "--lang", "en")
    assert table.stdout.count(DEAD) == 1
    answer = run(data, tmp_path, "report", "daily", "--json", "--out", str(tmp_path))
    assert [DEAD in text for text in json.loads(answer.stdout)["incomplete"]] == [True]
    assert (table.stderr, answer.stderr) == ("", "")
