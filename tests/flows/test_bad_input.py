"""What a person can get wrong is named, with exit code 2 (usage) or 1, and loses nothing."""

import os
import socket
from pathlib import Path

import pytest

from support.product import jipyo, up


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("colect: {interval: 15s}", "colect"),
        ("collect:\n  interval: -5s", "-5s"),
        ("collect: {interval: 0s}", "0s"),
        (
            "catalogue: {metrics: {system.cpu.utilization: {thresholds: {warning: 95}}}}",
            "system.cpu.utilization",
        ),
        ("timezone: Mars/Olympus", "Mars/Olympus"),
        ("collect: {databases: [{kind: oracle, url: x}]}", "oracle"),
        ("collect: {databases: [{kind: redis, url: 'redis://:secret@h'}]}", "password_file"),
        ("collect: {probes: [{job: a, url: 'http://x', tcp: 'y:1'}]}", "url"),
        ("collect: {scrape: [{job: a}]}", "url"),
        ("collect: [", "jipyo.yaml:2"),
    ],
)
def test_a_wrong_configuration_is_told_and_nothing_is_written(
    tmp_path: Path, text: str, message: str
) -> None:
    config = tmp_path / "jipyo.yaml"
    config.write_text(text)
    for lang in ("en", "ko"):
        result = jipyo("up", "--config", str(config), "--data", str(tmp_path / "d"), lang=lang)
        assert result.code == 2, result.err
        assert message in result.err
        assert "Traceback" not in result.err
    assert not (tmp_path / "d").exists()


def test_a_port_in_use_is_told_before_anything_is_opened(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = jipyo("up", "--listen", f"127.0.0.1:{port}", "--data", str(tmp_path / "d"))
    assert result.code == 1
    assert str(port) in result.err
    assert not (tmp_path / "d").exists()


def test_a_second_process_on_the_same_data_is_refused_and_the_first_goes_on(
    tmp_path: Path,
) -> None:
    with up(tmp_path / "d") as product:
        result = jipyo("up", "--listen", "127.0.0.1:0", "--data", str(tmp_path / "d"))
        assert result.code == 1
        assert str(tmp_path / "d") in result.err
        assert product.get("/api/v1/query", query="up")["data"]["result"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir(mode=0o500)
    result = jipyo("up", "--listen", "127.0.0.1:0", "--data", str(tmp_path / "d" / "x"))
    assert result.code == 1
    assert str(tmp_path / "d" / "x") in result.err


def test_a_data_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "d").write_text("mine")
    result = jipyo("up", "--listen", "127.0.0.1:0", "--data", str(tmp_path / "d" / "x"))
    assert result.code == 1
    assert str(tmp_path / "d") in result.err
    assert (tmp_path / "d").read_text() == "mine"


def test_an_address_that_others_can_reach_must_be_asked_for_aloud(tmp_path: Path) -> None:
    result = jipyo("up", "--listen", "0.0.0.0:0", "--data", str(tmp_path / "d"))
    assert result.code == 2
    assert "--insecure" in result.err
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize("command", ["status", "doctor", "report daily", "query up"])
def test_without_data_the_remedy_is_named(tmp_path: Path, command: str) -> None:
    result = jipyo(*command.split(), "--data", str(tmp_path / "none"))
    assert result.code == 1
    assert "jipyo up" in result.err
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("up", "--nonsense"),
        ("nonsense",),
        ("report", "daily", "--day", "tomorrow"),
        ("report", "hourly"),
        ("report", "weekly", "--week", "the last"),
        ("report", "range", "--from", "2026-10-02", "--to", "2026-10-01"),
        ("query",),
        ("query", "up", "--at", "soon"),
        ("query", "up", "--from", "-1h", "--step", "fast"),
        ("up", "--listen", "here"),
    ],
)
def test_wrong_usage_exits_with_2(words: tuple[str, ...]) -> None:
    for lang in ("en", "ko"):
        result = jipyo(*words, lang=lang)
        assert result.code == 2, (result.out, result.err)
        assert "Traceback" not in result.err
