"""An agent reads the keys that collect and send, and no others."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from jipyo.config.agent import AGENT, SERVER_KEYS, load_agent
from jipyo.config.file import FILE
from jipyo.config.overrides import CliOverrides
from jipyo.i18n import texts
from jipyo.model.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

SEND = "remote_write: [{url: 'http://there:9090/api/v1/write'}]\n"
NOT_LOADED = ("jipyo.tsdb", "jipyo.promql", "jipyo.web", "jipyo.catalogue", "starlette", "rich")


def written(folder: Path, text: str) -> CliOverrides:
    file = folder / "jipyo.yaml"
    file.write_text(text, "utf-8")
    return CliOverrides(file=file, data=folder / "data")


def test_every_key_of_a_server_is_used_or_ignored() -> None:
    assert {key.name for key in FILE.keys} == SERVER_KEYS | {key.name for key in AGENT.keys}


def test_keys_of_a_server_are_ignored_and_named(tmp_path: Path) -> None:
    text = f"{SEND}instance: 서버1\nstore: {{nonsense: 1}}\nlisten: 9\ncollect: {{interval: 5s}}\n"
    config = load_agent(written(tmp_path, text), {}, "en")
    assert config.ignored == ("store", "listen")
    assert (config.instance, config.settings.collect.interval_ms) == ("서버1", 5000)
    assert [one.name for one in config.settings.remote_write] == ["there:9090"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "names no server to send to"),
        ("collect: {gpu: false}", "names no server to send to"),
        ("store: {}", "names no server to send to"),
        (f"{SEND}colect: {{}}", "Unknown key colect. Did you mean collect?"),
        ("remote_write: [{}]", "The key url is missing"),
        (f"{SEND}collect: {{interval: 5}}", "collect.interval"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_agent(written(tmp_path, text), {}, "en")
    assert message in texts("en").error(caught.value)
    assert texts("ko").error(caught.value)


def test_the_file_is_read_again(tmp_path: Path) -> None:
    overrides = written(tmp_path, SEND)
    config = load_agent(overrides, {}, "ko")
    written(tmp_path, f"{SEND}instance: other\n")
    assert config.read_again().instance == "other"


def test_an_agent_loads_no_store_no_engine_and_no_web_server() -> None:
    code = (
        "import sys, jipyo.app.agent, jipyo.cli.agent, jipyo.cli.main, jipyo.config.agent\n"
        f"print([name for name in {NOT_LOADED!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
