"""What batch jobs pushed, kept until they push again, as the Pushgateway keeps it.

A job that ran once is still seen, because its group is read every interval like any other
target. Groups are on disk before a push is acknowledged.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np

from jipyo.collect.receive.group_files import GroupFiles, PushGroup
from jipyo.collect.receive.text import parse_exposition
from jipyo.model.errors import MalformedBody
from jipyo.model.labels import METRIC_NAME, Labels
from jipyo.model.reading import TargetReading
from jipyo.wire.exposition import Format

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.model.family import Family
    from jipyo.model.sample import MetricMetadata

PUSH_TIME = "push_time_seconds"
JOB = "job"


class PushGroups:
    """All groups, by their labels; read by the loop, written by requests."""

    def __init__(self, folder: Path) -> None:
        """Load the groups from their folder.

        Raises:
            CollectError: they cannot be read.
        """
        self._files = GroupFiles(folder)
        self._lock = threading.Lock()
        self._groups = self._files.load()
        self._series: tuple[Labels, ...] = ()

    def push(
        self,
        key: Labels,
        body: bytes,
        now_ms: int,
        *,
        replace_all: bool,
        form: Format = Format.TEXT,
    ) -> int:
        """Add an exposition to the group of these labels; return the group's number of samples.

        With `replace_all` (PUT) nothing else stays in the group; without it (POST) metrics
        of other names do.

        Raises:
            MalformedBody: the exposition cannot be parsed, or has timestamps.
            StoreFull: it cannot be kept; the group is as it was.
        """
        fresh = _parse_group(key, body, form)
        with self._lock:
            before = self._groups.get(key)
            kept: dict[Labels, float] = {}
            metadata: dict[str, MetricMetadata] = {}
            if before is not None:
                metadata = {about.metric: about for about in before.metadata}
                if not replace_all:
                    replaced = {labels.metric for labels in fresh.values} | {PUSH_TIME}
                    kept = {
                        labels: value
                        for labels, value in before.values.items()
                        if labels.metric not in replaced
                    }
            stamp = key.put({METRIC_NAME: PUSH_TIME})
            values = {**kept, **fresh.values, stamp: now_ms / 1000}
            metadata.update((about.metric, about) for about in fresh.metadata)
            group = PushGroup(values, tuple(metadata.values()))
            self._files.save(key, group)
            self._groups[key] = group
            return len(values)

    def delete(self, key: Labels) -> None:
        """Delete a group; a missing one is no error.

        Raises:
            StoreFull: that cannot be kept; the group is as it was.
        """
        with self._lock:
            if key in self._groups:
                self._files.delete(key)
                del self._groups[key]

    def read(self, t_ms: int) -> TargetReading | None:
        """Every group's samples; None where there is no group."""
        del t_ms
        with self._lock:
            groups = tuple(self._groups.values())
        if not groups:
            return None
        samples = {labels: value for group in groups for labels, value in group.values.items()}
        series = tuple(samples)
        if series != self._series:
            self._series = series
        metadata = {about.metric: about for group in groups for about in group.metadata}
        values = np.array(list(samples.values()), np.float64)
        return TargetReading(
            self._series, values, metadata=tuple(metadata.values()), scraped=len(series)
        )

    def families(self) -> tuple[Family, ...]:
        """Empty: pushed samples are not shown on our own `/metrics`."""
        return ()


def _parse_group(key: Labels, body: bytes, form: Format) -> PushGroup:
    reading = parse_exposition(body, dict(key.pairs), form)
    if reading.t_ms is not None:
        raise MalformedBody("receive.timed")
    return PushGroup(
        dict(zip(reading.series, reading.values.tolist(), strict=True)), reading.metadata
    )
