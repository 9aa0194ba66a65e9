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
    result = jipyo("report", "daily", "--data", str(data), "--config", str(fast), "--lang", "ko")
    assert result.code == 0, result.err
    page = Path(result.out.strip()).read_text("utf-8")
    assert "호스트1" in page
    assert "메모리 사용률" in page
    assert not re.search(r"(src|href)=\"https?://", page)


def test_sigkill_loses_no_acknowledged_sample_and_leaves_a_gap_only_for_the_time_down(
    tmp_path: Path, fast: Path
) -> None:
    data, kills_s = tmp_path / "data", []
    seen: dict[str, list[tuple[float, str]]] = {}
    for _ in range(4):
        with up(data, "--config", str(fast)) as product:
            after = product.samples("node_time_seconds")
            for series, values in seen.items():
                assert after[series][: len(values)] == values
            time.sleep(1.5)
            seen = product.samples("node_time_seconds")
            product.kill()
            kills_s.append(time.time())
    (samples,) = seen.values()
    times = [t for t, _ in samples]
    gaps = [(a, b) for a, b in itertools.pairwise(times) if b - a > 1.9]
    assert len(times) >= 4
    assert len(gaps) <= 3
    assert all(any(a < killed_s < b for killed_s in kills_s) for a, b in gaps)
