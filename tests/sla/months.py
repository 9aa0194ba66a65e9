"""A made-up month of an AI service with what an inspection looks at, written as real samples."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from jipyo.model.calendar import Period, PeriodKind, period_containing, start_of_day
from jipyo.model.labels import Labels
from jipyo.model.sample import SeriesBlock
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.tsdb import Options, Store

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from jipyo.model.sample import Mask, Times, Values

SEOUL = ZoneInfo("Asia/Seoul")
HOUR_MS = 3_600_000
STEP_MS = 300_000
PAGE = {"job": "front", "instance": "https://chat.example.go.kr/"}


def month_of(first: str, zone: ZoneInfo = SEOUL) -> Period:
    return period_containing(PeriodKind.MONTH, date.fromisoformat(first), zone)


@dataclass(frozen=True)
class Change:
    """What a series has on a local day from hour to hour; None: no samples."""

    name: str
    day: date
    value: float | None
    hours: tuple[float, float] = (0.0, 25.0)
    labels: tuple[tuple[str, str], ...] = ()
    """Only of series with these."""


@dataclass
class Month:
    """A month's gauges, one value every five minutes, from the day before the month on."""

    period: Period
    hosts: Sequence[str] = ("ai-node-1",)
    changes: Sequence[Change] = ()
    dropped: set[tuple[str, int]] = field(default_factory=set)
    """Names of metrics, and days of the month counted from 0, without any sample."""
    step_ms: int = STEP_MS

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.period.zone)

    @property
    def t_ms(self) -> Times:
        # Shortly after midnight: a sample of midnight is the last one of the day before.
        start_ms, end_ms = self.period.start_ms - 26 * HOUR_MS, self.period.end_ms
        return np.arange(start_ms + 1000, end_ms + 1, self.step_ms, dtype=np.int64)

    def blocks(self) -> Iterator[SeriesBlock]:
        """Each series with its own gaps."""
        t_ms = self.t_ms
        days = (t_ms - self.period.start_ms) / (24 * HOUR_MS)
        for labels, values in self._list_series(t_ms, days):
            kept = self._find_kept(labels, t_ms)
            own = np.array(np.broadcast_to(values, t_ms.shape), float)
            for change in self._list_changes(labels):
                inside = self._find_hours(change, t_ms)
                if change.value is None:
                    kept &= ~inside
                else:
                    own[inside] = change.value
            yield SeriesBlock((labels,), t_ms[kept], own[None, kept])

    def _list_changes(self, labels: Labels) -> list[Change]:
        return [
            change
            for change in self.changes
            if change.name == labels.metric
            and all(labels.get(name) == value for name, value in change.labels)
        ]

    def _find_hours(self, change: Change, t_ms: Times) -> Mask:
        hours = (t_ms - start_of_day(change.day, self.zone)) / HOUR_MS
        next_ms = start_of_day(date.fromordinal(change.day.toordinal() + 1), self.zone)
        return (hours >= change.hours[0]) & (hours < change.hours[1]) & (t_ms <= next_ms)

    def _find_kept(self, labels: Labels, t_ms: Times) -> Mask:
        kept = np.ones(t_ms.shape, bool)
        for at, day in enumerate(self.period.days()):
            if (labels.metric, at) in self.dropped:
                # What is at hand on a day is looked for up to five minutes before it.
                kept &= ~((t_ms > day.start_ms - STEP_MS) & (t_ms <= day.end_ms))
        return kept

    def _list_series(self, t_ms: Times, days: Values) -> Iterator[tuple[Labels, Values | float]]:
        gib = 2.0**30
        curve = 0.5 - 0.5 * np.cos(2 * np.pi * days)
        for place, host in enumerate(self.hosts):
            node = {"job": "node", "instance": host}

            def of(name: str, about: dict[str, str] = node, **more: str) -> Labels:
                return Labels.of({"__name__": name, **about, **more})

            yield of("node_memory_MemTotal_bytes"), 256 * gib
            yield of("node_memory_MemAvailable_bytes"), 256 * gib * (0.52 - 0.2 * curve)
            for mount, used in (("/", 0.46 + 0.0 * days), ("/data", 0.762 + 0.0018 * days)):
                about = {**node, "mountpoint": mount, "fstype": "ext4", "device": "/dev/sda"}
                full = 4096 * gib
                yield of("node_filesystem_size_bytes", about), full
                yield of("node_filesystem_free_bytes", about), full * (1 - used)
                yield of("node_filesystem_avail_bytes", about), full * (1 - used)
            if self.step_ms < STEP_MS / 2:  # else there are no rates
                yield from self._list_counters(t_ms, 0.25 + 0.4 * curve, node)
            yield of("node_timex_sync_status"), 1.0
            yield of("node_timex_offset_seconds"), 0.0004 * (1 + place + curve)
            for gpu in range(2):
                about = {**node, "gpu": str(gpu), "modelName": "NVIDIA H100"}
                yield of("DCGM_FI_DEV_GPU_TEMP", about), 46 + 22 * curve + gpu
        front = dict(PAGE)
        yield Labels.of({"__name__": "probe_success", **front}), 1.0
        yield Labels.of({"__name__": "probe_duration_seconds", **front}), 0.21 + 0.3 * curve
        expiry = self.period.start_ms / 1000 + 41 * 86400
        yield Labels.of({"__name__": "probe_ssl_earliest_cert_expiry", **front}), expiry
        domain = {"job": "domain", "instance": "domain", "domain": "example.go.kr"}
        yield Labels.of({"__name__": "domain_expiry_days", **domain}), 214 - np.floor(days)
        backup = {"job": "backup", "instance": "db-1", "backup": "postgres"}
        last = (self.period.start_ms + 24 * HOUR_MS * np.floor(days) + 3 * HOUR_MS) / 1000
        last = np.where(t_ms / 1000 < last, last - 86400, last)
        name = "jipyo_backup_last_success_timestamp_seconds"
        yield Labels.of({"__name__": name, **backup}), last
        yield Labels.of({"__name__": "jipyo_backup_last_result", **backup}), 1.0
        yield Labels.of({"__name__": "pg_up", "job": "postgres", "instance": "db-1:5432"}), 1.0

    def _list_counters(
        self, t_ms: Times, busy: Values, node: dict[str, str]
    ) -> Iterator[tuple[Labels, Values | float]]:
        seconds = np.diff(t_ms, prepend=t_ms[0]) / 1000
        for mode, share in (("user", busy), ("idle", 1 - busy)):
            labels = Labels.of(
                {"__name__": "node_cpu_seconds_total", **node, "cpu": "0", "mode": mode}
            )
            yield labels, np.cumsum(seconds * share)
        for way in ("receive", "transmit"):
            for what in ("errs", "drop"):
                name = f"node_network_{way}_{what}_total"
                yield Labels.of({"__name__": name, **node, "device": "eth0"}), 0.0 * busy

    def without(self, *dropped: tuple[str, int]) -> Month:
        return replace(self, dropped=self.dropped | set(dropped))


