"""The servers that the benches measure themselves against, started on this machine."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import urllib3

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_CONFIG = "global: {evaluation_interval: 1m}\n"


def services() -> Path:
    """Where `make services` puts what it builds."""
    root = os.environ.get("JIPYO_SERVICES") or str(Path.home() / ".cache" / "jipyo-services")
    return Path(root) / "bin"


def binary(name: str) -> str | None:
    """The path of a program, if it is there."""
    return shutil.which(name, path=str(services())) or shutil.which(name)


@dataclass(frozen=True)
class Server:
    """Anything with the Prometheus HTTP API."""

    url: str
    pid: int

    def ask(self, path: str, **form: object) -> bytes:
        """The body of an answer.

        Raises:
            RuntimeError: the server rejected the request.
        """
        fields = {name: str(value) for name, value in form.items()}
        answer = _http().request("POST", self.url + path, fields=fields, encode_multipart=False)
        if answer.status != 200:
            raise RuntimeError(f"{path} {form}: {answer.status} {answer.data[:300]!r}")
        return answer.data

    def get(self, path: str, **fields: object) -> bytes:
        """The body of an answer to a GET.

        Raises:
            RuntimeError: the server rejected the request.
        """
        texts = {name: str(value) for name, value in fields.items()}
        answer = _http().request("GET", self.url + path, fields=texts)
        if answer.status != 200:
            raise RuntimeError(f"{path} {fields}: {answer.status} {answer.data[:300]!r}")
        return answer.data

    def post(self, path: str, body: bytes) -> None:
        """Send a body.

        Raises:
            RuntimeError: the server rejected it.
        """
        answer = _http().request("POST", self.url + path, body=body)
        if answer.status >= 300:
            raise RuntimeError(f"{path}: {answer.status} {answer.data[:300]!r}")

    def data(self, path: str, **form: object) -> Any:
        """The `data` of an answer."""
        return json.loads(self.ask(path, **form))["data"]


_POOL: list[urllib3.PoolManager] = []


def _http() -> urllib3.PoolManager:
    if not _POOL:
        _POOL.append(urllib3.PoolManager(maxsize=4, timeout=300, retries=False))
    return _POOL[0]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: Sequence[str], url: str, ready: str, log: Path) -> Iterator[Server]:
    """A server for the length of a `with`."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        _wait(url + ready, process, log)
        yield Server(url, process.pid)
    finally:
        process.terminate()
        process.wait(30)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        if process.poll() is not None:
            raise RuntimeError(log.read_text(errors="replace")[-2000:])
        try:
            if _http().request("GET", url).status == 200:
                return
        except urllib3.exceptions.HTTPError:
            pass
        time.sleep(0.05)
    raise RuntimeError(f"{url} does not answer")


@contextmanager
def prometheus(
    folder: Path, features: Sequence[str] = (), config: str = _CONFIG
) -> Iterator[Server]:
    """A Prometheus that takes remote write, over `data` in the folder, if there is one."""
    program = binary("prometheus")
    if program is None:
        raise FileNotFoundError("prometheus: run `make services`")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "prometheus.yml").write_text(config)
    port = free_port()
    command = [
        program,
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{port}",
        "--web.enable-remote-write-receiver",
        "--storage.tsdb.retention.time=100y",
        "--log.level=warn",
        *([f"--enable-feature={','.join(features)}"] if features else []),
    ]
    with running(command, f"http://127.0.0.1:{port}", "/-/ready", folder / "log") as server:
        yield server


@contextmanager
def serve_storage(name: str, folder: Path, *flags: str) -> Iterator[Server]:
    """VictoriaMetrics or VictoriaLogs over the data in the folder."""
    program = binary(name)
    if program is None:
        raise FileNotFoundError(f"{name}: run `make services`")
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    address = f"127.0.0.1:{port}"
    command = [program, f"-storageDataPath={folder}/data", f"-httpListenAddr={address}"]
    command += ["-retentionPeriod=100y", *flags]
    with running(command, f"http://{address}", "/health", folder / "log") as server:
        yield server


@contextmanager
def victoria(folder: Path, *flags: str) -> Iterator[Server]:
    """An empty VictoriaMetrics whose answers are computed anew each time."""
    own = (
        *("-search.latencyOffset=0s", "-search.disableCache"),
        *("-search.maxPointsPerTimeseries=50000", "-loggerLevel=ERROR"),
    )
    with serve_storage("victoria-metrics", folder, *own, *flags) as server:
        yield server


@contextmanager
def jipyo(folder: Path) -> Iterator[Server]:
    """Our own web room over the store in the folder."""
    port = free_port()
    command = [sys.executable, "-m", "bench.serving", str(folder), str(port)]
    log = folder.parent / "jipyo.log"
    with running(command, f"http://127.0.0.1:{port}", "/-/healthy", log) as server:
        yield server


@contextmanager
def jipyo_up(folder: Path) -> Iterator[Server]:
    """`jipyo up` that collects nothing itself, over a store in the folder."""
    config = folder / "jipyo.yaml"
    config.write_text("collect: {host: false, process: false, gpu: false}\n")
    port = free_port()
    command = [sys.executable, "-m", "jipyo", "up", "--data", str(folder / "data")]
    command += ["--config", str(config), "--listen", f"127.0.0.1:{port}"]
    with running(command, f"http://127.0.0.1:{port}", "/-/ready", folder / "log") as server:
        yield server


def settle(server: Server) -> None:
    """Wait until the server's processor time has stopped growing."""
    before = cpu_seconds(server.pid)
    for _ in range(120):
        time.sleep(1)
        now = cpu_seconds(server.pid)
        if now - before < 0.1:
            return
        before = now


def cpu_seconds(pid: int) -> float:
    """Processor time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mib(pid: int) -> float:
    """The most memory that a process has had."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
