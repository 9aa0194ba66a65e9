"""Blocks of series sent to a receiver by remote write 1.0, for the benches."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import urllib3

from jipyo.wire.compression import compress_snappy
from jipyo.wire.remote_write import RemoteWriteEncoder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jipyo.model.sample import SeriesBlock

_HEADERS = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}
_PART_MS = 7_200_000


def requests(blocks: Sequence[SeriesBlock], part_ms: int = _PART_MS) -> Iterator[bytes]:
    """The bodies that carry the blocks, part by part in the order of time."""
    first = min(int(block.t_ms[0]) for block in blocks)
    last = max(int(block.t_ms[-1]) for block in blocks)
    encoder = RemoteWriteEncoder()
    for start in range(first, last + 1, part_ms):
        parts = [cut(block, start, start + part_ms) for block in blocks]
        yield compress_snappy(encoder.encode_v1(part for part in parts if len(part.t_ms)))


def cut(block: SeriesBlock, start_ms: int, end_ms: int) -> SeriesBlock:
    """The samples from a time to another one, which is left out."""
    at = slice(*np.searchsorted(block.t_ms, (start_ms, end_ms)))
    return replace(block, t_ms=block.t_ms[at], values=block.values[:, at])


def write(url: str, blocks: Sequence[SeriesBlock], part_ms: int = _PART_MS) -> None:
    """Send the blocks to a receiver, so much of all series at a time.

    Raises:
        RuntimeError: it rejects them.
    """
    http = urllib3.PoolManager()
    for body in requests(blocks, part_ms):
        answer = http.request("POST", url, body=body, headers=_HEADERS, retries=False)
        if answer.status // 100 != 2:
            raise RuntimeError(f"{url}: {answer.status} {answer.data[:300]!r}")
