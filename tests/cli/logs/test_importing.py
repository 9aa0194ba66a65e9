"""`jipyo logs import`: every line once, also through repetition and interruption."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from jipyo.logs.store.store import LogStore
from support.product import jipyo

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "".join(
    f"2026-11-27 10:00:{n % 60:02d},000 INFO line {n} of this file\n" for n in range(2000)
)


@pytest.fixture
def options(tmp_path: Path) -> tuple[str, ...]:
    return ("--data", str(tmp_path / "data"))


def load(path: Path | str, options: tuple[str, ...]) -> Any:
    result = jipyo("logs", "import", str(path), "--service", "app", "--json", *options)
    assert result.code == 0, result.err
    return json.loads(result.out)["counts"]


def count(options: tuple[str, ...]) -> int:
    words = ("--from", "2026-11-01", "--to", "2026-12-24", "--count")
    return int(jipyo("logs", "search", *words, *options).out)


def test_a_repeated_import_adds_only_what_is_new(tmp_path: Path, options: tuple[str, ...]) -> None:
    file = tmp_path / "app.log"
    file.write_text(TEXT)
    assert load(file, options)["records"] == 2000
    again = jipyo("logs", "import", str(file), "--service", "app", *options)
    assert "Nothing new" in again.out
    with file.open("a") as more:
        more.write("2026-11-27 11:00:00,000 INFO one more\n")
    moved = file.rename(tmp_path / "renamed.log")
    assert load(moved, options)["records"] == 1
    assert count(options) == 2001


def test_a_compressed_copy_is_the_same_file(tmp_path: Path, options: tuple[str, ...]) -> None:
    file = tmp_path / "app.log"
    file.write_text(TEXT)
    load(file, options)
    packed = tmp_path / "app.log.1.gz"
    packed.write_bytes(gzip.compress(TEXT.encode()))
    assert load(packed, options)["records"] == 0
    assert count(options) == 2000


def test_lines_add_up(tmp_path: Path, options: tuple[str, ...]) -> None:
    file = tmp_path / "app.log"
    file.write_text(
        "\n2026-11-27 10:00:00,000 ERROR failed\nTraceback (most recent call last):\n"
        '  File "a.py", line 1, in a\nValueError: x\n2026-11-27 10:00:01,000 INFO kim@example.com'
    )
    result = jipyo("logs", "import", str(file), *options)
    assert "6 lines = 2 records + 3 continued lines + 1 blank line" in result.out
    assert "email 1" in result.out


def test_standard_input_is_stored(options: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "jipyo", "logs", "import", "-", "--service", "app", *options]
    done = subprocess.run(command, input=TEXT.encode(), check=True, capture_output=True)
    assert b"2,000" in done.stdout
    assert count(options) == 2000


def test_standard_input_needs_a_service(options: tuple[str, ...]) -> None:
    result = jipyo("logs", "import", "-", *options)
    assert result.code == 2
    assert "--service" in result.err


def test_a_store_that_is_written_is_left_alone(tmp_path: Path, options: tuple[str, ...]) -> None:
    file = tmp_path / "app.log"
    file.write_text(TEXT)
    with LogStore.open(tmp_path / "data" / "logs"):
        result = jipyo("logs", "import", str(file), *options)
    assert result.code == 1
    assert "logs.files" in result.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("/no/such/file",), "/no/such/file"),
        ((__file__, "--timezone", "Mars/Base"), "Mars/Base"),
    ],
)
def test_what_cannot_be_read_is_an_error(
    options: tuple[str, ...], words: tuple[str, ...], said: str
) -> None:
    result = jipyo("logs", "import", *words, *options)
    assert result.code in (1, 2)
    assert said in result.err
    assert "Traceback" not in result.err


def test_records_that_will_be_deleted_at_once_are_named(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    file = tmp_path / "app.log"
    file.write_text("2019-11-27 10:00:00,000 INFO old\n")
    result = jipyo("logs", "import", str(file), "--service", "app", *options)
    assert "logs.retention" in result.err
