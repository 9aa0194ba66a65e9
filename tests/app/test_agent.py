"""An agent applies its file again as a server does: as a whole or not at all."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from jipyo.app.agent import Agent
from jipyo.config.agent import AgentConfig, load_agent
from jipyo.config.overrides import CliOverrides
from jipyo.model.clock import SystemClock
from jipyo.model.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

QUIET = "collect: {host: false, process: false, gpu: false}\n"
ONE = QUIET + "remote_write: [{url: 'http://127.0.0.1:1/', name: one}]\n"
TWO = ONE.replace("one", "two")


@contextmanager
def running(folder: Path, applied: list[AgentConfig]) -> Iterator[Agent]:
    (folder / "jipyo.yaml").write_text(ONE)
    overrides = CliOverrides(file=folder / "jipyo.yaml")
    config = load_agent(overrides, {"HOME": str(folder)}, "en")
    agent = Agent(config, SystemClock(), applied=applied.append)
    with agent.running():
        yield agent


def test_a_pipe_is_not_read_a_second_time(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(ONE,))
    writer.start()
    config = load_agent(CliOverrides(file=pipe), {"HOME": str(tmp_path)}, "en")
    writer.join()
    with pytest.raises(ConfigError) as raised:
        config.read_again()
    assert raised.value.key == "config.read_once"


def read_metrics(agent: Agent) -> tuple[float, set[str]]:
    """Whether the last reload succeeded, and the destinations."""
    families = {family.name: family for family in agent.families()}
    (reloaded,) = families["jipyo_config_last_reload_successful"].samples
    pending = families["jipyo_remote_write_samples_pending"].samples
    return reloaded.value, {dict(sample.labels)["remote_name"] for sample in pending}


def test_another_file_is_applied_without_a_restart(tmp_path: Path) -> None:
    applied: list[AgentConfig] = []
    with running(tmp_path, applied) as agent:
        (tmp_path / "jipyo.yaml").write_text(f"{TWO}data: elsewhere\nlisten: 127.0.0.1:1\n")
        state = agent.configuration.reload()
        assert (state.error, state.waiting) == (None, ("data",))
        assert read_metrics(agent) == (1, {"two"})
    (config,) = applied
    assert config.ignored == ("listen",)
    assert config.data != tmp_path / "elsewhere"


def test_a_wrong_file_changes_nothing_and_shows_in_a_metric(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    applied: list[AgentConfig] = []
    with running(tmp_path, applied) as agent:
        for wrong in ("", QUIET, f"{TWO}colect: {{}}\n", "{"):
            (tmp_path / "jipyo.yaml").write_text(wrong)
            assert agent.configuration.reload().error is not None
            assert read_metrics(agent) == (0, {"one"})
        (tmp_path / "jipyo.yaml").write_text(TWO)
        assert agent.configuration.reload().error is None
        assert read_metrics(agent) == (1, {"two"})
    assert len(applied) == 1
    errors = [record for record in caplog.records if "was not reloaded" in record.getMessage()]
    assert len(errors) == 4
