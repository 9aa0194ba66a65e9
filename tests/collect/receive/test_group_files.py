"""A file a group: what is written, found again, split from the single file, and set aside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from jipyo.collect.receive.group_files import GroupFiles, PushGroup
from jipyo.collect.receive.push_groups import PushGroups
from jipyo.model.errors import CollectError, StoreFull
from jipyo.model.labels import Labels
from jipyo.model.sample import MetricMetadata, MetricType
from support.timing import measure_cpu_s

if TYPE_CHECKING:
    from pathlib import Path

JOB = Labels.of({"job": "eval"})
OTHER = Labels.of({"job": "한글", "path": "/a/../b\n"})


def group(value: float = 1.0) -> PushGroup:
    about = MetricMetadata("a", MetricType.GAUGE, "Text.", "")
    return PushGroup({Labels.of({"__name__": "a", "job": "eval"}): value}, (about,))


def entry(key: Labels, value: float = 1.0) -> dict[str, object]:
    """As the single file and the files of groups write a group."""
    series = [["__name__", "a"], ["job", "eval"]]
    return {
        "group": [list(pair) for pair in key.pairs],
        "values": [[series, value.hex()]],
        "metadata": [["a", "gauge", "Text.", ""]],
    }


def test_what_is_saved_is_loaded_by_another_process(tmp_path: Path) -> None:
    files = GroupFiles(tmp_path / "pushed")
    files.save(JOB, group(0.1))
    files.save(OTHER, group(-0.0))
    files.save(JOB, group(5e-324))
    assert len(list((tmp_path / "pushed").iterdir())) == 2
    assert GroupFiles(tmp_path / "pushed").load() == {JOB: group(5e-324), OTHER: group(-0.0)}


def test_what_is_deleted_stays_deleted(tmp_path: Path) -> None:
    files = GroupFiles(tmp_path / "pushed")
    files.save(JOB, group())
    files.save(OTHER, group())
    files.delete(JOB)
    files.delete(JOB)
    assert set(GroupFiles(tmp_path / "pushed").load()) == {OTHER}


BROKEN = [
    "",
    "{}x",
    "5",
    "null",
    "[1]",
    "[]",
    '{"group": [["job", "eval"]]}',
    '{"group": [["job", "eval"]], "values": 1, "metadata": []}',
    "[" * 100_000,
    '{"a":' * 100_000,
    '{"group": [["job", {}]], "values": [], "metadata": []}',
    '{"group": [["job", "eval"]], "values": [[[["__name__", "a"]], "0x1p99999"]], "metadata": []}',
    '{"group": [["job", "eval"]], "values": [[[["__name__", "a"]], 1]], "metadata": []}',
    '{"group": [["job", "eval"]], "values": [[[["a", "b"]], "0x1p0"]], "metadata": []}',
    '{"group": [["job", "eval"]], "values": [], "metadata": [["a", "x", "", ""]]}',
    '{"group": [["job", "eval"]], "values": [], "metadata": [["a", "gauge", {}, ""]]}',
    '{"group": [["job", "\\ud800"]], "values": [], "metadata": []}',
    json.dumps(entry(Labels.of({"job": "another"}))),
    "9" * 100_000,
    "\ufeff{}",
]


@pytest.mark.parametrize("text", BROKEN, ids=lambda text: text[:40])
def test_a_file_that_is_not_ours_is_set_aside_and_the_others_stay(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    files = GroupFiles(tmp_path / "pushed")
    files.save(OTHER, group())
    files.save(JOB, group())
    (path,) = [
        each for each in (tmp_path / "pushed").iterdir() if "\\ud55c" not in each.read_text()
    ]
    path.write_text(text)
    groups = PushGroups(tmp_path / "pushed")
    reading = groups.read(0)
    assert reading is not None
    assert len(reading.series) == 1
    (record,) = caplog.records
    assert isinstance(record.args, tuple)
    (about,) = record.args
    assert isinstance(about, CollectError)
    assert about.key == "receive.group_damaged"
    assert about.values["path"] == str(path)
    assert path.with_name(f"{path.name}.damaged").read_text() == text
    caplog.clear()
    groups.push(JOB, b"a 2\n", 0, replace_all=True)
    assert set(GroupFiles(tmp_path / "pushed").load()) == {JOB, OTHER}
    assert not caplog.records


def test_what_is_no_file_is_told_and_left(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    files = GroupFiles(tmp_path / "pushed")
    files.save(JOB, group())
    (tmp_path / "pushed" / "odd.json").mkdir()
    assert set(files.load()) == {JOB}
    assert "groups_unreadable" in caplog.text


def test_what_a_killed_write_left_is_removed(tmp_path: Path) -> None:
    files = GroupFiles(tmp_path / "pushed")
    (tmp_path / "pushed").mkdir()
    (tmp_path / "pushed" / ".0123.json.x8d").write_text('{"gro')
    assert files.load() == {}
    assert list((tmp_path / "pushed").iterdir()) == []


def test_a_folder_that_went_away_is_told_at_every_change(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    files = GroupFiles(tmp_path / "data" / "pushed")
    files.save(JOB, group())
    (tmp_path / "data").rename(tmp_path / "elsewhere")
    for change in (lambda: files.save(JOB, group()), lambda: files.delete(JOB)):
        with pytest.raises(StoreFull) as caught:
            change()
        assert caught.value.values["path"] == str(tmp_path / "data" / "pushed")


# --------------------------------------------------------------------------- the single file


def test_the_single_file_is_split_once(tmp_path: Path) -> None:
    single = tmp_path / "pushed.json"
    single.write_text(json.dumps([entry(JOB, 0.1), entry(OTHER, -0.0)]))
    assert GroupFiles(tmp_path / "pushed").load() == {JOB: group(0.1), OTHER: group(-0.0)}
    assert not single.exists()
    GroupFiles(tmp_path / "pushed").delete(JOB)
    assert set(GroupFiles(tmp_path / "pushed").load()) == {OTHER}


@pytest.mark.parametrize("text", ["", "5", '{"a": 1}', "[" * 100_000, '[{"group": []}]', "[[[]]]"])
def test_a_single_file_that_is_not_ours_is_set_aside(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "pushed.json").write_text(text)
    assert GroupFiles(tmp_path / "pushed").load() == {}
    assert (tmp_path / "pushed.json.damaged").read_text() == text
    assert "group_damaged" in caplog.text


_SPLITTING = """
import sys
from pathlib import Path
from jipyo.collect.receive.group_files import GroupFiles
print(flush=True)
GroupFiles(Path(sys.argv[1])).load()
"""


def test_a_kill_in_the_middle_of_splitting_loses_no_group(tmp_path: Path) -> None:
    keys = [Labels.of({"job": f"job {n}"}) for n in range(100)]
    (tmp_path / "pushed.json").write_text(json.dumps([entry(key) for key in keys]))
    for turn in range(6):
        command = [sys.executable, "-c", _SPLITTING, str(tmp_path / "pushed")]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as splitting:
            assert splitting.stdout is not None
            splitting.stdout.readline()
            time.sleep(0.005 * turn)
            os.kill(splitting.pid, signal.SIGKILL)
    assert set(GroupFiles(tmp_path / "pushed").load()) == set(keys)
    assert not (tmp_path / "pushed.json").exists()


# ------------------------------------------------------------------------------------- costs


def test_a_push_costs_what_its_own_group_costs(tmp_path: Path) -> None:
    page = b"".join(b"m%d 1\n" % n for n in range(20))

    def push(groups: PushGroups, job: str) -> float:
        key = Labels.of({"job": job})
        return measure_cpu_s(lambda: groups.push(key, page, 0, replace_all=True))

    alone = PushGroups(tmp_path / "alone")
    many = PushGroups(tmp_path / "many")
    for n in range(300):
        push(many, f"job {n}")
    assert min(push(many, "x") for _ in range(20)) < 3 * min(push(alone, "x") for _ in range(20))
