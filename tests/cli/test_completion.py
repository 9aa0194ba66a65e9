"""`jipyo completion`: the scripts of the shells."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from support.product import jipyo


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_is_printed(shell: str) -> None:
    assert "_JIPYO_COMPLETE" in jipyo("completion", shell).out


def test_another_shell_is_wrong_usage() -> None:
    result = jipyo("completion", "tcsh")
    assert result.code == 2
    assert "bash" in result.err


@pytest.mark.parametrize(
    ("line", "expected"),
    [("jipyo con", {"config"}), ("jipyo config ch", {"check"}), ("jipyo db r", {"restore"})],
)
def test_a_shell_completes_commands(line: str, expected: set[str]) -> None:
    words = {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split()) - 1)}
    environ = {**os.environ, **words, "_JIPYO_COMPLETE": "bash_complete"}
    command = [sys.executable, "-m", "jipyo"]
    out = subprocess.run(command, env=environ, check=False, capture_output=True, text=True).stdout
    assert {entry.partition(",")[2] for entry in out.splitlines()} == expected


def test_without_a_command_the_help_is_shown() -> None:
    command = [sys.executable, "-m", "jipyo"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert "Traceback" not in done.stderr
    assert "config" in done.stdout + done.stderr
