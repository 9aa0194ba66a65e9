"""`jipyo forecast`, `anomalies` and `capacity` over weeks of a host whose future is known."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import click
import numpy as np
import pytest

from jipyo.catalogue import load
from jipyo.cli.capacity import parse_objective, parse_rate, parse_share
from jipyo.cli.forecast import choose_rows, parse_horizon
from jipyo.cli.main import build_command
from jipyo.i18n import LANGS, Lang, texts
from jipyo.model.errors import ConfigError
from jipyo.tsdb import Store
from support import weeks
from support.product import jipyo
from support.weeks import DAY_MS, HOUR_MS

if TYPE_CHECKING:
    from pathlib import Path

DISK = "system.disk.utilization"


@pytest.fixture(scope="module")
def now_ms() -> int:
    return int(time.time() * 1000)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, now_ms: int) -> Path:
    """Four weeks, at whose end memory jumps from its rhythm to 95 %."""
    data = tmp_path_factory.mktemp("insight") / "data"
    with Store.open(data, now_ms=lambda: now_ms) as store:
        weeks.fill_store(store, days=28, now_ms=now_ms - HOUR_MS)
        t_ms = now_ms - np.arange(11, -1, -1, dtype=np.int64) * weeks.STEP_MS
        store.append(list(weeks.build_memory(t_ms, np.full(12, 95.0))))
        steps = weeks.make_times(7, now_ms)
        store.append(list(weeks.build_service(steps)))
    return data


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ("/data", "Expected to reach 80%", "steady growth of", "error", "expected")),
        ("ko", ("/data", "80% 도달 예상", "꾸준히 증가", "오차", "예상값")),
    ],
)
def test_a_disk_that_fills_is_announced_with_its_date_and_reason(
    folder: Path, lang: Lang, words: tuple[str, ...]
) -> None:
    result = jipyo("forecast", DISK, "--data", str(folder), "--lang", lang)
    assert result.code == 0
    for word in words:
        assert word in result.out
    first, second = result.out.index("/data"), result.out.index("/logs")
    assert first < second  # the more urgent one


def test_json_is_the_document_of_the_api(folder: Path, now_ms: int) -> None:
    result = jipyo("forecast", "disk_usage", "--series", "/data", "--json", "--data", str(folder))
    document = json.loads(result.out)
    assert (document["id"], document["unit"], document["forecastable"]) == (DISK, "percent", True)
    (series,) = document["series"]
    warning, critical = series["crossings"]
    assert (warning["level"], warning["state"]) == ("warning", "expected")
    assert warning["t"] == pytest.approx(now_ms / 1000 + 10 * 86_400, abs=30_000)
    assert critical["earliest"] <= critical["t"] <= critical["latest"]
    forecast = series["forecast"]
    assert len(forecast["t"]) == len(forecast["median"]) == 168
    assert forecast["low_95"][5] <= forecast["low_80"][5] <= forecast["median"][5]
    assert series["past"]["t"][-1] < forecast["t"][0]
    assert "avg_over_time" in series["expression"]


def test_a_short_history_gives_a_reason_instead_of_a_forecast(tmp_path: Path, now_ms: int) -> None:
    with Store.open(tmp_path / "data", now_ms=lambda: now_ms) as store:
        weeks.fill_store(store, days=1.5, now_ms=now_ms)
    result = jipyo("forecast", DISK, "--data", str(tmp_path / "data"))
    assert "No forecast: 1 day of history, at least 3 needed" in result.out


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (("forecast", "system.disk.utilisation"), "no metric", "Did you mean system.disk"),
        (("forecast", "zzzzzz"), "no metric zzzzzz", "lists all metrics"),
        (("forecast", "db.down"), "counts events", "system.disk.utilization"),
        (("forecast", DISK, "--horizon", "1y"), "A horizon of 1y", "from 1h to 90d"),
        (("capacity", "--objective", "fast"), "not an objective", "app.response_time <= 2s"),
        (("capacity", "--objective", f"{DISK} <= 2s"), "latency histogram", "app.response_time"),
        (("capacity", "--target", "many"), "not a rate", "100/s"),
        (("capacity", "--errors", "100%"), "not a share", "1%"),
        (("anomalies", "--from", "-90d"), "31 days", ""),
    ],
)
def test_what_cannot_be_asked_is_refused_with_a_remedy(
    folder: Path, words: tuple[str, ...], message: str, hint: str
) -> None:
    result = jipyo(*words, "--data", str(folder))
    assert result.code == 2
    assert message in result.err
    assert hint in result.err


@pytest.mark.parametrize("lang", LANGS)
def test_a_jump_is_named_with_what_was_expected(folder: Path, lang: Lang) -> None:
    result = jipyo("anomalies", "system.memory.utilization", "--data", str(folder), "--lang", lang)
    assert "host1" in result.out
    assert "95%" in result.out
    rows = json.loads(jipyo("anomalies", "--json", "--data", str(folder)).out)
    (memory,) = [
        one for row in rows for one in row["series"] if one["metric"] == "system.memory.utilization"
    ]
    assert memory["value"] == pytest.approx(95)
    assert memory["expected"] < 85
    assert memory["score"] >= 1


def test_without_anything_unusual_it_says_so(folder: Path) -> None:
    result = jipyo("anomalies", DISK, "--data", str(folder))
    assert result.out.startswith("Nothing unusual; 2 series")


@pytest.mark.parametrize("lang", LANGS)
def test_the_load_at_which_an_objective_breaks_is_answered(folder: Path, lang: Lang) -> None:
    words = ("capacity", "--target", "40/s", "--days", "7", "--data", str(folder))
    result = jipyo(*words, "--lang", lang)
    assert result.code == 0
    assert result.out.startswith("api\n")
    (row,) = json.loads(jipyo(*words, "--json").out)
    assert row["service"] == {"job": "api"}
    assert row["objective"] == {"quantile": 0.95, "latency_s": 2.0, "most_errors": 0.01}
    assert row["target"] == {"rate": 40.0, "verdict": "yes"}
    assert row["proven_rate"] == pytest.approx(68, rel=0.1)
    breaking = row["breaking_rate"]
    assert breaking["median"] == pytest.approx(70, rel=0.08)
    assert breaking["low"] <= breaking["median"] <= breaking["high"] < 80


def test_without_a_histogram_there_is_nothing_to_answer_from(tmp_path: Path, now_ms: int) -> None:
    with Store.open(tmp_path / "data", now_ms=lambda: now_ms) as store:
        weeks.fill_store(store, days=0.5, now_ms=now_ms)
    result = jipyo("capacity", "--data", str(tmp_path / "data"))
    assert "No service has had a latency histogram" in result.out


@pytest.mark.parametrize(
    ("text", "rate"), [("100/s", 100.0), ("100 TPS", 100.0), ("6000/m", 100.0), ("3600/h", 1.0)]
)
def test_rates_are_read_as_people_write_them(text: str, rate: float) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("app.response_time <= 2s", 2.0),
        ("app.response_time<=1500ms", 1.5),
        ("ai.inference.time <= 1", 1.0),
    ],
)
def test_objectives_are_a_metric_and_a_limit(text: str, seconds: float) -> None:
    metric, limit_s = parse_objective(text, load())
    assert text.startswith(metric.id)
    assert limit_s == seconds


def test_shares_and_horizons_have_their_limits() -> None:
    assert parse_share("0.1%") == pytest.approx(0.001)
    assert parse_horizon("7d") == 168
    with pytest.raises(ConfigError):
        parse_horizon("30m")


@pytest.mark.parametrize(
    ("steps", "step_ms", "rows"),
    [
        (168, HOUR_MS, [23, 47, 71, 95, 119, 143, 167]),
        (24, HOUR_MS, [2, 5, 8, 11, 14, 17, 20, 23]),
        (1, HOUR_MS, [0]),
        (30, DAY_MS, [1, 5, 9, 13, 17, 21, 25, 29]),
    ],
)
def test_a_table_has_at_most_eight_rows(steps: int, step_ms: int, rows: list[int]) -> None:
    assert choose_rows(steps, np.arange(steps) * step_ms) == rows


def test_the_shell_completes_metrics() -> None:
    command = build_command(texts("en")).commands["forecast"]
    parameter, context = command.params[0], click.Context(command)
    for typed, found in (("system.disk.u", [DISK]), ("disk_", ["disk_usage"])):
        items = parameter.type.shell_complete(context, parameter, typed)
        assert [item.value for item in items] == found
