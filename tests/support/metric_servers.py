"""Real servers of the Prometheus family on this machine, empty and ready for remote write."""

from __future__ import annotations

import contextlib
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

import urllib3

from support.remote_write import gather, send
from support.services import binary, free_port, running

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from jipyo.model.sample import Scrape


@dataclass(frozen=True)
class MetricServer:
    """Its address, whether samples must be flushed to be seen, and its process if it has one."""

    url: str
    is_victoria: bool = False
    process: subprocess.Popen[bytes] | None = None

    def load(self, scrapes: Iterable[Scrape]) -> None:
        """Store these samples, so that the next query sees them."""
        send(f"{self.url}/api/v1/write", gather(scrapes).items())
        if self.is_victoria:
            flush = urllib3.request("GET", f"{self.url}/internal/force_flush", retries=False)
            assert flush.status == 200

    @contextlib.contextmanager
    def hanging(self) -> Iterator[None]:
        """Stopped (SIGSTOP) for the length of a `with`."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)


@contextlib.contextmanager
def prometheus(
    folder: Path, program: str, config: str = "{}", *flags: str
) -> Iterator[MetricServer]:
    """Prometheus, without any scraping of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "prometheus.yml").write_text(config, encoding="utf-8")
    url = f"http://127.0.0.1:{free_port()}"
    command = [
        program,
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address={url.removeprefix('http://')}",
        "--web.enable-remote-write-receiver",
        "--storage.tsdb.retention.time=30y",
        *flags,
    ]
    with running(command, f"{url}/-/ready", folder / "prometheus.log") as process:
        yield MetricServer(url, process=process)


@contextlib.contextmanager
def victoria(folder: Path, program: str, *flags: str) -> Iterator[MetricServer]:
    """VictoriaMetrics, a single node."""
    folder.mkdir(parents=True, exist_ok=True)
    address = f"127.0.0.1:{free_port()}"
    command = [
        program,
        f"-storageDataPath={folder}/data",
        f"-httpListenAddr={address}",
        "-retentionPeriod=100y",
        *flags,
    ]
    with running(command, f"http://{address}/health", folder / "victoria.log") as process:
        yield MetricServer(f"http://{address}", is_victoria=True, process=process)


def built(name: str) -> str:
    """The newest release, from `make services`."""
    return binary(name)


def packaged(name: str) -> str:
    """The release of the distribution, which is years older."""
    return binary(f"/usr/bin/{name}")
