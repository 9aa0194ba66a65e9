"""The product as a user starts it: a running `jipyo up`."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Server:
    """A running `jipyo up`."""

    address: str

    def api(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.address}/api/jipyo/{path}", timeout=30) as answer:
            return json.load(answer)


@contextlib.contextmanager
def serving(folder: Path, config: str) -> Iterator[Server]:
    """`jipyo up` on a free port with its data under folder, until the block ends."""
    file = folder / "jipyo.yaml"
    file.write_text(config)
    jipyo = Path(sys.executable).with_name("jipyo")
    where = ["--config", file, "--data", folder / "data", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(
        [jipyo, "up", *where], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        heard = []
        try:
            for line in process.stderr:
                heard.append(line)
                if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                    break
            else:
                raise AssertionError(f"jipyo up ended: {''.join(heard)}")
            yield Server(found.group())
        finally:
            process.terminate()
            process.communicate(timeout=30)
