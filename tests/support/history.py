"""A real Prometheus that has past samples, loaded from blocks as promtool makes them."""

from __future__ import annotations

import contextlib
import subprocess
from typing import TYPE_CHECKING

from jipyo.wire.exposition.write import format_series
from support.services import binary, free_port, running

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from jipyo.model.sample import SeriesBlock


def load_history(folder: Path, blocks: Iterable[SeriesBlock]) -> Path:
    """A Prometheus data folder with these samples, one for each server that reads it."""
    lines, data = folder / "history.om", folder / "data"
    with lines.open("w") as file:
        for block in blocks:
            for labels, values in zip(block.series, block.values, strict=True):
                name = format_series(labels)
                for t_ms, value in zip(block.t_ms.tolist(), values.tolist(), strict=True):
                    file.write(f"{name} {value} {t_ms / 1000}\n")
        file.write("# EOF\n")
    # In blocks of two hours the file would be read hundreds of times.
    command = [binary("promtool"), "tsdb", "create-blocks-from", "--max-block-duration=64d"]
    subprocess.run([*command, "openmetrics", lines, data], check=True, capture_output=True)
    lines.unlink()
    return data


@contextlib.contextmanager
def serve_history(folder: Path, data: Path, program: str = "prometheus") -> Iterator[str]:
    """The URL of a Prometheus over a data folder, for the length of a `with`."""
    config = folder / "prometheus.yml"
    config.write_text("scrape_configs: []\n")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command: Sequence[str] = [
        binary(program),
        f"--config.file={config}",
        f"--storage.tsdb.path={data}",
        "--storage.tsdb.retention.time=10y",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with running(command, f"{url}/-/ready", folder / "prometheus.log"):
        yield url
