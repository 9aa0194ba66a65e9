"""Moving in: how fast `jipyo import prometheus` copies three days, and what it needs.

    python -m bench moving

1,000 series every 15 s at a real Prometheus and a real VictoriaMetrics, by the command itself.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench.machine import describe_machine
from bench.peers import Server, binary, prometheus, settle, victoria
from bench.remote_write import write
from bench.series import DAY_MS, END_MS, hosts
from jipyo.wire.exposition.write import format_series

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.model.sample import SeriesBlock

DAYS = 3
_IMPORTED = re.compile(r"([\d,]+) samples of ([\d,]+) series")


def write_blocks(folder: Path, blocks: Sequence[SeriesBlock]) -> None:
    """Prometheus' own files, as promtool makes them from text."""
    promtool = binary("promtool")
    if promtool is None:
        raise FileNotFoundError("promtool: run `make services`")
    lines = folder / "history.om"
    with lines.open("w") as file:
        for block in blocks:
            for labels, values in zip(block.series, block.values, strict=True):
                name = format_series(labels)
                pairs = zip(values.tolist(), block.t_ms.tolist(), strict=True)
                file.writelines(f"{name} {value!r} {t / 1000:.3f}\n" for value, t in pairs)
        file.write("# EOF\n")
    command = [promtool, "tsdb", "create-blocks-from", "--max-block-duration=64d", "openmetrics"]
    subprocess.run([*command, lines, folder / "data"], check=True, stdout=subprocess.DEVNULL)
    lines.unlink()


def measure(name: str, server: Server, data: Path) -> None:
    """One import by the command, checked by itself."""
    start, end = (f"{t_ms / 1000:.3f}" for t_ms in (END_MS - DAYS * DAY_MS - 1, END_MS))
    command = [sys.executable, "-m", "jipyo", "import", "prometheus", "--lang", "en"]
    command += ["--url", server.url, "--from", start, "--to", end, "--data", str(data)]
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        text = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - began
    imported = _IMPORTED.search(text)
    if process.returncode or imported is None:
        raise RuntimeError(f"{name}: {text}")
    samples = int(imported[1].replace(",", ""))
    print(
        f"{name:16s} {samples / 1e6:6.1f} M samples in {seconds:6.1f} s with the check at the end,"
        f" {samples / seconds / 1000:5.0f} k/s; of its own processor time"
        f" {samples / (usage.ru_utime + usage.ru_stime) / 1000:5.0f} k/s,"
        f" {usage.ru_maxrss / 1024:4.0f} MiB,"
        f" {(data / 'samples.db').stat().st_size / samples:.2f} bytes a sample"
    )


def main() -> None:
    """Import from both servers and print a line for each."""
    blocks = [*hosts(DAYS)]
    print(describe_machine())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_blocks(folder, blocks)
        with prometheus(folder) as server:
            measure("Prometheus", server, folder / "from-prometheus")
        with victoria(folder / "victoria") as server:
            write(f"{server.url}/api/v1/write", blocks)
            settle(server)
            measure("VictoriaMetrics", server, folder / "from-victoria")


if __name__ == "__main__":
    main()
