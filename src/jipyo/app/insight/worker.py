"""A process that computes outlooks: started by `workers`, and never by a person.

It reads batches from its standard input and writes their results to its standard output, each as
8 bytes of length and that many of a pickle. Only the process that started it holds these ends.
"""

from __future__ import annotations

import os
import pickle  # both ends are this program
import sys
from typing import IO, TYPE_CHECKING, Any

from jipyo.analysis.outlook import OutlookOptions, build_outlook

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.analysis.outlook import Outlook, SeriesHistory

_LENGTH_BYTES = 8
_NICENESS = 19

Batch = tuple[OutlookOptions, tuple["SeriesHistory", ...]]


def write_frame(stream: IO[bytes], value: object) -> None:
    """Write a value.

    Raises:
        OSError: nobody reads any more.
    """
    body = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(len(body).to_bytes(_LENGTH_BYTES, "little") + body)
    stream.flush()


def read_frame(stream: IO[bytes]) -> Any:
    """Read a value; None where the stream ends.

    Raises:
        EOFError: it ends within a value.
    """
    head = stream.read(_LENGTH_BYTES)
    if not head:
        return None
    body = stream.read(int.from_bytes(head, "little"))
    if len(head) < _LENGTH_BYTES or len(body) < int.from_bytes(head, "little"):
        raise EOFError
    return pickle.loads(body)  # noqa: S301 - written by this program's other end


def work(commands: IO[bytes], results: IO[bytes]) -> None:
    """Compute batch after batch until the input ends."""
    while (batch := read_frame(commands)) is not None:
        write_frame(results, compute(*batch))


def compute(options: OutlookOptions, histories: Sequence[SeriesHistory]) -> list[Outlook]:
    """The outlook of each series."""
    return [build_outlook(history, options) for history in histories]


if __name__ == "__main__":
    os.nice(_NICENESS)
    work(sys.stdin.buffer, sys.stdout.buffer)
