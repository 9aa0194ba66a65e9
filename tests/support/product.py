"""The real product for tests: `jipyo up` as a process, and the command line in this process."""

import contextlib
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import urllib3

from jipyo.cli.main import run
from jipyo.i18n import Lang, texts
from support.services import free_port


@dataclass(frozen=True)
class Product:
    """A running `jipyo up`."""

    process: subprocess.Popen[bytes]
    port: int
    data: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str, /, **fields: str) -> Any:
        answer = urllib3.request("GET", self.url + path, fields=fields, retries=False, timeout=30)
        assert answer.status == 200, answer.data
        return orjson.loads(answer.data)

    def samples(self, selector: str) -> dict[str, list[tuple[float, str]]]:
        """The raw samples of the last hour, by series."""
        answer = self.get("/api/v1/query", query=f"{selector}[1h]")
        return {str(row["metric"]): row["values"] for row in answer["data"]["result"]}

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


@dataclass(frozen=True)
class CommandResult:
    """The exit code of a command, and what it printed."""

    code: int
    out: str
    err: str


def jipyo(*words: str, lang: Lang = "en") -> CommandResult:
    """Run a command line in this process to its end."""
    with (
        contextlib.redirect_stdout(io.StringIO()) as out,
        contextlib.redirect_stderr(io.StringIO()) as err,
    ):
        code = run([*words], texts(lang))
    return CommandResult(code, out.getvalue(), err.getvalue())


@contextlib.contextmanager
def up(
    data: Path,
    *words: str,
    port: int | None = None,
    environment: Mapping[str, str] | None = None,
    seconds: float = 120,
) -> Iterator[Product]:
    """`jipyo up` for the length of a `with`, ready when it begins.

    Args:
        data: its data folder.
        words: further options.
        port: where it listens; a free one without.
        environment: variables beside those of this process.
        seconds: how long it may take on a loaded machine; one that ends fails at once.
    """
    port = port or free_port()
    command = [sys.executable, "-m", "jipyo", "up", "--data", str(data)]
    log = data.parent / f"{data.name}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*command, "--listen", f"127.0.0.1:{port}", *words],
            stdout=output,
            stderr=output,
            env={**os.environ, **(environment or {})},
        )
    product = Product(process, port, data)
    try:
        _wait(product, seconds, log)
        yield product
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def _wait(product: Product, seconds: float, log: Path) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and product.process.poll() is None:
        with contextlib.suppress(urllib3.exceptions.HTTPError):
            ready = urllib3.request("GET", f"{product.url}/-/ready", retries=False, timeout=5)
            if ready.status == 200:
                return
        time.sleep(0.05)
    raise AssertionError(f"jipyo up is not ready:\n{log.read_text(errors='replace')[-3000:]}")
