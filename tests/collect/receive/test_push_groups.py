"""What batch jobs pushed stays until they push again, and outlives the process."""

import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jipyo.collect.receive.push_groups import PushGroups
from jipyo.model.errors import MalformedBody, StoreFull
from jipyo.model.labels import Labels
from jipyo.model.reading import TargetReading
from jipyo.model.sample import MetricMetadata, MetricType

NOW_MS = 1_793_500_000_000
JOB = Labels.of({"job": "eval", "model": "m1"})
OTHER = Labels.of({"job": "backup"})
PAGE = b'# HELP a Text.\n# TYPE a gauge\n# UNIT a s\na 1\nb{x="y"} NaN\n'


def reading_of(groups: PushGroups) -> TargetReading:
    reading = groups.read(NOW_MS)
    assert reading is not None
    return reading


def values(groups: PushGroups) -> dict[str, float]:
    reading = groups.read(NOW_MS)
    if reading is None:
        return {}
    return dict(zip(map(str, reading.series), reading.values.tolist(), strict=True))


def test_nothing_pushed_is_nothing_to_read(tmp_path: Path) -> None:
    groups = PushGroups(tmp_path / "pushed")
    assert groups.read(NOW_MS) is None
    assert groups.families() == ()


def test_a_page_is_kept_with_the_labels_of_its_group(tmp_path: Path) -> None:
    groups = PushGroups(tmp_path / "pushed")
    assert groups.push(JOB, PAGE, NOW_MS, replace_all=False) == 3
    found = values(groups)
    assert math.isnan(found.pop('b{job="eval",model="m1",x="y"}'))
    assert found == {
        'a{job="eval",model="m1"}': 1,
        'push_time_seconds{job="eval",model="m1"}': NOW_MS / 1000,
    }
    reading = reading_of(groups)
    assert MetricMetadata("a", MetricType.GAUGE, "Text.", "s") in reading.metadata or any(
        one.metric == "a" and one.help == "Text." for one in reading.metadata
    )


def test_a_post_leaves_other_metrics_and_a_put_does_not(tmp_path: Path) -> None:
    groups = PushGroups(tmp_path / "pushed")
    groups.push(JOB, b"a 1\nb 2\n", NOW_MS, replace_all=False)
    groups.push(OTHER, b"a 5\n", NOW_MS, replace_all=False)
    groups.push(JOB, b'a{x="1"} 3\n', NOW_MS, replace_all=False)
    names = {str(labels).partition(",")[0] for labels in reading_of(groups).series}
    assert 'b{job="eval"' in names
    assert values(groups)['a{job="eval",model="m1",x="1"}'] == 3
    assert 'a{job="eval",model="m1"}' not in values(groups)
    groups.push(JOB, b"c 4\n", NOW_MS, replace_all=True)
    assert [one for one in values(groups) if "eval" in one and "push_time" not in one] == [
        'c{job="eval",model="m1"}'
    ]
    groups.delete(JOB)
    groups.delete(JOB)
    assert len(list((tmp_path / "pushed").iterdir())) == 1
    assert set(values(groups)) == {'a{job="backup"}', 'push_time_seconds{job="backup"}'}


def test_the_same_series_are_the_same_objects_at_every_reading(tmp_path: Path) -> None:
    groups = PushGroups(tmp_path / "pushed")
    groups.push(JOB, b"a 1\n", NOW_MS, replace_all=False)
    first = reading_of(groups)
    groups.push(JOB, b"a 2\n", NOW_MS, replace_all=False)
    assert reading_of(groups).series is first.series


def test_groups_outlive_the_process_bit_for_bit(tmp_path: Path) -> None:
    groups = PushGroups(tmp_path / "pushed")
    page = b"# TYPE a counter\na 0.1\nb -0\nc +Inf\nd 5e-324\ne 1.7976931348623157e308\n"
    groups.push(JOB, page, NOW_MS, replace_all=False)
    again = PushGroups(tmp_path / "pushed")
    first, second = reading_of(groups), reading_of(again)
    assert first.series == second.series
    assert first.values.tobytes() == second.values.tobytes()
    assert first.metadata == second.metadata


@pytest.mark.parametrize(
    "body",
    [b"a 1 1793500000000\n", b"\xff", b"a{ 1\n", b"<html>"],
    ids=["time", "utf8", "brace", "html"],
)
def test_a_bad_page_changes_nothing(tmp_path: Path, body: bytes) -> None:
    groups = PushGroups(tmp_path / "pushed")
    groups.push(JOB, b"a 1\n", NOW_MS, replace_all=False)
    before = values(groups)
    with pytest.raises(MalformedBody):
        groups.push(JOB, body, NOW_MS, replace_all=True)
    assert values(groups) == before


def test_a_push_that_cannot_be_kept_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    groups = PushGroups(folder / "pushed")
    groups.push(JOB, b"a 1\n", NOW_MS, replace_all=False)
    before = values(groups)
    folder.rename(tmp_path / "aside")
    with pytest.raises(StoreFull):
        groups.push(JOB, b"a 2\n", NOW_MS, replace_all=False)
    with pytest.raises(StoreFull):
        groups.delete(JOB)
    assert values(groups) == before


_PUSHING = """
import sys
from pathlib import Path
from jipyo.collect.receive.push_groups import PushGroups
from jipyo.model.labels import Labels
groups = PushGroups(Path(sys.argv[1]))
page = "".join(f"m{n} VALUE\\n" for n in range(2000))
value = int(sys.argv[2])
while True:
    value += 1
    body = page.replace("VALUE", str(value)).encode()
    groups.push(Labels.of({"job": "j"}), body, value, replace_all=True)
    print(value, flush=True)
"""


def test_a_kill_in_the_middle_of_saving_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    folder = tmp_path / "pushed"
    acknowledged = 0
    for turn in range(3):
        command = [sys.executable, "-c", _PUSHING, str(folder), str(acknowledged)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as pushing:
            assert pushing.stdout is not None
            acknowledged = int(pushing.stdout.readline())
            time.sleep(0.05 + 0.03 * turn)
            os.kill(pushing.pid, signal.SIGKILL)
            said = pushing.stdout.read().split("\n")[:-1]
        acknowledged = int(said[-1]) if said else acknowledged
        found = values(PushGroups(folder))
        assert len(found) == 2001
        kept = {value for name, value in found.items() if name.startswith("m")}
        assert kept in ({acknowledged}, {acknowledged + 1})
        acknowledged = int(kept.pop())
    assert len(list(folder.iterdir())) == 1
