"""How the command line ends: its exit codes, and what goes to standard error."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from jipyo.cli.main import PARTS, build_command, find_parts
from jipyo.i18n import LANGS, Lang, texts
from support.product import jipyo

if TYPE_CHECKING:
    from pathlib import Path

WRONG = """\
listen: 9797
collect:
  interval: 5
  databases: [{kind: oracle, url: x}]
"""


def test_without_a_command_the_help_is_shown() -> None:
    result = jipyo()
    assert "Usage: jipyo" in result.out + result.err
    assert "doctor" in result.out + result.err


def test_the_version_is_printed() -> None:
    assert jipyo("--version").out.startswith("jipyo 0.")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("nonsense",), 2),
        (("status", "--nonsense"), 2),
        (("query",), 2),
        (("query", "up", "--format", "pdf"), 2),
        (("--lang", "de", "status"), 2),
        (("status", "--config", "/nowhere/jipyo.yaml"), 2),
        (("catalogue", "show", "no.such.metric"), 2),
        (("catalogue", "check", "/nowhere/catalogue.yaml"), 2),
        (("status", "--data", "/nowhere/jipyo"), 1),
        (("query", "sum(", "--explain"), 1),
        (("query", "1", "--explain"), 0),
        (("catalogue", "list"), 0),
    ],
)
def test_the_exit_code_tells_usage_from_failure(words: tuple[str, ...], code: int) -> None:
    result = jipyo(*words)
    assert result.code == code, result.err
    assert bool(result.err) == (code != 0)


@pytest.mark.parametrize("lang", LANGS)
def test_a_wrong_configuration_is_reported_with_every_mistake(tmp_path: Path, lang: Lang) -> None:
    file = tmp_path / "jipyo.yaml"
    file.write_text(WRONG, "utf-8")
    result = jipyo("catalogue", "list", "--config", str(file), lang=lang)
    assert (result.code, result.out) == (2, "")
    lines = [line for line in result.err.splitlines() if line.startswith(str(file))]
    assert [line.removeprefix(f"{file}:").split(": ")[0] for line in lines] == ["1", "3", "4"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--listen", "9797"), "Write an address such as 127.0.0.1:9797."),
        (("--listen", "0.0.0.0:0"), "pass --insecure"),
    ],
)
def test_a_server_that_cannot_be_started_is_wrong_usage(
    tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    result = jipyo("up", "--data", str(tmp_path / "data"), *words)
    assert result.code == 2
    assert message in result.err
    assert not (tmp_path / "data").exists()


def test_the_language_of_the_option_wins_over_that_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "jipyo.yaml"
    file.write_text("language: ko\n", "utf-8")
    words = ("catalogue", "show", "system.cpu.utilization", "--config", str(file))
    assert "임계치" in jipyo(*words).out
    assert "thresholds" in jipyo(*words, "--lang", "en").out


def test_a_reader_that_leaves_early_ends_it_without_a_word() -> None:
    command = [sys.executable, "-m", "jipyo", "catalogue", "list"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        errors = process.stderr.read()
    assert (process.returncode, errors) == (1, b"")


def test_the_parts_have_the_commands_of_their_names() -> None:
    t = texts("en")
    alone = [list(build_command(t, (part,)).commands) for part in PARTS]
    assert [commands[0] for commands in alone] == list(PARTS)
    assert list(build_command(t).commands) == [name for some in alone for name in some]


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("status",), ("status",)),
        (("--lang", "ko", "report", "daily"), ("report",)),
        ((), PARTS),
        (("--help",), PARTS),
        (("nonsense",), PARTS),
        (("import", "openmetrics"), PARTS),
    ],
)
def test_only_the_part_that_is_run_is_imported(
    words: tuple[str, ...], parts: tuple[str, ...]
) -> None:
    assert find_parts(words) == parts
