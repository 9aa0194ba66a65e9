"""The store as a file: looked at, copied, put back, cut, moved."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from jipyo.i18n import LANGS, Lang
from support.product import jipyo


@pytest.fixture
def own(data: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(data, tmp_path / "own"))


@pytest.mark.parametrize("lang", LANGS)
def test_stats_say_what_is_stored(data: Path, lang: Lang) -> None:
    result = jipyo("db", "stats", "--data", str(data), "--lang", lang)
    assert result.code == 0, result.err
    assert "240" in result.out
    assert "node_load1" in result.out


def test_a_sound_store_passes_the_check(data: Path) -> None:
    result = jipyo("db", "check", "--data", str(data))
    assert result.code == 0, result.err
    assert "240 samples" in result.out


def test_a_backup_can_be_put_back(own: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    assert jipyo("db", "backup", str(copy), "--data", str(own)).code == 0
    assert jipyo("db", "delete", "node_load1", "--yes", "--data", str(own)).out.startswith("40 ")
    assert "No series" in jipyo("query", "node_load1", "--data", str(own)).out
    restored = jipyo("db", "restore", str(copy), "--data", str(own))
    assert restored.code == 0, restored.err
    assert "1.5" in jipyo("query", "node_load1", "--data", str(own)).out


def test_a_backup_overwrites_nothing(data: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    assert jipyo("db", "backup", str(tmp_path / "mine"), "--data", str(data)).code == 1
    assert (tmp_path / "mine").read_text() == "mine"


def test_nothing_is_deleted_unless_it_is_said_aloud(own: Path) -> None:
    result = jipyo("db", "delete", "node_load1", "--data", str(own))
    assert result.code == 2
    assert "--yes" in result.err
    assert "1.5" in jipyo("query", "node_load1", "--data", str(own)).out


def test_what_lies_after_a_time_is_trimmed(own: Path) -> None:
    kept = jipyo("db", "trim", "--after", "2000-01-01", "--data", str(own))
    assert kept.code == 2
    assert "--yes" in kept.err
    assert jipyo("db", "trim", "--after", "now", "--yes", "--data", str(own)).out.startswith("0 ")
    everything = jipyo("db", "trim", "--after", "2000-01-01", "--yes", "--data", str(own))
    assert everything.out.startswith("240 ")


def test_compacting_keeps_every_sample(own: Path) -> None:
    assert jipyo("db", "compact", "--data", str(own)).code == 0
    assert "240 samples" in jipyo("db", "check", "--data", str(own)).out


def test_what_is_exported_can_be_imported_once_and_again(own: Path, tmp_path: Path) -> None:
    page, fresh = tmp_path / "all.om", tmp_path / "fresh"
    exported = jipyo("export", "samples", str(page), "--data", str(own))
    assert exported.out.startswith("240 "), exported.err
    for _ in range(2):
        result = jipyo("import", "openmetrics", str(page), "--data", str(fresh))
        assert result.code == 0, result.err
    assert "240 samples" in jipyo("db", "check", "--data", str(fresh)).out


def test_an_export_can_be_of_some_series_and_times(own: Path, tmp_path: Path) -> None:
    words = ("--match", "up", "--from", "-5m", "--data", str(own))
    result = jipyo("export", "samples", str(tmp_path / "some.om"), *words)
    assert 0 < int(result.out.split()[0]) < 40
    assert "node_load1" not in (tmp_path / "some.om").read_text()


@pytest.mark.parametrize(
    "words",
    [
        ("db", "stats"),
        ("db", "check"),
        ("db", "compact"),
        ("db", "backup", "x"),
        ("db", "delete", "up", "--yes"),
        ("export", "samples", "x"),
    ],
)
def test_without_a_store_it_is_said_and_none_is_made(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    result = jipyo(*words, "--data", str(tmp_path / "none"))
    assert result.code == 1
    assert not (tmp_path / "none").exists()


def test_a_folder_that_is_not_there_cannot_be_exported_to(data: Path, tmp_path: Path) -> None:
    result = jipyo("export", "samples", str(tmp_path / "none" / "x.om"), "--data", str(data))
    assert result.code == 1
    assert str(tmp_path / "none") in result.err


def test_a_page_without_times_cannot_be_imported(tmp_path: Path) -> None:
    page = tmp_path / "now.om"
    page.write_text("# TYPE a gauge\na 1\n# EOF\n")
    result = jipyo("import", "openmetrics", str(page), "--data", str(tmp_path / "d"))
    assert result.code == 1
    assert "now.om" in result.err


def test_rejected_samples_are_counted_with_their_reason(tmp_path: Path) -> None:
    page = tmp_path / "future.om"
    page.write_text("# TYPE a gauge\na 1 1700000000\na 2 4000000000\n# EOF\n")
    result = jipyo("import", "openmetrics", str(page), "--data", str(tmp_path / "d"))
    assert result.code == 0, result.err
    assert "1 sample imported." in result.out
    assert "1 rejected: " in result.out


def flip_in(file: Path, part: bytes) -> None:
    """Change one bit in the middle of these bytes, as often as they are in the file."""
    content = file.read_bytes()
    assert part in content
    changed = bytes([part[0], part[1] ^ 1, *part[2:]])
    file.write_bytes(content.replace(part, changed))


@pytest.mark.parametrize("lang", LANGS)
def test_what_is_whole_is_salvaged_and_what_is_not_is_listed(
    own: Path, tmp_path: Path, lang: Lang
) -> None:
    arguments = ("--data", str(own), "--lang", lang)
    sound = jipyo("db", "salvage", str(own / "samples.db"), str(tmp_path / "whole.db"), *arguments)
    assert sound.code == 0, sound.err
    assert "240" in sound.out
    flip_in(own / "samples.db", b'["__name__","node_load1"]')
    flip_in(own / "samples.db", b"__name__node_load1")
    assert jipyo("db", "check", *arguments).code == 1
    result = jipyo("db", "salvage", str(own / "samples.db"), str(tmp_path / "new.db"), *arguments)
    assert result.code == 1, result.err
    assert "200" in result.out
    assert "40" in result.out
    assert str(tmp_path / "new.db") in result.out
    restored = jipyo("db", "restore", str(tmp_path / "new.db"), "--data", str(tmp_path / "again"))
    assert restored.code == 0, restored.err
    assert "200 samples" in jipyo("db", "check", "--data", str(tmp_path / "again")).out


def test_a_salvage_overwrites_nothing(own: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    result = jipyo("db", "salvage", str(own / "samples.db"), str(tmp_path / "mine"))
    assert result.code == 1
    assert "exists" in result.err
    assert (tmp_path / "mine").read_text() == "mine"


DAMAGES = {
    "a page of zeros": lambda b: b[:65536] + bytes(65536) + b[131072:],
    "no first page": lambda b: bytes(65536) + b[65536:],
    "cut in the middle": lambda b: b[: len(b) // 2],
    "cut within a page": lambda b: b[: len(b) // 2 + 1000],
    "noise": lambda b: b"".join(
        bytes([byte ^ 255]) if n % (len(b) // 500) == 0 else bytes([byte])
        for n, byte in enumerate(b)
    ),
    "nothing": lambda _: b"",
}


@pytest.mark.parametrize("what", DAMAGES)
def test_no_damage_is_answered_with_a_traceback(own: Path, tmp_path: Path, what: str) -> None:
    file = own / "samples.db"
    file.write_bytes(DAMAGES[what](file.read_bytes()))
    for command in (
        ("db", "check"),
        ("db", "stats"),
        ("query", "node_load1"),
        ("export", "samples", str(tmp_path / "samples.txt")),
        ("db", "salvage", str(file), str(tmp_path / "new.db")),
        ("db", "backup", str(tmp_path / "backup.db")),
    ):
        result = jipyo(*command, "--data", str(own))
        assert result.code in {0, 1}, result.err
        assert "Traceback" not in result.err + result.out
        assert result.err or result.out
