"""What batch jobs pushed, kept until they push again, as the Pushgateway keeps it.

A job that ran once is still seen, because its group is read every interval like any other
target. Groups are on disk before a push is acknowledged.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.collect.receive.text import parse_exposition
from jipyo.files import atomic_write
from jipyo.model.errors import CollectError, MalformedBody, StoreFull
from jipyo.model.labels import METRIC_NAME, Labels
from jipyo.model.reading import TargetReading
from jipyo.model.sample import MetricMetadata, MetricType
from jipyo.wire.exposition import Format

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from jipyo.model.family import Family

PUSH_TIME = "push_time_seconds"
JOB = "job"


@dataclass(frozen=True, slots=True)
class _PushGroup:
    """The last push of a group: values by series, and the metadata of its metrics."""

    values: Mapping[Labels, float]
    metadata: tuple[MetricMetadata, ...]


class PushGroups:
    """All groups, by their labels; read by the loop, written by requests."""

    def __init__(self, file: Path) -> None:
        """Load the groups from the file, if it exists.

        Raises:
            CollectError: the file is not ours.
        """
        self._file = file
        self._lock = threading.Lock()
        self._groups = _load_groups(file)
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
            group = _PushGroup(values, tuple(metadata.values()))
            self._replace({**self._groups, key: group})
            return len(values)

    def delete(self, key: Labels) -> None:
        """Delete a group; a missing one is no error.

        Raises:
            StoreFull: that cannot be kept; the group is as it was.
        """
        with self._lock:
            self._replace({other: group for other, group in self._groups.items() if other != key})

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

    def _replace(self, groups: dict[Labels, _PushGroup]) -> None:
        _save_groups(self._file, groups)
        self._groups = groups


def _parse_group(key: Labels, body: bytes, form: Format) -> _PushGroup:
    reading = parse_exposition(body, dict(key.pairs), form)
    if reading.t_ms is not None:
        raise MalformedBody("receive.timed")
    return _PushGroup(
        dict(zip(reading.series, reading.values.tolist(), strict=True)), reading.metadata
    )


# ------------------------------------------------------------------------------------ on disk


def _save_groups(file: Path, groups: Mapping[Labels, _PushGroup]) -> None:
    entries = [
        {
            "group": key.pairs,
            # As hexadecimal, so that every number comes back bit for bit.
            "values": [(labels.pairs, value.hex()) for labels, value in group.values.items()],
            "metadata": [(m.metric, m.type.value, m.help, m.unit) for m in group.metadata],
        }
        for key, group in groups.items()
    ]
    try:
        with atomic_write(file) as out:
            out.write(json.dumps(entries).encode())
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreFull("receive.not_kept", path=str(file), reason=reason) from error


def _load_groups(file: Path) -> dict[Labels, _PushGroup]:
    try:
        entries = json.loads(file.read_text("utf-8"))
        return {
            _read_labels(entry["group"]): _PushGroup(
                {_read_labels(pairs): float.fromhex(value) for pairs, value in entry["values"]},
                tuple(
                    MetricMetadata(metric, MetricType(kind), text, unit)
                    for metric, kind, text, unit in entry["metadata"]
                ),
            )
            for entry in entries
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise CollectError(
            "receive.groups_unreadable", path=str(file), reason=str(error)
        ) from error


def _read_labels(pairs: list[list[str]]) -> Labels:
    if not all(isinstance(text, str) for pair in pairs for text in pair):
        raise TypeError("a label is not a string")
    return Labels.of((name, value) for name, value in pairs)
