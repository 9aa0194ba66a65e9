"""Remote write 1.0 for the benches: blocks of series as snappy-compressed protobuf."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cramjam
import numpy as np
import urllib3

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jipyo.model.labels import Labels
    from jipyo.model.sample import SeriesBlock, Times, Values

_HEADERS = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}
_PART_MS = 7_200_000


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def field(number: int, payload: bytes) -> bytes:
    """A length-delimited field."""
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def encoded_labels(labels: Labels) -> bytes:
    return b"".join(
        field(1, field(1, name.encode()) + field(2, value.encode())) for name, value in labels.pairs
    )


def encoded_samples(t_ms: Times, values: Values) -> bytes:
    """All samples of one series; their times must take the same number of bytes."""
    width = len(varint(int(t_ms[0])))
    assert width == len(varint(int(t_ms[-1])))
    sample = np.zeros((len(t_ms), 2 + 9 + 1 + width), np.uint8)
    sample[:, 0], sample[:, 1] = 0x12, sample.shape[1] - 2
    sample[:, 2] = 0x09
    sample[:, 3:11] = values.astype("<f8").view(np.uint8).reshape(-1, 8)
    sample[:, 11] = 0x10
    shifts = 7 * np.arange(width)
    sample[:, 12:] = (t_ms[:, None] >> shifts & 127) | 128
    sample[:, -1] &= 127
    return sample.tobytes()


def requests(blocks: Sequence[SeriesBlock], part_ms: int = _PART_MS) -> Iterator[bytes]:
    """The bodies that carry the blocks, part by part in the order of time."""
    first = min(int(block.t_ms[0]) for block in blocks)
    last = max(int(block.t_ms[-1]) for block in blocks)
    names = [[encoded_labels(labels) for labels in block.series] for block in blocks]
    for start in range(first, last + 1, part_ms):
        parts = bytearray()
        for block, heads in zip(blocks, names, strict=True):
            at = slice(*np.searchsorted(block.t_ms, (start, start + part_ms)))
            if at.start == at.stop:
                continue
            for head, values in zip(heads, block.values, strict=True):
                parts += field(1, head + encoded_samples(block.t_ms[at], values[at]))
        yield bytes(cramjam.snappy.compress_raw(bytes(parts)))


def write(url: str, blocks: Sequence[SeriesBlock], part_ms: int = _PART_MS) -> None:
    """Send the blocks to a receiver, so much of all series at a time.

    Raises:
        RuntimeError: it does not take them.
    """
    http = urllib3.PoolManager()
    for body in requests(blocks, part_ms):
        answer = http.request("POST", url, body=body, headers=_HEADERS, retries=False)
        if answer.status // 100 != 2:
            raise RuntimeError(f"{url}: {answer.status} {answer.data[:300]!r}")
