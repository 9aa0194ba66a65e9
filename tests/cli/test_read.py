"""The commands that answer from stored samples."""

import csv
import io
import json
from pathlib import Path

import pytest

from jipyo.i18n import LANGS, Lang
from support.product import jipyo


@pytest.mark.parametrize(("lang", "word"), [("ko", "위험"), ("en", "Critical")])
def test_status_says_the_verdict_and_why(data: Path, lang: Lang, word: str) -> None:
    said = jipyo("status", "--data", str(data), "--lang", lang)
    assert said.code == 0, said.err
    assert word in said.out.splitlines()[0]
    assert "92.2%" in said.out


def test_status_gives_the_exit_code_of_a_monitoring_plugin(data: Path) -> None:
    assert jipyo("status", "--data", str(data), "--exit-code").code == 2


def test_status_lists_metrics_without_data_only_when_asked(data: Path) -> None:
    few = jipyo("status", "--data", str(data)).out
    assert "GPU" not in few
    assert "GPU" in jipyo("status", "--all", "--data", str(data)).out


@pytest.mark.parametrize("lang", LANGS)
def test_doctor_names_the_source_and_the_remedy(data: Path, lang: Lang) -> None:
    said = jipyo("doctor", "--data", str(data), "--lang", lang)
    assert said.code == 0, said.err
    assert "node_exporter" in said.out
    assert "collect:" in said.out


@pytest.mark.parametrize("lang", LANGS)
def test_doctor_breaks_no_line_of_configuration(data: Path, lang: Lang) -> None:
    said = jipyo("doctor", "--data", str(data), "--lang", lang).out
    entries = [line for line in said.splitlines() if line.startswith("      - {")]
    assert any(len(line) > 80 for line in entries)
    assert all(line.endswith("}") for line in entries)


def test_doctor_can_keep_to_the_manual(data: Path) -> None:
    everything = jipyo("doctor", "--data", str(data)).out
    required = jipyo("doctor", "--required", "--data", str(data)).out
    assert len(required) < len(everything)


def test_query_answers_as_the_http_api_does(data: Path) -> None:
    said = jipyo("query", "node_load1 * 2", "--data", str(data), "--format", "json")
    answer = json.loads(said.out)
    assert answer["status"] == "success"
    assert answer["data"]["result"][0]["value"][1] == "3"


@pytest.mark.parametrize(
    ("expr", "rows"),
    [("node_load1", 1), ("vector(1)", 1), ("1 + 1", 1), ('"text"', 1), ("node_load1[1h]", 40)],
)
def test_query_writes_csv(data: Path, expr: str, rows: int) -> None:
    said = jipyo("query", expr, "--data", str(data), "--format", "csv")
    written = list(csv.reader(io.StringIO(said.out)))
    assert written[0] == ["series", "time", "value"]
    assert len(written) == rows + 1


def test_a_range_is_written_a_row_a_step(data: Path) -> None:
    words = ("--from", "-5m", "--to", "-1m", "--step", "60s", "--format", "csv")
    said = jipyo("query", "node_load1", "--data", str(data), *words)
    assert len(said.out.splitlines()) == 1 + 5


def test_a_range_is_drawn_and_a_moment_is_a_table(data: Path) -> None:
    drawn = jipyo("query", "up", "--data", str(data), "--from", "-5m").out
    assert "■" in drawn
    assert 'instance="호스트1"' in drawn
    assert "value" in jipyo("query", "up", "--data", str(data)).out


def test_nothing_found_is_said(data: Path) -> None:
    assert "No series" in jipyo("query", "nothing", "--data", str(data)).out


def test_a_refused_question_exits_with_1_and_says_where(data: Path) -> None:
    said = jipyo("query", "sum(", "--data", str(data))
    assert said.code == 1
    assert "parse error" in said.err


def test_what_the_engine_remarks_is_shown(data: Path) -> None:
    said = jipyo("query", "rate(node_load1[5m])", "--data", str(data))
    assert "might not be a counter" in said.out


@pytest.mark.parametrize("lang", LANGS)
def test_the_daily_report_is_written_where_it_was_asked(
    data: Path, tmp_path: Path, lang: Lang
) -> None:
    said = jipyo("report", "daily", "--data", str(data), "--out", str(tmp_path), "--lang", lang)
    assert said.code == 0, said.err
    file = Path(said.out.strip())
    assert file.parent == tmp_path
    assert f'<html lang="{lang}"' in file.read_text("utf-8")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(shell: str) -> None:
    assert "_JIPYO_COMPLETE" in jipyo("completion", shell).out


def test_a_question_is_explained_without_data(tmp_path: Path) -> None:
    words = ("--explain", "--from", "-1h", "--data", str(tmp_path / "none"))
    said = jipyo("query", "sum by (job) (rate(up[5m]))", *words)
    assert said.code == 0, said.err
    assert "sum" in said.out
    assert jipyo("query", "sum(", *words).code == 1
