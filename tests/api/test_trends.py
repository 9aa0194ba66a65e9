"""Section 3.2: trends over weeks whose course is known, and what they lead to."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING

import pytest

import jipyo
from jipyo.api.trends import parse_timeframe
from jipyo.model.errors import ApiError, UnknownNameError
from jipyo.tsdb import Store
from support import weeks
from support.specification import SpecifiedTrends

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.api.trends import SeriesPrediction, SeriesTrend

DISK = "system.disk.utilization"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trends")
    (folder / "jipyo").mkdir()
    (folder / "jipyo" / "jipyo.yaml").write_text(f"data: {folder / 'data'}\nlanguage: en\n")
    now_ms = int(time.time() * 1000)
    with Store.open(folder / "data", now_ms=lambda: now_ms) as store:
        weeks.fill_store(store, now_ms=now_ms)
    return folder


@pytest.fixture(autouse=True)
def site(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a class without arguments finds its configuration."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))


def find(results: tuple, mount: str) -> SeriesTrend | SeriesPrediction:
    (found,) = [one for one in results if one["labels"].get("mountpoint") == mount]
    return found


def test_section_3_2_finds_trends_and_predicts() -> None:
    result = asyncio.run(SpecifiedTrends().analyze_trends("28d"))
    assert list(result) == ["trends", "predictions"]
    trend = find(result["trends"], "/data")
    assert trend["metric"] == DISK
    assert trend["direction"] == "rising"
    assert trend["per_day"] == pytest.approx(1.0, abs=0.05)
    assert trend["low"] <= trend["per_day"] <= trend["high"]
    assert trend["text"]["en"].startswith("Rising by 1")
    assert find(result["trends"], "/logs")["direction"] == "none"
    first = result["predictions"][0]
    assert first["labels"]["mountpoint"] == "/data"
    warning, _critical = first["crossings"]
    assert warning["t"] == pytest.approx(time.time() + 10 * 86_400, abs=30_000)
    assert len(first["forecast"]["median"]) == 168


def test_the_class_itself_does_the_same_and_its_results_are_json() -> None:
    with jipyo.TrendAnalyzer() as analyzer:
        result = asyncio.run(analyzer.analyze_trends("28d"))
    text = json.dumps(result, allow_nan=False)
    assert {one["metric"] for one in json.loads(text)["trends"]} == {
        DISK,
        "system.memory.utilization",
    }
    assert all(len(repr(one)) < 250 for part in result.values() for one in part)


def test_a_short_time_has_no_trend_and_says_why() -> None:
    async def run() -> tuple[SeriesTrend, ...]:
        data = await jipyo.TimeSeriesDB().get_metrics("24h", ["disk_usage"])
        return jipyo.StatisticalAnalyzer().detect_trends(data)

    trends = asyncio.run(run())
    assert [one["direction"] for one in trends] == [None, None]
    assert "at least 8" in trends[0]["text"]["en"]
    (first, _) = jipyo.StatisticalAnalyzer("1d").predict_future(trends)
    assert first["forecast"] is None
    assert "at least 3" in first["text"]["en"]


def test_only_the_named_metrics_are_read() -> None:
    data = asyncio.run(jipyo.TimeSeriesDB().get_metrics("2d", ["memory_usage"]))
    assert [one["metric"] for one in data] == ["system.memory.utilization"]
    assert len(data[0]["t"]) == len(data[0]["values"]) == 48
    with pytest.raises(UnknownNameError):
        asyncio.run(jipyo.TimeSeriesDB().get_metrics("2d", ["nonsense"]))


@pytest.mark.parametrize("text", ["", "soon", "30", "59m", "401d", "-1d"])
def test_a_timeframe_is_a_length_of_time(text: str) -> None:
    with pytest.raises(ApiError) as caught:
        parse_timeframe(text)
    assert caught.value.key == "api.bad_timeframe"
