"""What the months of a contract cost: a year of one system, a month of 20 systems.

`python -m bench contract`: samples on disk, three targets a system, a reading every 15 s, an
outage a week, two gaps a month. `bench/contract_oracle.py` compares figures.
"""

from __future__ import annotations

import tempfile
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from bench.machine import describe_machine
from jipyo import catalogue
from jipyo.app.contract import build_contract_months
from jipyo.app.workspace import Workspace
from jipyo.model.bilingual import Bilingual
from jipyo.model.calendar import PeriodKind, period_containing
from jipyo.model.labels import Labels
from jipyo.model.matcher import Matcher, MatchOp
from jipyo.model.sample import SeriesBlock
from jipyo.promql import Engine
from jipyo.sla.systems import ContractedSystem
from jipyo.source import Embedded
from jipyo.tsdb import Options, Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.model.calendar import Period

_ZONE = ZoneInfo("Asia/Seoul")
_STEP_MS = 15_000
_HOUR_MS = 3_600_000
_WEEK_MS = 168 * _HOUR_MS
_TARGETS = 3
_SYSTEMS = 20
_PROFILE = "korea-public-press-2025-grade2"


def main() -> None:
    print(describe_machine())
    months = [_find_month(number) for number in range(1, 13)]
    year_s, systems_s = _measure(1, months), _measure(_SYSTEMS, months[-1:])
    print(f"a year of one system: {year_s:.2f} s of CPU (goal 2 s)")
    print(f"a month of {_SYSTEMS} systems: {systems_s:.2f} s of CPU (goal 10 s)")


def _find_month(number: int) -> Period:
    return period_containing(PeriodKind.MONTH, date(2025, number, 1), _ZONE)


def _measure(systems: int, months: list[Period]) -> float:
    """CPU seconds for all months of all systems, from an open store."""
    start_ms, end_ms = months[0].start_ms - 2 * _HOUR_MS, months[-1].end_ms + 2 * _HOUR_MS
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder), Options(durable=False), now_ms=lambda: end_ms)
        store.load(_list_series(systems, np.arange(start_ms, end_ms, _STEP_MS)))
        workspace = Workspace(
            source=Embedded(store, Engine()),
            catalogue=catalogue.load(),
            zone=_ZONE,
            now_ms=lambda: end_ms,
            out_dir=Path(folder),
            data=Path(folder),
        )
        contracted = [_contract(number) for number in range(systems)]
        started_s = time.process_time()
        for month in months:
            sheets = build_contract_months(workspace, month, contracted)
            assert all(sheet.outages and sheet.account.unmeasured_ms for sheet in sheets)
        took_s = time.process_time() - started_s
        store.close()
    return took_s


def _contract(number: int) -> ContractedSystem:
    name = f"system-{number}"
    return ContractedSystem(
        name=name,
        title=Bilingual(name, name),
        profile=_PROFILE,
        selector=f'job="{name}"',
        matchers=(Matcher("job", MatchOp.EQ, name),),
    )


def _list_series(systems: int, t_ms: np.ndarray) -> Iterator[SeriesBlock]:
    for system in range(systems):
        for target in range(_TARGETS):
            labels = {"job": f"system-{system}", "instance": f"10.0.{system}.{target}:80"}
            shift_ms = (system * _TARGETS + target) * 7 * _HOUR_MS
            phase = (t_ms + shift_ms) % _WEEK_MS
            up = np.where(phase < _HOUR_MS, 0.0, 1.0)
            kept = (t_ms + shift_ms) % (2 * _WEEK_MS) > _HOUR_MS * 3
            requests = np.cumsum(30 * up)
            for name, values, more in (
                ("up", up, {}),
                ("http_request_duration_seconds_count", requests, {}),
                ("http_request_duration_seconds_bucket", requests * 0.99, {"le": "2"}),
            ):
                series = Labels.of({"__name__": name, **labels, **more})
                yield SeriesBlock((series,), t_ms[kept], values[kept][None])
