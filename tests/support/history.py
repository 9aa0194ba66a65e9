"""Past samples for a real Prometheus, in blocks as promtool makes them."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from jipyo.wire.exposition.write import format_series
from support.services import binary

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from jipyo.model.sample import SeriesBlock


def load_history(folder: Path, blocks: Iterable[SeriesBlock]) -> Path:
    """A data folder of `metric_servers.prometheus` with these samples: `data` in this one."""
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
