"""What batch jobs pushed, kept until they push again: the Pushgateway's groups.

A job that ran once is still seen, because its group is read every interval like any other
target. PushGroups are on disk before a push is acknowledged.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.collect.receive.text import read_page
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
class _Group:
    """The last that a group was told: values by series, and what the metrics are."""

    values: Mapping[Labels, float]
    metadata: tuple[MetricMetadata, ...]


class PushGroups:
    """All groups, by their labels; read by the loop, written by requests."""

    def __init__(self, file: Path) -> None:
        """Take up the groups that the file holds, if it is there.

        Raises:
            CollectError: the file is not ours.
        """
        self._file = file
        self._lock = threading.Lock()
        self._groups = _loaded(file)
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
        """Take a page into the group of these labels; how many samples the group has now.

        With `replace_all` (PUT) nothing else stays in the group; without it (POST) metrics
        of other names do.

        Raises:
            MalformedBody: the page cannot be read, or gives times.
            StoreFull: it cannot be kept; the group is as it was.
        """
        fresh = _read(key, body, form)
        with self._lock:
            before = self._groups.get(key)
            kept = {} if replace_all or before is None else dict(_others(before, fresh))
            stamp = key.put({METRIC_NAME: PUSH_TIME})
            values = {**kept, **fresh.values, stamp: now_ms / 1000}
            told = {one.metric: one for one in (before.metadata if before else ())}
            told.update((one.metric, one) for one in fresh.metadata)
            group = _Group(values, tuple(told.values()))
            self._keep({**self._groups, key: group})
            return len(values)

    def delete(self, key: Labels) -> None:
        """Forget a group; one that is not there is no error.

        Raises:
            StoreFull: that cannot be kept; the group is as it was.
        """
        with self._lock:
            self._keep({one: group for one, group in self._groups.items() if one != key})

    def read(self, t_ms: int) -> TargetReading | None:
        """Every group's samples; None where there is no group."""
        del t_ms
        with self._lock:
            groups = tuple(self._groups.values())
        if not groups:
            return None
        found = {labels: value for group in groups for labels, value in group.values.items()}
        series = tuple(found)
        if series != self._series:
            self._series = series
        metadata = {one.metric: one for group in groups for one in group.metadata}
        values = np.array(list(found.values()), np.float64)
        return TargetReading(
            self._series, values, metadata=tuple(metadata.values()), scraped=len(series)
        )

    def families(self) -> tuple[Family, ...]:
        """Nothing: what others pushed is not shown as ours."""
        return ()

    def _keep(self, groups: dict[Labels, _Group]) -> None:
        _save(self._file, groups)
        self._groups = groups


def _read(key: Labels, body: bytes, form: Format) -> _Group:
    try:
        reading = read_page(body, dict(key.pairs), form)
    except MalformedBody:
        raise
    except CollectError as error:
        raise MalformedBody(error.key, hint=error.hint, **error.values) from error
    if reading.t_ms is not None:
        raise MalformedBody("receive.timed")
    return _Group(dict(zip(reading.series, reading.values.tolist(), strict=True)), reading.metadata)


def _others(before: _Group, fresh: _Group) -> list[tuple[Labels, float]]:
    """The values of metrics that the new page does not name."""
    named = {labels.metric for labels in fresh.values} | {PUSH_TIME}
    return [
        (labels, value) for labels, value in before.values.items() if labels.metric not in named
    ]


# ------------------------------------------------------------------------------------ on disk


def _save(file: Path, groups: Mapping[Labels, _Group]) -> None:
    told = [
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
            out.write(json.dumps(told).encode())
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreFull("receive.not_kept", path=str(file), reason=reason) from error


def _loaded(file: Path) -> dict[Labels, _Group]:
    try:
        told = json.loads(file.read_text("utf-8"))
        return {
            _pairs(one["group"]): _Group(
                {_pairs(pairs): float.fromhex(value) for pairs, value in one["values"]},
                tuple(
                    MetricMetadata(metric, MetricType(kind), text, unit)
                    for metric, kind, text, unit in one["metadata"]
                ),
            )
            for one in told
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CollectError(
            "receive.groups_unreadable", path=str(file), reason=str(error)
        ) from error


def _pairs(pairs: list[list[str]]) -> Labels:
    return Labels.of((name, value) for name, value in pairs)
