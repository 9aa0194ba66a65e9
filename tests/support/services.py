"""Real servers for tests: where they are, and what happens where one is missing.

`make services` puts what it builds into $JIPYO_SERVICES/bin (default
~/.cache/jipyo-services/bin); Debian's packages are found on PATH. A test that needs a
server that is not there is skipped with the reason, and fails where
JIPYO_REQUIRE_SERVICES=1 requires everything.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import urllib3


def folder() -> Path:
    return Path(os.environ.get("JIPYO_SERVICES") or Path.home() / ".cache" / "jipyo-services")


def missing(reason: str) -> None:
    """Skip the test, or fail it where every server must be there."""
    if os.environ.get("JIPYO_REQUIRE_SERVICES") == "1":
        pytest.fail(f"{reason}, and JIPYO_REQUIRE_SERVICES=1")
    pytest.skip(reason)


def binary(*names: str) -> str:
    """The path of the first of these programs that is there; built ones before packaged ones."""
    built = str(folder() / "bin")
    for name in names:
        found = shutil.which(name, path=built) or shutil.which(name)
        if found:
            return found
    missing(f"{' or '.join(names)} not found: run `make services`")
    raise AssertionError


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_http(url: str, process: subprocess.Popen[bytes], seconds: float = 30) -> None:
    """Wait until the address answers 200; tell at once when the process has ended."""
    http = urllib3.PoolManager(retries=False, timeout=2)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
        with contextlib.suppress(urllib3.exceptions.HTTPError):
            if http.request("GET", url).status == 200:
                return
        time.sleep(0.05)
    raise RuntimeError(f"{url} did not answer within {seconds} s")


@contextlib.contextmanager
def running(
    command: Sequence[str], ready_url: str, log: Path, seconds: float = 30
) -> Iterator[subprocess.Popen[bytes]]:
    """A server for the length of a `with`; its output goes to `log`."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        try:
            try:
                wait_http(ready_url, process, seconds)
            except RuntimeError as error:
                tail = log.read_text(errors="replace")[-2000:]
                raise RuntimeError(f"{error}\n{tail}") from error
            yield process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