def store_month(path: Path, month: Month) -> Store:
    """A real store with the samples of a month."""
    end_ms = month.period.end_ms
    store = Store.open(path, Options(durable=False), now_ms=lambda: end_ms)
    store.load(month.blocks())
    return store


def source_of(store: Store) -> Embedded:
    return Embedded(store, Engine())


def eventful(period: Period, step_ms: int = STEP_MS) -> Month:
    """A month in which about everything happens that a sheet has to show."""

    def day(number: int) -> date:
        return period.first_day.replace(day=number)

    gib = 2.0**30
    node_2 = (("instance", "ai-node-2"),)
    memory = "node_memory_MemAvailable_bytes"
    return Month(
        period,
        step_ms=step_ms,
        hosts=("ai-node-1", "ai-node-2"),
        changes=(
            Change(memory, day(14), 256 * gib * 0.06, (14.0, 14.7), node_2),
            Change(memory, day(22), 256 * gib * 0.21, (9.0, 11.5), node_2),
            *(
                Change(name, day(9), None, (2.0, 8.5), node_2)
                for name in (memory, "node_memory_MemTotal_bytes", "node_timex_sync_status")
            ),
            Change("probe_success", day(14), 0.0, (14.08, 14.75)),
            Change("probe_duration_seconds", day(14), 5.0, (14.08, 14.75)),
            Change("probe_duration_seconds", day(27), 1.7, (10.0, 10.5)),
            Change("jipyo_backup_last_success_timestamp_seconds", day(20), None),
            Change("jipyo_backup_last_result", day(20), None),
            Change("jipyo_backup_last_result", day(24), 0.0, (3.0, 9.0)),
            Change("node_timex_sync_status", day(17), 0.0, (4.0, 6.0)),
            Change("DCGM_FI_DEV_GPU_TEMP", day(16), 84.0, (15.0, 15.5), (("gpu", "1"),)),
        ),
    )
