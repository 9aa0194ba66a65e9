"""`jipyo status`: the verdict, each metric, and the exit code of a monitoring plugin."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from jipyo.model.labels import Labels
from jipyo.model.sample import Scrape
from jipyo.tsdb import Store
from support.product import jipyo

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.i18n import Lang

STEP_MS, HOUR_MS = 15_000, 3_600_000


def store_memory(folder: Path, available: float, *, ends_before_ms: int = 0) -> Path:
    """An hour of a host whose memory is so far available, in per cent."""
    now = int(time.time() * 1000) - ends_before_ms
    series = tuple(
        Labels.of({"__name__": f"node_memory_{name}_bytes", "instance": "a", "job": "node"})
        for name in ("MemTotal", "MemAvailable")
    )
    values = np.array([100.0, available])
    with Store.open(folder, now_ms=lambda: now) as store:
        store.append([Scrape(t, series, values) for t in range(now - HOUR_MS, now, STEP_MS)])
    return folder


@pytest.mark.parametrize(("lang", "word"), [("ko", "위험"), ("en", "Critical")])
def test_the_first_line_is_the_verdict(data: Path, lang: Lang, word: str) -> None:
    result = jipyo("status", "--data", str(data), "--lang", lang)
    assert result.code == 0, result.err
    assert word in result.out.splitlines()[0]


@pytest.mark.parametrize(
    ("lang", "headings"),
    [
        ("ko", ("지표", "상태", "값", "지속", "이유")),
        ("en", ("metric", "state", "value", "duration", "why")),
    ],
)
def test_a_metric_is_a_row_with_state_value_time_and_reason(
    data: Path, lang: Lang, headings: tuple[str, ...]
) -> None:
    out = jipyo("status", "--data", str(data), "--lang", lang).out
    head = next(line for line in out.splitlines() if line.split()[:2] == [*headings[:2]])
    places = [head.index(heading) for heading in headings]
    assert places == sorted(places)
    assert "92.2%" in out


def test_the_gravest_metrics_come_first(data: Path) -> None:
    _, rows = jipyo("status", "--data", str(data)).out.split("why", 1)
    assert rows.splitlines()[1].startswith("Memory utilisation")


@pytest.mark.parametrize(
    ("available", "code"),
    [(50, 0), (18, 1), (5, 2)],  # thresholds: 80% and 90% in use
)
def test_the_exit_code_is_that_of_a_monitoring_plugin(
    available: float, code: int, tmp_path: Path
) -> None:
    folder = store_memory(tmp_path / "data", available)
    assert jipyo("status", "--data", str(folder), "--exit-code").code == code
    assert jipyo("status", "--data", str(folder)).code == 0


def test_a_host_that_stopped_reporting_is_unknown(tmp_path: Path) -> None:
    folder = store_memory(tmp_path / "data", 50, ends_before_ms=10 * 60_000)
    assert jipyo("status", "--data", str(folder), "--exit-code").code == 3


def test_metrics_without_data_are_listed_only_when_asked(data: Path) -> None:
    assert "GPU" not in jipyo("status", "--data", str(data)).out
    assert "GPU" in jipyo("status", "--all", "--data", str(data)).out


def test_without_a_store_it_fails_and_makes_none(tmp_path: Path) -> None:
    result = jipyo("status", "--data", str(tmp_path / "none"))
    assert result.code == 1
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("available", "words", "code"),
    [(50, (), 2), (50, ("--exit-code",), 1), (5, ("--exit-code",), 2)],
)
@pytest.mark.parametrize("mistake", ["listen: x", "collect: [", "nothing: {}"])
def test_a_wrong_configuration_does_not_hide_the_state(
    available: float, words: tuple[str, ...], code: int, mistake: str, tmp_path: Path
) -> None:
    file = tmp_path / "jipyo.yaml"
    file.write_text(f"data: data\nlanguage: ko\n{mistake}\n")
    store_memory(tmp_path / "data", available)
    result = jipyo("status", "--config", str(file), *words)
    assert result.code == code, result.err
    lines = result.out.splitlines()
    assert ("위험" if available == 5 else "정상") in lines[0]
    assert lines[-1].startswith("설정 파일에 잘못된 부분이 있어 적용할 수 없습니다.")
    assert lines[-1].endswith(mistake.partition(":")[0])
    assert f"{file}:" in result.err


@pytest.mark.parametrize(
    ("lang", "word"), [("en", "last forecast of all metrics failed"), ("ko", "예측이 실패했습니다")]
)
def test_a_forecast_that_fails_is_named(tmp_path: Path, lang: Lang, word: str) -> None:
    folder, now = store_memory(tmp_path / "data", 50), int(time.time() * 1000)
    name = "jipyo_insight_last_run_successful"
    series = (Labels.of({"__name__": name, "job": "jipyo", "instance": "a"}),)
    with Store.open(folder, now_ms=lambda: now) as store:
        store.append([Scrape(now, series, np.array([0.0]))])
    file = tmp_path / "jipyo.yaml"
    file.write_text("instance: a\n", "utf-8")
    words = ("status", "--data", str(folder), "--config", str(file), "--lang", lang)
    assert word in jipyo(*words).out
