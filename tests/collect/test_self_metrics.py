"""jipyo's own metrics."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from collect.helpers import samples, write_tree
from jipyo.collect.self_metrics import SelfMetrics
from jipyo.model.errors import CollectError
from jipyo.model.family import gauge

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.model.family import Family


def test_the_program_describes_itself() -> None:
    parts = [lambda n=n: [gauge("part", "One.", ("n",), [((str(n),), n)])] for n in (1, 2)]
    families = SelfMetrics(parts, version="1.2.3").collect(0)
    assert len({family.name for family in families}) == len(families)
    found = samples(families)
    assert (found['part{n="1"}'], found['part{n="2"}']) == (1.0, 2.0)
    assert any('version="1.2.3"' in name for name in found if name.startswith("jipyo_build_info"))
    assert found["process_resident_memory_bytes"] > 1 << 20
    assert found["process_cpu_seconds_total"] > 0
    assert abs(found["process_start_time_seconds"] - time.time()) < 86_400
    assert 0 < found["process_open_fds"] <= found["process_max_fds"]
    assert found["process_virtual_memory_bytes"] > found["process_resident_memory_bytes"]


def test_without_proc_the_program_does_not_know_itself(tmp_path: Path) -> None:
    with pytest.raises(CollectError) as caught:
        SelfMetrics([], version="1", proc=tmp_path).collect(0)
    assert caught.value.key == "collect.proc_unreadable"


STAT = "1 (a (b) c) S " + " ".join(str(number) for number in range(4, 53)) + "\n"


def test_a_process_is_read_from_the_words_of_its_stat(tmp_path: Path) -> None:
    write_tree(tmp_path, {"self/stat": STAT, "stat": "cpu 1\nbtime 1700000000\n", "self/fd/0": ""})
    found = samples(SelfMetrics([], version="1", proc=tmp_path).collect(0))
    assert found["process_cpu_seconds_total"] == (14 + 15) / 100
    assert found["process_start_time_seconds"] == 1_700_000_000 + 22 / 100
    assert found["process_virtual_memory_bytes"] == 23
    assert found["process_resident_memory_bytes"] == 24 * 4096
    assert found["process_open_fds"] == 1


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"self/stat": "", "stat": "btime 1\n"},
        {"self/stat": "1 (x) S 1 2 3\n", "stat": "\nbtime 1\n"},
        {"self/stat": STAT, "stat": "cpu 1\n"},
        {"self/stat": STAT, "stat": "cpu\nbtime soon\n"},
        {"self/stat": STAT.replace(" 14 ", " x "), "stat": "cpu\nbtime 1\n"},
    ],
)
def test_a_proc_that_makes_no_sense_is_an_error_with_its_path(
    tmp_path: Path, files: dict[str, str]
) -> None:
    write_tree(tmp_path, files)
    with pytest.raises(CollectError) as caught:
        SelfMetrics([], version="1", proc=tmp_path).collect(0)
    assert (caught.value.key, caught.value.values["path"]) == (
        "collect.proc_unreadable",
        str(tmp_path),
    )


def test_parts_are_asked_at_every_scrape() -> None:
    calls: list[int] = []

    def part() -> list[Family]:
        calls.append(1)
        return [gauge("part", "", (), [((), float(len(calls)))])]

    own = SelfMetrics([part], version="1")
    assert [samples(own.collect(t_ms))["part"] for t_ms in range(3)] == [1, 2, 3]
