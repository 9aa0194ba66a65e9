"""jipyo itself: the metrics of its parts, and `process_*`."""

from __future__ import annotations

import os
import platform
import resource
from pathlib import Path
from typing import TYPE_CHECKING

from jipyo.model.errors import CollectError
from jipyo.model.family import info, merge_families, single
from jipyo.model.sample import MetricType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from jipyo.model.family import Family
    from jipyo.model.reading import ReadingNote

_C, _G = MetricType.COUNTER, MetricType.GAUGE


class SelfMetrics:
    """jipyo's own metrics, from every part that has some, and `process_*` of this process."""

    def __init__(
        self,
        readers: Sequence[Callable[[], Iterable[Family]]],
        *,
        version: str,
        proc: Path = Path("/proc"),
    ) -> None:
        """Call `readers` at every scrape; `proc` is where this process finds itself."""
        self._readers = tuple(readers)
        self._version = version
        self._proc = proc

    def collect(self, t_ms: int) -> list[Family]:
        """All of it at `t_ms`.

        Raises:
            CollectError: this process cannot be read.
        """
        labels = {"version": self._version, "python": platform.python_version()}
        families = [info("jipyo_build_info", "The version that runs.", labels)]
        try:
            families += _collect_process(self._proc)
        except (OSError, ValueError, IndexError) as error:
            raise CollectError(
                "collect.proc_unreadable", path=str(self._proc), reason=str(error)
            ) from error
        for reader in self._readers:
            families += reader()
        return merge_families(families)

    def notes(self) -> tuple[ReadingNote, ...]:
        """None: nothing of it can be missing."""
        return ()


def _collect_process(proc: Path) -> Iterator[Family]:
    """The metrics that every Prometheus client has of its process."""
    words = (proc / "self/stat").read_text("utf-8").rpartition(")")[2].split()
    ticks = os.sysconf("SC_CLK_TCK")
    boot_s = float((proc / "stat").read_text("utf-8").partition("\nbtime ")[2].split()[0])
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    text = "Total user and system CPU time spent in seconds."
    cpu_s = (int(words[11]) + int(words[12])) / ticks
    yield single(_C, "process_cpu_seconds_total", text, cpu_s)
    text = "Resident memory size in bytes."
    resident = float(int(words[21]) * os.sysconf("SC_PAGESIZE"))
    yield single(_G, "process_resident_memory_bytes", text, resident)
    text = "Virtual memory size in bytes."
    yield single(_G, "process_virtual_memory_bytes", text, float(words[20]))
    text = "Start time of the process since unix epoch in seconds."
    yield single(_G, "process_start_time_seconds", text, boot_s + int(words[19]) / ticks)
    text = "Number of open file descriptors."
    open_fds = float(sum(1 for _ in (proc / "self/fd").iterdir()))
    yield single(_G, "process_open_fds", text, open_fds)
    yield single(_G, "process_max_fds", "Maximum number of open file descriptors.", float(soft))
