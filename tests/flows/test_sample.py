"""The flow of a sample: collected, kept, asked for, reported."""

import itertools
import re
import time
from pathlib import Path

import pytest

from support.product import jipyo, up


@pytest.fixture
def fast(tmp_path: Path) -> Path:
    config = tmp_path / "jipyo.yaml"
    config.write_text("collect: {interval: 1s}\ninstance: 호스트1\ntimezone: Asia/Seoul\n")
    return config


@pytest.mark.integration  # a report has steps of a minute, so it takes one to see the first
def test_a_collected_sample_reaches_the_daily_report(tmp_path: Path, fast: Path) -> None:
    data = tmp_path / "data"
    with up(data, "--config", str(fast)) as product:
        time.sleep(62)
        overview = product.get("/api/jipyo/overview", lang="ko")
        assert product.stop() == 0
    assert overview["instance"] == "호스트1"
    memory = next(m for m in overview["metrics"] if m["id"] == "system.memory.utilization")
    assert 0 < memory["value"] < 100

    asked = jipyo("query", "up", "--data", str(data), "--at", "-1s", "--format", "csv")
    assert asked.code == 0, asked.err
    told = jipyo("report", "daily", "--data", str(data), "--config", str(fast), "--lang", "ko")
    assert told.code == 0, told.err
    page = Path(told.out.strip()).read_text("utf-8")
    assert "호스트1" in page
    assert "메모리 사용률" in page
    assert not re.search(r"(src|href)=\"https?://", page)


def test_no_acknowledged_sample_is_lost_by_sigkill(tmp_path: Path, fast: Path) -> None:
    data = tmp_path / "data"
    seen: dict[str, list] = {}
    for _ in range(3):
        with up(data, "--config", str(fast)) as product:
            time.sleep(1.5)
            seen = product.samples("node_time_seconds")
            product.kill()
        with up(data, "--config", str(fast)) as product:
            after = product.samples("node_time_seconds")
            product.kill()
        for series, values in seen.items():
            assert after[series][: len(values)] == values
    assert seen


def test_a_restart_goes_on_with_a_gap_only_for_the_time_down(tmp_path: Path, fast: Path) -> None:
    data = tmp_path / "data"
    with up(data, "--config", str(fast)) as product:
        time.sleep(2.2)
        product.kill()
        down_s = time.time()
    with up(data, "--config", str(fast)) as product:
        time.sleep(2.2)
        times = [t for t, _ in next(iter(product.samples("node_time_seconds").values()))]
    gaps = [(a, b) for a, b in itertools.pairwise(times) if b - a > 1.9]
    assert len(gaps) <= 1
    assert all(a < down_s < b for a, b in gaps)
