"""An October with outages, planned work and a gap, as samples on disk: that of docs/sla.md."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from jipyo.model.labels import Labels
from jipyo.model.sample import SeriesBlock
from jipyo.tsdb import Options, Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jipyo.model.sample import Times

ZONE = ZoneInfo("Asia/Seoul")
CONFIG = """
timezone: Asia/Seoul
data: data
systems:
  - name: portal
    title: {ko: 민원 포털, en: Service portal}
    targets: 'job="portal"'
    profile: korea-public-press-2025-grade2
    start: 2024-10-01
    fee: 12000000
  - name: db
    title: {ko: 데이터베이스, en: Database}
    targets: '{job="db"}'
"""
TYPED = """
entered:
  satisfaction: {value: 92.5, note: survey of October}
planned:
  - {approval: 2024-118, title: patch, announced: 2024-10-18 09:00, start: 2024-10-20 01:00, end: 2024-10-20 02:30}
  - {approval: 2024-119, title: restart, announced: 2024-10-22 03:00, start: 2024-10-22 02:00, end: 2024-10-22 02:30}
attribution:
  20241014-140500: {by: customer, note: their power work}
"""  # noqa: E501 - as people write it


def moment(day: int, hour: int = 0, minute: int = 0, second: int = 0, month: int = 10) -> int:
    """A moment of October 2024 in Seoul."""
    return int(datetime(2024, month, day, hour, minute, second, tzinfo=ZONE).timestamp()) * 1000


DOWN = (
    (moment(30, 23, 40, month=9), moment(1, 0, 25)),
    (moment(14, 14, 5), moment(14, 14, 46, 30)),
    (moment(20, 1), moment(20, 3)),
)
GAP = (moment(25, 3), moment(25, 5, 30))


def write_site(folder: Path) -> Path:
    """The data and the configuration in a folder; returns the configuration's file."""
    t_ms = np.arange(moment(28, month=9), moment(2, month=11), 15_000, dtype=np.int64)
    data = folder / "data"
    data.mkdir()
    store = Store.open(data, Options(durable=False), now_ms=lambda: int(t_ms[-1]))
    store.load(_blocks(t_ms))
    store.close()
    (data / "sla/portal").mkdir(parents=True)
    (data / "sla/portal/2024-10.yaml").write_text(TYPED)
    file = folder / "jipyo.yaml"
    file.write_text(CONFIG)
    return file


def _blocks(t_ms: Times) -> Iterator[SeriesBlock]:
    kept = (t_ms < GAP[0]) | (t_ms >= GAP[1])
    up = np.ones(t_ms.size)
    for start_ms, end_ms in DOWN:
        up[(t_ms >= start_ms) & (t_ms < end_ms)] = 0
    requests, slow = np.cumsum(30 * up), np.cumsum(0.2 * up)
    web = {"job": "portal", "instance": "10.0.0.1:80"}
    for name, values, labels in (
        ("up", up, web),
        ("up", np.ones(t_ms.size), {"job": "db", "instance": "10.0.0.2:5432"}),
        ("http_request_duration_seconds_count", requests, web),
        ("http_request_duration_seconds_bucket", requests - slow, {**web, "le": "2"}),
        ("http_request_duration_seconds_bucket", requests, {**web, "le": "+Inf"}),
    ):
        series = Labels.of({"__name__": name, **labels})
        yield SeriesBlock((series,), t_ms[kept], values[kept][None])
