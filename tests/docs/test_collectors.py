"""docs/collectors.md has every metric that we make, with its type and its labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from collect.helpers import FIXTURES, write_tree
from docs.metric_tables import DOCS, check_documented, read_metric_tables
from jipyo.collect.gpu.fields import build_fields, build_memory_fields
from jipyo.collect.host import Host, HostOptions, Paths, cgroup, cpu, memory, system
from jipyo.collect.loop import Loop
from jipyo.collect.process import Processes
from jipyo.collect.self_metrics import SelfMetrics
from jipyo.collect.staleness import REPORT
from jipyo.loops import Periodic
from jipyo.model.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from jipyo.model.family import Family
    from jipyo.model.sample import Appended, MetricMetadata, Scrape

PAGES = ("collectors.md", "collectors.ko.md")


class Nobody:
    """A store that is never asked."""

    def append(self, scrapes: Sequence[Scrape]) -> Appended:
        raise NotImplementedError

    def describe(self, metadata: Sequence[MetricMetadata]) -> None:
        raise NotImplementedError


def collect_everything(tmp_path: Path) -> Iterator[Family]:
    host = FIXTURES / "host"
    paths = Paths(proc=str(host / "proc"), sys=str(host / "sys"), root=str(host / "root"))
    yield from Host(HostOptions(paths=paths)).collect(0)
    write_tree(
        tmp_path,
        {
            "schedstat": "cpu0 0 0 0 0 0 0 1 1 1\n",
            "class/thermal/thermal_zone0/temp": "1\n",
            "class/thermal/thermal_zone0/type": "x\n",
            "pressure/irq": "full avg10=0 total=1\n",
            "spl/kstat/zfs/arcstats": "size 4 1\n",
            "fs/cgroup/cpu.max": "1 1\n",
            "fs/cgroup/cpu.stat": "usage_usec 1\nthrottled_usec 1\nnr_periods 1\nnr_throttled 1\n",
            "fs/cgroup/memory.events": "oom_kill 1\n",
            **{
                f"fs/cgroup/{name}": "1\n"
                for name in (
                    "memory.current", "memory.max", "memory.swap.current", "memory.swap.max",
                    "pids.current", "pids.max",
                )
            },
        },
    )  # fmt: skip
    here = Paths(proc=str(tmp_path), sys=str(tmp_path))
    for part in (
        cpu.collect_scheduler,
        cpu.collect_pressure,
        system.collect_temperatures,
        cgroup.collect_limits,
        memory.collect_zfs,
    ):
        yield from part(here, 0)
    yield from Processes().collect(0)
    clock = SystemClock()
    loop = Loop(Nobody(), clock=clock)
    task = Periodic("task", lambda: None, interval_ms=1, clock=clock)
    yield from SelfMetrics([loop.families, task.families], version="1").collect(0)


@pytest.mark.parametrize("page", PAGES)
def test_every_metric_is_documented_with_its_type_and_labels(page: str, tmp_path: Path) -> None:
    check_documented(collect_everything(tmp_path), read_metric_tables(page), page)


@pytest.mark.parametrize("page", PAGES)
def test_every_gpu_metric_is_documented(page: str) -> None:
    types = {row.name: row.type for row in read_metric_tables(page)}
    for field in (*build_fields(), *build_memory_fields()):
        assert types[field.name] == field.kind.value
    assert {"jipyo_gpu_up", "jipyo_gpu_process_memory_used_bytes"} <= types.keys()


@pytest.mark.parametrize("page", PAGES)
def test_the_metrics_of_every_scrape_are_named(page: str) -> None:
    text = (DOCS / page).read_text("utf-8")
    assert [name for name in REPORT if f"`{name}`" not in text] == []


def test_both_languages_list_the_same_metrics() -> None:
    assert read_metric_tables(PAGES[0]) == read_metric_tables(PAGES[1])
