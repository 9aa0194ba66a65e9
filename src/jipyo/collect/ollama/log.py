"""Ollama's log: lines as they are written -> counts of requests and their times.

Ollama logs every request in the form of its web framework (gin):
`[GIN] 2026/11/26 - 10:00:00 | 200 |  1.5s |  127.0.0.1 | POST  "/api/chat"`.
"""

from __future__ import annotations

import os
import re
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.model.family import Family, FamilySample, counter, intern_labels
from jipyo.model.sample import MetricType

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BOUNDS_S = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0)
"""Boundaries of the histogram; one second is that of the specification."""
PATHS = frozenset(
    {
        "/api/chat",
        "/api/embed",
        "/api/embeddings",
        "/api/generate",
        "/v1/chat/completions",
        "/v1/completions",
        "/v1/embeddings",
        "/v1/messages",
        "/v1/responses",
    }
)
"""Requests to a model; the API has others, which are not counted."""
_STATUSES = ("200", "499", "500")
"""Counted from the beginning; others from when they first occur."""
_MAX_READ = 8 << 20
_MAX_LINE = 1 << 16
_LINE = re.compile(
    r"\[GIN\] [^|]{1,64}\|(?P<status>[^|]{1,32})\|(?P<duration>[^|]{1,32})\|[^|]{1,64}\|"
    r"[^|\"]{1,32}\"(?P<path>[^\"?]{1,256})"
)
_ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|µs|us|ns|s)")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "µs": 1e-6, "us": 1e-6, "ns": 1e-9}
_HISTOGRAM = "jipyo_ollama_request_duration_seconds"


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request to a model."""

    path: str
    status: int
    duration_s: float


def parse_line(line: str) -> LoggedRequest | None:
    """The request that a line reports; None for other lines and other requests.

    Lines may be coloured, and have the prefix of a journal.
    """
    match = _LINE.search(_ESCAPE.sub("", line))
    if match is None or match["path"] not in PATHS:
        return None
    status, duration_s = match["status"].strip(), parse_go_duration(match["duration"].strip())
    if not status.isascii() or not status.isdecimal() or duration_s is None:
        return None
    return LoggedRequest(match["path"], int(status), duration_s)


def parse_go_duration(text: str) -> float | None:
    """Seconds of a duration as Go prints it, such as `1m3.2s` or `350µs`; None for others."""
    parts = _DURATION_PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


class RequestCounts:
    """Requests since the start, as counters and a histogram.

    Everything begins at 0, so that no first request is lost to `increase`.
    """

    def __init__(self) -> None:
        outcomes = [(path, status) for path in sorted(PATHS) for status in _STATUSES]
        self._requests: Counter[tuple[str, str]] = Counter(dict.fromkeys(outcomes, 0))
        self._buckets = {path: [0] * (len(BOUNDS_S) + 1) for path in sorted(PATHS)}
        self._sums = dict.fromkeys(PATHS, 0.0)

    def add_line(self, line: str) -> None:
        """Count the request that a line reports, if it reports one."""
        request = parse_line(line)
        if request is None:
            return
        self._requests[request.path, str(request.status)] += 1
        self._buckets[request.path][bisect_left(BOUNDS_S, request.duration_s)] += 1
        self._sums[request.path] += request.duration_s

    def families(self) -> Iterator[Family]:
        """The counts, under the paths of the API."""
        text = "Requests to a model, from the log."
        yield counter(
            "jipyo_ollama_requests_total", text, ("path", "status"), self._requests.items()
        )
        yield Family(
            _HISTOGRAM,
            MetricType.HISTOGRAM,
            "Time of a request to a model, from the log.",
            tuple(self._list_histogram()),
        )

    def _list_histogram(self) -> Iterator[FamilySample]:
        for path, buckets in self._buckets.items():
            count = 0
            for edge, more in zip((*map(str, BOUNDS_S), "+Inf"), buckets, strict=True):
                count += more
                labels = intern_labels(f"{_HISTOGRAM}_bucket", ("path", "le"), (path, edge))
                yield FamilySample(labels, count)
            for suffix, value in (("sum", self._sums[path]), ("count", count)):
                yield FamilySample(
                    intern_labels(f"{_HISTOGRAM}_{suffix}", ("path",), (path,)), value
                )


class LogFollower:
    """Reads what is appended to a file, through rotation and truncation."""

    def __init__(self, path: Path) -> None:
        """Begin at the end of what is there at the first reading."""
        self._path = path
        self._place: tuple[int, int] | None = None
        """Device and inode of the file that was read last."""
        self._offset = 0
        self._rest = b""

    def read_new_lines(self) -> Iterator[str]:
        """The whole lines since the last reading; at most 8 MiB at once.

        Raises:
            OSError: the file cannot be read.
        """
        with self._path.open("rb") as file:
            stat = os.fstat(file.fileno())
            place = stat.st_dev, stat.st_ino
            if self._place is None:
                self._offset = stat.st_size
            elif place != self._place or stat.st_size < self._offset:
                self._offset, self._rest = 0, b""
            self._place = place
            file.seek(self._offset)
            data = file.read(_MAX_READ)
        self._offset += len(data)
        *lines, rest = (self._rest + data).split(b"\n")
        # A line that never ends is none of Ollama's.
        self._rest = rest if len(rest) <= _MAX_LINE else b""
        for line in lines:
            yield line[:_MAX_LINE].decode("utf-8", "replace")
