"""`serve` in this process: the parts work together, and everything is closed at the end."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

from jipyo import web
from jipyo.app.commands import ServerCommand
from jipyo.app.offline import open_workspace
from jipyo.app.server import serve
from jipyo.app.store_admin import read_stats
from jipyo.config.load import Config, load
from jipyo.config.overrides import CliOverrides
from jipyo.model.errors import ConfigError, JipyoError, ServeError, StoreBusy, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TEXT = """
instance: host1
collect: {interval: 1s, host: false, process: false, gpu: false}
"""


@pytest.fixture(autouse=True)
def switch_interval() -> Iterator[None]:
    """The server changes it for its process."""
    before = sys.getswitchinterval()
    yield
    sys.setswitchinterval(before)


def load_config(folder: Path, listen: str = "127.0.0.1:0") -> Config:
    file = folder / "jipyo.yaml"
    file.write_text(TEXT, encoding="utf-8")
    overrides = CliOverrides(file=file, data=folder / "data", listen=listen)
    return load(overrides, {"HOME": str(folder)}, "en")


class Server:
    """`serve` on a thread."""

    def __init__(self, config: Config) -> None:
        self.commands: SimpleQueue[ServerCommand] = SimpleQueue()
        self.url = ""
        self._started = threading.Event()
        self._executor = ThreadPoolExecutor(1)
        self._result = self._executor.submit(
            serve, config, started=self._set_url, commands=self.commands
        )

    def __enter__(self) -> Server:
        assert self._started.wait(20), self._result.exception(0)
        return self

    def __exit__(self, *_: object) -> None:
        self.commands.put(ServerCommand.STOP)
        self._executor.shutdown()
        self._result.result()

    def _set_url(self, url: str) -> None:
        self.url = url
        self._started.set()

    def get(self, path: str, **fields: str) -> Any:
        answer = urllib3.request("GET", self.url + path, fields=fields, timeout=20)
        assert answer.status == 200, answer.data
        return answer.json()


def test_our_own_metrics_go_around_once(tmp_path: Path) -> None:
    config = load_config(tmp_path)
    with Server(config) as server:
        ready = urllib3.Retry(50, status_forcelist=[503], backoff_factor=0.1, backoff_max=0.2)
        urllib3.request("GET", f"{server.url}/-/ready", retries=ready, timeout=20)
        result = server.get("/api/v1/query", query="jipyo_tsdb_series")["data"]["result"]
        assert [row["metric"]["instance"] for row in result] == ["host1"]
        jobs = {
            target["job"]: target["state"] for target in server.get("/api/jipyo/targets")["targets"]
        }
        assert jobs == {"jipyo": "up", "pushed": "absent", "logs": "absent"}
        with pytest.raises(StoreBusy):
            serve(config, started=lambda _url: None, commands=SimpleQueue())
    assert read_stats(config.data).samples > 0  # the store was closed, not left behind


def test_what_was_stored_can_be_read_beside_the_server_and_after_it(tmp_path: Path) -> None:
    config = load_config(tmp_path)
    file = tmp_path / "jipyo.yaml"
    with Server(config), open_workspace(file, config.data, "ko") as workspace:
        assert workspace.lang == "ko"
        assert workspace.source.metadata() is not None
    with open_workspace(file, config.data) as workspace:
        assert workspace.source.label_values("job", (), 0, workspace.now_ms()) == ["jipyo"]


def test_a_reload_that_is_asked_for_during_the_start_comes_after_it(tmp_path: Path) -> None:
    config = load_config(tmp_path)
    commands: SimpleQueue[ServerCommand] = SimpleQueue()
    for command in ("RELOAD", "STOP", "RELOAD"):
        commands.put(ServerCommand[command])
    applied: list[Config] = []
    (tmp_path / "jipyo.yaml").write_text(f"{TEXT}organisation: x\n", encoding="utf-8")
    serve(config, started=lambda _: None, commands=commands, applied=applied.append)
    assert [each.settings.organisation for each in applied] == ["x"]


def test_without_data_there_is_no_workspace(tmp_path: Path) -> None:
    with pytest.raises(StoreError), open_workspace(data=tmp_path / "none"):
        pass
    assert not (tmp_path / "none").exists()


def test_an_address_in_use_is_told_before_anything_is_opened(tmp_path: Path) -> None:
    with web.listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        config = load_config(tmp_path, f"127.0.0.1:{port}")
        with pytest.raises(ServeError) as error:
            serve(config, started=lambda _url: None, commands=SimpleQueue())
    assert error.value.key == "web.port_in_use"
    assert not config.data.exists()


@pytest.mark.parametrize("listen", ["0.0.0.0:0", "192.168.0.1:9797"])
def test_an_exposed_address_is_refused_before_anything_is_opened(
    tmp_path: Path, listen: str
) -> None:
    config = load_config(tmp_path, listen)
    with pytest.raises(ConfigError) as error:
        serve(config, started=lambda _url: None, commands=SimpleQueue())
    assert (error.value.key, error.value.values["address"]) == ("app.open_door", listen)
    assert not config.data.exists()


def test_push_groups_that_cannot_be_read_close_what_was_opened(tmp_path: Path) -> None:
    config = load_config(tmp_path)
    (config.data / "pushed.json").mkdir(parents=True)
    for _ in range(2):  # the second time the store must be free again
        with pytest.raises(JipyoError) as error:
            serve(config, started=lambda _url: None, commands=SimpleQueue())
        assert not isinstance(error.value, StoreBusy)
